"""When a descent has learned."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.validation import real, unit

Array = NDArray[np.float64]


def half_time(times: ArrayLike, values: ArrayLike) -> Array:
    """Time at which half of the final decrease is reached: the first crossing of (L(0) + L(end))/2, interpolated.

    times, values (..., K), K >= 2, times not decreasing; returns (...) float64 in units of `times`. nan where
    the end is not below the start: nothing was learned then. Raises ValueError on other shapes.
    """
    t, L = real("times", times), real("values", values)
    if t.shape != L.shape or t.ndim < 1 or t.shape[-1] < 2:
        raise ValueError(f"times and values must have one shape (..., K) with K >= 2; got {t.shape} and {L.shape}")
    if (np.diff(t) < 0).any():
        raise ValueError(f"times must not decrease; they fall by up to {-np.diff(t).min():.3g}")
    scale = unit(t, axis=-1)
    t, L = t / scale, L / unit(L, axis=-1)
    half = (L[..., :1] + L[..., -1:]) / 2
    learned = L[..., 0] > L[..., -1]
    after = np.maximum(np.argmax(half >= L, axis=-1), 1)[..., None]  # where it has learned, the start lies above
    (t0, t1), (L0, L1) = ([np.take_along_axis(series, index, -1) for index in (after - 1, after)] for series in (t, L))
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = (t0 + (t1 - t0) * (L0 - half) / (L0 - L1))[..., 0]
    return np.where(learned, crossing * scale[..., 0], np.nan)
