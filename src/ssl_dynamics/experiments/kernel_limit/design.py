"""Files of tangent kernels of infinite width and of the distances of random nets from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Limit(ArrayFile):
    """The tangent kernel of infinite width (n, n), by activation: the blocks of both layers.

    And h E‖Θ_h − Θ∞‖_F² of random nets, of each block and of the whole.
    """

    first: dict[str, Array]
    second: dict[str, Array]
    first_variance: dict[str, float]
    second_variance: dict[str, float]
    whole_variance: dict[str, float]


@dataclass(frozen=True)
class Distances(ArrayFile):
    """Means of ‖Θ_h − Θ∞‖_F² over the random nets of a repetition (H, A, S), by width, activation and seed."""

    widths: NDArray[np.int64]  # (H,)
    activations: tuple[str, ...]
    first: Array  # of the first layer's block
    second: Array  # of the output layer's block
    whole: Array
    whole_control: Array  # of the whole to Θ∞ without the term of Σ̇
