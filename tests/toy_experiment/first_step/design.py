"""Starts and the step size, which both sides share, and what each leaves."""

from dataclasses import dataclass

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.first_step.config import DesignSettings
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.problem.triplets import Array


@dataclass(frozen=True)
class Design(ArrayFile):
    start: Array  # (S, d, z)
    learning_rate: float


@dataclass(frozen=True)
class Falls(ArrayFile):
    fall: Array  # (S,)
    control: Array | None = None


def design(job: Job[DesignSettings]) -> None:
    given, C = job.settings, read_form(job.input("form"))
    start = random_orthonormal_start(
        len(C), given.dimension, seeds=given.seeds, root_seed=given.root_seed, name=given.dataset_name
    )
    Design(start, float(given.first_step.step / np.linalg.norm(C, 2))).save(job.output("design"))
