"""Files that the stages of several experiments read: triplets, and what the single-layer dynamics have written."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.artifacts import read_arrays
from ssl_dynamics.problem.schedule import Schedule
from ssl_dynamics.problem.triplets import Array, Triplets


def read_triplets(path: Path) -> Triplets:
    """The views of a file of triplets, as they are or in principal components."""
    stored = read_arrays(path)
    return Triplets(stored["anchor"], stored["positive"], stored["negative"])


@dataclass(frozen=True)
class Starts(ArrayFile):
    """Starts, step sizes and checkpoints of the single-layer model, all that simulation and theory share."""

    start: Array  # W(0), (S, d, z)
    learning_rates: Array
    coarse_steps: NDArray[np.int64]
    shared: int

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.learning_rates, self.coarse_steps, self.shared)


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """The trained single-layer model at its checkpoints: by step size, 0 the finest, and "late" where it went on."""

    weights: dict[str, Array]  # (S, T, d, z)
    log_scale: dict[str, Array]  # (S, T)
    retraction_defect: dict[str, Array]
    euclidean_defect: dict[str, Array]

    def by_step_size(self) -> list[Array]:
        """The weights at every step size, finest first."""
        return [self.weights[str(level)] for level in range(len(self.weights) - ("late" in self.weights))]

    def whole(self) -> Array:
        """Weights (S, T, d, z) at all checkpoints: the run at the finest step size and, where it went on, its rest."""
        return np.concatenate([self.weights[name] for name in ("0", "late") if name in self.weights], axis=1)


@dataclass(frozen=True)
class UnconstrainedSolution(ArrayFile):
    """The closed form of the unconstrained flow at the checkpoints; the controls, by name, at a wrong rate."""

    times: Array  # (T,)
    eigenvalues: Array  # of C, (d,)
    leading: Array  # (d, z)
    log_singular_values: Array  # (S, T, z)
    log_singular_values_control: dict[str, Array]
    span: Array  # (S, T, d, z)
    span_control: dict[str, Array]
    late: NDArray[np.int64]  # first and last checkpoint of the late window, (S, 2)
    descent: dict[int, Array]  # by step size, logarithms of singular values of discrete steps, (S, T, z)
    descent_through: Array  # of the anchors' representations at the finest step size, (S, T, z)
    descent_through_control: dict[str, Array]


@dataclass(frozen=True)
class GrassmannianSolution(ArrayFile):
    """The closed form of the constrained flow at the checkpoints; the controls, by name, at a wrong rate."""

    times: Array  # (T,)
    eigenvalues: Array  # of C, (d,)
    leading: Array  # (d, z)
    basis: Array  # (S, T, d, z)
    basis_quarter: Array  # at a quarter of the rate
    basis_wrong: dict[str, Array]  # over the shared checkpoints
    integrated: Array  # by DOP853, over the shared checkpoints
    tangent: Array  # (S, T)
    tangent_bound: Array
    tangent_bound_control: Array
