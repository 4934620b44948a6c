"""Fitted orders."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.validation import real

Array = NDArray[np.float64]


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
