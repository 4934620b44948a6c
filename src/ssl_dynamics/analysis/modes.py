"""The size of a sum of modes that grow at rates of their own."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def log_size(rates: ArrayLike, gram: ArrayLike, times: ArrayLike) -> Array:
    """ln ‖Σ_k b_k e^{μ_k t}‖ of the modes of `growing_modes`, μ_1t + ln a: the root mean square of U over the points.

    rates (..., z), largest first; gram (..., z, z); times (...); returns (...). Source: docs/theory.md §4.
    """
    mu, G, t = (np.asarray(array, dtype=np.float64) for array in (rates, gram, times))
    later = np.exp((mu - mu[..., :1]) * t[..., None])  # ratios to the first, which cannot overflow
    size = np.einsum("...j,...jk,...k->...", later, G, later)
    return np.asarray(mu[..., 0] * t + np.log(size) / 2)
