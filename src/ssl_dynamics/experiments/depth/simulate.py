"""Trains three-layer nets of several widths on the loss, without and with a constraint."""

from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.depth.config import OBJECTIVES, REGRESSION, WIDTH, SimulateSettings
from ssl_dynamics.experiments.depth.design import (
    Key,
    Trajectories,
    checkpoints,
    largest_step,
    orthonormal,
    regression_target,
    start,
    time_unit,
)
from ssl_dynamics.problem.points import all_points
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.deep_training import ConstrainedRun, train_constrained, train_to_fit, train_until_departure
from ssl_dynamics.simulation.device import to_tensor, train_on


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_depth`."""
    train_on(job.settings.device)
    settings, triplets = job.settings, read_triplets(job.input("points"))
    runs = settings.parts()[settings.part]
    free = _unconstrained(job, triplets, [run for run in runs if run[0] in OBJECTIVES])
    constrained = _constrained(job, triplets, [run for run in runs if run[0] not in OBJECTIVES])
    columns = {name: {key: rows[name] for key, rows in free.items()} for name in ("seed", "time", "value", "drift")}
    Trajectories(
        **columns,
        outputs={key: run.outputs for key, run in constrained.items()},
        feature_drift={key: run.feature_drift for key, run in constrained.items()},
        departed={key: run.departed for key, run in constrained.items()},
    ).save(job.output("trajectories"))


def _unconstrained(job: Job[SimulateSettings], triplets: Triplets, runs: list[Key]) -> dict[Key, Arrays]:
    """Rows of self-supervised training until the departure of the kernel, and of regression until it has converged."""
    settings, anchor, X = job.settings, triplets.anchor, all_points(triplets)
    target = regression_target(settings, anchor)
    rows: dict[Key, Arrays] = {}
    for objective, width in runs:
        W1, W2, W3 = map(to_tensor, start(settings, X.shape[1], width))
        layers = (W1, W2, W3)
        rows[objective, width] = (
            train_to_fit(layers, anchor, target, step=settings.depth.fit_step)
            if objective == REGRESSION
            else train_until_departure(layers, X, settings.loss, step=settings.depth.step)
        )
        job.log.info("width %d, %s: %d rows", width, objective, len(rows[objective, width]["seed"]))
    return rows


def _constrained(job: Job[SimulateSettings], triplets: Triplets, runs: list[Key]) -> dict[Key, ConstrainedRun]:
    settings, X = job.settings, all_points(triplets)
    unit, longest = time_unit(settings, X), largest_step(settings, X)
    trained: dict[Key, ConstrainedRun] = {}
    for rate_name, width in runs:
        W1, W2, W3 = start(settings, X.shape[1], width)
        trained[rate_name, width] = run = train_constrained(
            (to_tensor(W1), to_tensor(W2), to_tensor(orthonormal(W3))),
            X,
            settings.loss,
            rate=float(width) if rate_name == WIDTH else 1.0,
            largest_step=longest,
            times=(checkpoints(settings) * unit).tolist(),
        )
        job.log.info("width %d, rate %s: %d nets departed", width, rate_name, run.departed[:, -1].sum())
    return trained
