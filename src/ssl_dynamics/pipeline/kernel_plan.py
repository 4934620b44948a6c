"""The schedule of one kernel, as `schedule_kernel` wrote it and the other stages of the experiment read it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays
from ssl_dynamics.pipeline.schedule import Schedule

Array = NDArray[np.float64]


@dataclass(frozen=True)
class KernelPlan:
    """All that simulation and theory share on one kernel: K (N, N), U(0) and Y (S, N, z), decay δ, steps and times."""

    K: Array
    start: Array
    target: Array
    decay: float
    schedule: Schedule  # of the self-supervised runs
    regression: Schedule  # transient of the regression
    late_rate: float  # step size at which the regression goes on
    late_steps: NDArray[np.int64]

    @property
    def total_steps(self) -> int:
        """Steps of all runs."""
        return self.schedule.total_steps + self.regression.total_steps + int(self.late_steps[-1])

    @property
    def late_times(self) -> Array:
        """Times of the checkpoints after the transient of the regression."""
        times: Array = self.regression.times[-1] + self.late_steps * self.late_rate
        return times


def read_plans(stored: Arrays) -> Iterator[tuple[str, KernelPlan]]:
    """Name and plan of each kernel."""
    for name in map(str, stored["kernels"]):
        coarse, regression = stored[f"coarse_steps_{name}"], stored[f"regression_steps_{name}"]
        *rates, late_rate = stored[f"regression_rates_{name}"]
        yield (
            name,
            KernelPlan(
                stored[f"K_{name}"],
                stored[f"start_{name}"],
                stored[f"target_{name}"],
                float(stored[f"decay_{name}"]),
                Schedule(stored[f"learning_rates_{name}"], coarse, len(coarse)),
                Schedule(np.array(rates), regression, len(regression)),
                float(late_rate),
                stored[f"regression_late_{name}"],
            ),
        )
