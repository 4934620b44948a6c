"""Smooth curves between their samples, by the polynomial through the nearest ones."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_STENCIL = 8  # samples that determine a polynomial of degree 7
_BISECTIONS = 60


def interpolated(times: ArrayLike, values: ArrayLike, at: ArrayLike) -> Array:
    """Values of curves (S, Q) at the times `at` (S, Q) or (Q,), by the polynomial through the 8 nearest samples.

    times (S, M) or (M,), increasing, M >= 8; values (S, M). Raises ValueError on other shapes, or for times outside
    the samples.
    """
    t, y = _samples(times, values)
    wanted = np.asarray(at, dtype=np.float64)
    wanted = np.broadcast_to(wanted, (len(t), wanted.shape[-1]))
    if (wanted < t[:, :1]).any() or (wanted > t[:, -1:]).any():
        raise ValueError(
            f"samples reach from {t[:, 0].max():.6g} to {t[:, -1].min():.6g}; asked for {wanted.min():.6g} to "
            f"{wanted.max():.6g}"
        )
    before = (t[:, :, None] <= wanted[:, None, :]).sum(1)  # samples not after each time
    nodes, heights = _stencil(t, y, before)
    return _polynomial(nodes, heights, wanted)


def first_passage(times: ArrayLike, values: ArrayLike, level: float) -> Array:
    """First time (S,) at which curves rise to `level`, on the polynomial through the 8 samples around it.

    times (S, M) or (M,), increasing, M >= 8; values (S, M). nan where a curve never does. Raises ValueError on other
    shapes, or where a curve starts at the level or above.
    """
    t, y = _samples(times, values)
    if (y[:, 0] >= level).any():
        raise ValueError(f"curves must start below {level:.6g}; got {y[:, 0].max():.6g}")
    reached = y >= level
    after = np.where(reached.any(1), reached.argmax(1), 1)
    rows = np.arange(len(t))
    low, high = t[rows, after - 1], t[rows, after]
    nodes, heights = _stencil(t, y, after[:, None])
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = _polynomial(nodes, heights, middle[:, None])[:, 0] < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(reached.any(1), (low + high) / 2, np.nan)


def log_growth(moments: ArrayLike, sizes: ArrayLike, rate: float, time: float) -> float:
    """Logarithm of a size that grows from 0, sampled at moments from 0 on; beyond the last of them at `rate`.

    Between moments the logarithm goes along a straight line. moments (M,), sizes (M,); time > 0.
    """
    t, size = np.asarray(moments, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    return float(np.interp(time, t[1:], np.log(size[1:]))) + rate * max(time - float(t[-1]), 0.0)


def _samples(times: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    t, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] < _STENCIL or t.shape not in (y.shape, y.shape[1:]):
        raise ValueError(f"needs times (S, M) or (M,) and values (S, M), M >= {_STENCIL}; got {t.shape} and {y.shape}")
    t = np.broadcast_to(t, y.shape)
    if not (np.diff(t) > 0).all():
        raise ValueError(f"times must increase; the smallest step is {np.diff(t).min():.3g}")
    return t, y


def _stencil(t: Array, y: Array, before: NDArray[np.intp]) -> tuple[Array, Array]:
    """The samples (S, Q, 8) of which half, where there are enough, come before place `before` (S, Q)."""
    start = np.clip(before - _STENCIL // 2, 0, t.shape[1] - _STENCIL)
    index = (start[:, :, None] + np.arange(_STENCIL)).reshape(len(t), -1)
    shape = (*start.shape, _STENCIL)
    return np.take_along_axis(t, index, 1).reshape(shape), np.take_along_axis(y, index, 1).reshape(shape)


def _polynomial(nodes: Array, heights: Array, at: Array) -> Array:
    """Neville's scheme: the value at `at` (S, Q) of the polynomial through 8 points (S, Q, 8)."""
    distance = at[:, :, None] - nodes
    value = heights
    for k in range(1, _STENCIL):
        left, right = distance[..., :-k], distance[..., k:]
        value = (left * value[..., 1:] - right * value[..., :-1]) / (nodes[..., k:] - nodes[..., :-k])
    result: Array = value[..., 0]
    return result
