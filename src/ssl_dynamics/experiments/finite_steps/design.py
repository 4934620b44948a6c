"""Starts, step sizes and step counts; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.problem.schedule import Schedule

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """Retractions are compared over a schedule, orthogonal iteration is followed at one step size for many steps."""

    start: Array  # W(0), (S, d, z)
    learning_rates: Array
    coarse_steps: NDArray[np.int64]
    iteration_rate: float
    iteration_steps: NDArray[np.int64]
    riemannian_rates: Array  # on the right and on the wrong side of the limit of Riemannian steps, (2,)
    exchanged_rates: Array  # on those of the limit of orthogonal iteration on −C, (2,)
    limit_steps: dict[str, int]  # taken on both sides, by method
    needed_steps: dict[str, float]  # on the right side, for v_d to be shed

    @property
    def schedule(self) -> Schedule:
        """Of the retractions: every step size over all checkpoints."""
        return Schedule(self.learning_rates, self.coarse_steps, len(self.coarse_steps))


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Trained weights (S, T, d, z) at the checkpoints."""

    polar: dict[int, Array]  # by step size, 0 the finest
    geodesic: dict[int, Array]
    iteration: Array
    drift: dict[str, Array]  # by retraction, and with none, over the steps of orthogonal iteration
    riemannian_limit: dict[int, Array]  # at the end, by side of the limit: 0 the right one, 1 the wrong one
    iteration_limit: dict[int, Array]


@dataclass(frozen=True)
class Solution(ArrayFile):
    """Closed forms (S, T, d, z), also at wrong rates, by name; the control of the iteration is the flow."""

    times: Array  # (T,)
    flow: Array
    flow_control: dict[str, Array]
    iteration: Array
    iteration_control: Array
    iteration_wrong: dict[str, Array]
    last: dict[str, Array]  # v_d (d, 1) by method: the direction that takes over beyond the limit
    iteration_limit: dict[int, Array]  # by side, at the end
