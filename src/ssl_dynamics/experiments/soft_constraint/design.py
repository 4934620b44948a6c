"""Starts, penalties, step sizes and checkpoints; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint.config import DesignSettings
from ssl_dynamics.problem.schedule import Schedule, size_of, transient_schedule
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """What training and theory share: all penalties are trained side by side, at the same step sizes and times."""

    start: Array  # W(0), (S, d, z)
    strengths: Array  # β, (B,), ascending
    norm: float  # ‖C‖, the unit of β and 1/t
    learning_rates: Array
    coarse_steps: NDArray[np.int64]

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.learning_rates, self.coarse_steps, len(self.coarse_steps))


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """The trained weights at the checkpoints."""

    weights: dict[int, Array]  # (B, S, T, d, z) by step size, 0 the finest


@dataclass(frozen=True)
class Solution(ArrayFile):
    """What the closed forms predict, also at wrong rates and for wrong penalties, by name."""

    flow: Array  # (B, S, T, d, z) Gram factors
    flow_wrong: dict[str, Array]
    span: Array  # (S, T, d, z), orthonormal: of the constrained flow
    span_wrong: dict[str, Array]
    excess: Array  # (B, S, T) ln(effective rank − 1) of the representation
    excess_wrong: dict[str, Array]
    curve_times: Array  # (T',)
    curves: Array  # (B', S, T') ln(effective rank − 1) at the penalties of the figure
    ends: Array  # (2, S, T') the same without a penalty, and with the constraint


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_soft_constraint`."""
    settings, soft = job.settings, job.settings.soft_constraint
    eigenvalues = np.asarray(np.linalg.eigvalsh(read_form(job.input("quadratic_form"))), np.float64)
    norm = size_of(eigenvalues)
    # The fastest rates are those of WᵀW, 4(β − λ).
    finest = soft.finest_step / (1 + soft.strengths[-1])
    schedule = transient_schedule(eigenvalues, soft.model_copy(update={"finest_step": finest}))
    start = random_orthonormal_start(
        len(eigenvalues),
        settings.dimension,
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        name=settings.dataset_name,
    )
    strengths = norm * np.array(soft.strengths)
    Design(start, strengths, norm, schedule.learning_rates, schedule.coarse_steps).save(job.output("schedule"))
