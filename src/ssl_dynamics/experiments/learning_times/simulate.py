"""Constrained training along the gradient flow, looked at often."""

import numpy as np

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.learning_times.design import Design, Trajectory
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.training import train_flow


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_learning_times`."""
    train_on(job.settings.device)
    plan = Design.load(job.input("plan"))
    weights = train_flow(
        read_triplets(job.input("triplets")),
        plan.start,
        job.settings.loss,
        largest_step=plan.largest_step,
        times=plan.times.tolist(),
        on_segment=Progress(job, len(plan.times)).advance,
    )
    Trajectory(np.take_along_axis(weights, plan.kept[..., None, None], axis=1)).save(job.output("trajectory"))
