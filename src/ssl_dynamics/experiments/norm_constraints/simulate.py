"""Trains under each of the constraints: after every step the weights are put back to the nearest that meet it."""

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.norm_constraints.config import COLUMNS, FROBENIUS, ORTHOGONAL, SPECTRAL
from ssl_dynamics.experiments.norm_constraints.design import Design, Trajectories
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.projected import (
    Projected,
    to_frobenius_norm,
    to_orthonormal,
    to_spectral_norm,
    to_unit_columns,
)
from ssl_dynamics.simulation.training import train

NEAREST = {
    FROBENIUS: to_frobenius_norm,
    COLUMNS: to_unit_columns,
    SPECTRAL: to_spectral_norm,
    ORTHOGONAL: to_orthonormal,
}


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_norm_constraints`."""
    train_on(job.settings.device)
    triplets = read_triplets(job.input("triplets"))
    plan = Design.load(job.input("schedule"))
    checkpoints = plan.steps.tolist()
    progress = Progress(job, len(NEAREST) * checkpoints[-1])
    weights = {
        constraint: train(
            triplets,
            plan.start,
            job.settings.loss,
            Projected(nearest),
            learning_rate=plan.learning_rate,
            checkpoints=checkpoints,
            on_step=lambda _: progress.advance(),
        ).weights
        for constraint, nearest in NEAREST.items()
    }
    Trajectories(weights).save(job.output("trajectories"))
