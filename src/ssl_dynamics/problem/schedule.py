"""When to look and how finely to step: what simulation and theory share, besides W(0)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.problem.levels import COLLAPSE_TIME
from ssl_dynamics.problem.step_sizes import Grassmannian, Unconstrained

Array = NDArray[np.float64]

HORIZON = 12.5  # end of unconstrained training, in units of 1/(λ_2 − λ_1)
# Where the slope of ln(σ_2/σ_1) is taken: it has fallen by 12 to 23 there, and is not yet rounding.
LATE = (6.0, COLLAPSE_TIME)


class Transient(Protocol):
    """Settings of training over the transient alone."""

    @property
    def finest_step(self) -> float: ...
    @property
    def levels(self) -> int: ...
    @property
    def checkpoints(self) -> int: ...
    @property
    def transient(self) -> float: ...


@dataclass(frozen=True)
class Schedule:
    """Step sizes η_l = 2^l η_0 and checkpoints, counted in steps of the coarsest size so that all step sizes meet them.

    Every step size is run over the first `shared` checkpoints. To the others, from the last of those, the run at the
    finest step size goes on in steps of the coarsest: errors of a coarse transient would be amplified by tan θ(0).
    """

    learning_rates: Array  # (L,), finest first
    coarse_steps: NDArray[np.int64]  # (T,) strictly increasing, from 0
    shared: int

    @property
    def times(self) -> Array:
        """Gradient-flow times of the checkpoints (T,)."""
        times: Array = self.coarse_steps * self.learning_rates[-1]
        return times

    def checkpoints(self, level: int) -> list[int]:
        """Step counts of the shared checkpoints, in steps of one size."""
        return [int(step) << (len(self.learning_rates) - 1 - level) for step in self.coarse_steps[: self.shared]]

    def late_checkpoints(self) -> list[int]:
        """Step counts of the other checkpoints, in coarsest steps after the last shared one."""
        return [int(step - self.coarse_steps[self.shared - 1]) for step in self.coarse_steps[self.shared :]]

    @property
    def total_steps(self) -> int:
        """Steps of all runs together."""
        return sum(self.checkpoints(level)[-1] for level in range(len(self.learning_rates))) + sum(
            self.late_checkpoints()[-1:]
        )


def make_schedule(eigenvalues: Array, z: int, dynamics: Unconstrained | Grassmannian) -> Schedule:
    """Schedule for a spectrum of C (d,), ascending; times in units of 1/C.

    Where the gap that sets the horizon is so small that the runs would take more than `max_steps` steps together, they
    end earlier, with them: what is read later is then open. Raises ValueError, naming the numbers, where that gap is
    zero, and where the transient, which no spectrum makes longer, takes more steps by itself.
    """
    norm = float(np.abs(eigenvalues).max())
    if not z < len(eigenvalues):
        raise ValueError(f"z = {z} must be smaller than the dimension of the data, d = {len(eigenvalues)}")
    if norm == 0:
        raise ValueError("C is zero: the loss does not depend on the weights")
    learning_rates: Array = dynamics.finest_step / norm * np.exp2(np.arange(dynamics.levels))
    coarsest = learning_rates[-1]
    first_gap = gap(eigenvalues, 1) * coarsest
    per_coarsest = 2**dynamics.levels - 1  # steps of all sizes in the time of a coarsest one
    if isinstance(dynamics, Unconstrained):
        end = min(HORIZON / first_gap, dynamics.max_steps // per_coarsest)
        grid = np.linspace(0, end, dynamics.checkpoints).astype(np.int64)
        steps = np.union1d(grid, int(min(COLLAPSE_TIME / first_gap, end)))
        return Schedule(learning_rates, steps, len(steps))
    early = _transient(dynamics, norm, coarsest)
    left = dynamics.max_steps - per_coarsest * int(early[-1])
    if left < dynamics.late_checkpoints:
        raise ValueError(
            f"the transient takes {per_coarsest * int(early[-1])} steps at {dynamics.levels} step sizes from "
            f"{dynamics.finest_step:g} on; max_steps is {dynamics.max_steps}: shorten the transient, or raise max_steps"
        )
    end = max(dynamics.convergence / (2 * gap(eigenvalues, z) * coarsest), HORIZON / first_gap)
    last = min(max(end, early[-1] + 1), early[-1] + left)
    late = np.geomspace(early[-1], last, dynamics.late_checkpoints + 1).astype(np.int64)
    return Schedule(learning_rates, np.union1d(early, late), len(early))


def late_window(gap_times: Array) -> NDArray[np.int64]:
    """First and last checkpoint (2,) of the late window; `gap_times` (T,) in units of 1/(λ_2 − λ_1).

    Where training ends before two of its checkpoints, they are the last two of all.
    """
    inside = np.flatnonzero((gap_times >= LATE[0]) & (gap_times <= LATE[1] * (1 + 1e-12)))
    return inside[[0, -1]] if len(inside) > 1 else np.array([-2, -1]) % len(gap_times)


def transient_schedule(eigenvalues: Array, settings: Transient) -> Schedule:
    """Schedule that compares every step size over the transient alone. Raises ValueError where C is zero."""
    norm = float(np.abs(eigenvalues).max())
    if norm == 0:
        raise ValueError("C is zero: the loss does not depend on the weights")
    learning_rates: Array = settings.finest_step / norm * np.exp2(np.arange(settings.levels))
    steps = _transient(settings, norm, learning_rates[-1])
    return Schedule(learning_rates, steps, len(steps))


def _transient(settings: Transient, norm: float, coarsest: float) -> NDArray[np.int64]:
    """Checkpoints of the transient in coarsest steps. Errors peak early: a quadratic grid looks more often there."""
    end = settings.transient / norm / coarsest
    return np.unique(np.rint(end * np.linspace(0, 1, settings.checkpoints) ** 2).astype(np.int64))


def gap(eigenvalues: Array, k: int) -> float:
    """λ_{k+1} − λ_k, which must not be zero."""
    difference, norm = eigenvalues[k] - eigenvalues[k - 1], np.abs(eigenvalues).max()
    if difference <= 1e-12 * norm:
        raise ValueError(f"λ_{k + 1} − λ_{k} = {difference:.3g} is zero next to ‖C‖ = {norm:.3g}: no rate to predict")
    return float(difference)
