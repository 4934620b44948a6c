"""How far finite samples of triplets take the dynamics: variances in graph coordinates (docs/theory.md §5).

The form of one triplet is c = ½(xyᵀ + yxᵀ), C its mean. All there is to know of the triplets are second moments of c.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import decay, graph_coordinates
from ssl_dynamics.validation import Array, count, finite, real, start, symmetric_matrix, time_grid

# Of Gauss–Legendre in every piece of the time. With each piece half as long as the time before it, the error of a
# polynomial of degree 11 for e^{−rt}, at whatever r, is at most 4e−12 of the value at t = 0.
_NODES, _GROWTH = 12, 1.5
_FAR = 1e8  # from which on e^{−a}i_n(a) is 1/2a, to n²/2a of it


@dataclass(frozen=True)
class GraphNoise:
    """The flow in graph coordinates over the leading eigenvectors of C, and the variance that batches add to it."""

    eigenvectors: Array  # V (d, d)
    graph: Array  # G (S, T, d − z, z)
    variance: Array  # of δG, per unit of η/B; (S, T, d − z, z)


def batch_noise(C: ArrayLike, x: ArrayLike, y: ArrayLike, W0: ArrayLike, times: ArrayLike) -> GraphNoise:
    """Variance of G(t) under training on batches, to first order in η and in the noise, per unit of η/B.

    Var δG_jk(t) = 4 (η/B) ∫_0^t e^{−4(λ_j − λ_k)(t − s)} Var[N_jk(s)] ds, N = [−G, I] VᵀcV [I; G] of one triplet.

    Var N by its Legendre series on pieces of time that grow with it, times the exponential exactly: whatever the times.

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
    graph = decay(2 * gaps, t[:, None, None]) * G0[:, None]
    variance = np.zeros_like(graph)
    fastest = float(gaps.max(initial=0.0))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    # Coefficients of a series from values at the nodes, (N, N).
    series = (np.arange(_NODES) + 0.5)[:, None] * np.polynomial.legendre.legvander(nodes, _NODES - 1).T * weights
    for seed, G in enumerate(G0):
        so_far, before = np.zeros_like(G), 0.0
        for number, now in enumerate(t):
            for end in _pieces(before, float(now), fastest):
                half = (end - before) / 2
                rates = [form_variance(X, Y, decay(2 * gaps, before + half * (1 + node)) * G) for node in nodes]
                coefficients = np.tensordot(series, np.stack(rates), 1)
                added = (coefficients * _moments(4 * gaps * half)).sum(0)
                so_far = decay(4 * gaps, end - before) * so_far + 4 * half * added
                before = end
            variance[seed, number] = so_far
    return GraphNoise(V, graph, variance)


def _pieces(start: float, end: float, fastest: float) -> Iterator[float]:
    """Ends of pieces from `start` to `end`: the first 1/(4 `fastest`) long, later ones half the time before them."""
    while start < end:
        longer = max(_GROWTH * start, start + 1 / (4 * fastest)) if fastest > 0 else end
        start = min(longer, end)
        yield start


def _moments(a: Array) -> Array:
    """∫_{−1}^1 e^{−a(1 − x)} P_n(x) dx = 2e^{−a} i_n(a), i_n modified spherical Bessel functions; (N, *a.shape)."""
    order = np.arange(_NODES).reshape(-1, *np.ones(a.ndim, int))
    near = np.clip(a, 1e-300, _FAR)
    moments = np.sqrt(2 * np.pi / near) * scipy.special.ive(order + 0.5, near)
    return np.asarray(moments * (near / np.maximum(a, near)), dtype=np.float64)


def pair_variance(V: ArrayLike, x: ArrayLike, y: ArrayLike, z: int) -> Array:
    """Var(v_jᵀcv_k) over triplets for all j and k ≤ z, c = ½(xyᵀ + yxᵀ); (d, z).

    By it and the eigenvalues the span of n triplets is off by Var G_jk = Var(v_jᵀcv_k)/(n(λ_j − λ_k)²), to first order.
    V (d, d) orthonormal; x, y (n, d). Raises ValueError for triplets that do not fit. Source: docs/theory.md §5.
    """
    basis = real("V", V)
    if basis.ndim != 2 or basis.shape[0] != basis.shape[1]:
        raise ValueError(f"V must have shape (d, d); got {basis.shape}")
    basis = start("V", V, len(basis), orthonormal=True)
    z = count("z", z, len(basis), "d")
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
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        square = ((a**2).T @ q**2 + 2 * (a * p).T @ (b * q) + (p**2).T @ b**2) / (4 * len(a))
        mean = (a.T @ q + p.T @ b) / (2 * len(a))
        variance: Array = square - mean**2
    if not square.any() and all(part.any() for part in (a, p, b, q)):
        raise ValueError("a variance of fourth moments vanishes in float64: scale the triplets up")
    return finite("a variance of fourth moments", variance, "scale the triplets down")


def _in_eigenbasis(V: Array, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    items, others = real("x", x), real("y", y)
    if items.ndim != 2 or items.shape != others.shape or items.shape[1] != len(V):
        raise ValueError(f"x and y must have one shape (n, {len(V)}); got {items.shape} and {others.shape}")
    return items @ V, others @ V
