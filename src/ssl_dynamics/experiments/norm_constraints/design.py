"""Starts, the step size and checkpoints; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.norm_constraints.config import CHECKPOINTS, END, DesignSettings
from ssl_dynamics.problem.schedule import gap, require_spread, size_of
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """What training and theory share: all constraints hold at the same starts, of orthonormal columns."""

    start: Array  # W(0), (S, d, z)
    learning_rate: float
    steps: NDArray[np.int64]  # (T,), from 0

    @property
    def times(self) -> Array:
        """Times of the checkpoints (T,): steps times their size."""
        return np.asarray(self.learning_rate * self.steps, np.float64)


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """The trained weights at the checkpoints."""

    weights: dict[str, Array]  # (S, T, d, z) by constraint


@dataclass(frozen=True)
class Solution(ArrayFile):
    """What the closed forms predict, also of step sizes that are wrong, by name: ln(effective rank − 1), and spans."""

    excess: dict[str, Array]  # (S, T) by constraint
    excess_wrong: dict[tuple[str, str], Array]  # by constraint and name
    span: Array  # (S, T, d, z), orthonormal: the same for all constraints
    span_wrong: dict[str, Array]
    bound: Array  # (S, T) of ln σ_z(W) under a bound on the spectral norm: 0 where W is orthonormal


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_norm_constraints`."""
    settings, of = job.settings, job.settings.norm_constraints
    eigenvalues = np.asarray(np.linalg.eigvalsh(read_form(job.input("quadratic_form"))), np.float64)
    require_spread(eigenvalues)
    learning_rate = of.step / size_of(eigenvalues)
    # A step multiplies σ_2/σ_1 by (1 − 2ηλ_2)/(1 − 2ηλ_1), in the end.
    shrinks = np.log1p(2 * learning_rate * gap(eigenvalues, 1) / (1 - 2 * learning_rate * eigenvalues[1]))
    last = of.max_steps if shrinks * of.max_steps < END else int(np.ceil(END / shrinks))
    start = random_orthonormal_start(
        len(eigenvalues),
        settings.dimension,
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        name=settings.dataset_name,
    )
    steps = np.unique([0, *np.rint(np.geomspace(1, last, CHECKPOINTS)).astype(np.int64)])
    Design(start, learning_rate, steps).save(job.output("schedule"))
