"""What the stages of the experiment `objectives` share: the batch of triplets, in units of its spread."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays
from ssl_dynamics.problem.triplets import Array, Triplets


def batch_scale(anchor: Array, z: int) -> float:
    """s with s² = Tr Cov(x)/z: x/s has total variance z, so that z coordinates of deviation 1 could just hold it.

    Temperatures and VICReg's target of 1 have a meaning in such units only: the constraint leaves W no scale.
    """
    scale = float(np.sqrt(anchor.var(axis=0).sum() / z))
    if scale == 0:
        raise ValueError("all anchors of the batch are equal: there is no spread to measure them by")
    return scale


def scaled_batch(stored: Arrays, schedule: Arrays) -> Triplets:
    """The first triplets, in units of the scale."""
    count, scale = int(schedule["triplets"]), float(schedule["scale"])
    return Triplets(*(stored[name][:count] / scale for name in ("anchor", "positive", "negative")))
