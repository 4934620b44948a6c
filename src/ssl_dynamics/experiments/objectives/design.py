"""The batch of triplets in units of its spread, starts and temperatures; what the stages leave to each other."""

from dataclasses import dataclass
from typing import Self, get_args

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.problem.names import Objective
from ssl_dynamics.problem.schedule import gap
from ssl_dynamics.problem.triplets import Array, Triplets
from ssl_dynamics.unsettled import Unsettled


@dataclass(frozen=True)
class Design(ArrayFile):
    """Starts, batch and temperatures, all that simulation and theory share."""

    start: Array  # W(0), (S, d, z)
    triplets: int  # the first so many are the batch
    scale: float  # its unit
    temperatures: Array  # of InfoNCE, (K,)


@dataclass(frozen=True)
class Trajectory(ArrayFile):
    """Descent on one objective; S seeds, K iterations, T checkpoints. Times are gradient-flow times Σ η."""

    checkpoints: NDArray[np.int64]  # (T,) iterations, from 0 to K
    weights: Array  # (S, T, d, z)
    times: Array  # (S, K + 1)
    losses: Array  # (S, K + 1)
    gradient_norms: Array  # (S, K + 1)

    @property
    def clock(self) -> Array:
        """Gradient-flow time in units of 1/‖ξ(0)‖_F, which no factor in front of an objective changes; (S, K + 1)."""
        clock: Array = self.times * self.gradient_norms[:, :1]
        return clock


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Descent on every objective, whose arrays have its name in front, and the minimisers of InfoNCE."""

    objectives: dict[Objective, Trajectory]
    info_nce_limit: Array  # (S, temperatures, d, z)

    def to_arrays(self) -> Arrays:
        return {
            f"{objective}_{name}": array
            for objective, trajectory in self.objectives.items()
            for name, array in trajectory.to_arrays().items()
        } | {"info_nce_limit": self.info_nce_limit}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        left, objectives = dict(arrays), {}
        for objective in get_args(Objective):
            prefix = f"{objective}_"
            own = [name for name in arrays if name.startswith(prefix)]
            objectives[objective] = Trajectory.from_arrays({name.removeprefix(prefix): left.pop(name) for name in own})
        if set(left) != {"info_nce_limit"}:
            raise ValueError(f"besides the objectives' arrays there must be 'info_nce_limit'; got {sorted(left)}")
        return cls(objectives, **left)


@dataclass(frozen=True)
class Solution(ArrayFile):
    """Where the dot product and InfoNCE at high temperature lead."""

    own_leading: Array  # (d, z) of the C of the triplets' own negatives
    in_batch_leading: Array  # (d, z) of the in-batch C
    departed: Array  # (temperatures, d, z)
    departed_control: dict[str, Array]  # by wrong rate, a wrong departure
    arrival: Array  # flow time (S,) by which the dot product has led to its limit


def batch_scale(anchor: Array, z: int) -> float:
    """s with s² = Tr Cov(x)/z: x/s has total variance z, so that z coordinates of deviation 1 could just hold it.

    Temperatures and VICReg's target of 1 have a meaning in such units only: the constraint leaves W no scale.
    """
    scale = float(np.sqrt(anchor.var(axis=0).sum() / z))
    if scale == 0:
        raise Unsettled("all anchors of the batch are equal: there is no spread to measure them by")
    return scale


def scaled_batch(triplets: Triplets, design: Design) -> Triplets:
    """The first triplets, in units of the scale."""
    parts = (triplets.anchor, triplets.positive, triplets.negative)
    return Triplets(*(part[: design.triplets] / design.scale for part in parts))


def make_temperatures(eigenvalues: Array, z: int, multiples: list[float]) -> Array:
    """Temperatures of InfoNCE as multiples of λ_1²/(λ_{z+1} − λ_z), for a spectrum of the in-batch C (d,), ascending.

    Similarities vary by about |λ_1|, so that the first departure from C is a form of size λ_1²/τ, which the gap
    resists: from that unit on, perturbation theory holds (docs/theory.md §7). Raises Unsettled where the gap or λ_1 is
    zero.
    """
    if not z < len(eigenvalues):
        raise ValueError(f"z = {z} must be smaller than the dimension of the data, d = {len(eigenvalues)}")
    slowest = gap(eigenvalues, z)
    if slowest == 0 or eigenvalues[0] == 0:
        raise Unsettled(
            f"in-batch C: λ_{z + 1} − λ_{z} = {slowest:.3g}, λ_1 = {eigenvalues[0]:.3g}: no unit of the temperature"
        )
    temperatures: Array = np.array(multiples) * eigenvalues[0] ** 2 / slowest
    return temperatures
