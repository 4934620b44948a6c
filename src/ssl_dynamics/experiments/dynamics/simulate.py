"""Trains from W(0) on the loss over the triplets, at every step size."""

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.dynamics.config import Dynamics, SimulateSettings
from ssl_dynamics.shared_files import Starts, Trajectories, read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.manifolds import Euclidean, Grassmannian, Manifold
from ssl_dynamics.simulation.training import Array, Trajectory, train

MANIFOLDS: dict[Dynamics, Manifold] = {"unconstrained": Euclidean(), "grassmannian": Grassmannian()}


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate`."""
    train_on(job.settings.device)
    settings = job.settings
    triplets = read_triplets(job.input("triplets"))
    starts = Starts.load(job.input("schedule"))
    schedule = starts.schedule
    progress = Progress(job, schedule.total_steps)

    def run(start: Array, learning_rate: float, checkpoints: list[int]) -> Trajectory:
        return train(
            triplets,
            start,
            settings.loss,
            MANIFOLDS[settings.dynamics],
            learning_rate=learning_rate,
            checkpoints=checkpoints,
            on_step=lambda _: progress.advance(),
        )

    rates = schedule.learning_rates
    runs = {str(level): run(starts.start, float(rate), schedule.checkpoints(level)) for level, rate in enumerate(rates)}
    if schedule.late_checkpoints():
        runs["late"] = run(runs["0"].weights[:, -1], float(rates[-1]), schedule.late_checkpoints())
    Trajectories(
        weights={name: trajectory.weights for name, trajectory in runs.items()},
        log_scale={name: trajectory.log_scale for name, trajectory in runs.items()},
        retraction_defect={name: trajectory.retraction_defect for name, trajectory in runs.items()},
        euclidean_defect={name: trajectory.euclidean_defect for name, trajectory in runs.items()},
    ).save(job.output("trajectories"))
