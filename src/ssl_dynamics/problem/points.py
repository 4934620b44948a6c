"""The points of triplets, stacked as losses and kernels take them."""

import numpy as np

from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.triplets import Array, Triplets


def all_points(triplets: Triplets, count: int | None = None) -> Array:
    """The first `count` anchors, then their positives, then their negatives; all of them, unless given."""
    return np.concatenate([part[:count] for part in (triplets.anchor, triplets.positive, triplets.negative)])


def points_of(triplets: Triplets, loss: Loss, count: int | None = None) -> Array:
    """`all_points`, without the negatives where the loss has none."""
    points = all_points(triplets, count)
    return points if loss == "contrastive" else points[: 2 * len(points) // 3]
