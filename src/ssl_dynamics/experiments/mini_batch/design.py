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
    """The closed form of the constrained flow at the checkpoints."""

    basis: Array  # (S, T, d, z)
    times: Array  # (T,)


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Weights (S, T, d, z) at the checkpoints, by number of the step size and size of the batch, or "full"."""

    weights: dict[tuple[int, str], Array]
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
