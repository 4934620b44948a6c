"""Constrained training at one small step size, looked at often."""

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.learning_times.design import Design, Trajectory
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.training import train


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_learning_times`."""
    train_on(job.settings.device)
    plan = Design.load(job.input("plan"))
    checkpoints = plan.checkpoints.tolist()
    progress = Progress(job, checkpoints[-1])
    trajectory = train(
        read_triplets(job.input("triplets")),
        plan.start,
        job.settings.loss,
        Grassmannian(),
        learning_rate=plan.learning_rate,
        checkpoints=checkpoints,
        on_step=lambda _: progress.advance(),
    )
    Trajectory(trajectory.weights).save(job.output("trajectory"))
