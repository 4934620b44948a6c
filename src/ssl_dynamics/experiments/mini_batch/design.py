"""Starts half-way to the limit of the flow; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """Starts, step sizes, finest first, and the steps at which each meets the common checkpoints."""

    start: Array  # W(0), (S, d, z)
    learning_rates: Array  # (L,)
    checkpoints: NDArray[np.int64]  # (L, T), from 0
    norm: float  # ‖C‖₂


@dataclass(frozen=True)
class Solution(ArrayFile):
    """The constrained flow at the checkpoints in closed form, and the variance that batches add to it."""

    basis: Array  # (S, T, d, z)
    times: Array  # (T,)
    eigenvectors: Array  # V (d, d) of C
    graph: Array  # G (S, T, d − z, z) of the flow over the leading eigenvectors
    variance: Array  # of G, per unit of η/B


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Weights (S, T, d, z) at the checkpoints, by number of the step size and size of the batch."""

    weights: dict[tuple[int, str], Array]
    full: Array  # on full batches at the largest step size
    batches: NDArray[np.int64]


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
