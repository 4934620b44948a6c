"""Gradient flow of L(W) = Tr(WᵀCW) on the Grassmannian: the constrained dynamics, known exactly (docs/theory.md §3)."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import decay
from ssl_dynamics.theory.solved_flow import SolvedFlow
from ssl_dynamics.validation import Array, count, positive, symmetric_matrix, time_grid


def grassmann_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Orthonormal basis of span W(t), the exact solution of Ẇ = −2(I − WWᵀ)CW, WᵀW = I.

    With C = VΛVᵀ (λ_1 ≤ … ≤ λ_d), X = VᵀW(0) = [X_1; X_2] and graph coordinates G = X_2 X_1⁻¹:
        G_jk(t) = e^{−2(λ_j − λ_k)t} G_jk(0),  j > z ≥ k,     span W(t) = span V[I; G(t)].
    No exponent is positive, so nothing overflows or cancels at any t. The basis is a QR factor; only its span
    has a meaning.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; times (T,) in units of 1/C; returns (..., T, d, z)
    float64. Raises ValueError on bad shapes or values, and where W(0) has no component along some direction of
    the z leading eigenvectors (X_1 singular), so that the limit is not their span. `SolvedFlow` solves one C for many
    starts, and reads off them what needs no basis. Source: docs/theory.md §3.
    """
    return SolvedFlow(C).bases(W0, times)


def grassmann_tangent(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Tan θ_max(t) = ‖G(t)‖_2, the tangent of the largest angle between span W(t) and span(v_1 … v_z).

    Same arguments, shapes (result (..., T)) and errors as `grassmann_flow`. Source: docs/theory.md §3.
    """
    return SolvedFlow(C).tangents(W0, times)[..., 0]


def tangent_bound(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """e^{−2(λ_{z+1} − λ_z)t} tan θ_max(0) ≥ tan θ_max(t), for all t ≥ 0.

    Same arguments, shapes (result (..., T)) and errors as `grassmann_flow`; needs z < d. Source: docs/theory.md §3:
    every entry of G decays at least at the rate 2(λ_{z+1} − λ_z), and ‖DGE‖_2 ≤ ‖D‖_2 ‖G‖_2 ‖E‖_2.
    """
    flow = SolvedFlow(C)
    G0 = flow.graph(W0)
    z = G0.shape[-1]
    if z == len(flow.eigenvalues):
        raise ValueError(f"z must be smaller than d = {z}: there is no λ_(z+1)")
    rate = 2 * (flow.eigenvalues[z] - flow.eigenvalues[z - 1])
    bound: Array = np.linalg.norm(G0, ord=2, axis=(-2, -1))[..., None] * decay(rate, time_grid("times", times))
    return bound


def arrival_times(C: ArrayLike, W0: ArrayLike, tangent: float) -> Array:
    """Times from which on tan θ_max(t) ≤ `tangent`, which falls with t: 0 where it is from the first.

    To 1e−9 of the time, between those at which it would be there at the largest and at the smallest of the rates
    2(λ_j − λ_k); inf where λ_z = λ_{z+1} and it is not there yet. C and W0 as in `grassmann_flow`, z < d;
    `tangent` > 0; returns (...) in units of 1/C. Source: docs/theory.md §3.
    """
    tangent = positive("tangent", tangent)
    flow = SolvedFlow(C)
    G0, eigenvalues = flow.graph(W0), flow.eigenvalues
    z = G0.shape[-1]
    gaps = eigenvalues[z:, None] - eigenvalues[None, :z]  # (d − z, z), none negative
    slowest, fastest = float(gaps[0, -1]), float(gaps[-1, 0])

    def excess(log_time: float, start: Array) -> float:
        return float(np.linalg.norm(np.exp(-2 * gaps * np.exp(log_time)) * start, ord=2)) - tangent

    times = np.zeros(G0.shape[:-2])
    for index in np.ndindex(*times.shape):
        start = G0[index]
        ratio = float(np.linalg.norm(start, ord=2)) / tangent
        if ratio > 1 and slowest > 0:
            earliest, latest = (np.log(np.log(ratio) / (2 * rate)) for rate in (fastest, slowest))
            if excess(earliest, start) <= 0:  # but for rounding, as below
                times[index] = np.exp(earliest)
            elif excess(latest, start) >= 0:
                times[index] = np.exp(latest)
            else:
                times[index] = np.exp(scipy.optimize.brentq(excess, earliest, latest, args=(start,), xtol=1e-10))
        elif ratio > 1:
            times[index] = np.inf
    return times


def leading_eigenspace(C: ArrayLike, z: int) -> Array:
    """V_z (d, z): orthonormal eigenvectors v_1 … v_z of the z smallest eigenvalues of C, the limit t → ∞ of the flow.

    Raises ValueError if C is not symmetric or z does not lie between 1 and d. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    z = count("z", z, len(form), "d")
    return np.linalg.eigh(form)[1][:, :z]
