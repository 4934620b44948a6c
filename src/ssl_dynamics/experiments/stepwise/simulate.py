"""Trains from small, aligned and large starts along the gradient flow."""

import numpy as np

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.stepwise.design import Array, Design, Trajectories
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.stepwise import train_stepwise


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_stepwise`."""
    train_on(job.settings.device)
    triplets = read_triplets(job.input("triplets"))
    plan = Design.load(job.input("plan"))
    progress = Progress(job, len(plan.times) + len(plan.short_times))

    def trained(start: Array, times: Array) -> tuple[Array, Array]:
        return train_stepwise(
            triplets,
            start,
            job.settings.loss,
            largest_step=plan.largest_step,
            times=times.tolist(),
            on_segment=progress.advance,
        )

    small, small_moments = trained(plan.small, plan.times)
    short, short_moments = trained(np.concatenate([plan.aligned, plan.large]), plan.short_times)
    seeds = len(plan.aligned)
    Trajectories(small, small_moments, short_moments[:seeds], short[seeds:], short_moments[seeds:]).save(
        job.output("trajectories")
    )
