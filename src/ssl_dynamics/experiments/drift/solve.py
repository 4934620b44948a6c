"""Growth rates and amplitudes of the starts of wide nets, from their tangent kernels and A alone."""

import numpy as np

from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.drift.config import SolveSettings
from ssl_dynamics.experiments.drift.design import Solution, net_outputs, regression_targets, stacked, starts
from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.problem.points import points_of
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import blow_up_delay, growing_modes, unreachable_share


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
        limits[activation] = growing_modes(limit, A, np.ones((len(X), 1)))[0][0]
        targets[activation] = regression_targets(settings, anchor, activation)
    tables = []
    for start in starts(settings, anchor.shape[1]):
        layers, activation = (start.W1, start.W2), start.activation
        U = net_outputs(X, *layers, activation)
        rates, gram = growing_modes(two_layer_ntk(X, *layers, activation=activation), A, U)
        error = U[:, : len(anchor)] - targets[activation][: len(U)]
        columns = {
            "seed": np.arange(len(U)),
            "rates": rates,
            "gram": gram,
            "limit_rate": np.full(len(U), limits[activation]),
            "unreachable": unreachable_share(two_layer_ntk(anchor, *layers, activation=activation), error),
        }
        tables.append(start.labelled(columns))
    delay = blow_up_delay(anchor, C, settings.dimension, drift=DEPARTURE)
    Solution(**stacked(tables), blow_up_delay=delay).save(job.output("solution"))
