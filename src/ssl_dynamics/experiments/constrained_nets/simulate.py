"""Trains nets of every width, activation, rate and objective on the points."""

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.constrained_nets.config import REGRESSION, Run, SimulateSettings
from ssl_dynamics.experiments.constrained_nets.design import Design, Trajectories
from ssl_dynamics.simulation.constrained_nets import ConstrainedTrajectory, train_constrained_nets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.stacked import regression_objective, triplet_objective


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_constrained_nets`."""
    train_on(job.settings.device)
    plan = Design.load(job.input("plan"))
    self_supervised = triplet_objective(job.settings.loss, plan.triplets)
    runs = job.settings.parts()[job.settings.part]
    progress = Progress(job, sum(len(plan.clock(run).tau) for run in runs))
    trained: dict[Run, ConstrainedTrajectory] = {}
    for run in runs:
        clock = plan.clock(run)
        trained[run] = train_constrained_nets(
            plan.points,
            plan.first[run.width],
            plan.second[run.width],
            regression_objective(plan.target[run.activation]) if run.objective == REGRESSION else self_supervised,
            activation=run.activation,
            rate=run.rate,
            largest_step=clock.largest_step,
            times=clock.times.tolist(),
            on_segment=progress.advance,
        )
    Trajectories(
        functions={run: nets.functions for run, nets in trained.items()},
        feature_drift={run: nets.feature_drift for run, nets in trained.items()},
        tangent_drift={run: nets.tangent_drift for run, nets in trained.items()},
        orthonormality={run: nets.orthonormality for run, nets in trained.items()},
        departed={run: nets.departed for run, nets in trained.items()},
    ).save(job.output("trajectories"))
