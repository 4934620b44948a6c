"""Stage `simulate`: train from W(0) on the loss over the triplets, at every step size."""

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.config import SimulateSettings
from ssl_dynamics.pipeline.schedule import Schedule
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import Euclidean, Grassmannian
from ssl_dynamics.simulation.training import train

MANIFOLDS = {"unconstrained": Euclidean(), "grassmannian": Grassmannian()}


def compute(job: Job[SimulateSettings]) -> None:
    settings = job.settings
    stored = read_arrays(job.input("triplets"))
    triplets = Triplets(stored["anchor"], stored["positive"], stored["negative"])
    plan = read_arrays(job.input("schedule"))
    schedule = Schedule(plan["learning_rates"], plan["coarse_steps"], int(plan["shared"]))
    levels = range(len(schedule.learning_rates))
    total = sum(schedule.checkpoints(level)[-1] for level in levels)
    progress = Progress(job.log, f"simulate {job.output('trajectories').parent}", total)

    arrays: Arrays = {}
    for level in levels:
        trajectory = train(
            triplets,
            plan["start"],
            settings.loss,
            MANIFOLDS[settings.dynamics],
            learning_rate=float(schedule.learning_rates[level]),
            checkpoints=schedule.checkpoints(level),
            on_step=lambda _: progress.advance(),
        )
        for name, values in vars(trajectory).items():
            arrays[f"{name}_{level}"] = values
    write_arrays(job.output("trajectories"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate", SimulateSettings, compute)
