"""Fitted orders and bootstrap intervals."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.validation import real

Array = NDArray[np.float64]

INTERVAL_LEVEL = 0.95


def fitted_order(steps: ArrayLike, errors: ArrayLike) -> Array:
    """Least-squares slope of ln(error) against ln(step), along the last axis.

    steps (k,) positive, k >= 2; errors (..., k) positive; returns (...) float64. Raises ValueError otherwise.
    """
    x, y = real("steps", steps), real("errors", errors)
    if x.ndim != 1 or len(x) < 2 or y.shape[-1:] != x.shape:
        raise ValueError(f"needs steps (k,) with k >= 2 and errors (..., k); got {x.shape} and {y.shape}")
    for name, values in (("steps", x), ("errors", y)):
        if not (values > 0).all():
            raise ValueError(f"{name} must be positive; got {values.min():.3g}")
    centered = np.log(x) - np.log(x).mean()
    slope: Array = np.log(y) @ centered / (centered @ centered)
    return slope


def bootstrap_interval(
    values: ArrayLike, statistic: Callable[..., Array], random: np.random.Generator, *, level: float = INTERVAL_LEVEL
) -> tuple[float, float]:
    """Percentile bootstrap interval of `statistic(values, axis=…)` over independent seeds.

    values (S,), S >= 2; 9,999 resamples. Equal values give a width of zero. For the maximum or minimum the
    interval ends at the observed extreme: it speaks of the seeds drawn, not of a worst case beyond them.
    """
    from scipy.stats import bootstrap  # noqa: PLC0415 -- takes half a second, and only verdicts need it

    sample = real("values", values)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; got {level}")
    if np.ptp(sample) == 0:
        return float(sample[0]), float(sample[0])
    interval = bootstrap(
        (sample,), statistic, confidence_level=level, method="percentile", rng=random
    ).confidence_interval
    return float(interval.low), float(interval.high)
