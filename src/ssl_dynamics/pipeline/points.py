"""The points of triplets, stacked as losses and kernels take them, and the quadratic form of what a loss sees."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.settings import Loss

Array = NDArray[np.float64]


def all_points(triplets: Arrays, count: int | None = None) -> Array:
    """The first `count` anchors, then their positives, then their negatives."""
    return np.concatenate([triplets[role][:count] for role in ("anchor", "positive", "negative")])


def points_of(triplets: Arrays, loss: Loss, count: int | None = None) -> Array:
    """`all_points`, without the negatives where the loss has none."""
    points = all_points(triplets, count)
    return points if loss == "contrastive" else points[: 2 * len(points) // 3]


def form_of(triplets: Arrays, loss: Loss) -> Array:
    """C of the linear model."""
    negative = triplets["negative"] if loss == "contrastive" else None
    return quadratic_form(triplets["anchor"], triplets["positive"], negative, loss=loss)
