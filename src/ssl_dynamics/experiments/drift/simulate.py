"""Trains wide two-layer nets: on regression targets, and on the self-supervised losses, dot product and cosine."""

from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.drift.config import COSINE_STEP, COSINE_TIME, Drift, SimulateSettings, SupervisedSettings
from ssl_dynamics.experiments.drift.design import (
    OBJECTIVES,
    Array,
    Rows,
    Start,
    Trained,
    regression_rate,
    regression_targets,
    require_departure,
    stacked,
    starts,
)
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.points import points_of
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.drift import (
    regression_value,
    train_to_fit,
    train_to_plateau,
    train_until_departure,
    triplet_value,
)
from ssl_dynamics.simulation.wide_nets import Nets


def simulate_supervised(job: Job[SupervisedSettings]) -> None:
    """Stage `simulate_supervised`: nets learn regression targets on the anchors."""
    train_on(job.settings.device)
    settings = job.settings
    anchor = read_triplets(job.input("points")).anchor
    batches = settings.parts()[settings.part]
    targets = regression_targets(settings, anchor, batches)
    tables = []
    for start in starts(settings, batches, anchor.shape[1]):
        activation, width, seeds = start.batch
        rows = train_supervised(start, anchor, targets[activation, seeds])
        tables.append(start.labelled(rows))
        job.log.info("%s, width %d, %s: %d rows", activation, width, seeds, len(rows["seed"]))
    Rows(**stacked(tables)).save(job.output("supervised"))


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_drift`."""
    train_on(job.settings.device)
    settings, loss, drift = job.settings, job.settings.loss, job.settings.drift
    points = read_triplets(job.input("points"))
    if drift.cosine.triplets > (n := len(points.anchor)):
        raise ValueError(f"drift.cosine.triplets is {drift.cosine.triplets}; there are {n} triplets of points")
    require_departure(settings, points_of(points, loss), loss)
    tables: dict[str, list[Arrays]] = {objective: [] for objective in OBJECTIVES}
    for start in starts(settings, settings.parts()[settings.part], points.anchor.shape[1]):
        tables["dot-product"].append(start.labelled(train_dot_product(start, points, loss, drift)))
        if drift.cosine_seeds(start.batch):
            tables["cosine"].append(start.labelled(train_cosine(start, points, loss, drift)))
        job.log.info("%s, width %d, %s", *start.batch)
    Trained({name: Rows(**stacked(found)) for name, found in tables.items() if found}).save(job.output("trained"))


def train_supervised(start: Start, anchor: Array, targets: Array) -> Arrays:
    """Rows of nets that learn the targets (S, n, z) on the anchors (n, d)."""
    activation = start.batch.activation
    nets = Nets(anchor, start.W1, start.W2, activation, anchors=len(anchor))
    learning_rate = regression_rate(anchor, activation)
    return train_to_fit(nets, regression_value(targets), learning_rate=learning_rate)


def train_dot_product(start: Start, points: Triplets, loss: Loss, drift: Drift) -> Arrays:
    """Rows of nets on the dot-product loss, until they have left their tangent kernel for good."""
    X = points_of(points, loss)
    nets = Nets(X, start.W1, start.W2, start.batch.activation, anchors=len(points.anchor))
    return train_until_departure(nets, triplet_value(loss, similarity="dot product"), step=drift.step)


def train_cosine(start: Start, points: Triplets, loss: Loss, drift: Drift) -> Arrays:
    """Rows of nets, fewer of them, with cosine similarity on fewer points, until the loss has a plateau."""
    n, seeds = drift.cosine.triplets, len(drift.cosine_seeds(start.batch))
    X, activation = points_of(points, loss, n), start.batch.activation
    nets = Nets(X, start.W1[:seeds], start.W2[:seeds], activation, anchors=n)
    value = triplet_value(loss, similarity="cosine")
    return train_to_plateau(nets, value, step=COSINE_STEP, landing=COSINE_TIME)
