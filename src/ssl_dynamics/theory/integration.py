"""Numerical integration of the flows by DOP853: an oracle for closed forms, and the solution where there is none."""

from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array, start, symmetric_matrix, time_grid

# As tight as DOP853 goes in float64: a start near a saddle amplifies its errors by tan θ(0), a thousandfold and more.
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 3e-14, 3e-16
_MOST_EVALUATIONS = 200_000
_ORDINARY = 10  # powers of two by which the unit of time may differ from 1/‖C‖ before it is changed
_LATEST = 1e300  # in such units; all that decays has decayed long before
_DRIFT = 1e-9  # of the constraint


def in_own_units(C: Array, times: Array, degree: int = 1) -> tuple[Array, Array]:
    """C and times in a unit of time in which max|C| is of order 1: every flow is the same under C → sC, t → t/s.

    By powers of two, so that no digit changes; a C that is of order 1, to a factor of 1,000, keeps its unit. For a
    `degree` 2, time is in units of 1/C². Infinite products of the two are cut to 1e300.
    """
    exponent = int(np.frexp(np.abs(C).max())[1])  # 0 where C is
    if abs(exponent) <= _ORDINARY:
        return C, np.minimum(times, _LATEST)
    with np.errstate(over="ignore"):
        scaled = np.ldexp(times, degree * exponent)
    return np.ldexp(C, -exponent), np.minimum(scaled, _LATEST)


def integrate(
    velocity: Callable[[Array], Array],
    initial: Array,
    times: Array,
    tolerances: tuple[float, float] = (RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE),
) -> Array:
    """Solution (T, *shape) of ẏ = velocity(y), y(0) = initial (*shape), by DOP853 (order 8), as one system.

    Times (T,) may repeat. The tolerances, relative and absolute, are for y of order 1. Raises Unsettled if the
    integrator gives up, or has evaluated the velocity 200,000 times. Source: scipy.integrate.DOP853.
    """
    if times[-1] == 0:
        return np.repeat(initial[None], len(times), axis=0)
    moments, position = np.unique(times, return_inverse=True)  # the integrator wants each time once
    evaluations = 0

    def rate(now: float, state: Array) -> Array:
        nonlocal evaluations
        evaluations += 1
        if evaluations > _MOST_EVALUATIONS:
            raise Unsettled(f"DOP853 has only come to t = {now:.6g} of {times[-1]:.6g}: end earlier")
        return velocity(state.reshape(initial.shape)).ravel()

    solution = scipy.integrate.solve_ivp(
        rate,
        (0.0, times[-1]),
        initial.ravel(),
        method="DOP853",
        t_eval=moments,
        rtol=tolerances[0],
        atol=tolerances[1],
    )
    if not solution.success:
        raise Unsettled(f"DOP853 stopped before t = {times[-1]:.6g}: {solution.message}")
    return np.asarray(solution.y.T.reshape(len(moments), *initial.shape)[position], dtype=np.float64)


def integrate_grassmann_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """W(t) from Ẇ = −2(I − WWᵀ)CW by DOP853, all starts in one system.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns; times (T,) in units of 1/C; returns (..., T, d, z)
    float64, right to rounding times tan θ_max(0). Raises ValueError on bad shapes or values, and where rounding has
    driven W off WᵀW = I by 1e−9 (it grows at rate 4λ_d); RuntimeError where times are too long to integrate over.
    Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    W0_checked = start("W0", W0, len(form), orthonormal=True)
    form, moments = in_own_units(form, time_grid("times", times))

    def velocity(W: Array) -> Array:
        CW = form @ W
        return -2 * (CW - W @ (W.mT @ CW))

    flow = np.moveaxis(integrate(velocity, W0_checked, moments), 0, -3)
    require_orthonormal(flow, W0_checked, "grassmann_flow")
    return flow


def require_orthonormal(flow: Array, initial: Array, closed_form: str) -> None:
    """Raise ValueError where the columns of an integrated flow are less orthonormal, by 1e−9, than at its start."""
    identity = np.eye(flow.shape[-1])
    defect, before = (np.abs(W.mT @ W - identity).max() for W in (flow, initial))
    if not defect <= before + _DRIFT:
        raise Unsettled(f"integration has left the constraint by {defect:.3g}: use {closed_form}, or end earlier")
