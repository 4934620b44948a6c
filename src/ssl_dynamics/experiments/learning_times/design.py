"""Starts, largest step and checkpoints; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """Checkpoints spaced logarithmically until every direction is learned, and the largest step between them."""

    start: Array  # W(0), (S, d, z)
    largest_step: float
    times: Array  # (T,) of the flow, from 0


@dataclass(frozen=True)
class Trajectory(ArrayFile):
    """The trained weights at the checkpoints."""

    weights: Array  # (S, T, d, z), orthonormal


@dataclass(frozen=True)
class Solution(ArrayFile):
    """What the closed form predicts."""

    leading: Array  # v_1 … v_z, (d, z)
    learning_times: Array  # t_k, (S, z); nan where a start holds more than half of v_k and never less
