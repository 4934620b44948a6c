"""Stage `plan_constrained_nets`: points, starts, targets, times: what simulation and theory share."""

import math

import numpy as np

from ssl_dynamics.kernels import features, infinite_width_ntk
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.constrained_plan import READ_AT, REGRESSION, SELF_SUPERVISED, arrival
from ssl_dynamics.pipeline.points import points_of
from ssl_dynamics.pipeline.settings import PlanConstrainedNetsSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.start import constrained_net, kernel_root, random_functions

TAU = [0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, READ_AT]  # checkpoints before the end of training


def compute(job: Job[PlanConstrainedNetsSettings]) -> None:
    settings, nets = job.settings, job.settings.constrained_nets
    points = read_arrays(job.input("points"))
    available = len(points["anchor"])
    if nets.triplets > available:
        raise ValueError(f"constrained_nets.triplets is {nets.triplets}; points has {available}")
    X = points_of(points, settings.loss, nets.triplets)
    A = coupling_matrix(nets.triplets, loss=settings.loss)[: len(X), : len(X)]
    arrays: Arrays = {
        "points": X,
        "triplets": np.array(nets.triplets),
        "activations": np.array(nets.activations),
        "widths": np.array(nets.widths),
        "side_width": np.array(nets.side_width),
    }
    z, names = settings.dimension, ("regression target", settings.dataset_name, settings.loss)
    for width in nets.widths:
        first, second = constrained_net(
            X.shape[1], z, width, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
        )
        arrays |= {f"first_{width}": first, f"second_{width}": second}
    widest = arrays[f"first_{nets.widths[-1]}"], arrays[f"second_{nets.widths[-1]}"]
    for activation in nets.activations:
        K = infinite_width_ntk(X, activation=activation, block="second")
        root = kernel_root(K)
        target = random_functions(K, z, seeds=1, root_seed=settings.root_seed, names=(*names, activation))[0]
        eigenvalues = np.linalg.eigvalsh(root @ A @ root)
        job.log.info("%s: eigenvalues of K^{1/2}AK^{1/2}: %s", activation, np.array2string(eigenvalues[:8]))
        if eigenvalues[z - 1] >= 0:
            raise ValueError(f"{activation}: fewer than {z} eigenvalues of K^(1/2)AK^(1/2) are negative")
        pulls = np.linalg.svd(root @ target, compute_uv=False) / len(X)
        rates = {  # the unit of time, and the fastest rate
            SELF_SUPERVISED: (2 * abs(eigenvalues[z - 1]), 2 * np.abs(eigenvalues).max()),
            REGRESSION: (pulls[-1], max(pulls[0], np.linalg.norm(K, 2) / len(X))),
        }
        arrays |= {f"kernel_{activation}": K, f"target_{activation}": target}
        for objective, (unit, fastest) in rates.items():
            arrays[f"unit_{activation}_{objective}"] = np.array(unit)
            arrays[f"largest_step_{activation}_{objective}"] = np.array(nets.step / fastest)
        time = arrival(features(X, widest[0], activation=activation), A, widest[1], nets.convergence)
        needed = math.ceil(time * rates[SELF_SUPERVISED][0])
        job.log.info("%s: the widest nets have converged by τ = %d; the latest end is %d", activation, needed, nets.end)
        arrays[f"tau_{activation}"] = np.array([*TAU, min(max(needed, READ_AT + 1), nets.end)])
    write_arrays(job.output("plan"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.plan_constrained_nets", PlanConstrainedNetsSettings, compute)
