"""Stage `simulate`: train from W(0) on the loss over the triplets, at every step size."""

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.experiments import Dynamics
from ssl_dynamics.pipeline.schedule import Schedule
from ssl_dynamics.pipeline.settings import SimulateSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import Euclidean, Grassmannian, Manifold
from ssl_dynamics.simulation.training import Array, Trajectory, train

MANIFOLDS: dict[Dynamics, Manifold] = {"unconstrained": Euclidean(), "grassmannian": Grassmannian()}


def compute(job: Job[SimulateSettings]) -> None:
    settings = job.settings
    stored = read_arrays(job.input("triplets"))
    triplets = Triplets(stored["anchor"], stored["positive"], stored["negative"])
    plan = read_arrays(job.input("schedule"))
    schedule = Schedule(plan["learning_rates"], plan["coarse_steps"], int(plan["shared"]))
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
    runs = {
        str(level): run(plan["start"], float(rate), schedule.checkpoints(level)) for level, rate in enumerate(rates)
    }
    if schedule.late_checkpoints():
        runs["late"] = run(runs["0"].weights[:, -1], float(rates[-1]), schedule.late_checkpoints())
    arrays = {f"{name}_{key}": values for key, trajectory in runs.items() for name, values in vars(trajectory).items()}
    write_arrays(job.output("trajectories"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate", SimulateSettings, compute)
