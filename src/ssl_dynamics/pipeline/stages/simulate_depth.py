"""Stage `simulate_depth`: train three-layer nets of several widths on the loss, without and with a constraint."""

import torch

from ssl_dynamics.pipeline import depth_plan as plan
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.points import all_points
from ssl_dynamics.pipeline.settings import DepthSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.simulation.deep_training import train_constrained, train_to_fit, train_until_departure


def compute(job: Job[DepthSettings]) -> None:
    points = read_arrays(job.input("points"))
    arrays = unconstrained(job, points) | constrained(job, points)
    write_arrays(job.output("trajectories"), arrays)


def unconstrained(job: Job[DepthSettings], points: Arrays) -> Arrays:
    """Rows of self-supervised training until the departure of the kernel, and of regression until it has converged."""
    settings, anchor, X = job.settings, points["anchor"], all_points(points)
    target = plan.regression_target(settings, anchor)
    arrays: Arrays = {}
    for width in settings.depth.widths:
        W1, W2, W3 = map(torch.from_numpy, plan.start(settings, X.shape[1], width))
        layers = (W1, W2, W3)
        runs = {
            "dot-product": train_until_departure(layers, X, settings.loss, step=settings.depth.step),
            "regression": train_to_fit(layers, anchor, target, step=settings.depth.fit_step),
        }
        for objective, rows in runs.items():
            job.log.info("width %d, %s: %d rows", width, objective, len(rows["seed"]))
            arrays |= {f"{objective}_{width}_{column}": values for column, values in rows.items()}
    return arrays


def constrained(job: Job[DepthSettings], points: Arrays) -> Arrays:
    settings, X = job.settings, all_points(points)
    unit = plan.time_unit(settings, X)
    arrays: Arrays = {}
    for width, rate_name, rate in plan.constrained_runs(settings.depth):
        W1, W2, W3 = plan.start(settings, X.shape[1], width)
        run = train_constrained(
            (torch.from_numpy(W1), torch.from_numpy(W2), torch.from_numpy(plan.orthonormal(W3))),
            X,
            settings.loss,
            rate=rate,
            largest_step=plan.largest_step(settings, X),
            times=(plan.checkpoints(settings) * unit).tolist(),
        )
        job.log.info("width %d, rate %s: %d nets departed", width, rate_name, run.departed[:, -1].sum())
        for name in ("outputs", "feature_drift", "departed"):
            arrays[f"{rate_name}_{width}_{name}"] = getattr(run, name)
    return arrays


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_depth", DepthSettings, compute)
