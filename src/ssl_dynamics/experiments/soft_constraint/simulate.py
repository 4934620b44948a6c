"""Trains with the penalty at every strength and step size, and with weight decay to the limits."""

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.soft_constraint.config import LIMIT_START
from ssl_dynamics.experiments.soft_constraint.design import Design, Trajectories
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.penalised import train_penalised


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_soft_constraint`."""
    train_on(job.settings.device)
    triplets = read_triplets(job.input("triplets"))
    plan = Design.load(job.input("schedule"))
    schedule = plan.schedule
    progress = Progress(job, schedule.total_steps + plan.limit_steps)
    weights = {
        level: train_penalised(
            triplets,
            plan.start,
            job.settings.loss,
            plan.penalties,
            learning_rate=float(rate),
            checkpoints=schedule.checkpoints(level),
            on_step=progress.advance,
        )
        for level, rate in enumerate(schedule.learning_rates)
    }
    limits = train_penalised(
        triplets,
        LIMIT_START * plan.start,
        job.settings.loss,
        plan.limit_strengths,
        decay=plan.decay,
        learning_rate=plan.limit_rate,
        checkpoints=[plan.limit_steps],
        on_step=progress.advance,
    )
    Trajectories(weights, limits[:, :, 0]).save(job.output("trajectories"))
