"""Fewer eigenvalues and rows for the explorer: the curves are those of all."""

import numpy as np
import pytest

from ssl_dynamics.report.quadrature import condensed
from ssl_dynamics.theory import descent_log_singular_values, grassmann_tangent, log_singular_values

KEPT = 12


def spectrum(d, low, high):
    """A few leading eigenvalues, and many others close together."""
    return np.sort(np.concatenate([np.linspace(-1, -0.3, KEPT), np.linspace(low, high, d - KEPT)]))


def start(d, z):
    return np.linalg.qr(np.random.default_rng(4).standard_normal((d, z)))[0]


@pytest.mark.parametrize("z", [1, 3, 8])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize(("low", "high"), [(-0.02, 0.01), (-0.29, 0.9)])
def test_curves_are_those_of_the_whole_spectrum(z, scale, low, high):
    values, X = scale * spectrum(600, low, high), start(600, z)
    fewer, rows = condensed(values, X, KEPT)
    assert len(fewer) <= 300
    assert (np.diff(fewer) >= 0).all()
    np.testing.assert_array_equal(fewer[:KEPT], values[:KEPT])
    np.testing.assert_array_equal(rows[:KEPT], X[:KEPT])
    times = np.geomspace(0.01, 1e4, 40) / scale
    for columns in range(1, z + 1):  # a smaller dimension has the first columns
        of_all, of_fewer = X[:, :columns], rows[:, :columns]
        tangents = [grassmann_tangent(np.diag(each), W, times) for each, W in ((values, of_all), (fewer, of_fewer))]
        np.testing.assert_allclose(tangents[1], tangents[0], rtol=1e-7)
        logs = [log_singular_values(np.diag(each), W, times) for each, W in ((values, of_all), (fewer, of_fewer))]
        np.testing.assert_allclose(logs[1], logs[0], rtol=1e-7, atol=1e-7)
        steps = [0, 1, 3, 10, 1000]
        logs = [
            descent_log_singular_values(np.diag(each), W, 0.4 / scale, steps)
            for each, W in ((values, of_all), (fewer, of_fewer))
        ]
        np.testing.assert_allclose(logs[1], logs[0], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(("d", "z"), [(6, 2), (12, 8), (13, 1), (40, 8)])
def test_where_there_is_nothing_to_save_all_stay(d, z):
    values, X = np.linspace(-1, 0.3, d), start(d, z)
    fewer, rows = condensed(values, X, min(KEPT, d - 1))
    np.testing.assert_array_equal(fewer, values)
    np.testing.assert_array_equal(rows, X)


def test_columns_that_vanish_beyond_the_kept_rows_do_no_harm():
    X = np.zeros((200, 2))
    X[0, 0] = X[20, 1] = X[1, 1] = 1
    fewer, rows = condensed(spectrum(200, -0.02, 0.01), X, KEPT)
    assert np.isfinite(fewer).all()
    np.testing.assert_allclose(rows.T @ rows, X.T @ X, atol=1e-12)
