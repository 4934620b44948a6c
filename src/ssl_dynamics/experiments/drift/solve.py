"""Growth of the outputs of wide nets on the kernels of their starts, and the Gram equations of linear ones."""

import numpy as np

from ssl_dynamics.analysis import first_passage
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.drift.config import HORIZON, MOMENTS, SolveSettings
from ssl_dynamics.experiments.drift.design import (
    Array,
    Solution,
    Start,
    net_outputs,
    regression_targets,
    stacked,
    starts,
)
from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.problem.points import points_of
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import blow_up_delay, gram_curve, gram_state, unreachable_share
from ssl_dynamics.theory.frozen_kernel import fastest_rate, frozen_kernel_change


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_drift`."""
    settings = job.settings
    points = read_triplets(job.input("points"))
    anchor = points.anchor
    X = points_of(points, settings.loss)
    A = coupling_matrix(len(anchor), loss=settings.loss)[: len(X), : len(X)]
    C = form_of(points, settings.loss)
    limits, targets = {}, {}
    for activation in settings.drift.activations:
        limit = infinite_width_ntk(X, activation=activation)
        limits[activation] = float(fastest_rate(limit, A))
        targets[activation] = regression_targets(settings, anchor, activation)
    tables = []
    for start in starts(settings, anchor.shape[1]):
        layers, activation = (start.W1, start.W2), start.activation
        U = net_outputs(X, *layers, activation)
        kernels = two_layer_ntk(X, *layers, activation=activation)
        rates = fastest_rate(kernels, A)
        moments = np.linspace(0, HORIZON, MOMENTS) / rates[:, None]
        departure, blow_up = gram_times(start, anchor, C) if activation == "identity" else np.full((2, len(U)), np.nan)
        error = U[:, : len(anchor)] - targets[activation][: len(U)]
        columns = {
            "seed": np.arange(len(U)),
            "growth_rate": rates,
            "moments": moments,
            "change": frozen_kernel_change(kernels, A, U, moments) / np.sqrt(len(X)),
            "gram_departure": departure,
            "gram_blow_up": blow_up,
            "limit_rate": np.full(len(U), limits[activation]),
            "unreachable": unreachable_share(two_layer_ntk(anchor, *layers, activation=activation), error),
        }
        tables.append(start.labelled(columns))
    delay = blow_up_delay(anchor, C, settings.dimension, drift=DEPARTURE)
    Solution(**stacked(tables), blow_up_delay=delay).save(job.output("solution"))


def gram_times(start: Start, anchor: Array, C: Array) -> Array:
    """Times of departure and of blow-up (2, S) of linear nets by their Gram equations."""
    curve = gram_curve(C, gram_state(start.W1, start.W2, start.width), width=start.width, points=anchor)
    return np.stack([first_passage(curve.times, curve.drift, DEPARTURE), curve.blow_up])
