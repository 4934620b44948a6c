"""Stage `simulate_constrained_nets`: train nets of every width, activation, rate and objective on the points."""

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.constrained_plan import REGRESSION, clock, read_runs
from ssl_dynamics.pipeline.settings import LossSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.simulation.constrained_nets import train_constrained_nets
from ssl_dynamics.simulation.stacked import regression_objective, triplet_objective


def compute(job: Job[LossSettings]) -> None:
    plan = read_arrays(job.input("plan"))
    runs = list(read_runs(plan))
    self_supervised = triplet_objective(job.settings.loss, int(plan["triplets"]))
    progress = Progress(job, sum(len(clock(plan, run).tau) for run in runs))
    arrays: Arrays = {}
    for run in runs:
        times = clock(plan, run)
        trained = train_constrained_nets(
            plan["points"],
            plan[f"first_{run.width}"],
            plan[f"second_{run.width}"],
            regression_objective(plan[f"target_{run.activation}"]) if run.objective == REGRESSION else self_supervised,
            activation=run.activation,
            rate=run.rate,
            largest_step=times.largest_step,
            times=times.times.tolist(),
            on_segment=progress.advance,
        )
        arrays |= {f"{name}_{run.key}": values for name, values in vars(trained).items()}
    write_arrays(job.output("trajectories"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_constrained_nets", LossSettings, compute)
