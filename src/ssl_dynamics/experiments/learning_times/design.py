"""Starts, largest step and checkpoints; what the stages leave to each other. S seeds, T checkpoints, K of them kept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """Checkpoints until every direction is learned, those of them that each seed keeps, and the largest step."""

    start: Array  # W(0), (S, d, z)
    largest_step: float
    times: Array  # (T,) of the flow, from 0
    kept: NDArray[np.int64]  # (S, K) indices of times, increasing


@dataclass(frozen=True)
class Trajectory(ArrayFile):
    """The trained weights at the checkpoints that each seed keeps."""

    weights: Array  # (S, K, d, z), orthonormal


@dataclass(frozen=True)
class Solution(ArrayFile):
    """What the closed form predicts."""

    leading: Array  # v_1 … v_z, (d, z)
    learning_times: Array  # t_k, (S, z); nan where a start holds more than half of v_k and never less
