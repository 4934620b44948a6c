"""Trains nets of every start under W_2ᵀW_2 = I, the first layer free."""

import numpy as np

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.output_layer.config import SimulateSettings, activation_of
from ssl_dynamics.experiments.output_layer.design import Array, Design, Trajectories
from ssl_dynamics.simulation.constrained_nets import train_constrained_nets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.stacked import triplet_objective


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_output_layer`."""
    train_on(job.settings.device)
    plan = Design.load(job.input("plan"))
    progress = Progress(job, sum(len(plan.times[nets]) for nets, _ in plan.first))
    log_ratio: dict[tuple[str, int], Array] = {}
    for (nets, width), first in plan.first.items():
        trained = train_constrained_nets(
            plan.points,
            first,
            plan.second[nets, width],
            triplet_objective(job.settings.loss, plan.triplets),
            activation=activation_of(nets),
            rate=plan.ratio * width,
            largest_step=job.settings.output_layer.step / plan.growth[nets],
            times=plan.times[nets].tolist(),
            farthest=np.inf,
            on_segment=progress.advance,
        )
        sizes = np.log(np.linalg.svd(trained.functions, compute_uv=False))
        log_ratio[nets, width] = sizes[..., 1] - sizes[..., 0]
    Trajectories(log_ratio).save(job.output("trajectories"))
