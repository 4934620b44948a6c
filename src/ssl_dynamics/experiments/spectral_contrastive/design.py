"""Whitened views, starts, step sizes and checkpoints; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.spectral_contrastive.config import DesignSettings
from ssl_dynamics.problem.principal import whitened_views
from ssl_dynamics.problem.quadratic import quadratic_form
from ssl_dynamics.problem.schedule import Schedule, transient_schedule
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.unsettled import Unsettled

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Views(ArrayFile):
    """The two views of each item in whitened components: all that the training sees."""

    first: Array  # (n, m)
    second: Array


@dataclass(frozen=True)
class Design(ArrayFile):
    """What training and theory share, and the cross-moment of the views, which is all that the theory sees of them."""

    start: Array  # W(0), (S, m, z)
    cross_moment: Array  # Γ (m, m)
    learning_rates: Array
    coarse_steps: NDArray[np.int64]

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.learning_rates, self.coarse_steps, len(self.coarse_steps))


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """The trained weights at the checkpoints."""

    weights: dict[int, Array]  # (S, T, m, z) by step size, 0 the finest


@dataclass(frozen=True)
class Solution(ArrayFile):
    """What the closed form predicts, also at wrong rates, by name."""

    flow: Array  # (S, T, m, z) Gram factors
    flow_wrong: dict[str, Array]
    limit: Array  # (z,) singular values


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_spectral_contrastive`."""
    settings, spectral = job.settings, job.settings.spectral_contrastive
    triplets = read_triplets(job.input("triplets"))
    n = min(spectral.triplets, len(triplets.anchor))
    first, second = whitened_views(triplets, n=n, components=spectral.components)
    z, kept = settings.dimension, first.shape[1]
    if not z < kept:
        raise Unsettled(f"the views have {kept} directions that can be whitened: not more than z = {z}")
    # Times have no unit here, since whitened data have none: the schedule is that of a form of norm 1.
    schedule = transient_schedule(np.array([-1.0, 0.0]), spectral)
    start = random_orthonormal_start(
        kept, z, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
    )
    Views(first, second).save(job.output("views"))
    Design(
        start, -quadratic_form(first, second, loss="non-contrastive"), schedule.learning_rates, schedule.coarse_steps
    ).save(job.output("schedule"))
