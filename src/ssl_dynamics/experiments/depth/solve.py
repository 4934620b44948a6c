"""Growth on the kernel of the start, and the flow on the features of the start, from A, the points and the start."""

from collections.abc import Sequence

import numpy as np

from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.depth.config import HORIZON, MOMENTS, WIDE, DepthSettings
from ssl_dynamics.experiments.depth.design import (
    Array,
    Solution,
    checkpoints,
    orthonormal,
    regression_target,
    start,
    time_unit,
)
from ssl_dynamics.kernels.drift import relative_change
from ssl_dynamics.kernels.pulled import pulled_layers
from ssl_dynamics.kernels.three_layer import three_layer_features, three_layer_ntk
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.levels import REMAINDER
from ssl_dynamics.problem.points import all_points
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import random_feature_flow
from ssl_dynamics.theory.frozen_descent import regression_descent
from ssl_dynamics.theory.frozen_kernel import fastest_rate, frozen_kernel_change


def solve(job: Job[DepthSettings]) -> None:
    """Stage `solve_depth`."""
    settings, triplets = job.settings, read_triplets(job.input("points"))
    X, n = all_points(triplets), len(triplets.anchor)
    A = coupling_matrix(n, loss=settings.loss)
    tau = checkpoints(settings)
    times = tau * time_unit(settings, X)
    rates: dict[int, Array] = {}
    moments: dict[int, Array] = {}
    change: dict[int, Array] = {}
    supervised: dict[int, Array] = {}
    outputs: dict[int, Array] = {}
    target = regression_target(settings, triplets.anchor)
    for width in settings.depth.widths:
        W1, W2, W3 = start(settings, X.shape[1], width)
        kernels, U0 = three_layer_ntk(X, W1, W2, W3), three_layer_features(X, W1, W2) @ W3
        rates[width] = fastest_rate(kernels, A)
        moments[width] = np.linspace(0, HORIZON, MOMENTS) / rates[width][:, None]
        change[width] = frozen_kernel_change(kernels, A, U0, moments[width])
        supervised[width] = np.full(len(U0), np.nan)
        if width >= WIDE:
            nets = zip(W1, W2, W3, target, strict=True)
            supervised[width][:] = [
                supervised_drift(triplets.anchor, net, Y, settings.depth.fit_step) for *net, Y in nets
            ]
    for width in settings.depth.constrained_widths:
        W1, W2, W3 = start(settings, X.shape[1], width)
        starts = zip(three_layer_features(X, W1, W2), orthonormal(W3), strict=True)
        outputs[width] = np.stack([random_feature_flow(Psi, A, W, times)[:, :n] for Psi, W in starts])
    Solution(tau, rates, moments, change, supervised, outputs).save(job.output("solution"))


def supervised_drift(anchor: Array, layers: Sequence[Array], Y: Array, step: float) -> float:
    """Drift of the kernel of one net whose weights the errors on the kernel of the start pull, until they are small."""
    W1, W2, W3 = layers
    before = three_layer_ntk(anchor, W1, W2, W3)
    learning_rate = step * len(anchor) / float(np.linalg.norm(before, 2))
    error = three_layer_features(anchor, W1, W2) @ W3 - Y
    descent = regression_descent(before, error, learning_rate=learning_rate, remainder=REMAINDER)
    after = three_layer_ntk(anchor, *pulled_layers(anchor, layers, *descent, activation="relu"))
    return relative_change(after, before)
