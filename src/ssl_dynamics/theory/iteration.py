"""Orthogonal iteration: an exact solution in discrete time (docs/theory.md §3)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import basis_of_graph, graph_coordinates
from ssl_dynamics.validation import Array, finite, start, step_counts, symmetric_matrix


def orthogonal_iteration(C: ArrayLike, W0: ArrayLike, learning_rate: float, steps: ArrayLike) -> Array:
    """Orthonormal basis of span W_k for Euclidean gradient steps followed by QR, W_{k+1} = qf((I − 2ηC)W_k).

    span W_k = span (I − 2ηC)^k W(0) exactly. With factors a_j = 1 − 2ηλ_j, ordered by falling modulus, and graph
    coordinates G over the z largest: G_jl(k) = (a_j/a_l)^k G_jl(0), no ratio larger than 1 in modulus.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; learning_rate η > 0 in units of 1/C; steps (T,) whole,
    non-decreasing, 0 allowed; returns (..., T, d, z) float64. Raises ValueError on bad shapes or values, and where
    W(0) has no component along some direction of the z largest factors or these vanish. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=True)
    counts = step_counts("steps", steps)
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate must be a positive number; got {learning_rate}")
    z = W.shape[-1]
    eigenvalues, V = np.linalg.eigh(form)
    with np.errstate(over="ignore"):
        factors = finite("1 − 2ηλ", 1 - 2 * learning_rate * eigenvalues, f"learning_rate is {learning_rate:.3g}")
    order = np.argsort(-np.abs(factors), kind="stable")
    factors, V = factors[order], V[:, order]
    if abs(factors[z - 1]) <= len(form) * np.finfo(np.float64).eps:  # all of it rounding
        raise ValueError(f"learning_rate {learning_rate:.6g} makes a factor 1 − 2ηλ of the leading {z} zero")
    G0 = graph_coordinates(V, W, "the largest |1 − 2ηλ|")
    ratios = factors[z:, None] / factors[None, :z]
    with np.errstate(under="ignore"):
        return basis_of_graph(V, ratios ** counts[:, None, None] * G0[..., None, :, :])
