"""Fitted orders."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.validation import real

Array = NDArray[np.float64]


def fitted_order(steps: ArrayLike, errors: ArrayLike) -> Array:
    """Least-squares slope of ln(error) against ln(step), along the last axis.

    steps (k,) positive, k >= 2, two or more of them different; errors (..., k) positive; returns (...) float64. Raises
    ValueError otherwise.
    """
    x, y = _checked(steps, errors, 2)
    centered = np.log(x) - np.log(x).mean()
    slope: Array = np.log(y) @ centered / (centered @ centered)
    return slope


def leading_order(steps: ArrayLike, errors: ArrayLike) -> Array:
    """p of errors cη^p(1 + rη + O(η²)), along the last axis: ln(error) = ln c + p ln η + rη by least squares.

    Of three step sizes η, 2η, 4η it is p − (6/ln 2) qη², q the coefficient of η² in ln(error): a plain slope is off by
    2.2 rη instead (docs/theory.md §6). steps (k,) positive, three or more of them different; errors (..., k) positive;
    returns (...) float64. Raises ValueError otherwise.
    """
    x, y = _checked(steps, errors, 3)
    terms = np.stack([np.ones_like(x), np.log(x), x / x.max()], axis=1)
    order: Array = (np.linalg.pinv(terms) @ np.log(y)[..., None])[..., 1, 0]
    return order


def _checked(steps: ArrayLike, errors: ArrayLike, least: int) -> tuple[Array, Array]:
    x, y = real("steps", steps), real("errors", errors)
    if x.ndim != 1 or len(x) < least or y.shape[-1:] != x.shape:
        raise ValueError(f"needs steps (k,) with k >= {least} and errors (..., k); got {x.shape} and {y.shape}")
    for name, values in (("steps", x), ("errors", y)):
        if not (values > 0).all():
            raise ValueError(f"{name} must be positive; got {values.min():.3g}")
    if len(np.unique(np.log(x))) < least:
        raise ValueError(f"needs {least} steps or more that differ; got {x.tolist()}")
    return x, y
