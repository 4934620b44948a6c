"""Smooth curves between their samples, by the polynomial through the nearest ones."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.analysis.scales import number
from ssl_dynamics.validation import finite, positive, real, unit

Array = NDArray[np.float64]

_STENCIL = 8  # samples that determine a polynomial of degree 7
_BISECTIONS = 60


def interpolated(times: ArrayLike, values: ArrayLike, at: ArrayLike) -> Array:
    """Values of curves (S, Q) at the times `at` (S, Q) or (Q,), by the polynomial through the 8 nearest samples.

    times (S, M) or (M,), increasing, M >= 8; values (S, M). Raises ValueError on other shapes, or for times outside
    the samples.
    """
    t, y = _samples(times, values)
    wanted = real("at", at)
    if wanted.ndim not in (1, 2) or wanted.shape[:-1] not in ((), (1,), (len(t),)):
        raise ValueError(f"at must have shape (S, Q) or (Q,) with S = {len(t)}; got {wanted.shape}")
    wanted = np.broadcast_to(wanted, (len(t), wanted.shape[-1]))
    if (wanted < t[:, :1]).any() or (wanted > t[:, -1:]).any():
        raise ValueError(
            f"samples reach from {t[:, 0].max():.6g} to {t[:, -1].min():.6g}; asked for {wanted.min():.6g} to "
            f"{wanted.max():.6g}"
        )
    before = (t[:, :, None] <= wanted[:, None, :]).sum(1)  # samples not after each time
    nodes, heights, width, height = _stencil(t, y, before)
    with np.errstate(over="ignore"):
        found = _polynomial(nodes, heights, wanted / width) * height
    return finite("a value", found, "scale the values down")


def first_passage(times: ArrayLike, values: ArrayLike, level: float) -> Array:
    """First time (S,) at which curves rise to `level`, on the polynomial through the 8 samples around it.

    times (S, M) or (M,), increasing, M >= 8; values (S, M). nan where a curve never does. Raises ValueError on other
    shapes, or where a curve starts at the level or above.
    """
    t, y = _samples(times, values)
    level = number("level", level)
    if (y[:, 0] >= level).any():
        raise ValueError(f"curves must start below {level:.6g}; got {y[:, 0].max():.6g}")
    reached = y >= level
    after = np.where(reached.any(1), reached.argmax(1), 1)
    rows = np.arange(len(t))
    nodes, heights, width, height = _stencil(t, y, after[:, None])
    low, high = t[rows, after - 1] / width[:, 0], t[rows, after] / width[:, 0]
    with np.errstate(over="ignore"):
        level_there = level / height[:, 0]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = _polynomial(nodes, heights, middle[:, None])[:, 0] < level_there
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(reached.any(1), (low + high) / 2 * width[:, 0], np.nan)


def log_growth(moments: ArrayLike, sizes: ArrayLike, rate: float, time: float) -> float:
    """Logarithm of a size that grows from 0, sampled at moments from 0 on; beyond the last of them at `rate`.

    Between moments the logarithm goes along a straight line. moments (M,) increasing, M >= 2; sizes (M,), positive from
    the second on; time > 0. Raises ValueError where they are not so, and where the logarithm overflows.
    """
    t, size, time = real("moments", moments), real("sizes", sizes), positive("time", time)
    if t.ndim != 1 or len(t) < 2 or size.shape != t.shape or not (np.diff(t) > 0).all():
        raise ValueError(f"needs increasing moments (M,), M >= 2, and sizes (M,); got {t.shape} and {size.shape}")
    if not (size[1:] > 0).all():
        raise ValueError(f"sizes must be positive from the second on; the smallest is {size[1:].min():.3g}")
    beyond = number("rate", rate) * max(time - float(t[-1]), 0.0)
    scale = unit(t).item()
    logarithm = np.interp(time / scale, t[1:] / scale, np.log(size[1:])) + beyond
    return float(finite("the logarithm", np.asarray(logarithm), "ask for an earlier time"))


def _samples(times: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    t, y = real("times", times), real("values", values)
    if y.ndim != 2 or y.shape[1] < _STENCIL or t.shape not in (y.shape, y.shape[1:]):
        raise ValueError(f"needs times (S, M) or (M,) and values (S, M), M >= {_STENCIL}; got {t.shape} and {y.shape}")
    t = np.broadcast_to(t, y.shape)
    if not (np.diff(t) > 0).all():
        raise ValueError(f"times must increase; the smallest step is {np.diff(t).min():.3g}")
    return t, y


def _stencil(t: Array, y: Array, before: NDArray[np.intp]) -> tuple[Array, Array, Array, Array]:
    """The samples (S, Q, 8) of which half, where there are enough, come before place `before` (S, Q), and their units.

    Times and values are divided by these powers of two (S, Q).
    """
    start = np.clip(before - _STENCIL // 2, 0, t.shape[1] - _STENCIL)
    index = (start[:, :, None] + np.arange(_STENCIL)).reshape(len(t), -1)
    nodes, heights = (np.take_along_axis(each, index, 1).reshape(*start.shape, _STENCIL) for each in (t, y))
    width, height = unit(nodes, axis=-1), unit(heights, axis=-1)
    return nodes / width, heights / height, width[..., 0], height[..., 0]


def _polynomial(nodes: Array, heights: Array, at: Array) -> Array:
    """Neville's scheme: the value at `at` (S, Q) of the polynomial through 8 points (S, Q, 8)."""
    distance = at[:, :, None] - nodes
    value = heights
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, _STENCIL):
            left, right = distance[..., :-k], distance[..., k:]
            value = (left * value[..., 1:] - right * value[..., :-1]) / (nodes[..., k:] - nodes[..., :-k])
    return finite("a polynomial through samples", value[..., 0], "take samples whose distances are more alike")
