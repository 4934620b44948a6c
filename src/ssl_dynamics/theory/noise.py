"""How far finite samples of triplets take the dynamics: variances in graph coordinates (docs/theory.md §5).

The form of one triplet is c = ½(xyᵀ + yxᵀ), C its mean. All there is to know of the triplets are second moments of c.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import graph_coordinates
from ssl_dynamics.validation import Array, finite, real, start, symmetric_matrix, time_grid

_NODES = 8  # of Gauss–Legendre in every interval of the times


@dataclass(frozen=True)
class GraphNoise:
    """The flow in graph coordinates over the leading eigenvectors of C, and the variance that batches add to it."""

    eigenvectors: Array  # V (d, d)
    graph: Array  # G (S, T, d − z, z)
    variance: Array  # of δG, per unit of η/B; (S, T, d − z, z)


def batch_noise(C: ArrayLike, x: ArrayLike, y: ArrayLike, W0: ArrayLike, times: ArrayLike) -> GraphNoise:
    """Variance of G(t) under training on batches, to first order in η and in the noise, per unit of η/B.

    Var δG_jk(t) = 4 (η/B) ∫_0^t e^{−4(λ_j − λ_k)(t − s)} Var[N_jk(s)] ds, N = [−G, I] VᵀcV [I; G] of one triplet.

    C (d, d) symmetric; x, y (n, d), its triplets; W0 (S, d, z) orthonormal; times (T,) in units of 1/C. Raises
    ValueError as `grassmann_flow`, and for triplets that do not fit. Source: docs/theory.md §5.
    """
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=True)
    t = time_grid("times", times)
    eigenvalues, V = np.linalg.eigh(form)
    z = W.shape[-1]
    gaps = eigenvalues[z:, None] - eigenvalues[None, :z]
    G0 = graph_coordinates(V, W, "the smallest eigenvalues")
    X, Y = _in_eigenbasis(V, x, y)
    graph = np.exp(-2 * gaps * t[:, None, None]) * G0[:, None]
    variance = np.zeros_like(graph)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    for seed, G in enumerate(G0):
        for number, (before, now) in enumerate(pairwise(t), start=1):
            kept = np.exp(-4 * gaps * (now - before)) * variance[seed, number - 1]
            moments, widths = before + (nodes + 1) / 2 * (now - before), weights / 2 * (now - before)
            added = sum(
                width * np.exp(-4 * gaps * (now - s)) * form_variance(X, Y, np.exp(-2 * gaps * s) * G)
                for s, width in zip(moments, widths, strict=True)
            )
            variance[seed, number] = kept + 4 * added
    return GraphNoise(V, graph, variance)


def pair_variance(V: ArrayLike, x: ArrayLike, y: ArrayLike, z: int) -> Array:
    """Var(v_jᵀcv_k) over triplets for all j and k ≤ z, c = ½(xyᵀ + yxᵀ); (d, z).

    By it and the eigenvalues the span of n triplets is off by Var G_jk = Var(v_jᵀcv_k)/(n(λ_j − λ_k)²), to first order.
    V (d, d) orthonormal; x, y (n, d). Raises ValueError for triplets that do not fit. Source: docs/theory.md §5.
    """
    basis = start("V", V, len(np.asarray(V)), orthonormal=True)
    X, Y = _in_eigenbasis(basis, x, y)
    return _variance((X, Y), (X[:, :z], Y[:, :z]))


def form_variance(X: Array, Y: Array, G: Array) -> Array:
    """Variance over triplets of N = [−G, I] c [I; G], c = ½(xyᵀ + yxᵀ) in the eigenbasis of C.

    X, Y (n, d) in that basis; G (d − z, z); returns (d − z, z).
    """
    z = G.shape[-1]
    a, p = (of[:, z:] - of[:, :z] @ G.T for of in (X, Y))
    b, q = (of[:, :z] + of[:, z:] @ G for of in (X, Y))
    return _variance((a, p), (b, q))


def _variance(left: tuple[Array, Array], right: tuple[Array, Array]) -> Array:
    """Variance of ½(a qᵀ + p bᵀ) over their rows, (a, p) on the left and (b, q) on the right."""
    (a, p), (b, q) = left, right
    with np.errstate(over="ignore", invalid="ignore"):
        square = ((a**2).T @ q**2 + 2 * (a * p).T @ (b * q) + (p**2).T @ b**2) / (4 * len(a))
        mean = (a.T @ q + p.T @ b) / (2 * len(a))
        variance: Array = square - mean**2
    return finite("a variance of fourth moments", variance, "scale the triplets down")


def _in_eigenbasis(V: Array, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    items, others = real("x", x), real("y", y)
    if items.ndim != 2 or items.shape != others.shape or items.shape[1] != len(V):
        raise ValueError(f"x and y must have one shape (n, {len(V)}); got {items.shape} and {others.shape}")
    return items @ V, others @ V
