"""Orthogonal iteration: an exact solution in discrete time (docs/theory.md §3)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.theory.graph import basis_of_graph, graph_coordinates
from ssl_dynamics.validation import Array, finite, positive, start, step_counts, symmetric_matrix


def orthogonal_iteration(C: ArrayLike, W0: ArrayLike, learning_rate: float, steps: ArrayLike) -> Array:
    """Orthonormal basis of span W_k for Euclidean gradient steps followed by QR, W_{k+1} = qf((I − 2ηC)W_k).

    span W_k = span (I − 2ηC)^k W(0) exactly. With factors a_j = 1 − 2ηλ_j, ordered by falling modulus, and graph
    coordinates G over the z largest: G_jl(k) = (a_j/a_l)^k G_jl(0), no ratio larger than 1 in modulus. A small η is not
    lost beside 1: a_j/a_l = 1 − 2η(λ_j − λ_l)/a_l.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; learning_rate η > 0 in units of 1/C; steps (T,) whole,
    non-decreasing, 0 allowed; returns (..., T, d, z) float64. Raises ValueError on bad shapes or values, and where
    W(0) has no component along some direction of the z largest factors or these vanish. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=True)
    counts = step_counts("steps", steps)
    learning_rate = positive("learning_rate", learning_rate)
    z = W.shape[-1]
    eigenvalues, V = np.linalg.eigh(form)
    with np.errstate(over="ignore", invalid="ignore"):
        factors = finite("1 − 2ηλ", 1 - 2 * learning_rate * eigenvalues, f"learning_rate is {learning_rate:.3g}")
    order = np.argsort(-np.abs(factors), kind="stable")
    eigenvalues, factors, V = eigenvalues[order], factors[order], V[:, order]
    if abs(factors[z - 1]) <= len(form) * np.finfo(np.float64).eps:  # all of it rounding
        raise ValueError(f"learning_rate {learning_rate:.6g} makes a factor 1 − 2ηλ of the leading {z} zero")
    G0 = graph_coordinates(V, W, "the largest |1 − 2ηλ|")
    logs, signs = log_ratio(learning_rate, eigenvalues[z:, None], eigenvalues[None, :z])
    return basis_of_graph(V, power(logs, signs, counts[:, None, None]) * G0[..., None, :, :])


def log_ratio(learning_rate: float, of: Array, to: Array | float) -> tuple[Array, Array]:
    """Ln |(1 − 2ηλ)/(1 − 2ημ)| and the sign of that ratio, η however small; λ `of` and μ `to` broadcast."""
    with np.errstate(divide="ignore"):
        falls = 2 * learning_rate * (of - to) / (1 - 2 * learning_rate * to)  # 1 − ratio
        logs = np.where(falls < 1, np.log1p(-np.minimum(falls, 1)), np.log(np.maximum(falls - 1, 0)))
    return logs, np.sign(1 - falls)


def power(logs: Array, signs: Array, k: NDArray[np.int64]) -> Array:
    """r^k of ratios r that `log_ratio` tells; inf where float64 does not hold it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(k % 2, signs, 1.0) * np.exp(np.where(k > 0, k * logs, 0.0))
