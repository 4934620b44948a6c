"""Numerical integration of the flows, an oracle for the closed forms that shares no formula with them."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from ssl_dynamics.theory.checks import Array, start, symmetric_matrix, time_grid


def integrate_grassmann_flow(
    C: ArrayLike, W0: ArrayLike, times: ArrayLike, *, rtol: float = 1e-12, atol: float = 1e-14
) -> Array:
    """W(t) from Ẇ = −2(I − WWᵀ)CW by DOP853 (order 8), all starts in one system.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; times (T,) in units of 1/C; returns (..., T, d, z)
    float64. Raises ValueError on bad shapes or values, RuntimeError if the integrator gives up.
    Source: docs/theory.md §3; scipy.integrate.DOP853.
    """
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=True)
    t = time_grid("times", times)

    def velocity(_: float, state: Array) -> Array:
        Wt = state.reshape(W.shape)
        CW = form @ Wt
        return (-2 * (CW - Wt @ (Wt.mT @ CW))).ravel()

    if t[-1] == 0:
        return np.repeat(W[..., None, :, :], len(t), axis=-3)
    solution = solve_ivp(velocity, (0.0, t[-1]), W.ravel(), method="DOP853", t_eval=t, rtol=rtol, atol=atol)
    if not solution.success:
        raise RuntimeError(f"DOP853 stopped at t = {solution.t[-1]:.6g}: {solution.message}")
    return np.moveaxis(solution.y.T.reshape(len(t), *W.shape), 0, -3)
