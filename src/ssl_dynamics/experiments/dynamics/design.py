"""Starts W(0), step sizes and checkpoints, the only things that simulation and theory share."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.dynamics.config import DesignSettings
from ssl_dynamics.problem.schedule import make_schedule
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.shared_files import Starts


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_dynamics`."""
    settings = job.settings
    eigenvalues = np.asarray(np.linalg.eigvalsh(read_form(job.input("quadratic_form"))), np.float64)
    job.log.info("eigenvalues of C: %s … %.4g", np.array2string(eigenvalues[:12], precision=4), eigenvalues[-1])
    schedule = make_schedule(eigenvalues, settings.dimension, settings.dynamics)
    start = random_orthonormal_start(
        len(eigenvalues),
        settings.dimension,
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        name=settings.dataset_name,
    )
    Starts(start, schedule.learning_rates, schedule.coarse_steps, schedule.shared).save(job.output("schedule"))
