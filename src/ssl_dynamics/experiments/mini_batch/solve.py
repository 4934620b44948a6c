"""Starts half-way, step sizes and checkpoints; the closed form at these times and the noise of batches about it."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.mini_batch.config import DesignSettings
from ssl_dynamics.experiments.mini_batch.design import Design, Solution, half_way
from ssl_dynamics.problem.forms import factors_of
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.schedule import require_spread, size_of
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import batch_noise, grassmann_flow


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_mini_batch`: the design, and what is to be expected of it."""
    settings, mini_batch = job.settings, job.settings.mini_batch
    C = read_form(job.input("quadratic_form"))
    z = settings.dimension
    eigenvalues = np.asarray(np.linalg.eigvalsh(C), dtype=np.float64)
    norm = size_of(eigenvalues)
    require_spread(eigenvalues)
    random = [
        stream(settings.root_seed, "half-way start", settings.dataset_name, z, seed) for seed in range(settings.seeds)
    ]
    start = half_way(np.linalg.eigh(C)[1], np.stack([g.standard_normal((len(C) - z, z)) for g in random]))
    steps = np.array(mini_batch.steps)
    learning_rates = steps / norm
    # All step sizes are multiples of the finest: the checkpoints are common to all.
    coarse = np.rint(np.linspace(0, mini_batch.horizon / steps[-1], mini_batch.checkpoints + 1)).astype(np.int64)
    ratios = np.rint(steps[-1] / steps).astype(np.int64)
    times = coarse * learning_rates[-1]
    Design(start, learning_rates, checkpoints=ratios[:, None] * coarse, norm=norm).save(job.output("plan"))
    x, y = factors_of(read_triplets(job.input("triplets")), settings.loss)
    noise = batch_noise(C, x, y, start, times)
    Solution(grassmann_flow(C, start, times), times, noise.eigenvectors, noise.graph, noise.variance).save(
        job.output("solution")
    )
