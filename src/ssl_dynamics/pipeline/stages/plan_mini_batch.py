"""Stage `plan_mini_batch`: starts half-way, step sizes and checkpoints, and the closed form at these times."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import PlanMiniBatchSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.streams import stream
from ssl_dynamics.theory import grassmann_flow

Array = NDArray[np.float64]


def compute(job: Job[PlanMiniBatchSettings]) -> None:
    settings, plan = job.settings, job.settings.mini_batch
    C = read_arrays(job.input("quadratic_form"))["C"]
    z = settings.dimension
    norm = np.linalg.norm(C, ord=2)
    random = [
        stream(settings.root_seed, "half-way start", settings.dataset_name, z, seed) for seed in range(settings.seeds)
    ]
    start = half_way(np.linalg.eigh(C)[1], np.stack([g.standard_normal((len(C) - z, z)) for g in random]))
    learning_rates = np.array(plan.steps) / norm
    # All step sizes are multiples of the finest: the checkpoints are common to all.
    coarse = np.rint(np.linspace(0, plan.horizon / plan.steps[-1], plan.checkpoints + 1)).astype(np.int64)
    ratios = np.rint(plan.steps[-1] / np.array(plan.steps)).astype(np.int64)
    times = coarse * learning_rates[-1]
    write_arrays(
        job.output("plan"),
        {
            "start": start,
            "learning_rates": learning_rates,
            "checkpoints": ratios[:, None] * coarse,
            "norm": np.array(norm),
        },
    )
    basis = grassmann_flow(C, start, times)
    write_arrays(job.output("solution"), {"basis": basis, "times": times})


def half_way(V: Array, gaussian: Array) -> Array:
    """Starts (S, d, z) whose z principal angles to the limit span(v_1 … v_z) are all 45°, else random.

    span V[I; G] with orthonormal G (d − z, z): tan θ = 1. A uniform start may lie near a saddle of the flow, which
    amplifies the noise of the first steps and is left at a random time (docs/theory.md §5).
    """
    z = gaussian.shape[-1]
    G = np.linalg.qr(gaussian)[0]
    identity = np.broadcast_to(np.eye(z), (len(G), z, z))
    start: Array = V @ np.concatenate([identity, G], axis=1) / np.sqrt(2)
    return start


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.plan_mini_batch", PlanMiniBatchSettings, compute)
