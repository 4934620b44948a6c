"""What the tangent kernel of the start cannot learn (docs/theory.md §4)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.validation import Array, real, unit

# Directions in which a kernel is smaller than this, relative to its largest eigenvalue, are rounding.
_RANGE = 1e-10


def unreachable_share(theta: ArrayLike, error: ArrayLike) -> Array:
    """Share of the squared error U(0) − Y (..., N, z) that lies outside the range of theta (..., Nz, Nz).

    What training on the tangent kernel of the start cannot learn: 0 where the minimum of the loss is 0.
    """
    theta, error = real("theta", theta), real("error", error)
    if not error.any(axis=(-2, -1)).all():
        raise ValueError("error is zero: no share of it lies anywhere")
    error = error / unit(error, (-2, -1))
    values, Q = np.linalg.eigh(theta)
    parts = (Q.mT @ error.reshape(*theta.shape[:-1], 1))[..., 0] ** 2
    outside = np.where(values > _RANGE * values[..., -1:], 0, parts).sum(-1)
    return np.asarray(outside / parts.sum(-1))
