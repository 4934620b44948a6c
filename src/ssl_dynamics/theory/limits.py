"""The largest step sizes that have the right limit, and the speeds of nets on Stiefel manifolds (docs/theory.md §3)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.problem.settings import Metric
from ssl_dynamics.validation import symmetric_matrix


def largest_riemannian_step(C: ArrayLike) -> float:
    """1/(λ_d − λ_1): Riemannian steps W ← R_W(−2η(I − WWᵀ)CW) converge to an eigenspace iff η is smaller.

    C (d, d) symmetric; returns η in units of 1/C, inf where all eigenvalues are equal. Raises ValueError on bad shapes
    or values. Source: docs/theory.md §3.
    """
    eigenvalues = np.linalg.eigvalsh(symmetric_matrix("C", C))
    return _inverse(float(eigenvalues[-1] - eigenvalues[0]))


def largest_iteration_step(C: ArrayLike, z: int) -> float:
    """1/(λ_z + λ_d): below it orthogonal iteration, span (I − 2ηC)^k W(0), ends in span(v_1 … v_z), above not.

    C (d, d) symmetric; 1 <= z < d; returns η in units of 1/C, inf where λ_z + λ_d <= 0. Raises ValueError on bad shapes
    or values. Source: docs/theory.md §3.
    """
    eigenvalues = np.linalg.eigvalsh(symmetric_matrix("C", C))
    if not 1 <= z < len(eigenvalues):
        raise ValueError(f"z must lie between 1 and d − 1 = {len(eigenvalues) - 1}; got {z}")
    return _inverse(float(eigenvalues[z - 1] + eigenvalues[-1]))


def full_width_speed(metric: Metric) -> float:
    """Speed, in that of one layer, of a two-layer linear net of width h = d on Grassmann or Stiefel manifolds.

    1 under the horizontal projection, 1.5 in the Euclidean metric, 2 in the canonical one; at h = z all are 1.
    Raises ValueError for an unknown metric. Source: docs/theory.md §3.
    """
    speeds = {"grassmann": 1.0, "stiefel": 1.5, "canonical": 2.0}
    if metric not in speeds:
        raise ValueError(f"metric {metric!r} is unknown; allowed: {', '.join(map(repr, speeds))}")
    return speeds[metric]


def _inverse(rate: float) -> float:
    return 1 / rate if rate > 0 else float("inf")
