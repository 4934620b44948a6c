"""Where the dot product and InfoNCE at high temperature lead, from forms alone; the temperatures, from the same."""

import numpy as np

from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.objectives.config import ARRIVED, DesignSettings
from ssl_dynamics.experiments.objectives.design import (
    Design,
    Solution,
    batch_scale,
    make_temperatures,
    scaled_batch,
)
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.levels import FAR_RATES
from ssl_dynamics.problem.quadratic import batch_moments, in_batch_form
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.settings import Settings
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import arrival_times, info_nce_span, leading_eigenspace


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_objectives`; it stands here since the simulation, which imports the design, never sees C."""
    settings = job.settings
    triplets = read_triplets(job.input("triplets"))
    anchor, positive = (part[: settings.triplets] for part in (triplets.anchor, triplets.positive))
    scale = batch_scale(anchor, settings.dimension)
    eigenvalues = np.linalg.eigvalsh(in_batch_form(anchor / scale, positive / scale)).astype(np.float64)
    temperatures = make_temperatures(eigenvalues, settings.dimension, settings.temperatures)
    job.log.info("scale %.4g; temperatures %s", scale, np.array2string(temperatures, precision=4))
    start = random_orthonormal_start(
        anchor.shape[1],
        settings.dimension,
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        name=settings.dataset_name,
    )
    Design(start, len(anchor), scale, temperatures).save(job.output("schedule"))


def solve(job: Job[Settings]) -> None:
    """Stage `solve_objectives`."""
    design = Design.load(job.input("schedule"))
    batch = scaled_batch(read_triplets(job.input("triplets")), design)
    z, temperatures = design.start.shape[-1], design.temperatures
    C = in_batch_form(batch.anchor, batch.positive)
    A, B = batch_moments(batch.anchor, batch.positive)
    own = form_of(batch, "contrastive")
    Solution(
        own_leading=leading_eigenspace(own, z),
        in_batch_leading=leading_eigenspace(C, z),
        departed=info_nce_span(C, A, B, z, temperatures),
        # The departure is of first order in 1/τ.
        departed_control={name: info_nce_span(C, A, B, z, temperatures / rate) for name, rate in FAR_RATES.items()},
        arrival=arrival_times(own, design.start, ARRIVED / 10),
    ).save(job.output("solution"))
