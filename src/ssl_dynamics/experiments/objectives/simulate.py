"""Trains on every objective from the same starts, and on InfoNCE at high temperatures."""

import numpy as np

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.objectives.config import SimulateSettings
from ssl_dynamics.experiments.objectives.design import Design, Trajectories, Trajectory, scaled_batch
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.objectives import descend, info_nce_solutions


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_objectives`."""
    train_on(job.settings.device)
    settings = job.settings
    design = Design.load(job.input("schedule"))
    batch = scaled_batch(read_triplets(job.input("triplets")), design)
    progress = Progress(job, sum(settings.iterations.values()) + settings.temperature_iterations)
    trajectories = {}
    for objective, iterations in settings.iterations.items():
        # Most happens early: a quadratic grid looks more often there.
        grid = np.unique(np.rint(iterations * np.linspace(0, 1, settings.checkpoints) ** 2).astype(np.int64))
        descent = descend(
            batch,
            design.start,
            objective,
            checkpoints=grid.tolist(),
            tolerance=settings.tolerance,
            on_step=progress.advance,
        )
        left = (descent.gradient_norms[:, -1] / descent.gradient_norms[:, 0]).max()
        job.log.info("%s: %.3g of the gradient left after %d iterations", objective, left, descent.checkpoints[-1])
        trajectories[objective] = Trajectory(**vars(descent))
    limit = info_nce_solutions(
        batch,
        design.start,
        design.temperatures,
        tolerance=settings.temperature_tolerance,
        max_iterations=settings.temperature_iterations,
        on_step=progress.advance,
    )
    Trajectories(trajectories, limit).save(job.output("trajectories"))
