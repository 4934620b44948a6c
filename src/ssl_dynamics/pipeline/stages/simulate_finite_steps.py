"""Stage `simulate_finite_steps`: train with other retractions, without projection, and next to the limits in η."""

from dataclasses import replace

import numpy as np

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.schedule import Schedule
from ssl_dynamics.pipeline.settings import FiniteStepsSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import (
    Grassmannian,
    Manifold,
    OrthogonalIteration,
    Unretracted,
    geodesic,
    polar_retraction,
)
from ssl_dynamics.simulation.training import train

RETRACTIONS = {"polar": polar_retraction, "geodesic": geodesic}
# How far they drift from WᵀW = I is recorded, over the steps of orthogonal iteration.
DRIFTING: dict[str, Manifold] = {
    "qr": Grassmannian(),
    "polar": Grassmannian(polar_retraction),
    "geodesic": Grassmannian(geodesic),
    "none": Unretracted(),
}


def compute(job: Job[FiniteStepsSettings]) -> None:
    stored = read_arrays(job.input("triplets"))
    triplets = Triplets(stored["anchor"], stored["positive"], stored["negative"])
    exchanged = replace(triplets, positive=triplets.negative, negative=triplets.positive)
    plan = read_arrays(job.input("schedule"))
    schedule = Schedule(plan["learning_rates"], plan["coarse_steps"], len(plan["coarse_steps"]))
    iteration_steps = [int(step) for step in plan["iteration_steps"]]
    limit = [int(plan["limit_steps"])]

    # Name of the run to what it trains on, how, at which step size, and when it is looked at.
    runs: dict[str, tuple[Triplets, Manifold, float, list[int]]] = {
        f"{name}_{level}": (triplets, Grassmannian(retraction), float(rate), schedule.checkpoints(level))
        for name, retraction in RETRACTIONS.items()
        for level, rate in enumerate(schedule.learning_rates)
    }
    iteration_rate = float(plan["iteration_rate"])
    runs["iteration"] = (triplets, OrthogonalIteration(), iteration_rate, iteration_steps)
    for name, manifold in DRIFTING.items():
        runs[f"drift_{name}"] = (triplets, manifold, iteration_rate, iteration_steps)
    for side, rate in enumerate(plan["riemannian_rates"]):
        runs[f"riemannian_limit_{side}"] = (triplets, Grassmannian(), float(rate), limit)
    for side, rate in enumerate(plan["exchanged_rates"]):
        runs[f"iteration_limit_{side}"] = (exchanged, OrthogonalIteration(), float(rate), limit)

    progress = Progress(job, sum(checkpoints[-1] for *_, checkpoints in runs.values()))
    arrays = {}
    for name, (data, manifold, learning_rate, checkpoints) in runs.items():
        trajectory = train(
            data,
            plan["start"],
            job.settings.loss,
            manifold,
            learning_rate=learning_rate,
            checkpoints=checkpoints,
            on_step=lambda _: progress.advance(),
        )
        arrays[name] = np.asarray(trajectory.weights)
    write_arrays(job.output("trajectories"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_finite_steps", FiniteStepsSettings, compute)
