"""Trains on the spectral contrastive loss at every step size."""

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.spectral_contrastive.design import Design, Trajectories, Views
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.penalised import train_spectral_contrastive


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_spectral_contrastive`."""
    train_on(job.settings.device)
    views, plan = Views.load(job.input("views")), Design.load(job.input("schedule"))
    schedule = plan.schedule
    progress = Progress(job, schedule.total_steps)
    weights = {
        level: train_spectral_contrastive(
            views.first,
            views.second,
            plan.start,
            learning_rate=float(rate),
            checkpoints=schedule.checkpoints(level),
            on_step=progress.advance,
        )
        for level, rate in enumerate(schedule.learning_rates)
    }
    Trajectories(weights).save(job.output("trajectories"))
