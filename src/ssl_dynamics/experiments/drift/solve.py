"""Growth of the outputs of wide nets on the kernels of their starts, and the Gram equations of linear ones."""

import numpy as np

from ssl_dynamics.analysis import first_passage
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.drift.config import (
    COSINE_STEP,
    COSINE_TIME,
    HORIZON,
    MOMENTS,
    PREDICTED,
    WIDE,
    NetsSettings,
    SolveSettings,
)
from ssl_dynamics.experiments.drift.design import (
    Array,
    Solution,
    Start,
    SupervisedSolution,
    net_outputs,
    regression_rate,
    regression_targets,
    require_departure,
    stacked,
    starts,
)
from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk
from ssl_dynamics.kernels.drift import relative_change
from ssl_dynamics.kernels.pulled import pulled_layers
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.levels import DEPARTURE, REMAINDER
from ssl_dynamics.problem.names import Activation
from ssl_dynamics.problem.points import points_of
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import blow_up_delay, gram_curve, gram_state, unreachable_share
from ssl_dynamics.theory.frozen_descent import Descent, cosine_descent, regression_descent
from ssl_dynamics.theory.frozen_kernel import fastest_rate, frozen_kernel_change


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_drift`."""
    settings = job.settings
    points = read_triplets(job.input("points"))
    anchor = points.anchor
    X = points_of(points, settings.loss)
    A = coupling_matrix(len(anchor), loss=settings.loss)[: len(X), : len(X)]
    C = form_of(points, settings.loss)
    require_departure(settings, X, settings.loss)
    limits = {
        activation: float(fastest_rate(infinite_width_ntk(X, activation=activation), A))
        for activation in settings.drift.activations
    }
    batches = settings.batches()
    targets = regression_targets(settings, anchor, batches)
    tables = []
    for start in starts(settings, batches, anchor.shape[1]):
        layers, activation = (start.W1, start.W2), start.batch.activation
        U = net_outputs(X, *layers, activation)
        kernels = two_layer_ntk(X, *layers, activation=activation)
        rates = fastest_rate(kernels, A)
        moments = np.linspace(0, HORIZON, MOMENTS) / rates[:, None]
        departure, blow_up = gram_times(start, anchor, C) if activation == "identity" else np.full((2, len(U)), np.nan)
        error = U[:, : len(anchor)] - targets[activation, start.batch.seeds]
        cosine_time, cosine_drift = cosine_drifts(start, points, settings)
        columns = {
            "seed": np.arange(len(U)),
            "growth_rate": rates,
            "moments": moments,
            "change": frozen_kernel_change(kernels, A, U, moments) / np.sqrt(len(X)),
            "gram_departure": departure,
            "gram_blow_up": blow_up,
            "limit_rate": np.full(len(U), limits[activation]),
            "cosine_time": cosine_time,
            "cosine_drift": cosine_drift,
            "unreachable": unreachable_share(two_layer_ntk(anchor, *layers, activation=activation), error),
        }
        tables.append(start.labelled(columns))
    delay = blow_up_delay(anchor, C, settings.dimension, drift=DEPARTURE)
    Solution(**stacked(tables), blow_up_delay=delay).save(job.output("solution"))


def solve_supervised(job: Job[NetsSettings]) -> None:
    """Stage `solve_supervised`."""
    settings = job.settings
    anchor = read_triplets(job.input("points")).anchor
    batches = settings.batches()
    targets = regression_targets(settings, anchor, batches)
    tables = []
    for start in starts(settings, batches, anchor.shape[1]):
        activation, width, seeds = start.batch
        drifts = np.full(len(seeds), np.nan)
        if width >= WIDE:
            rate = regression_rate(anchor, activation)
            drifts[:] = [
                supervised_drift(anchor, (W1, W2), Y, activation, rate)
                for W1, W2, Y in zip(start.W1, start.W2, targets[activation, seeds], strict=True)
            ]
        tables.append(start.labelled({"seed": np.arange(len(drifts)), "drift": drifts}))
    SupervisedSolution(**stacked(tables)).save(job.output("supervised"))


def supervised_drift(
    anchor: Array, layers: tuple[Array, Array], Y: Array, activation: Activation, rate: float
) -> float:
    """Drift of one net whose weights the errors on the kernel of the start pull, until they are small."""
    kernel = two_layer_ntk(anchor, *layers, activation=activation)
    error = net_outputs(anchor, *layers, activation) - Y
    descent = regression_descent(kernel, error, learning_rate=rate, remainder=REMAINDER)
    return pulled_drift(anchor, anchor, layers, descent, activation)


def cosine_drifts(start: Start, points: Triplets, settings: SolveSettings) -> tuple[Array, Array]:
    """Times at which drifts with cosine similarity are compared, and the predicted ones (S,)."""
    n = settings.drift.cosine.triplets
    X = points_of(points, settings.loss, n)
    A = coupling_matrix(n, loss=settings.loss)[: len(X), : len(X)]
    activation, width, seeds = start.batch
    times, drifts = np.full((2, len(seeds)), np.nan)
    for seed in range(len(settings.drift.cosine_seeds(start.batch)) if width >= WIDE else 0):
        layers = (start.W1[seed], start.W2[seed])
        kernel, U = two_layer_ntk(X, *layers, activation=activation), net_outputs(X, *layers, activation)
        descent, times[seed] = cosine_descent(kernel, A, U, step=COSINE_STEP, end=COSINE_TIME)
        drifts[seed] = pulled_drift(X, X[:n], layers, descent, activation)
    return times, drifts


def pulled_drift(
    X: Array, anchor: Array, layers: tuple[Array, Array], descent: Descent, activation: Activation
) -> float:
    """Drift on the anchors of the kernel of one net whose weights the slopes of a descent on X pull.

    Of the part of the kernel that is predicted for its activation.
    """
    pulled = pulled_layers(X, layers, *descent, activation=activation)
    after, before = (
        two_layer_ntk(anchor, *at, activation=activation, block=PREDICTED[activation]) for at in (pulled, layers)
    )
    return relative_change(after, before)


def gram_times(start: Start, anchor: Array, C: Array) -> Array:
    """Times of departure and of blow-up (2, S) of linear nets by their Gram equations."""
    width = start.batch.width
    curve = gram_curve(C, gram_state(start.W1, start.W2, width), width=width, points=anchor)
    return np.stack([first_passage(curve.times, curve.drift, DEPARTURE), curve.blow_up])
