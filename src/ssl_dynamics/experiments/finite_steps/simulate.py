"""Trains with other retractions, without projection, and next to the limits in η."""

from collections.abc import Sequence
from dataclasses import replace

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.finite_steps.design import Array, Design, Trajectories
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
from ssl_dynamics.simulation.training import train

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

    def trained(data: Triplets, manifold: Manifold, learning_rate: float, checkpoints: Sequence[int]) -> Array:
        return train(
            data,
            plan.start,
            job.settings.loss,
            manifold,
            learning_rate=float(learning_rate),
            checkpoints=checkpoints,
            on_step=lambda _: progress.advance(),
        ).weights

    def at_every_step_size(manifold: Manifold) -> dict[int, Array]:
        return {
            level: trained(triplets, manifold, rate, schedule.checkpoints(level))
            for level, rate in enumerate(plan.learning_rates)
        }

    Trajectories(
        polar=at_every_step_size(POLAR),
        geodesic=at_every_step_size(GEODESIC),
        iteration=trained(triplets, OrthogonalIteration(), plan.iteration_rate, steps),
        drift={name: trained(triplets, manifold, plan.iteration_rate, steps) for name, manifold in DRIFTING.items()},
        riemannian_limit={
            side: trained(triplets, Grassmannian(), rate, [limit["riemannian"]])
            for side, rate in enumerate(plan.riemannian_rates)
        },
        iteration_limit={
            side: trained(exchanged, OrthogonalIteration(), rate, [limit["iteration"]])
            for side, rate in enumerate(plan.exchanged_rates)
        },
    ).save(job.output("trajectories"))
