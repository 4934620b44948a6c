"""Gradient flow of L(W) = Tr(WᵀCW) on the Grassmannian: the constrained dynamics, known exactly (docs/theory.md §3)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ssl_dynamics.theory.graph import basis_of_graph, graph_coordinates
from ssl_dynamics.validation import Array, start, symmetric_matrix, time_grid


def grassmann_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Orthonormal basis of span W(t), the exact solution of Ẇ = −2(I − WWᵀ)CW, WᵀW = I.

    With C = VΛVᵀ (λ_1 ≤ … ≤ λ_d), X = VᵀW(0) = [X_1; X_2] and graph coordinates G = X_2 X_1⁻¹:
        G_jk(t) = e^{−2(λ_j − λ_k)t} G_jk(0),  j > z ≥ k,     span W(t) = span V[I; G(t)].
    No exponent is positive, so nothing overflows or cancels at any t. The basis is a QR factor; only its span
    has a meaning.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; times (T,) in units of 1/C; returns (..., T, d, z)
    float64. Raises ValueError on bad shapes or values, and where W(0) has no component along some direction of
    the z leading eigenvectors (X_1 singular), so that the limit is not their span. Source: docs/theory.md §3.
    """
    graph = _graph(C, W0)
    t = time_grid("times", times)
    return basis_of_graph(graph.V, _graph_at(graph, t))


def grassmann_tangent(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Tan θ_max(t) = ‖G(t)‖_2, the tangent of the largest angle between span W(t) and span(v_1 … v_z).

    Same arguments, shapes (result (..., T)) and errors as `grassmann_flow`. Source: docs/theory.md §3.
    """
    tangent: Array = np.linalg.norm(_graph_at(_graph(C, W0), time_grid("times", times)), ord=2, axis=(-2, -1))
    return tangent


def tangent_bound(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """e^{−2(λ_{z+1} − λ_z)t} tan θ_max(0) ≥ tan θ_max(t), for all t ≥ 0.

    Same arguments, shapes (result (..., T)) and errors as `grassmann_flow`; needs z < d. Source: docs/theory.md §3:
    every entry of G decays at least at the rate 2(λ_{z+1} − λ_z), and ‖DGE‖_2 ≤ ‖D‖_2 ‖G‖_2 ‖E‖_2.
    """
    graph = _graph(C, W0)
    z = graph.G0.shape[-1]
    if z == len(graph.eigenvalues):
        raise ValueError(f"z must be smaller than d = {z}: there is no λ_(z+1)")
    decay = np.exp(-2 * (graph.eigenvalues[z] - graph.eigenvalues[z - 1]) * time_grid("times", times))
    bound: Array = np.linalg.norm(graph.G0, ord=2, axis=(-2, -1))[..., None] * decay
    return bound


def arrival_times(C: ArrayLike, W0: ArrayLike, tangent: float) -> Array:
    """Times from which on tan θ_max(t) ≤ `tangent`, which falls with t: 0 where it is from the first.

    By bisection below the time at which the bound is there; inf where λ_z = λ_{z+1} and it is not yet. C and W0 as in
    `grassmann_flow`, z < d; `tangent` > 0; returns (...) in units of 1/C. Source: docs/theory.md §3.
    """
    graph = _graph(C, W0)
    z = graph.G0.shape[-1]
    gap = float(graph.eigenvalues[z] - graph.eigenvalues[z - 1])
    times = np.zeros(graph.G0.shape[:-2])
    for index in np.ndindex(*times.shape):
        alone = _Graph(graph.eigenvalues, graph.V, graph.G0[index])
        if (excess := float(np.linalg.norm(alone.G0, ord=2)) / tangent) > 1:
            times[index] = np.inf if gap <= 0 else _crossing(alone, tangent, np.log(excess) / (2 * gap))
    return times


def leading_eigenspace(C: ArrayLike, z: int) -> Array:
    """V_z (d, z): orthonormal eigenvectors v_1 … v_z of the z smallest eigenvalues of C, the limit t → ∞ of the flow.

    Raises ValueError if C is not symmetric or z does not lie between 1 and d. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    if not 1 <= z <= len(form):
        raise ValueError(f"z must lie between 1 and d = {len(form)}; got {z}")
    return np.linalg.eigh(form)[1][:, :z]


@dataclass(frozen=True)
class _Graph:
    eigenvalues: Array  # (d,) ascending
    V: Array  # (d, d)
    G0: Array  # (..., d − z, z)


def _graph(C: ArrayLike, W0: ArrayLike) -> _Graph:
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=True)
    eigenvalues, V = np.linalg.eigh(form)
    return _Graph(eigenvalues, V, graph_coordinates(V, W, "the smallest eigenvalues"))


def _crossing(graph: _Graph, tangent: float, latest: float) -> float:
    def above(time: float) -> float:
        return float(np.linalg.norm(_graph_at(graph, np.array([time]))[0], ord=2)) - tangent

    return latest if above(latest) >= 0 else float(brentq(above, 0.0, latest, xtol=1e-9 * latest))


def _graph_at(graph: _Graph, times: Array) -> Array:
    z = graph.G0.shape[-1]
    gaps = graph.eigenvalues[z:, None] - graph.eigenvalues[None, :z]  # (d − z, z), none negative
    return np.exp(-2 * gaps * times[:, None, None]) * graph.G0[..., None, :, :]
