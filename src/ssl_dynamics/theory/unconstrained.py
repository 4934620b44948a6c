"""Unconstrained gradient flow of L(W) = Tr(WᵀCW): the dynamics that collapse (docs/theory.md §2)."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.lapack import dgejsv

from ssl_dynamics.theory.checks import Array, start, symmetric_matrix, time_grid


def unconstrained_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """W(t) = exp(−2Ct) W(0), the solution of Ẇ = −∇L = −2CW.

    C (d, d) symmetric; W0 (..., d, z); times (T,) in units of 1/C; returns (..., T, d, z) float64.
    Raises ValueError on bad shapes or values, and where W(t) is larger than float64 can hold.
    Source: docs/theory.md §2; checked against numerical integration in tests/test_theory_unconstrained.py.
    """
    eigenvalues, V, X, t = _eigenbasis(C, W0, times)
    exponent = -2 * eigenvalues * t[:, None]  # (T, d)
    if exponent.max() > np.log(np.finfo(np.float64).max) - 10:
        raise ValueError(
            f"times reach {t.max():.6g}, where W(t) grows by e^{exponent.max():.0f} and overflows float64; "
            "use log_singular_values, which has no such limit"
        )
    return V @ (np.exp(exponent)[:, :, None] * X[..., None, :, :])


def log_singular_values(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Log σ_k(W(t)) of W(t) = exp(−2Ct) W(0), largest first, free of overflow at every t.

    With C = VΛVᵀ and X = VᵀW(0), the singular values of W(t) are those of e^{−2Λt}X, a row-graded matrix:
    one-sided Jacobi (LAPACK gejsv) finds each to high *relative* accuracy, so that log(σ_2/σ_1)(t) stays right
    after σ_2/σ_1 has fallen below the rounding of W(t).

    C (d, d) symmetric; W0 (..., d, z); times (T,) in units of 1/C; returns (..., T, z) float64,
    −inf where σ_k/σ_1 is below what float64 can hold, about e^{−350}. Raises ValueError on bad shapes or values, and
    for W0 of deficient rank. Source: docs/theory.md §2; Drmač and Veselić (2008) for the accuracy.
    """
    eigenvalues, _, X, t = _eigenbasis(C, W0, times)
    *lead, _, z = X.shape
    if (np.linalg.matrix_rank(X) < z).any():
        raise ValueError(f"W0 has deficient rank: fewer than {z} singular values are not zero")
    result = np.empty((*lead, len(t), z))
    for index in np.ndindex(*lead, len(t)):
        exponent = -2 * eigenvalues * t[index[-1]]
        shift = exponent.max()
        with np.errstate(divide="ignore"):
            result[index] = shift + np.log(_graded_singular_values(np.exp(exponent - shift)[:, None] * X[index[:-1]]))
    return result


def _graded_singular_values(matrix: Array) -> Array:
    # joba=0 ('C'): full relative accuracy for matrices graded by rows or columns; no singular vectors.
    values, _, _, work, _, info = dgejsv(matrix, joba=0, jobu=3, jobv=3)
    if info != 0:
        raise RuntimeError(f"LAPACK gejsv did not converge (info {info})")
    scaled: Array = values * (work[0] / work[1])
    return scaled


def _eigenbasis(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> tuple[Array, Array, Array, Array]:
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=False)
    eigenvalues, V = np.linalg.eigh(form)
    return eigenvalues, V, V.T @ W, time_grid("times", times)
