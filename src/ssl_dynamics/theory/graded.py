"""Singular values of matrices whose rows differ by many orders of magnitude, each to high relative accuracy."""

import numpy as np
import scipy

from ssl_dynamics.validation import Array


def graded_log_singular_values(exponents: Array, X: Array, through: Array | None = None) -> Array:
    """Log σ_k of F diag(e^{exponents}) X, largest first, free of overflow; F = I unless `through` is given.

    One-sided Jacobi (LAPACK gejsv) finds the singular values of the row-graded matrix DX = QSPᵀ to high *relative*
    accuracy, so that log(σ_2/σ_1) stays right after σ_2/σ_1 has fallen below the rounding of DX; those of FDX are those
    of the column-graded (FQ)S, with a loss that grows with the condition of FQ, but not with that of S.

    exponents (T, d), X (..., d, z), through F (N, d) with N >= z; returns (..., T, z) float64, −inf
    where σ_k/σ_1 is below what float64 can hold, about e^{−350}. Raises ValueError for X of deficient rank.
    Source: Drmač, Veselić (2008).
    """
    *lead, _, z = X.shape
    if (np.linalg.matrix_rank(X) < z).any():
        raise ValueError(f"W0 has deficient rank: fewer than {z} singular values are not zero")
    result = np.empty((*lead, len(exponents), z))
    for index in np.ndindex(*lead, len(exponents)):
        exponent = exponents[index[-1]]
        shift = exponent.max()
        Q, values = _jacobi(np.exp(exponent - shift)[:, None] * X[index[:-1]])
        if through is not None:
            values = _jacobi((through @ Q) * values)[1]
        with np.errstate(divide="ignore"):
            result[index] = shift + np.log(values)
    return result


def _jacobi(matrix: Array) -> tuple[Array, Array]:
    """Left singular vectors and singular values."""
    # joba=0 ('C'): full relative accuracy for matrices graded by rows or columns; jobu=0, jobv=3: left vectors only.
    values, vectors, _, work, _, info = scipy.linalg.lapack.dgejsv(matrix, joba=0, jobu=0, jobv=3)
    if info != 0:
        raise RuntimeError(f"LAPACK gejsv did not converge (info {info})")
    scaled: Array = values * (work[0] / work[1])
    return vectors[:, : len(values)], scaled
