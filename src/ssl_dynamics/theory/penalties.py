"""Which penalty to choose, what step size it allows and how long training takes (docs/theory.md §8)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.soft_constraint import soft_constraint_flow, soft_constraint_limit
from ssl_dynamics.validation import Array, count, finite, positive, real, start, symmetric_matrix

_LONGEST = 100.0  # of the times that are tried, in units of the slowest rate
_GRID = 1.25  # ratio of successive ones
_ROUNDING = 1e-12  # of a rate, relative to the largest


def least_penalty(C: ArrayLike, z: int, *, ratio: float) -> float:
    """Smallest β at which training ends with σ_z/σ_1 ≥ r: β = (λ_z − r²λ_1)/(1 − r²), 0 where every β > 0 does.

    By σ_k² = 1 − λ_k/β. It takes λ_1 and λ_z, and says nothing of the way there: see `safe_penalty`.

    C (d, d) symmetric; 1 <= z <= d; ratio r, 0 < r < 1; returns β in units of C. Raises ValueError on bad shapes or
    values. Source: docs/theory.md §8.
    """
    eigenvalues = np.linalg.eigvalsh(symmetric_matrix("C", C))
    z, square = count("z", z, len(eigenvalues), "d"), _square("ratio", ratio)
    return _held(float(eigenvalues[z - 1]) - square * float(eigenvalues[0]), 1 - square)


def safe_penalty(C: ArrayLike, *, ratio: float) -> float:
    """β = (max(λ_d, 0) − r² min(λ_1, 0))/(1 − r²): from this on σ_z/σ_1 ≥ r at all times, of any orthonormal start.

    The squared singular values stay between min(1, 1 − λ_d/β) and max(1, 1 − λ_1/β). For z >= 2 and λ_1 ≤ 0 ≤ λ_d
    no smaller β will do for every start: one that holds v_1 and v_d ends at these bounds.

    C (d, d) symmetric; ratio r, 0 < r < 1; returns β in units of C. Raises ValueError on bad shapes or values.
    Source: docs/theory.md §8.
    """
    eigenvalues = np.linalg.eigvalsh(symmetric_matrix("C", C))
    square = _square("ratio", ratio)
    return _held(max(float(eigenvalues[-1]), 0.0) - square * min(float(eigenvalues[0]), 0.0), 1 - square)


def largest_penalised_step(C: ArrayLike, *, beta: ArrayLike) -> Array:
    """1/max(2(β − λ_1), λ_d − min(λ_1, β)): steps of the penalised descent converge near its limit iff η is smaller.

    The curvatures there are 4(β − λ_k) along a direction that survives, 2(λ_j − λ_k) from it to one that does not, and
    2(λ_j − β) where nothing survives.

    C (d, d) symmetric; beta > 0 in units of C, a number or (B,); returns η in units of 1/C of the shape of beta, inf
    where all curvatures are zero. Raises ValueError on bad shapes or values. Source: docs/theory.md §8.
    """
    eigenvalues, strength = np.linalg.eigvalsh(symmetric_matrix("C", C)), _penalties(beta)
    first, last = eigenvalues[0], eigenvalues[-1]
    with np.errstate(divide="ignore", over="ignore"):
        steps: Array = 1 / np.maximum(2 * (strength - first), last - np.minimum(first, strength))
    return steps


def settling_times(C: ArrayLike, W0: ArrayLike, *, beta: ArrayLike, left: float) -> Array:
    """Times from which on all singular values of W(t) are within `left` of their limits √(1 − λ_k/β)₊.

    Not smaller, up to a quarter larger, and at least 1/r: the closed form is looked at over times from 1/r to 100/r,
    r the smallest of 2|β − λ_k| and of 2(min(λ_j, β) − min(λ_k, β)) where positive, j > z ≥ k: the rates of the
    approach. Directions of one eigenvalue do not turn to each other. Inf where these times do not suffice, as for
    β = λ_k, where a direction dies like a power of time.

    C (d, d) symmetric; W0 (..., d, z) of full rank; beta > 0 in units of C, a number or (B,); left > 0; returns (...)
    or (B, ...) in units of 1/C. Raises ValueError on bad shapes or values and as `soft_constraint_flow` does.
    Source: docs/theory.md §8.
    """
    form, strength, left = symmetric_matrix("C", C), _penalties(beta), positive("left", left)
    W = start("W0", W0, len(form), orthonormal=False)
    z = W.shape[-1]
    eigenvalues = np.linalg.eigvalsh(form)
    largest = float(np.abs(eigenvalues).max())
    found = []
    for b in strength.ravel():
        capped = np.minimum(eigenvalues, b)
        turning = (capped[z:, None] - capped[:z]).ravel()
        rates = np.append(np.abs(b - eigenvalues[:z]), turning[turning > _ROUNDING * largest])
        slowest = 2 * float(rates.min())
        if slowest <= _ROUNDING * max(largest, float(b)):
            found.append(np.full(W.shape[:-2], np.inf))
            continue
        times = _GRID ** np.arange(int(np.log(_LONGEST) / np.log(_GRID)) + 1) / slowest
        values = np.linalg.svd(soft_constraint_flow(form, W, times, beta=b), compute_uv=False)
        away = np.abs(values - soft_constraint_limit(form, z, beta=b)).max(-1) > left  # (..., T)
        passed = np.where(away, np.arange(1, len(times) + 1), 0).max(-1)
        found.append(np.append(times, np.inf)[passed])
    settled: Array = np.array(found).reshape((*strength.shape, *W.shape[:-2]))
    return settled


def _penalties(beta: ArrayLike) -> Array:
    strength = real("beta", beta)
    if strength.ndim > 1 or strength.size == 0 or not (strength > 0).all():
        raise ValueError(f"beta must be a positive number or a list of them (B,); got {np.asarray(beta).tolist()}")
    return strength


def _square(name: str, ratio: float) -> float:
    r = positive(name, ratio)
    if not r < 1:
        raise ValueError(f"{name} must lie between 0 and 1; got {r:.6g}")
    return r * r


def _held(numerator: float, denominator: float) -> float:
    """A penalty, 0 where the quotient is negative."""
    with np.errstate(over="ignore", divide="ignore"):
        penalty = np.maximum(np.float64(numerator) / denominator, 0.0)
    return float(finite("the penalty", penalty, "take a smaller ratio"))
