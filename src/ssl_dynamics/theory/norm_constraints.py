"""Constraints on norms: which of them hold the singular values of the weights apart (docs/theory.md §9)."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graded import graded_log_singular_values
from ssl_dynamics.theory.iteration import orthogonal_iteration
from ssl_dynamics.theory.unconstrained import descent_exponents, eigenbasis, flow_exponents, in_eigenvectors
from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array, start, step_counts, symmetric_matrix, time_grid

_APART = 12 * np.log(10)  # up to which the logarithms of columns that are made equally long may differ


def unit_column_log_singular_values(
    C: ArrayLike, W0: ArrayLike, times: ArrayLike, *, through: ArrayLike | None = None
) -> Array:
    """Log σ_k(W(t)) of the flow of Tr(WᵀCW) under |w_a| = 1, largest first: every column follows Oja's flow.

        ẇ_a = −2(I − w_a w_aᵀ)Cw_a,   w_a(t) = e^{−2Ct}w_a(0)/|e^{−2Ct}w_a(0)|.

    All columns tend to ±v_1, so that σ_2/σ_1 falls as it does without a constraint, at the rate 2(λ_2 − λ_1).
    With `through` F, those of FW(t). A constraint on ‖W‖_F changes no ratio of singular values at all:
    `log_singular_values` gives them.

    C (d, d) symmetric; W0 (..., d, z), no column zero, of whose lengths nothing depends; times (T,) in units of 1/C;
    through (N, d); returns (..., T, z) float64. Raises ValueError on bad shapes or values, and for W0 of deficient rank
    or with columns of which one falls behind another, before their lengths are made equal, by more than 1e12: it has
    no component along a direction that leads the others. Source: docs/theory.md §9.
    """
    eigenvalues, V, X, _ = eigenbasis(C, W0)
    return _of_unit_columns(flow_exponents(eigenvalues, time_grid("times", times)), X, in_eigenvectors(through, V))


def unit_column_descent_log_singular_values(
    C: ArrayLike, W0: ArrayLike, learning_rate: float, steps: ArrayLike, *, through: ArrayLike | None = None
) -> Array:
    """Log σ_k(W_k) of steps W ← W − η∇L with columns scaled back to length 1: the solution at every η.

    Column a of W_k is (I − 2ηC)^k w_a(0), scaled to length 1.

    C (d, d) symmetric; W0 (..., d, z), no column zero; learning_rate 0 < η < 1/(2‖C‖₂), in units of 1/C; steps (T,)
    whole, non-decreasing; through (N, d); returns (..., T, z) float64. Raises ValueError on bad shapes or values, and
    as `unit_column_log_singular_values` does. Source: docs/theory.md §9.
    """
    eigenvalues, V, X, _ = eigenbasis(C, W0)
    exponents = descent_exponents(eigenvalues, learning_rate, step_counts("steps", steps))
    return _of_unit_columns(exponents, X, in_eigenvectors(through, V))


def spectral_norm_bound(C: ArrayLike, W0: ArrayLike, learning_rate: float, steps: ArrayLike) -> Array:
    """Lower bound of ln σ_z(W_k) of steps W ← W − η∇L projected back to ‖W‖₂ ≤ 1; 0: there W_kᵀW_k = I.

    The projection cuts singular values above 1, and span W_k is that of `orthogonal_iteration`. With Q_k an orthonormal
    basis of it, s_k = ln σ_z((I − 2ηC)Q_k) never falls, and from W(0)ᵀW(0) = I

        ln σ_z(W_k) ≥ p_k,   p_0 = 0,   p_{k+1} = min(0, p_k + s_k).

    Where W(0)ᵀCW(0) has no positive eigenvalue, p_k = 0 at every k: a bound on the spectral norm is then the constraint
    WᵀW = I. Otherwise σ_z falls, and from where p_k is 0 again W_kᵀW_k = I for good. Between the `steps` asked for s_k
    is not taken to grow: the bound is the tighter, the more there are.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; learning_rate 0 < η < 1/(2‖C‖₂), in units of 1/C; steps
    (T,) whole, non-decreasing; returns (..., T) float64. Raises ValueError on bad shapes or values, and as
    `orthogonal_iteration` does. Source: docs/theory.md §9.
    """
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=True)
    counts = np.concatenate([[0], step_counts("steps", steps)])
    descent_exponents(np.asarray(np.linalg.eigvalsh(form), np.float64), learning_rate, counts)
    Q = orthogonal_iteration(form, W, learning_rate, counts[:-1])
    growth = np.log(np.linalg.svd(Q - 2 * learning_rate * (form @ Q), compute_uv=False)[..., -1])
    growth[np.abs(growth) < len(form) * np.finfo(np.float64).eps] = 0  # rounding
    gains = np.diff(counts) * growth
    bound = np.zeros(gains.shape)
    before = np.zeros(gains.shape[:-1])
    for k in range(gains.shape[-1]):
        before = np.minimum(before + gains[..., k], 0)
        bound[..., k] = before
    return bound


def _of_unit_columns(exponents: Array, X: Array, through: Array | None) -> Array:
    """Log σ_k of F diag(e^{exponents})XD, D(t) making the columns of diag(e^{exponents})X unit; exponents (T, d)."""
    exponents = exponents - exponents.max(-1, keepdims=True)  # a common factor, which has no part in the result
    with np.errstate(divide="ignore"):
        logs = exponents[:, :, None] + np.log(np.abs(X))[..., None, :, :]
    lengths = np.asarray(scipy.special.logsumexp(2 * logs, axis=-2) / 2, np.float64)  # (..., T, z)
    if not np.isfinite(lengths).all():
        raise ValueError("W0 must have no column that is zero")
    common = lengths.mean(-1, keepdims=True)
    if (apart := np.ptp(lengths, axis=-1).max()) > _APART:
        raise Unsettled(
            f"a column of W0 has no component along a direction that leads others: it falls behind by e^{apart:.3g}"
        )
    scaled = X[..., None, :, :] * np.exp(common - lengths)[..., None, :]
    found = [
        graded_log_singular_values(exponents[t : t + 1], scaled[..., t, :, :], through) for t in range(len(exponents))
    ]
    values: Array = np.concatenate(found, axis=-2) - common
    return values
