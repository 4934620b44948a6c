"""Unconstrained gradient flow of L(W) = Tr(WᵀCW): the dynamics that collapse (docs/theory.md §2)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graded import graded_log_singular_values
from ssl_dynamics.validation import Array, start, step_counts, symmetric_matrix, time_grid


def unconstrained_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """W(t) = exp(−2Ct) W(0), the solution of Ẇ = −∇L = −2CW.

    C (d, d) symmetric; W0 (..., d, z); times (T,) in units of 1/C; returns (..., T, d, z) float64.
    Raises ValueError on bad shapes or values, and where W(t) is larger than float64 can hold.
    Source: docs/theory.md §2; checked against numerical integration in tests/test_theory_unconstrained.py.
    """
    eigenvalues, V, X = _eigenbasis(C, W0)
    t = time_grid("times", times)
    exponent = -2 * eigenvalues * t[:, None]  # (T, d)
    if exponent.max() > np.log(np.finfo(np.float64).max) - 10:
        raise ValueError(
            f"times reach {t.max():.6g}, where W(t) grows by e^{exponent.max():.3g} and overflows float64; "
            "use log_singular_values, which has no such limit"
        )
    return V @ (np.exp(exponent)[:, :, None] * X[..., None, :, :])


def log_singular_values(C: ArrayLike, W0: ArrayLike, times: ArrayLike, *, through: ArrayLike | None = None) -> Array:
    """Log σ_k(W(t)) of W(t) = exp(−2Ct) W(0), largest first, free of overflow at every t.

    With C = VΛVᵀ and X = VᵀW(0), the singular values of W(t) are those of e^{−2Λt}X, a row-graded matrix, each found to
    high *relative* accuracy (`theory.graded`). With `through` F, those of FW(t) = FV e^{−2Λt}X.

    C (d, d) symmetric; W0 (..., d, z); times (T,) in units of 1/C; through (N, d); returns (..., T, z) float64.
    Raises ValueError on bad shapes or values, and for W0 of deficient rank. Source: docs/theory.md §2.
    """
    eigenvalues, V, X = _eigenbasis(C, W0)
    exponents = -2 * eigenvalues * time_grid("times", times)[:, None]
    return graded_log_singular_values(exponents, X, _through(through, V))


def descent_log_singular_values(
    C: ArrayLike, W0: ArrayLike, learning_rate: float, steps: ArrayLike, *, through: ArrayLike | None = None
) -> Array:
    """Log σ_k(W_k) of gradient descent W_k = (I − 2ηC)^k W(0): the solution in discrete time, exact at every η.

    ln(σ_2/σ_1) has the asymptotic slope ln((1 − 2ηλ_2)/(1 − 2ηλ_1))/η in time kη.

    C (d, d) symmetric; W0 (..., d, z); learning_rate 0 < η < 1/(2‖C‖₂), in units of 1/C; steps (T,) whole,
    non-decreasing; through (N, d) as in `log_singular_values`; returns (..., T, z) float64. Raises ValueError on
    bad shapes or values, and as `log_singular_values` does. Source: docs/theory.md §2.
    """
    eigenvalues, V, X = _eigenbasis(C, W0)
    largest = 2 * np.abs(eigenvalues).max()
    if not (learning_rate > 0 and learning_rate * largest < 1):
        raise ValueError(f"learning_rate must lie between 0 and 1/(2‖C‖) = {1 / largest:.6g}; got {learning_rate}")
    exponents = step_counts("steps", steps).astype(np.float64)[:, None] * np.log1p(-2 * learning_rate * eigenvalues)
    return graded_log_singular_values(exponents, X, _through(through, V))


def _through(through: ArrayLike | None, V: Array) -> Array | None:
    if through is None:
        return None
    F = np.asarray(through, dtype=np.float64)
    if F.ndim != 2 or F.shape[1] != len(V) or not np.isfinite(F).all():
        raise ValueError(f"through must be finite with shape (N, {len(V)}); got shape {F.shape}")
    product: Array = F @ V
    return product


def _eigenbasis(C: ArrayLike, W0: ArrayLike) -> tuple[Array, Array, Array]:
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=False)
    eigenvalues, V = np.linalg.eigh(form)
    return eigenvalues, V, V.T @ W
