"""Trains linear nets until their tangent kernel, formed from the weights, has departed."""

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.departure.design import Array, Design, Trajectories
from ssl_dynamics.kernels.drift import KernelDrift
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.linear_nets import train_linear_nets

LIMIT = 8 * DEPARTURE  # drift at which a net is no longer trained


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_departure`."""
    train_on(job.settings.device)
    points = read_triplets(job.input("points"))
    plan = Design.load(job.input("plan"))
    runs = [(width, level) for width in map(int, plan.trained) for level in range(len(plan.learning_rates))]
    progress = Progress(job, sum(plan.most_steps(width, level) for width, level in runs))
    drift: dict[tuple[int, int], Array] = {}
    times: dict[tuple[int, int], Array] = {}
    for width, level in runs:
        first, second = plan.first[width], plan.second[width]
        run = train_linear_nets(
            points,
            first,
            second,
            job.settings.loss,
            learning_rate=float(plan.learning_rates[level]),
            every=plan.every(level),
            most_steps=plan.most_steps(width, level),
            observe=KernelDrift(points.anchor, first, second),
            limit=LIMIT,
            on_step=progress.advance,
        )
        drift[width, level] = run.values
        times[width, level] = run.steps * plan.learning_rates[level]
    Trajectories(drift, times).save(job.output("trajectories"))
