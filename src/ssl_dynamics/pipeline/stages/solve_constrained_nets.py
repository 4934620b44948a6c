"""Stage `solve_constrained_nets`: two approximations of infinite width of every net, from its start alone."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.kernels import features, two_layer_ntk
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.constrained_plan import REGRESSION, SELF_SUPERVISED, UNIT, Run, activations, clock, read_runs
from ssl_dynamics.pipeline.settings import LossSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.settings import Activation
from ssl_dynamics.problem.start import kernel_root
from ssl_dynamics.theory import (
    constrained_tangent_kernel,
    linearised_flow,
    linearised_mismatch_limit,
    random_feature_flow,
    random_feature_regression,
    tangent_drift_limit,
)

Array = NDArray[np.float64]


def compute(job: Job[LossSettings]) -> None:
    plan = read_arrays(job.input("plan"))
    N = len(plan["points"])
    plan["coupling"] = coupling_matrix(int(plan["triplets"]), loss=job.settings.loss)[:N, :N]
    solution: Arrays = {}
    for activation in activations(plan):
        solution |= _limits(plan, activation)
    for (activation, width), runs in groupby(read_runs(plan), key=lambda run: (run.activation, run.width)):
        first, second = plan[f"first_{width}"], plan[f"second_{width}"]
        Psi = features(plan["points"], first, activation=activation)
        block = two_layer_ntk(plan["points"], first, second, activation=activation, block="first")
        for run in runs:
            solution[f"linearised_{run.key}"] = _linearised(plan, run, Psi, second, run.rate * block)
            if run.rate_name == UNIT:  # features are frozen, whatever the rate of W_1
                solution[f"flow_{run.key}"] = _random_features(plan, run, Psi, second)
    write_arrays(job.output("solution"), solution)


def _linearised(plan: Arrays, run: Run, Psi: Array, second: Array, first_block: Array) -> Array:
    """Scale-free representations (S, T, N, z) of the nets linearised at their starts."""
    N, times = len(plan["points"]), clock(plan, run).times
    target = plan[f"target_{run.activation}"]
    Q, B = (np.eye(N) / N, target / N) if run.objective == REGRESSION else (2 * plan["coupling"], None)
    solved = []
    for seed, W in enumerate(second):
        U0 = Psi[seed] @ W
        tangent = constrained_tangent_kernel(Psi[seed] @ Psi[seed].T, U0, first_block[seed])
        solved.append(linearised_flow(tangent, Q, U0, times, B).functions)
    return np.stack(solved)


def _random_features(plan: Arrays, run: Run, Psi: Array, second: Array) -> Array:
    """Representations (S, T, N, z) with the features frozen and the constraint kept."""
    times = clock(plan, run).times
    if run.objective == REGRESSION:
        target = plan[f"target_{run.activation}"]
        flows = [random_feature_regression(Psi[s], target, W, times) for s, W in enumerate(second)]
    else:
        flows = [random_feature_flow(Psi[s], plan["coupling"], W, times) for s, W in enumerate(second)]
    return np.stack(flows)


def _limits(plan: Arrays, activation: Activation) -> Arrays:
    """Drift of the tangent kernel's output block at h = ∞, at the checkpoints, a wrong one (the control), and how wrong
    the linearised model is late.

    Self-supervised the limit t → ∞: from a start that is orthogonal to all features nothing moves.
    """
    K, A, target = plan[f"kernel_{activation}"], plan["coupling"], plan[f"target_{activation}"]
    N, z = target.shape
    run = Run(activation, REGRESSION, UNIT, int(plan["widths"][0]))
    leading, trailing = tangent_drift_limit(K, A, z)
    features_at_infinity = np.hstack([kernel_root(K), np.zeros((N, z))])
    start = np.vstack([np.zeros((N, z)), np.eye(z)])
    U = random_feature_regression(features_at_infinity, target, start, clock(plan, run).times)
    learned = np.linalg.norm(U @ U.mT, axis=(-2, -1)) / np.linalg.norm(K)
    return {
        f"mismatch_limit_{activation}": np.array(linearised_mismatch_limit(K, A, z)),
        f"limit_{activation}_{SELF_SUPERVISED}": np.array(leading),
        f"limit_control_{activation}_{SELF_SUPERVISED}": np.array(trailing),
        f"limit_{activation}_{REGRESSION}": learned,
        f"limit_control_{activation}_{REGRESSION}": np.array(leading),
    }


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_constrained_nets", LossSettings, compute)
