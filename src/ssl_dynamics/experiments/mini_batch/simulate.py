"""Constrained training on batches, a sweep of step sizes and batch sizes."""

import numpy as np

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.mini_batch.config import SimulateSettings
from ssl_dynamics.experiments.mini_batch.design import Array, Design, Trajectories
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.minibatch import train_on_batches
from ssl_dynamics.simulation.training import train


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_mini_batch`."""
    train_on(job.settings.device)
    settings = job.settings
    triplets = read_triplets(job.input("triplets"))
    plan = Design.load(job.input("plan"))
    checkpoints = plan.checkpoints.tolist()
    progress = Progress(job, len(settings.batches) * sum(row[-1] for row in checkpoints) + checkpoints[-1][-1])
    weights: dict[tuple[int, str], Array] = {}
    for i, (step, learning_rate) in enumerate(zip(settings.steps, plan.learning_rates.tolist(), strict=True)):
        for batch in settings.batches:
            names = ("mini-batch", settings.dataset_name, settings.loss, settings.dimension, str(step), batch)
            weights[i, str(batch)] = train_on_batches(
                triplets,
                plan.start,
                settings.loss,
                [stream(settings.root_seed, *names, seed) for seed in range(len(plan.start))],
                batch=batch,
                learning_rate=learning_rate,
                checkpoints=checkpoints[i],
                on_step=lambda _: progress.advance(),
            )
    full = train(
        triplets,
        plan.start,
        settings.loss,
        Grassmannian(),
        learning_rate=float(plan.learning_rates[-1]),
        checkpoints=checkpoints[-1],
        on_step=lambda _: progress.advance(),
    )
    Trajectories(weights, full.weights, np.array(settings.batches)).save(job.output("trajectories"))
