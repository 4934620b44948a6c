"""The largest step sizes that have the right limit, and the speeds of nets on Stiefel manifolds (docs/theory.md §3)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.problem.names import Metric
from ssl_dynamics.theory.graph import graph_coordinates
from ssl_dynamics.theory.iteration import log_ratio
from ssl_dynamics.validation import Array, count, finite, start, symmetric_matrix


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
    z = count("z", z, len(eigenvalues) - 1, "d − 1")
    return _inverse(float(eigenvalues[z - 1] + eigenvalues[-1]))


def riemannian_steps(C: ArrayLike, W0: ArrayLike, learning_rate: float, *, left: float) -> Array:
    """Riemannian steps after which the part of v_d in the span is at most `left`; inf from the largest step size on.

    ‖Wᵀv_d‖ falls by q = max(|1 − 2η(λ_d − λ_1)|, |1 − 2η(λ_d − ρ)|) a step or faster, ρ the largest eigenvalue of
    W(0)ᵀCW(0), which no step raises.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; learning_rate η > 0 in units of 1/C; 0 < left < 1; returns
    (...) float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    _require_step(learning_rate, left)
    W = start("W0", W0, len(form), orthonormal=True)
    eigenvalues, V = np.linalg.eigh(form)
    largest = np.linalg.eigvalsh(W.mT @ form @ W)[..., -1]
    ends = (np.maximum(eigenvalues[-1] - bound, 0) for bound in (eigenvalues[0], largest))
    shrinkage = np.maximum(*(log_ratio(learning_rate, end, 0.0)[0] for end in ends))
    return _steps(np.linalg.norm(W.mT @ V[:, -1], axis=-1), shrinkage, left)


def iteration_steps(C: ArrayLike, W0: ArrayLike, learning_rate: float, *, left: float) -> Array:
    """Steps of orthogonal iteration after which the part of v_d in the span is at most `left`; inf beyond its limit.

    That part is at most the norm of the last row of graph coordinates G, G_dl(k) = (a_d/a_l)^k G_dl(0), a = 1 − 2ηλ.

    Arguments and errors as in `riemannian_steps`, and ValueError where W(0) has no component along some direction of
    span(v_1 … v_z). Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    _require_step(learning_rate, left)
    W = start("W0", W0, len(form), orthonormal=True)
    z = W.shape[-1]
    eigenvalues, V = np.linalg.eigh(form)
    with np.errstate(over="ignore", invalid="ignore"):
        factors = finite("1 − 2ηλ", np.abs(1 - 2 * learning_rate * eigenvalues), "take a smaller learning rate")
    if not factors[:z].all():
        raise ValueError(f"learning_rate {learning_rate:.6g} makes a factor 1 − 2ηλ of the leading {z} zero")
    last = graph_coordinates(V, W, "the smallest eigenvalues")[..., -1, :]
    shrinkage = log_ratio(learning_rate, eigenvalues[-1], eigenvalues[:z])[0].max()
    return _steps(np.linalg.norm(last, axis=-1), shrinkage, left)


def full_width_speed(metric: Metric) -> float:
    """Speed, in that of one layer, of a two-layer linear net of width h = d on Grassmann or Stiefel manifolds.

    1 under the horizontal projection, 1.5 in the Euclidean metric, 2 in the canonical one; at h = z all are 1.
    Raises ValueError for an unknown metric. Source: docs/theory.md §3.
    """
    speeds = {"grassmann": 1.0, "stiefel": 1.5, "canonical": 2.0}
    if metric not in speeds:
        raise ValueError(f"metric {metric!r} is unknown; allowed: {', '.join(map(repr, speeds))}")
    return speeds[metric]


def _require_step(learning_rate: float, left: float) -> None:
    if not (np.isfinite(learning_rate) and learning_rate > 0 and 0 < left < 1):
        raise ValueError(f"needs learning_rate > 0 and 0 < left < 1; got {learning_rate} and {left}")


def _steps(part: Array, shrinkage: Array, left: float) -> Array:
    """Steps that a part, whose logarithm each changes by `shrinkage`, takes to `left`: 0 if there, inf if never."""
    with np.errstate(divide="ignore"):
        needed = np.log(left / part) / np.minimum(shrinkage, 0)
    return np.where(part <= left, 0.0, np.where(shrinkage < 0, np.maximum(np.ceil(needed), 1), np.inf))


def _inverse(rate: float) -> float:
    return 1 / rate if rate > 0 else float("inf")
