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
from ssl_dynamics.problem.names import Activation
from ssl_dynamics.problem.starts.gaussian_weights import gaussian_weights
from ssl_dynamics.shared_files import read_triplets


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_kernel_limit`: the kernels are those of the nets as drawn, and only their distances are kept."""
    X = read_triplets(job.input("points")).anchor
    limit = Limit.load(job.input("limit"))
    settings = job.settings
    progress = Progress(job, len(settings.widths) * len(COVARIANCES))
    found = []
    for width in settings.widths:
        W1, W2 = gaussian_weights(
            (X.shape[1], settings.nets * width, settings.dimension),
            seeds=settings.seeds,
            root_seed=settings.root_seed,
            names=("kernel limit", settings.dataset_name),
        )
        layers = list(zip(W1, W2, strict=True))
        for activation in COVARIANCES:
            parts = [
                distances(X, cut(of_first, width), cut(of_second, width), activation, limit)
                for of_first, of_second in layers
            ]
            found.append({name: np.stack([part[name] for part in parts]) for name in parts[0]})
            progress.advance()
    shape = (len(settings.widths), len(COVARIANCES), settings.seeds)
    Distances(
        widths=np.array(settings.widths),
        activations=tuple(COVARIANCES),
        **{name: np.stack([each[name] for each in found]).reshape(shape) for name in found[0]},
    ).save(job.output("distances"))


def cut(W: Array, width: int) -> Array:
    """Layers (R, h, ...) of the nets of width h that lie one below the other in W (Rh, ...)."""
    return W.reshape(-1, width, W.shape[-1])


def distances(X: Array, W1: Array, W2: Array, activation: Activation, limit: Limit) -> Arrays:
    """The parts of `Distances` of one repetition: nets with layers W_1 (R, h, d), W_2 (R, h, z), points X (n, d)."""
    first, second = (two_layer_ntk(X, W1, W2, activation=activation, block=block) for block in ("first", "second"))
    outputs = np.eye(W2.shape[-1])
    first_limit, second_limit = (np.kron(block[activation], outputs) for block in (limit.first, limit.second))
    whole = first + second
    return {
        "first": _square_distance(first, first_limit),
        "second": _square_distance(second, second_limit),
        "whole": _square_distance(whole, first_limit + second_limit),
        "whole_control": _square_distance(whole, second_limit),
    }


def _square_distance(kernels: Array, limit: NDArray[Any]) -> Array:
    """Mean over the kernels of ‖Θ_h − Θ∞‖_F²."""
    return np.asarray(np.square(kernels - limit).sum((-2, -1)).mean())
