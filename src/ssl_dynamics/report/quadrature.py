"""Fewer eigenvalues and rows of a start that give the same curves: Gauss quadrature for matrices, by block Lanczos."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ACCURACY = 1e-8  # relative, of the sums that all curves are made of
_FIRST = 4  # nodes for each column of the start, to begin with
_TIMES = np.concatenate([[0.0], np.geomspace(1e-2, 1e5, 60)])  # over the width of the spectrum


def condensed(eigenvalues: Array, X: Array, kept: int) -> tuple[Array, Array]:
    """Eigenvalues (m,) and rows (m, z), m ≤ d, in the place of `eigenvalues` (d,), ascending, and `X` = VᵀW(0) (d, z).

    The curves of the explorer see the start through sums Σ_j f(λ_j) x_jx_jᵀ with smooth f, over the rows beyond the
    first z and over all. The first `kept` rows stay, kept ≥ z. In the place of the others are n nodes for each column,
    with which the sums are exact for polynomials f of a degree below 2n; n is raised until Σ e^{−4λ_jt}x_jx_jᵀ is right
    to ACCURACY at all times.

    Source: G. H. Golub, G. Meurant, "Matrices, Moments and Quadrature with Applications", Princeton 2010, ch. 6.
    """
    whole = _sums(eigenvalues, X)
    for nodes in range(_FIRST, len(X) // X.shape[1]):
        if kept + nodes * X.shape[1] >= len(X):
            break
        values, rows = _gauss(eigenvalues[kept:], X[kept:], nodes)
        fewer = np.concatenate([eigenvalues[:kept], values]), np.concatenate([X[:kept], rows])
        error = np.linalg.norm(_sums(*fewer) - whole, axis=(1, 2))
        if (error <= ACCURACY * np.linalg.norm(whole, axis=(1, 2))).all():
            return fewer
    return eigenvalues, X


def _gauss(eigenvalues: Array, X: Array, nodes: int) -> tuple[Array, Array]:
    """Λ on the span of X, ΛX, …, Λ^{n−1}X: its eigenvalues, and X in the basis of its eigenvectors."""
    z = X.shape[1]
    basis = np.linalg.qr(X)[0]
    for _ in range(nodes - 1):
        basis = np.linalg.qr(np.hstack([basis, eigenvalues[:, None] * basis[:, -z:]]))[0]
    values, vectors = np.linalg.eigh(basis.T @ (eigenvalues[:, None] * basis))
    return values, vectors.T @ (basis.T @ X)


def _sums(eigenvalues: Array, X: Array) -> Array:
    """Σ e^{−4(λ_j − λ_{z+1})t} x_jx_jᵀ over the rows j > z, at each time: (T, z, z)."""
    z = X.shape[1]
    beyond, rows = eigenvalues[z:] - eigenvalues[z], X[z:]
    width = beyond[-1] or 1.0
    weights = np.exp(-4 * _TIMES[:, None] * beyond / width)
    sums: Array = np.einsum("tj,ja,jb->tab", weights, rows, rows, optimize=True)
    return sums
