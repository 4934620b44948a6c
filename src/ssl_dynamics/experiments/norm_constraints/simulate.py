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
from ssl_dynamics.simulation.training import Run, train_side_by_side

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
    trained = train_side_by_side(
        triplets,
        plan.start,
        job.settings.loss,
        [Run(Projected(nearest), plan.learning_rate, checkpoints) for nearest in NEAREST.values()],
        on_step=lambda _: progress.advance(),
    )
    weights = {constraint: trajectory.weights for constraint, trajectory in zip(NEAREST, trained, strict=True)}
    Trajectories(weights).save(job.output("trajectories"))
