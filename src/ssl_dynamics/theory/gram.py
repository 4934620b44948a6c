"""Unconstrained two-layer linear nets by their Gram matrices: equations in which the width is a parameter, no size."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array, finite, positive, real, symmetric_matrix, unit

RELATIVE_TOLERANCE = ABSOLUTE_TOLERANCE = 1e-10  # times are then exact to 1e−9/μ
# Places inside each step at which the curves are sampled: Chebyshev points, as many as the dense output has degrees.
_NODES = (1 - np.cos(np.pi * np.arange(1, 8) / 7)) / 2
_BLOWN_UP = 1e6  # growth of Tr S_22 at which the rest of the time to the blow-up is read off the rate
_LATEST = 40.0  # times 1/μ after ln h/(2μ) by which a net must have blown up


@dataclass(frozen=True)
class GramState:
    """S_11 = W_1ᵀW_1/h (..., d, d), S_12 = W_1ᵀW_2/√h (..., d, z), S_22 = W_2ᵀW_2/h (..., z, z)."""

    first: Array
    cross: Array
    second: Array


@dataclass(frozen=True)
class GramCurve:
    """Drift of the tangent kernel from t = 0 until just before the blow-up, sampled at M times of each start's own."""

    times: Array  # (..., M), increasing
    drift: Array  # (..., M)
    blow_up: Array  # (...), the time at which the weights become infinite


def gram_state(W1: ArrayLike, W2: ArrayLike, width: float) -> GramState:
    """Gram matrices of the weights of a net of width h.

    W1 (..., k, d), W2 (..., k, z): the weights (k = h), or what is left of them by a rotation of the hidden layer that
    leaves them k rows (theory sees no more than products of columns); width h > 0. Raises ValueError otherwise.
    Source: docs/theory.md §4.
    """
    first, second = real("W1", W1), real("W2", W2)
    if first.ndim < 2 or first.shape[:-1] != second.shape[:-1]:
        raise ValueError(f"W1 and W2 must have shapes (..., k, d) and (..., k, z); got {first.shape}, {second.shape}")
    h = positive("width", width)
    with np.errstate(over="ignore", invalid="ignore"):
        products = (first.mT @ first / h, first.mT @ second / np.sqrt(h), second.mT @ second / h)
    return GramState(*(finite("a Gram matrix", product, "scale the weights down") for product in products))


def gram_velocity(C: ArrayLike, state: GramState, width: float) -> GramState:
    """Time derivative of the Gram matrices, with G = (2/d)CS_12.

    Ṡ_11 = −(GS_12ᵀ + S_12Gᵀ)/h,  Ṡ_12 = −(GS_22 + S_11G),  Ṡ_22 = −(GᵀS_12 + S_12ᵀG)/h.
    C (d, d) symmetric; width h > 0. Raises ValueError on bad shapes or values. Source: docs/theory.md §4.
    """
    form = symmetric_matrix("C", C)
    with np.errstate(over="ignore", invalid="ignore"):
        speed = _velocity(form, _state(state, len(form)), positive("width", width))
    for part in (speed.first, speed.cross, speed.second):
        finite("a velocity", part, "scale C or the state down")
    return speed


def _velocity(C: Array, state: GramState, width: float) -> GramState:
    G = 2 / len(C) * C @ state.cross
    first, second = (G @ state.cross.mT, G.mT @ state.cross)
    return GramState(-(first + first.mT) / width, -(G @ state.second + state.first @ G), -(second + second.mT) / width)


def gram_tangent_kernel(X: ArrayLike, state: GramState) -> Array:
    """Tangent kernel (..., Nz, Nz) of the net on points X (N, d), index i·z + a: it depends on the Gram matrices alone.

    Θ[(i, a), (j, b)] = δ_ab (XS_11Xᵀ)_ij/d + (x_i·x_j/d)(S_22)_ab. Raises ValueError on bad shapes or values.
    Source: docs/theory.md §4.
    """
    points = _points(X)
    N, d = points.shape
    state = _state(state, d)
    z = state.second.shape[-1]
    with np.errstate(over="ignore", invalid="ignore"):
        kernel = (points @ state.first @ points.T)[..., :, None, :, None] * np.eye(z)[:, None, :] / d
        kernel = kernel + (points @ points.T / d)[:, None, :, None] * state.second[..., None, :, None, :]
    result: Array = kernel.reshape(*kernel.shape[:-4], N * z, N * z)
    return finite("the tangent kernel", result, "scale X or the state down")


def kernel_norm(X: ArrayLike, state: GramState) -> Array:
    """‖Θ‖_F (...) of `gram_tangent_kernel`, or of the kernel of a difference of Gram matrices, without forming it.

    With Γ = XᵀX/d: ‖Θ‖² = z Tr(S_11ΓS_11Γ) + 2 Tr(S_11Γ²) Tr S_22 + Tr Γ² ‖S_22‖². Raises ValueError on bad shapes or
    values, and where float64 does not hold it.
    """
    points = _points(X)
    d, size = points.shape[1], unit(points)
    scaled = points / size
    with np.errstate(over="ignore"):
        norm = _norm(scaled.T @ scaled / d, _state(state, d)) * size.item() ** 2
        return finite("‖Θ‖", norm, "scale X or the state down")


def _norm(moments: Array, state: GramState) -> Array:
    """‖Θ‖ (...) for Γ = `moments`; the state may be of a size whose square float64 does not hold."""
    largest = np.maximum(unit(state.first, (-2, -1)), unit(state.second, (-2, -1)))
    first, second = state.first / largest, state.second / largest
    rotated = first @ moments
    square = (
        second.shape[-1] * _trace(rotated, rotated)
        + 2 * _trace(rotated, moments) * _traces(second)
        + (moments**2).sum() * (second**2).sum((-2, -1))
    )
    norm: Array = np.sqrt(np.maximum(square, 0)) * largest[..., 0, 0]
    return norm


def _trace(A: Array, B: Array) -> Array:
    """Tr(AB)."""
    trace: Array = (A * B.mT).sum((-2, -1))
    return trace


def gram_curve(C: ArrayLike, start: GramState, *, width: float, points: ArrayLike) -> GramCurve:
    """Drift ‖Θ(t) − Θ(0)‖_F/‖Θ(0)‖_F of the tangent kernel on `points`, until the weights run away to infinity.

    The equations of `gram_velocity` for h(S_11 − S_11(0)), S_12 and h(S_22 − S_22(0)), which stay of order 1 until the
    departure at any width, by DOP853, all starts in one system. Each start has a clock of its own,
    dt = dσ/√(1 + g²), g = Tr(S_22 − S_22(0)): in σ growth stays exponential and nobody blows up before the others.
    Tr S_11 − Tr S_22 is conserved, so that g tells of both layers. At the end t_b − t = (1 + g)/ġ + O(g⁻³)
    for the growth of one mode.

    C (d, d) symmetric; start matrices (S, ...); points (N, d); times in units of d/C. Raises ValueError on bad shapes
    or values, and Unsettled where C has no negative eigenvalue (the loss is then bounded below), where the integrator
    gives up, or a start has hardly a component along the leading eigenvector. Source: docs/theory.md §4.
    """
    form, X, initial = _checked(C, start, points)
    lowest = np.linalg.eigvalsh(form)[0]
    if lowest >= 0:
        raise Unsettled(f"C must have a negative eigenvalue; its smallest is {lowest:.6g}")
    width = positive("width", width)
    rate = 4 * -lowest / len(form)  # μ; time is in units of 1/μ from here on
    flow = _Flow(form / rate, initial, width)
    starts = len(initial.cross)
    points_of_size_one = X / unit(X)  # the drift does not depend on their size
    moments = points_of_size_one.T @ points_of_size_one / len(form)
    size = _norm(moments, initial)
    latest = np.log(width) / 2 + _LATEST
    solver = scipy.integrate.DOP853(
        flow.velocity, 0.0, flow.start(), latest, rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE
    )
    times, drifts = [np.zeros(starts)], [np.zeros(starts)]
    growth = np.zeros(starts)
    while growth.min() < _BLOWN_UP:
        message = solver.step()
        if solver.status != "running":
            raise Unsettled(f"after {solver.t:.3g}/μ a net has not blown up: {message or 'its start is a saddle'}")
        moved, time = flow.parts(solver.dense_output()(solver.t_old + _NODES * (solver.t - solver.t_old)).T)
        times.extend(time)
        drifts.extend(_norm(moments, moved) / size / width)
        growth = flow.growth(flow.parts(solver.y)[0])
    speed, clock = flow.parts(flow.velocity(solver.t, solver.y))
    remaining = (1 + growth) * clock / (_traces(speed.second) / width)
    return GramCurve(np.stack(times, -1) / rate, np.stack(drifts, -1), (times[-1] + remaining) / rate)


class _Flow:
    """The system for all starts: a flat state of h(S_11 − S_11(0)), S_12, h(S_22 − S_22(0)) and the time t of each."""

    def __init__(self, C: Array, initial: GramState, width: float) -> None:
        self._C, self._initial, self._width = C, initial, width
        self._shapes = (initial.first.shape, initial.cross.shape, initial.second.shape)
        self._ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes]).tolist()

    def start(self) -> Array:
        """The flat state at t = 0."""
        state = np.zeros(self._ends[-1] + len(self._initial.cross))
        state[self._ends[0] : self._ends[1]] = self._initial.cross.ravel()
        return state

    def parts(self, state: Array) -> tuple[GramState, Array]:
        """Flat states (..., n) divided, their times (..., S) last."""
        lead = state.shape[:-1]
        first, cross, second = (
            state[..., begin:end].reshape(*lead, *shape)
            for begin, end, shape in zip((0, *self._ends), self._ends, self._shapes, strict=False)
        )
        return GramState(first, cross, second), state[..., self._ends[-1] :]

    def growth(self, moved: GramState) -> Array:
        """g = Tr(S_22 − S_22(0)) (S,)."""
        return _traces(moved.second) / self._width

    def velocity(self, _: float, state: Array) -> Array:
        """Derivative of a flat state in σ."""
        moved, _time = self.parts(state)
        h = self._width
        current = GramState(self._initial.first + moved.first / h, moved.cross, self._initial.second + moved.second / h)
        speed = _velocity(self._C, current, h)
        clock = 1 / np.sqrt(1 + self.growth(moved) ** 2)
        scaled = [clock[:, None, None] * part for part in (h * speed.first, speed.cross, h * speed.second)]
        return np.concatenate([*(part.ravel() for part in scaled), clock])


def _traces(matrices: Array) -> Array:
    traces: Array = np.trace(matrices, axis1=-2, axis2=-1)
    return traces


def _checked(C: ArrayLike, start: GramState, points: ArrayLike) -> tuple[Array, Array, GramState]:
    form, X = symmetric_matrix("C", C), real("points", points)
    d = len(form)
    if np.ndim(start.cross) != 3:
        raise ValueError(f"cross must have shape (S, d, z) with d = {d}; got {np.shape(start.cross)}")
    initial = _state(start, d)
    if X.ndim != 2 or X.shape[1] != d or not X.any():
        raise ValueError(f"points must have shape (N, {d}) and not all be zero; got {X.shape}")
    return form, X, initial


def _state(state: GramState, d: int) -> GramState:
    """A state whose matrices are real, finite float64 and fit each other and d."""
    S11, S12, S22 = real("first", state.first), real("cross", state.cross), real("second", state.second)
    if S12.ndim < 2 or S12.shape[-2] != d:
        raise ValueError(f"cross must have shape (..., d, z) with d = {d}; got {S12.shape}")
    *lead, _, z = S12.shape
    if S11.shape != (*lead, d, d) or S22.shape != (*lead, z, z):
        raise ValueError(
            f"first and second must have shapes {(*lead, d, d)} and {(*lead, z, z)}; got {S11.shape} and {S22.shape}"
        )
    return GramState(S11, S12, S22)


def _points(X: ArrayLike) -> Array:
    points = real("X", X)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(f"X must have shape (N, d); got {points.shape}")
    return points
