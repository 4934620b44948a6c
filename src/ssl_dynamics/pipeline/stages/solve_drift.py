"""Stage `solve_drift`: growth rates and amplitudes of the starts, from their tangent kernels and A alone."""

import numpy as np

from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk
from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.points import form_of, points_of
from ssl_dynamics.pipeline.settings import DriftSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.pipeline.wide_nets import net_outputs, regression_targets, stacked, starts
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.theory import blow_up_delay, growing_modes, unreachable_share


def compute(job: Job[DriftSettings]) -> None:
    settings = job.settings
    if settings.loss is None:
        raise ValueError("the stage solve_drift needs a loss")
    points = read_arrays(job.input("points"))
    anchor = points["anchor"]
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
    write_arrays(job.output("solution"), {**stacked(tables), "blow_up_delay": np.array(delay)})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_drift", DriftSettings, compute)
