"""Trains wide two-layer nets: on regression targets, and on the self-supervised losses, dot product and cosine."""

import numpy as np

from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.drift.config import Drift, SimulateSettings, SupervisedSettings
from ssl_dynamics.experiments.drift.design import (
    OBJECTIVES,
    Array,
    Rows,
    Start,
    Trained,
    regression_targets,
    stacked,
    starts,
)
from ssl_dynamics.kernels import infinite_width_ntk
from ssl_dynamics.problem.points import points_of
from ssl_dynamics.problem.settings import Loss
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

# Step size of the regression in units of n/λ_max(Θ∞), times `step`: stable below 2/`step`, with room for kernels of
# narrow nets.
REGRESSION_STEP = 4.0
COSINE_STEP = 2.0  # step size of the bounded loss, in units of that of the unbounded one


def simulate_supervised(job: Job[SupervisedSettings]) -> None:
    """Stage `simulate_supervised`: nets learn regression targets on the anchors."""
    train_on(job.settings.device)
    settings = job.settings
    anchor = read_triplets(job.input("points")).anchor
    targets = {
        activation: regression_targets(settings, anchor, activation) for activation in settings.drift.activations
    }
    tables = []
    for start in starts(settings, anchor.shape[1]):
        rows = train_supervised(start, anchor, targets[start.activation], settings.drift)
        tables.append(start.labelled(rows))
        job.log.info("%s, width %d: %d rows", start.activation, start.width, len(rows["seed"]))
    Rows(**stacked(tables)).save(job.output("supervised"))


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_drift`."""
    train_on(job.settings.device)
    loss, drift = job.settings.loss, job.settings.drift
    points = read_triplets(job.input("points"))
    if drift.cosine.triplets > (n := len(points.anchor)):
        raise ValueError(f"drift.cosine.triplets is {drift.cosine.triplets}; there are {n} triplets of points")
    tables: dict[str, list[Arrays]] = {objective: [] for objective in OBJECTIVES}
    for start in starts(job.settings, points.anchor.shape[1]):
        tables["dot-product"].append(start.labelled(train_dot_product(start, points, loss, drift)))
        tables["cosine"].append(start.labelled(train_cosine(start, points, loss, drift)))
        job.log.info(
            "%s, width %d: %s rows", start.activation, start.width, [len(rows[-1]["seed"]) for rows in tables.values()]
        )
    Trained({name: Rows(**stacked(parts)) for name, parts in tables.items()}).save(job.output("trained"))


def train_supervised(start: Start, anchor: Array, targets: Array, drift: Drift) -> Arrays:
    """Rows of nets that learn the targets (S, n, z) on the anchors (n, d)."""
    largest = np.linalg.norm(infinite_width_ntk(anchor, activation=start.activation), 2)
    nets = Nets(anchor, start.W1, start.W2, start.activation, anchors=len(anchor))
    learning_rate = float(REGRESSION_STEP * drift.step * len(anchor) / largest)
    return train_to_fit(nets, regression_value(targets), learning_rate=learning_rate)


def train_dot_product(start: Start, points: Triplets, loss: Loss, drift: Drift) -> Arrays:
    """Rows of nets on the dot-product loss, until they have left their tangent kernel for good."""
    X = points_of(points, loss)
    nets = Nets(X, start.W1, start.W2, start.activation, anchors=len(points.anchor))
    return train_until_departure(nets, triplet_value(loss, similarity="dot product"), step=drift.step)


def train_cosine(start: Start, points: Triplets, loss: Loss, drift: Drift) -> Arrays:
    """Rows of nets, fewer of them, with cosine similarity on fewer points, until the loss has a plateau."""
    n, seeds = drift.cosine.triplets, drift.cosine.hidden_units // start.width
    nets = Nets(points_of(points, loss, n), start.W1[:seeds], start.W2[:seeds], start.activation, anchors=n)
    return train_to_plateau(nets, triplet_value(loss, similarity="cosine"), step=COSINE_STEP * drift.step)
