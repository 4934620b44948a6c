"""Learning times: when the constrained flow acquires each leading eigen-direction (docs/theory.md §5)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import decay, graph_coordinates
from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array, start, symmetric_matrix, time_grid

GRID = 400  # times at which crossings are looked for, before bisection
HALVINGS = 45  # of a bracket, down to the rounding of float64


def squared_projections(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """|Pv_k|² = [(I + GᵀG)⁻¹]_kk, k = 1 … z: how much of v_k lies in span W(t) of the constrained flow.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; times (T,) in units of 1/C; returns (..., T, z) float64 in
    [0, 1]. Errors as `grassmann_flow`. Source: docs/theory.md §5.
    """
    gaps, G0 = _gaps_and_graph(C, W0)
    t = time_grid("times", times)
    return _projections(decay(2 * gaps, t[:, None, None]) * G0[..., None, :, :])


def learning_times(C: ArrayLike, W0: ArrayLike) -> Array:
    """t_k, k = 1 … z: the last time that |Pv_k|² rises through 1/2; nan where it never was below.

    After t_end = ln(tan θ_max(0))/(2(λ_{z+1} − λ_z)) all of them are above 1/2, by the bound on tan θ_max. The last
    crossing is bracketed on a grid of 400 times, logarithmic from t_end/10⁵ to t_end, and bisected; two crossings
    within one cell of the grid would go unseen.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns, z < d, λ_z < λ_{z+1}; returns (..., z) float64 in units of
    1/C. Errors as `grassmann_flow`, and ValueError for z = d, Unsettled for λ_z = λ_{z+1} to rounding. Source:
    docs/theory.md §5.
    """
    gaps, G0 = _gaps_and_graph(C, W0)
    if gaps.size == 0:
        raise ValueError(f"needs z < d; got z = {G0.shape[-1]}")
    if gaps.min() <= gaps.shape[0] * np.finfo(np.float64).eps * np.abs(gaps).max():
        raise Unsettled(f"λ_z = λ_(z+1) for z = {G0.shape[-1]}: the leading directions are not told apart")
    *lead, _, z = G0.shape
    G0 = G0.reshape(-1, *G0.shape[-2:])
    tangent = np.linalg.norm(G0, ord=2, axis=(-2, -1)).max()
    end = max(np.log(tangent), 1.0) / (2 * gaps.min())
    grid = np.concatenate([[0.0], np.geomspace(1e-5 * end, end, GRID)])
    above = np.stack([_projections(np.exp(-2 * gaps * t) * G0) >= 0.5 for t in grid], axis=1)  # (S, T, z)
    last_below = len(grid) - 1 - np.argmax(~above[:, ::-1], axis=1)  # (S, z)
    crosses = ~above.all(axis=1)
    low = grid[np.minimum(last_below, len(grid) - 2)]
    high = grid[np.minimum(last_below + 1, len(grid) - 1)]
    diagonal = np.arange(z)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        G = np.exp(-2 * gaps * middle[..., None, None]) * G0[:, None]  # one time for each start and direction
        reached = _projections(G)[:, diagonal, diagonal] >= 0.5
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.where(crosses, (low + high) / 2, np.nan).reshape(*lead, z)


def _gaps_and_graph(C: ArrayLike, W0: ArrayLike) -> tuple[Array, Array]:
    """λ_j − λ_k (d − z, z), j > z >= k, and G(0) (..., d − z, z)."""
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=True)
    eigenvalues, V = np.linalg.eigh(form)
    z = W.shape[-1]
    G0 = graph_coordinates(V, W, "the smallest eigenvalues")
    return eigenvalues[z:, None] - eigenvalues[None, :z], G0


def _projections(G: Array) -> Array:
    """Diagonal of (I + GᵀG)⁻¹ = R⁻¹R⁻ᵀ from the triangular factor of [I; G]: no square of G is formed."""
    z = G.shape[-1]
    identity = np.broadcast_to(np.eye(z), (*G.shape[:-2], z, z))
    R = np.linalg.qr(np.concatenate([identity, G], axis=-2), mode="r")
    projections: Array = (np.linalg.inv(R) ** 2).sum(-1)
    return projections
