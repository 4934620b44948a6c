"""When to look and how finely to step: what simulation and theory share, besides W(0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.problem.levels import COLLAPSE_TIME, RESOLVED
from ssl_dynamics.unsettled import Unsettled

if TYPE_CHECKING:  # the library needs no pydantic
    from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained

Array = NDArray[np.float64]

ROUNDING = 1e-12  # of an eigenvalue, relative to the largest
HORIZON = 12.5  # end of unconstrained training, in units of 1/(λ_2 − λ_1)
# Where unconstrained training looks at spans before they have converged, in units of 1/(2(λ_{z+1} − λ_z)): a start with
# tan θ(0) = e^a passes 45° at a.
TURNING = np.array([0.5, 1, 2, 3])
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

    Where the gap that sets the horizon is so small, or zero, that the runs would take more than `max_steps` steps
    together, they end earlier, with them: what is read later is then open. Raises Unsettled where all eigenvalues are
    equal, and ValueError, naming the numbers, where the transient, which no spectrum makes longer, takes more steps by
    itself.
    """
    norm = size_of(eigenvalues)
    if not z < len(eigenvalues):
        raise ValueError(f"z = {z} must be smaller than the dimension of the data, d = {len(eigenvalues)}")
    require_spread(eigenvalues)
    learning_rates: Array = dynamics.finest_step / norm * np.exp2(np.arange(dynamics.levels))
    coarsest = learning_rates[-1]
    first_gap = gap(eigenvalues, 1) * coarsest
    per_coarsest = 2**dynamics.levels - 1  # steps of all sizes in the time of a coarsest one
    if dynamics.kind == "unconstrained":
        end = min(_over(HORIZON, first_gap), dynamics.max_steps // per_coarsest)
        grid = np.linspace(0, end, dynamics.checkpoints).astype(np.int64)
        turning = TURNING / (2 * coarsest * max(eigenvalues[z] - eigenvalues[z - 1], ROUNDING * norm))
        early = np.clip(turning, 1, end).astype(np.int64)
        steps = np.union1d(np.union1d(grid, early), int(min(_over(COLLAPSE_TIME, first_gap), end)))
        return Schedule(learning_rates, steps, len(steps))
    early = _transient(dynamics, norm, coarsest)
    left = dynamics.max_steps - per_coarsest * int(early[-1])
    if left < dynamics.late_checkpoints:
        raise ValueError(
            f"the transient takes {per_coarsest * int(early[-1])} steps at {dynamics.levels} step sizes from "
            f"{dynamics.finest_step:g} on; max_steps is {dynamics.max_steps}: shorten the transient, or raise max_steps"
        )
    end = max(_over(dynamics.convergence, 2 * gap(eigenvalues, z) * coarsest), _over(HORIZON, first_gap))
    last = min(max(end, early[-1] + 1), early[-1] + left)
    late = np.geomspace(early[-1], last, dynamics.late_checkpoints + 1).astype(np.int64)
    return Schedule(learning_rates, np.union1d(early, late), len(early))


def refined(schedule: Schedule, dynamics: Unconstrained | Grassmannian, errors: Mapping[int, float]) -> float:
    """The finest step size of `dynamics`, or a smaller one that keeps errors within what is allowed.

    `errors`: by order p of an error, what is expected of it at the finest step size, over what is allowed; it falls as
    η^p. Steps are made no smaller than `max_steps` leaves room for; `schedule` is that at the finest step size.
    """
    share: float = min(max(1.0, error) ** (-1 / order) for order, error in errors.items())
    return dynamics.finest_step * max(share, min(schedule.total_steps / dynamics.max_steps, 1.0))


def late_window(gap_times: Array, log_ratios: Array) -> NDArray[np.int64]:
    """First and last checkpoint (S, 2) of the late window of each seed; `gap_times` (T,) in units of 1/(λ_2 − λ_1).

    It ends earlier for a start whose ln(σ_2/σ_1), as predicted (S, T), is rounding by then. Where training ends before
    two of its checkpoints, they are the last two of all.
    """
    inside = np.flatnonzero((gap_times >= LATE[0]) & (gap_times <= LATE[1] * (1 + 1e-12)))
    first, last = inside[[0, -1]] if len(inside) > 1 else np.array([-2, -1]) % len(gap_times)
    told = np.where(log_ratios >= np.log(RESOLVED), np.arange(len(gap_times)), 0).max(axis=1)
    return np.stack([np.full(len(told), first), np.clip(told, first + 1, last)], axis=-1)


def transient_schedule(eigenvalues: Array, settings: Transient) -> Schedule:
    """Schedule that compares every step size over the transient alone; Unsettled where all eigenvalues are equal."""
    norm = size_of(eigenvalues)
    require_spread(eigenvalues)
    learning_rates: Array = settings.finest_step / norm * np.exp2(np.arange(settings.levels))
    steps = _transient(settings, norm, learning_rates[-1])
    return Schedule(learning_rates, steps, len(steps))


def _transient(settings: Transient, norm: float, coarsest: float) -> NDArray[np.int64]:
    """Checkpoints of the transient in coarsest steps. Errors peak early: a quadratic grid looks more often there."""
    end = settings.transient / norm / coarsest
    return np.unique(np.rint(end * np.linspace(0, 1, settings.checkpoints) ** 2).astype(np.int64))


def gap(eigenvalues: Array, k: int) -> float:
    """λ_{k+1} − λ_k; 0 where it is rounding next to ‖C‖: there is no rate then."""
    difference = float(eigenvalues[k] - eigenvalues[k - 1])
    return difference if difference > ROUNDING * np.abs(eigenvalues).max() else 0.0


def size_of(eigenvalues: Array) -> float:
    """‖C‖₂, the unit of step sizes. Raises Unsettled where C is zero."""
    norm = float(np.abs(eigenvalues).max())
    if norm == 0:
        raise Unsettled("C is zero: the loss does not depend on the weights")
    return norm


def require_spread(eigenvalues: Array) -> None:
    """Raise Unsettled where all eigenvalues are equal: every subspace is at rest then, and no ratio changes."""
    if np.ptp(eigenvalues) <= ROUNDING * np.abs(eigenvalues).max():
        raise Unsettled(f"all eigenvalues of C are {eigenvalues[0]:.3g}: every span is at rest, and every ratio")


def slowest_growth(eigenvalues: Array, z: int) -> float:
    """|λ_z| of a form, eigenvalues (N,) ascending: the slowest of z modes that grow. Raises Unsettled if fewer do."""
    if not eigenvalues[z - 1] < -ROUNDING * np.abs(eigenvalues).max():
        negative = f"{z} eigenvalues are negative" if z > 1 else "one eigenvalue is negative"
        raise Unsettled(f"fewer than {negative}; λ_{z} = {eigenvalues[z - 1]:.3g}: not so many modes grow")
    return -float(eigenvalues[z - 1])


def _over(length: float, rate: float) -> float:
    return length / rate if rate > 0 else np.inf
