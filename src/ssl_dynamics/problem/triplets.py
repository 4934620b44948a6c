"""Triplets (anchor, positive, negative): the data that every self-supervised loss sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Triplets:
    """Row i of each: an anchor x_i, a view x_i⁺ of the same item, an independent item x_i⁻; (n, d) float64."""

    anchor: Array
    positive: Array
    negative: Array
