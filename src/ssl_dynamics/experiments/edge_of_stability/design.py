"""Starts, step sizes and step counts; what the stages leave to each other."""

from dataclasses import dataclass

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.experiments.edge_of_stability.config import BELOW
from ssl_dynamics.problem.triplets import Array, Triplets


@dataclass(frozen=True)
class Design(ArrayFile):
    """All step sizes and starts are trained side by side, with each retraction."""

    triplets: int  # the first so many are trained on
    start: Array  # W(0), (S, d, z)
    limit: float  # 1/(λ_d − λ_1), the unit of the step sizes
    step_sizes: Array  # (H,), those below the edge first
    steps: dict[str, int]  # taken from the random starts, by the retraction whose orbit it is
    needed: dict[str, float]  # to reach that orbit from all of them, at all step sizes
    beside: dict[
        str, Array
    ]  # starts beside the orbit of a retraction, (H', S, d, z), at the step sizes beyond the edge

    def checkpoints(self, orbit: str) -> list[int]:
        """The last four steps: both points of an orbit of period 2, twice."""
        return list(range(self.steps[orbit] - 3, self.steps[orbit] + 1))

    @property
    def beyond(self) -> Array:
        """The step sizes beyond the edge (H',)."""
        return self.step_sizes[len(BELOW) :]

    def used(self, triplets: Triplets) -> Triplets:
        """The triplets that are trained on."""
        parts = (triplets.anchor, triplets.positive, triplets.negative)
        return Triplets(*(part[: self.triplets] for part in parts))


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Trained weights, by retraction."""

    weights: dict[str, Array]  # (H, S, 4, d, z), the last four steps from the random starts
    beside: dict[str, Array]  # (H', S, d, z), after the steps from beside the orbit


@dataclass(frozen=True)
class Solution(ArrayFile):
    """The orbits, by the retraction whose they are."""

    eigenvectors: Array  # (d, d) v_1 … v_d
    edges: Array  # (H, z) η(λ_{d+1−i} − λ_i), 0 where column i has no partner
    angles: dict[str, Array]  # (H, z) radians
    points: dict[str, Array]  # (H', d, z) of the orbit, beside which training starts
    beside: dict[str, Array]  # (H', S, d, z) where steps from beside the orbit arrive
    beside_wrong: dict[tuple[str, str], Array]  # the same if the multipliers are wrong, by name
    curve_edges: Array  # (K,) of the figure's curves
    curves: dict[str, Array]  # (K,) radians
