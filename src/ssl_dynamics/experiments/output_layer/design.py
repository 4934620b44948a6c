"""Points, starts and times of nets whose output layer alone is orthogonal; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """What training and theory share. S seeds; keys are names of nets, and widths h."""

    points: Array  # X (N, d)
    triplets: int
    ratio: float  # κ/h
    first: dict[tuple[str, int], Array]  # W_1 (S, h, d)
    second: dict[tuple[str, int], Array]  # W_2 (S, h, z), orthonormal
    times: dict[str, Array]  # (T,), the same at every width
    growth: dict[str, float]  # 2|λ_1|, the fastest rate at the start


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """ln(σ_2/σ_1) of the representations, as trained."""

    log_ratio: dict[tuple[str, int], Array]  # (S, T)


@dataclass(frozen=True)
class Solution(ArrayFile):
    """The same as predicted, and at wrong rates κ, by the names of nets, widths, and the names of rates."""

    predicted: dict[tuple[str, int], Array]  # (S, T)
    predicted_wrong: dict[tuple[str, int, str], Array]
    curve_times: Array  # (T',) of the curve that the figure shows of linear nets from random starts
    curve: dict[int, Array]  # (S, T') by width
    gap: float  # (λ_2 − λ_1)/|λ_1| of C
