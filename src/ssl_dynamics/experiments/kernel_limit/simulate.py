"""Tangent kernels of random nets, over widths and seeds, against their limit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.kernel_limit.config import SimulateSettings
from ssl_dynamics.experiments.kernel_limit.design import Array, Distances, Limit
from ssl_dynamics.kernels import two_layer_ntk
from ssl_dynamics.kernels.infinite_width import COVARIANCES
from ssl_dynamics.problem.points import all_points
from ssl_dynamics.problem.settings import Activation
from ssl_dynamics.problem.starts.gaussian_weights import gaussian_weights
from ssl_dynamics.shared_files import read_triplets


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_kernel_limit`: the kernels are those of the nets as drawn, and only their distances are kept."""
    X = all_points(read_triplets(job.input("points")))
    limit = Limit.load(job.input("limit"))
    settings = job.settings
    progress = Progress(job, len(settings.widths) * len(COVARIANCES))
    found = []
    for width in settings.widths:
        W1, W2 = gaussian_weights(
            (X.shape[1], width, settings.dimension),
            seeds=settings.seeds,
            root_seed=settings.root_seed,
            names=("kernel limit", settings.dataset_name),
        )
        for activation in COVARIANCES:
            found.append(distances(X, W1, W2, activation, limit))
            progress.advance()
    shape = (len(settings.widths), len(COVARIANCES), settings.seeds)
    Distances(
        widths=np.array(settings.widths),
        activations=tuple(COVARIANCES),
        **{name: np.stack([each[name] for each in found]).reshape(shape) for name in found[0]},
    ).save(job.output("distances"))


def distances(X: Array, W1: Array, W2: Array, activation: Activation, limit: Limit) -> Arrays:
    """The parts of `Distances` (S,) of the nets with layers W_1 (S, h, d), W_2 (S, h, z), on the points X (N, d)."""
    first, second = (two_layer_ntk(X, W1, W2, activation=activation, block=block) for block in ("first", "second"))
    outputs = np.eye(W2.shape[-1])
    first_limit, second_limit = (np.kron(block[activation], outputs) for block in (limit.first, limit.second))
    whole = first + second
    return {
        "first": _relative(first, first_limit),
        "second": _relative(second, second_limit),
        "whole": _relative(whole, first_limit + second_limit),
        "whole_control": _relative(whole, second_limit),
    }


def _relative(kernels: Array, limit: NDArray[Any]) -> Array:
    distance: Array = np.linalg.norm(kernels - limit, axis=(-2, -1)) / np.linalg.norm(limit)
    return distance
