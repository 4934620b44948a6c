"""What the stages of the experiment `departure` share: nets and step sizes, as `plan_departure` wrote them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays
from ssl_dynamics.problem.levels import DEPARTURE

Array = NDArray[np.float64]

LIMIT = 8 * DEPARTURE  # drift at which it is no longer trained
LATEST = 8.0  # nets are trained until (ln h/2 + 8)/μ at most: amplitudes down to 1e−3 will have departed


@dataclass(frozen=True)
class DeparturePlan:
    """Widths, of which some are trained, and step sizes, finest first, each twice the one before."""

    widths: NDArray[np.int64]
    trained: NDArray[np.int64]
    learning_rates: Array
    arrays: Arrays

    def factors(self, width: int) -> tuple[Array, Array]:
        """Weights W_1 (S, d + z, d), W_2 (S, d + z, z) up to a rotation of the hidden layer."""
        return self.arrays[f"first_factor_{width}"], self.arrays[f"second_factor_{width}"]

    def nets(self, width: int) -> tuple[Array, Array]:
        """Weights W_1 (S, h, d), W_2 (S, h, z) of the trained nets."""
        return self.arrays[f"first_{width}"], self.arrays[f"second_{width}"]

    def every(self, level: int) -> int:
        """Steps at a level that make one step at the coarsest, after each of which the nets are looked at."""
        return int(2 ** (len(self.learning_rates) - 1 - level))

    def most_steps(self, width: int, level: int) -> int:
        """Steps at which training ends at the latest."""
        return self.every(level) * int(self.arrays[f"coarse_steps_{width}"])


def read_plan(arrays: Arrays) -> DeparturePlan:
    return DeparturePlan(arrays["widths"], arrays["trained"], arrays["learning_rates"], arrays)
