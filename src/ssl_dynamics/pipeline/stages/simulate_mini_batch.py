"""Stage `simulate_mini_batch`: constrained training on batches, a sweep of step sizes and batch sizes."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import SimulateMiniBatchSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.streams import stream
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.minibatch import train_on_batches
from ssl_dynamics.simulation.training import train


def compute(job: Job[SimulateMiniBatchSettings]) -> None:
    settings = job.settings
    stored = read_arrays(job.input("triplets"))
    triplets = Triplets(stored["anchor"], stored["positive"], stored["negative"])
    plan = read_arrays(job.input("plan"))
    checkpoints = plan["checkpoints"].tolist()
    progress = Progress(job, (len(settings.batches) + 1) * sum(row[-1] for row in checkpoints))
    weights = {}
    for i, (step, learning_rate) in enumerate(zip(settings.steps, plan["learning_rates"].tolist(), strict=True)):
        full = train(
            triplets,
            plan["start"],
            settings.loss,
            Grassmannian(),
            learning_rate=learning_rate,
            checkpoints=checkpoints[i],
            on_step=lambda _: progress.advance(),
        )
        weights[f"weights_{i}_full"] = full.weights
        for batch in settings.batches:
            names = ("mini-batch", settings.dataset_name, settings.loss, settings.dimension, str(step), batch)
            weights[f"weights_{i}_{batch}"] = train_on_batches(
                triplets,
                plan["start"],
                settings.loss,
                [stream(settings.root_seed, *names, seed) for seed in range(len(plan["start"]))],
                batch=batch,
                learning_rate=learning_rate,
                checkpoints=checkpoints[i],
                on_step=lambda _: progress.advance(),
            )
    write_arrays(job.output("trajectories"), {**weights, "batches": np.array(settings.batches)})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_mini_batch", SimulateMiniBatchSettings, compute)
