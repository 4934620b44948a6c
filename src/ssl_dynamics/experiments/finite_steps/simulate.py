"""Trains with other retractions, without projection, and next to the limits in η."""

from collections.abc import Mapping
from dataclasses import replace

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.finite_steps.design import Design, Trajectories
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.manifolds import (
    Grassmannian,
    Manifold,
    OrthogonalIteration,
    Unretracted,
    geodesic,
    polar_retraction,
)
from ssl_dynamics.simulation.training import Array, Run, train_side_by_side

Key = tuple[str, int | str]  # what is compared, and which of its runs

POLAR, GEODESIC = Grassmannian(polar_retraction), Grassmannian(geodesic)
# How far they drift from WᵀW = I is recorded, over the steps of orthogonal iteration.
DRIFTING: dict[str, Manifold] = {"qr": Grassmannian(), "polar": POLAR, "geodesic": GEODESIC, "none": Unretracted()}


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_finite_steps`."""
    train_on(job.settings.device)
    triplets = read_triplets(job.input("triplets"))
    exchanged = replace(triplets, positive=triplets.negative, negative=triplets.positive)
    plan = Design.load(job.input("schedule"))
    schedule = plan.schedule
    steps, limit = plan.iteration_steps.tolist(), plan.limit_steps
    next_to_limits = len(plan.riemannian_rates) * limit["riemannian"] + len(plan.exchanged_rates) * limit["iteration"]
    progress = Progress(job, 2 * schedule.total_steps + (1 + len(DRIFTING)) * steps[-1] + next_to_limits)

    def trained(data: Triplets, runs: Mapping[Key, Run]) -> dict[Key, Array]:
        trajectories = train_side_by_side(
            data, plan.start, job.settings.loss, list(runs.values()), on_step=lambda _: progress.advance()
        )
        return {key: trajectory.weights for key, trajectory in zip(runs, trajectories, strict=True)}

    runs: dict[Key, Run] = {
        (name, level): Run(manifold, float(rate), schedule.checkpoints(level))
        for name, manifold in (("polar", POLAR), ("geodesic", GEODESIC))
        for level, rate in enumerate(plan.learning_rates)
    }
    runs["iteration", 0] = Run(OrthogonalIteration(), plan.iteration_rate, steps)
    runs |= {("drift", name): Run(manifold, plan.iteration_rate, steps) for name, manifold in DRIFTING.items()}
    runs |= {
        ("riemannian", side): Run(Grassmannian(), float(rate), [limit["riemannian"]])
        for side, rate in enumerate(plan.riemannian_rates)
    }
    beyond: dict[Key, Run] = {
        ("exchanged", side): Run(OrthogonalIteration(), float(rate), [limit["iteration"]])
        for side, rate in enumerate(plan.exchanged_rates)
    }
    weights = trained(triplets, runs) | trained(exchanged, beyond)
    levels, sides = range(len(plan.learning_rates)), range(len(plan.riemannian_rates))
    Trajectories(
        polar={level: weights["polar", level] for level in levels},
        geodesic={level: weights["geodesic", level] for level in levels},
        iteration=weights["iteration", 0],
        drift={name: weights["drift", name] for name in DRIFTING},
        riemannian_limit={side: weights["riemannian", side] for side in sides},
        iteration_limit={side: weights["exchanged", side] for side in range(len(plan.exchanged_rates))},
    ).save(job.output("trajectories"))
