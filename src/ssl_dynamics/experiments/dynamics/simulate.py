"""Trains from W(0) on the loss over the triplets, at every step size."""

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.dynamics.config import Dynamics, SimulateSettings
from ssl_dynamics.shared_files import Starts, Trajectories, read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.manifolds import Euclidean, Grassmannian, Manifold
from ssl_dynamics.simulation.training import Run, train, train_side_by_side

MANIFOLDS: dict[Dynamics, Manifold] = {"unconstrained": Euclidean(), "grassmannian": Grassmannian()}


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate`."""
    train_on(job.settings.device)
    settings = job.settings
    triplets = read_triplets(job.input("triplets"))
    starts = Starts.load(job.input("schedule"))
    schedule = starts.schedule
    manifold, rates = MANIFOLDS[settings.dynamics], schedule.learning_rates
    progress = Progress(job, schedule.total_steps)

    def on_step(_: int) -> None:
        progress.advance()

    levels = [Run(manifold, float(rate), schedule.checkpoints(level)) for level, rate in enumerate(rates)]
    trained = train_side_by_side(triplets, starts.start, settings.loss, levels, on_step=on_step)
    runs = {str(level): trajectory for level, trajectory in enumerate(trained)}
    if schedule.late_checkpoints():
        runs["late"] = train(
            triplets,
            trained[0].weights[:, -1],
            settings.loss,
            manifold,
            learning_rate=float(rates[-1]),
            checkpoints=schedule.late_checkpoints(),
            on_step=on_step,
        )
    Trajectories(
        weights={name: trajectory.weights for name, trajectory in runs.items()},
        log_scale={name: trajectory.log_scale for name, trajectory in runs.items()},
        retraction_defect={name: trajectory.retraction_defect for name, trajectory in runs.items()},
        euclidean_defect={name: trajectory.euclidean_defect for name, trajectory in runs.items()},
    ).save(job.output("trajectories"))
