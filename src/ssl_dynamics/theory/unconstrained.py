"""Unconstrained gradient flow of L(W) = Tr(WᵀCW): the dynamics that collapse (docs/theory.md §2)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.theory.graded import graded_log_singular_values, graded_span
from ssl_dynamics.validation import Array, real, start, step_counts, symmetric_matrix, time_grid, unit

_SMALLEST = 1e-290  # entries of W(t) below which float64 begins to lose digits
_ORDINARY = 1e100  # size of a start up to which, and down to whose inverse, it keeps its unit
_LONGEST = 1e290  # largest |2λt|: logarithms are then exact to rounding, and no difference of them overflows


def unconstrained_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """W(t) = exp(−2Ct) W(0), the solution of Ẇ = −∇L = −2CW.

    C (d, d) symmetric; W0 (..., d, z); times (T,) in units of 1/C; returns (..., T, d, z) float64.
    Each entry is right to rounding next to the largest of W(t): what later times leave of all directions but the first
    is below that, and is in `unconstrained_span`. Raises ValueError on bad shapes or values, and where W(t) is larger
    or smaller than float64 can hold.
    Source: docs/theory.md §2; checked against numerical integration in tests/test_theory_unconstrained.py.
    """
    eigenvalues, V, X, size = eigenbasis(C, W0)
    t = time_grid("times", times)
    exponent = flow_exponents(eigenvalues, t)
    instead = "use log_singular_values and unconstrained_span, which have no such limit"
    if exponent.max() > np.log(np.finfo(np.float64).max) - 10:
        raise ValueError(
            f"times reach {t.max():.6g}, where W(t) grows by e^{exponent.max():.3g} and overflows float64; {instead}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        W: Array = V @ (np.exp(exponent)[:, :, None] * X[..., None, :, :]) * size
    if not np.isfinite(W).all():
        raise ValueError(f"times reach {t.max():.6g}, where W(t) overflows float64; {instead}")
    small = (np.abs(W).max(axis=(-2, -1)) < _SMALLEST) & np.any(X, axis=(-2, -1))[..., None]
    if small.any():
        first = t[small.reshape(-1, len(t)).any(0)][0]
        raise ValueError(f"at t = {first:.6g} W(t) has shrunk below what float64 holds with all its digits; {instead}")
    return W


def unconstrained_span(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Orthonormal basis of span W(t), W(t) = exp(−2Ct) W(0), at every t, and of any W(0) of full rank.

    In graph coordinates over the leading eigenvectors that span W(0) has a part of, which never grow: where these are
    v_1 … v_z it is the span of `grassmann_flow`. The weights themselves lose all but their first direction early.

    C (d, d) symmetric; W0 (..., d, z); times (T,) in units of 1/C; returns (..., T, d, z) float64. Raises ValueError on
    bad shapes or values, and for W0 of deficient rank. Source: docs/theory.md §2, §3.
    """
    eigenvalues, V, X, _ = eigenbasis(C, W0)
    # At t = 0 too the order is that of the flow: directions that come to lead are taken first.
    exponents = flow_exponents(eigenvalues, time_grid("times", times))
    lead = X.shape[:-2]
    spans = [V @ graded_span(exponents, start) for start in X.reshape(-1, *X.shape[-2:])]
    return np.stack(spans).reshape(*lead, len(exponents), *X.shape[-2:])


def log_singular_values(C: ArrayLike, W0: ArrayLike, times: ArrayLike, *, through: ArrayLike | None = None) -> Array:
    """Log σ_k(W(t)) of W(t) = exp(−2Ct) W(0), largest first, free of overflow and underflow at every t.

    With C = VΛVᵀ and X = VᵀW(0), the singular values of W(t) are those of e^{−2Λt}X, a row-graded matrix, each found to
    high *relative* accuracy (`theory.graded`). With `through` F, those of FW(t) = FV e^{−2Λt}X.

    C (d, d) symmetric; W0 (..., d, z); times (T,) in units of 1/C; through (N, d); returns (..., T, z) float64.
    Raises ValueError on bad shapes or values, and for W0 of deficient rank. Source: docs/theory.md §2.
    """
    eigenvalues, V, X, size = eigenbasis(C, W0)
    exponents = flow_exponents(eigenvalues, time_grid("times", times))
    logs: Array = graded_log_singular_values(exponents, X, in_eigenvectors(through, V)) + np.log(size)
    return logs


def descent_log_singular_values(
    C: ArrayLike, W0: ArrayLike, learning_rate: float, steps: ArrayLike, *, through: ArrayLike | None = None
) -> Array:
    """Log σ_k(W_k) of gradient descent W_k = (I − 2ηC)^k W(0): the solution in discrete time, exact at every η.

    ln(σ_2/σ_1) has the asymptotic slope ln((1 − 2ηλ_2)/(1 − 2ηλ_1))/η in time kη.

    C (d, d) symmetric; W0 (..., d, z); learning_rate 0 < η < 1/(2‖C‖₂), in units of 1/C; steps (T,) whole,
    non-decreasing; through (N, d) as in `log_singular_values`; returns (..., T, z) float64. Raises ValueError on
    bad shapes or values, and as `log_singular_values` does. Source: docs/theory.md §2.
    """
    eigenvalues, V, X, size = eigenbasis(C, W0)
    exponents = descent_exponents(eigenvalues, learning_rate, step_counts("steps", steps))
    logs: Array = graded_log_singular_values(exponents, X, in_eigenvectors(through, V)) + np.log(size)
    return logs


def flow_exponents(eigenvalues: Array, t: Array) -> Array:
    """−2λt (T, d). Raises ValueError where that is too large for float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        exponents = -2 * eigenvalues * t[:, None]
    if not np.abs(exponents).max() < _LONGEST:
        raise ValueError(f"times reach {t.max():.3g}, where 2λt overflows float64: end earlier")
    return exponents


def descent_exponents(eigenvalues: Array, learning_rate: float, steps: NDArray[np.int64]) -> Array:
    """Those of k steps, k ln(1 − 2ηλ) (T, d). Raises ValueError unless 0 < η < 1/(2‖C‖)."""
    largest = 2 * float(np.abs(eigenvalues).max())
    if not (learning_rate > 0 and learning_rate * largest < 1):
        most = 1 / largest if largest else np.inf
        raise ValueError(f"learning_rate must lie between 0 and 1/(2‖C‖) = {most:.6g}; got {learning_rate}")
    exponents: Array = steps.astype(np.float64)[:, None] * np.log1p(-2 * (learning_rate * eigenvalues))
    return exponents


def in_eigenvectors(through: ArrayLike | None, V: Array) -> Array | None:
    """FV (N, d) of what weights are seen through, if anything."""
    if through is None:
        return None
    F = real("through", through)
    if F.ndim != 2 or F.shape[1] != len(V):
        raise ValueError(f"through must have shape (N, {len(V)}); got shape {F.shape}")
    product: Array = F @ V
    return product


def eigenbasis(C: ArrayLike, W0: ArrayLike) -> tuple[Array, Array, Array, float]:
    """λ, V, and VᵀW(0) in units of a power of two, which is 1 unless sums of such entries would leave float64."""
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=False)
    size = unit(W).item()
    size = size if not 1 / _ORDINARY < size < _ORDINARY else 1.0
    eigenvalues, V = np.linalg.eigh(form)
    return eigenvalues, V, V.T @ (W / size), size
