"""Numerical integration of the flows by DOP853: an oracle for closed forms, and the solution where there is none."""

from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.validation import Array, start, symmetric_matrix, time_grid

# As tight as DOP853 goes in float64: a start near a saddle amplifies its errors by tan θ(0), a thousandfold and more.
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 3e-14, 3e-16


def integrate(velocity: Callable[[Array], Array], initial: Array, times: Array) -> Array:
    """Solution (T, *shape) of ẏ = velocity(y), y(0) = initial (*shape), by DOP853 (order 8), as one system.

    Times (T,) may repeat. Raises RuntimeError if the integrator gives up. Source: scipy.integrate.DOP853.
    """
    if times[-1] == 0:
        return np.repeat(initial[None], len(times), axis=0)
    moments, position = np.unique(times, return_inverse=True)  # the integrator wants each time once
    solution = scipy.integrate.solve_ivp(
        lambda _, state: velocity(state.reshape(initial.shape)).ravel(),
        (0.0, times[-1]),
        initial.ravel(),
        method="DOP853",
        t_eval=moments,
        rtol=RELATIVE_TOLERANCE,
        atol=ABSOLUTE_TOLERANCE,
    )
    if not solution.success:
        raise RuntimeError(f"DOP853 stopped at t = {solution.t[-1]:.6g}: {solution.message}")
    return np.asarray(solution.y.T.reshape(len(moments), *initial.shape)[position], dtype=np.float64)


def integrate_grassmann_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """W(t) from Ẇ = −2(I − WWᵀ)CW by DOP853, all starts in one system.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; times (T,) in units of 1/C; returns (..., T, d, z)
    float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    W0_checked = start("W0", W0, len(form), orthonormal=True)

    def velocity(W: Array) -> Array:
        CW = form @ W
        return -2 * (CW - W @ (W.mT @ CW))

    return np.moveaxis(integrate(velocity, W0_checked, time_grid("times", times)), 0, -3)
