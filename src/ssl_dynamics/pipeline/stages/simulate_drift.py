"""Stage `simulate_drift`: wide two-layer nets train on the self-supervised losses, dot product and cosine."""

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.experiments import Drift
from ssl_dynamics.pipeline.points import points_of
from ssl_dynamics.pipeline.settings import DriftSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.pipeline.wide_nets import Start, stacked, starts
from ssl_dynamics.problem.settings import Loss
from ssl_dynamics.simulation.drift import Rows, train_to_plateau, train_until_departure, triplet_value
from ssl_dynamics.simulation.wide_nets import Nets

COSINE_STEP = 2.0  # step size of the bounded loss, in units of that of the unbounded one


def compute(job: Job[DriftSettings]) -> None:
    settings = job.settings
    if settings.loss is None:
        raise ValueError("the stage simulate_drift needs a loss")
    points = read_arrays(job.input("points"))
    if settings.drift.cosine.triplets > (n := len(points["anchor"])):
        raise ValueError(f"drift.cosine.triplets is {settings.drift.cosine.triplets}; there are {n} triplets of points")
    tables: dict[str, list[Rows]] = {"dot-product": [], "cosine": []}
    for start in starts(settings, points["anchor"].shape[1]):
        tables["dot-product"].append(start.labelled(_dot_product(start, points, settings.loss, settings.drift)))
        tables["cosine"].append(start.labelled(_cosine(start, points, settings.loss, settings.drift)))
        job.log.info(
            "%s, width %d: %s rows", start.activation, start.width, [len(rows[-1]["seed"]) for rows in tables.values()]
        )
    columns = {
        f"{objective}_{name}": values for objective, rows in tables.items() for name, values in stacked(rows).items()
    }
    write_arrays(job.output("trained"), columns)


def _dot_product(start: Start, points: Arrays, loss: Loss, drift: Drift) -> Rows:
    X = points_of(points, loss)
    nets = Nets(X, start.W1, start.W2, start.activation, anchors=len(points["anchor"]))
    return train_until_departure(nets, triplet_value(loss, similarity="dot product"), step=drift.step)


def _cosine(start: Start, points: Arrays, loss: Loss, drift: Drift) -> Rows:
    n, seeds = drift.cosine.triplets, drift.cosine.hidden_units // start.width
    nets = Nets(points_of(points, loss, n), start.W1[:seeds], start.W2[:seeds], start.activation, anchors=n)
    return train_to_plateau(nets, triplet_value(loss, similarity="cosine"), step=COSINE_STEP * drift.step)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_drift", DriftSettings, compute)
