"""Starts, the largest step and checkpoints; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """What training and theory share. Large starts are the small ones at another scale, as controls."""

    small: Array  # W(0), (S, d, z)
    aligned: Array
    large: Array
    largest_step: float
    times: Array  # (T,) for the small starts
    short_times: Array  # (T',) for the aligned and the large ones


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Trained weights at the checkpoints, and the cross-moments M of their representations on the triplets."""

    small: Array  # (S, T, d, z)
    small_moments: Array  # (S, T, z, z)
    aligned_moments: Array  # (S, T', z, z)
    large: Array  # (S, T', d, z)
    large_moments: Array


@dataclass(frozen=True)
class Solution(ArrayFile):
    """What theory predicts of aligned starts, also at wrong rates by name, and of small ones."""

    leading: Array  # v_1 … v_z, (d, z)
    gamma: Array  # γ_1 … γ_z
    aligned: Array  # (S, T', z) eigenvalues of M
    aligned_wrong: dict[str, Array]
    curves: Array  # (S, T, z) the same of small starts, to leading order
    times: Array  # t_k, (S, z)
    naive_times: Array  # the same from the diagonal entries of the start
    interplay: Array  # (S, z) relative error of t_k that other modes may cause
    carried: Array  # (S, z) of later modes, what the first k steps have learned along
