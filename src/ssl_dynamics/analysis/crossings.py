"""When a sampled curve crosses a level."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.analysis.scales import number
from ssl_dynamics.validation import real, unit

Array = NDArray[np.float64]

_TOLERANCE = 2e-12  # of a crossing, in units of its times where all of them are short
_SHORT = 1e-3


def last_rise(times: ArrayLike, values: ArrayLike) -> Array:
    """Last time that `values` rise through 1/2 along the last axis; nan where they never do, or end below.

    Between samples the log-odds ln(p/(1 − p)) are interpolated linearly: those of the squared projections of a flow
    are nearly straight. times (T,) increasing; values (..., T), not negative, and 1 where larger; returns (...)
    float64. Raises ValueError on shapes or values that are not so.
    """
    t, p = real("times", times), real("values", values)
    if t.ndim != 1 or len(t) < 2 or p.shape[-1:] != t.shape or not (np.diff(t) > 0).all():
        raise ValueError(f"needs increasing times (T,), T >= 2, and values (..., T); got {t.shape} and {p.shape}")
    if not (p >= 0).all():
        raise ValueError(f"values must be finite and not negative; the smallest is {p.min():.3g}")
    scale = unit(t).item()
    t /= scale
    tiny = np.finfo(np.float64).eps
    odds = np.log(np.clip(p, tiny, 1 - tiny)) - np.log(np.clip(1 - p, tiny, 1 - tiny))
    below = odds < 0
    before = len(t) - 1 - np.argmax(below[..., ::-1], axis=-1)  # the last sample below
    rises = below.any(-1) & ~below[..., -1]
    i = np.where(rises, before, 0)
    low, high = (np.take_along_axis(odds, (i + k)[..., None], -1)[..., 0] for k in (0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = t[i] + (t[i + 1] - t[i]) * low / (low - high)
    return np.where(rises, crossing * scale, np.nan)


def first_crossing(times: ArrayLike, values: ArrayLike, level: float) -> float:
    """First time that a curve rises to a level; nan where it never does.

    ln(value) is interpolated by the monotone cubic through the two samples before and the two after, where there are.

    times (T,), T >= 1, not decreasing; values (T,) not negative; level > 0. Raises ValueError where they are not so.
    """
    t, v, height = real("times", times), real("values", values), number("level", level)
    if t.ndim != 1 or v.shape != t.shape or not len(t) or not (np.diff(t) >= 0).all():
        raise ValueError(f"needs times (T,) that do not decrease and values (T,); got shapes {t.shape} and {v.shape}")
    if not (v >= 0).all() or not height > 0:
        raise ValueError(f"values must not be negative and the level positive; got {v.min():.3g} and {level}")
    reached = np.flatnonzero(v >= height)
    if not len(reached):
        return np.nan
    i = int(reached[0])
    if i == 0 or v[i - 1] == 0 or t[i - 1] == t[i]:
        return float(t[i])
    scale = unit(t).item()
    t /= scale
    around = np.arange(max(i - 2, 0), min(i + 2, len(t)))
    around = around[v[around] > 0]
    around = around[np.insert(np.diff(t[around]) > 0, 0, True)]
    curve = scipy.interpolate.PchipInterpolator(t[around], _log_ratio(v[around], height))
    tolerance = _TOLERANCE / scale if scale > _SHORT else _TOLERANCE
    return float(scipy.optimize.brentq(lambda time: float(curve(time)), t[i - 1], t[i], xtol=tolerance)) * scale


def _log_ratio(values: Array, level: float) -> Array:
    """ln(value/level), of ratios that float64 does not hold, too."""
    with np.errstate(over="ignore", divide="ignore"):
        ratios = values / level
        held = (ratios >= np.finfo(np.float64).tiny) & (ratios < np.inf)
        return np.where(held, np.log(ratios), np.log(values) - np.log(level))
