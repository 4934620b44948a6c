import numpy as np
import pytest

from problems import orthonormal, symmetric
from ssl_dynamics.analysis import (
    combined_span,
    labelled_moments,
    last_rise,
    probe_accuracies,
    projector_distance,
)
from ssl_dynamics.theory import grassmann_flow, leading_eigenspace, learning_times, squared_projections

EIGENVALUES = np.array([-5.0, -3.0, -2.0, -0.5, 0.1, 0.7])


@pytest.fixture
def problem():
    random = np.random.default_rng(0)
    return symmetric(EIGENVALUES, random), orthonormal(6, 3, random, 4)


@pytest.fixture
def clusters():
    random = np.random.default_rng(1)
    labels = random.integers(0, 4, size=300)
    items = 2.0 * random.standard_normal((4, 6))[labels] + random.standard_normal((300, 6)) + 5.0
    return items, labels


def by_hand(W, items, labels, test, penalty):
    """Both probes, one item and one class at a time."""
    u, v = (items - items.mean(0)) @ W, (test - items.mean(0)) @ W
    scale = np.sqrt((u**2).sum() / u.size)
    indicators = (labels[:, None] == np.arange(4)) * 1.0
    A = np.vstack([u / scale, np.sqrt(penalty * len(u)) * np.eye(u.shape[1])])
    Y = np.vstack([indicators - indicators.mean(0), np.zeros((u.shape[1], 4))])
    B = np.linalg.lstsq(A, Y, rcond=None)[0]
    ridge = (v / scale @ B + indicators.mean(0)).argmax(1)
    means = np.stack([u[labels == label].mean(0) for label in range(4)])
    nearest = [np.linalg.norm(means - row, axis=1).argmin() for row in v]
    return {"ridge": ridge, "nearest-mean": np.array(nearest)}


def test_probes_against_least_squares_and_distances_by_hand(clusters):
    items, labels = clusters
    W = np.random.default_rng(2).standard_normal((2, 3, 6, 2))
    found = probe_accuracies(W, labelled_moments(items, labels), items[:100], labels[:100], penalty=0.1)
    for index in np.ndindex(2, 3):
        for name, classes in by_hand(W[index], items, labels, items[:100], 0.1).items():
            assert found[name][index] == pytest.approx((classes == labels[:100]).mean())


def test_probes_see_the_span_alone(clusters):
    items, labels = clusters
    random = np.random.default_rng(3)
    W, Q = orthonormal(6, 3, random), orthonormal(3, 3, random)
    moments = labelled_moments(items, labels)
    one, other = (probe_accuracies(w, moments, items, labels, penalty=0.01) for w in (W, 7.0 * W @ Q))
    assert one == other


def test_ridge_on_a_scalar_names_two_of_the_balanced_classes_at_most(clusters):
    # Its outputs are lines in u through one point (docs/theory.md §5): only the steepest and the least steep win.
    random = np.random.default_rng(4)
    labels = np.arange(1000) % 10
    items = random.standard_normal((10, 6))[labels] + 0.1 * random.standard_normal((1000, 6))
    moments = labelled_moments(items, labels)
    w = random.standard_normal((6, 1))
    for W in (w, np.hstack([w, w + 1e-10 * random.standard_normal((6, 1))])):
        assert probe_accuracies(W, moments, items, labels, penalty=0.01)["ridge"] <= 0.2 + 1e-12
    del clusters


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W": np.eye(5)}, r"shape \(..., 6, z\); got shape \(5, 5\)"),
        ({"W": np.full((6, 1), np.nan)}, "must be finite"),
        ({"W": np.zeros((6, 1))}, "no variance"),
        ({"items": np.ones((3, 4))}, r"items must have shape \(m, 6\); got \(3, 4\)"),
        ({"labels": np.zeros(2, int)}, "labels must be 3 whole numbers"),
        ({"labels": np.zeros(3)}, "got float64"),
        ({"penalty": 0.0}, "penalty must be a positive number; got 0"),
    ],
)
def test_probes_refuse(clusters, change, message):
    good = {"W": np.eye(6), "items": np.ones((3, 6)), "labels": np.zeros(3, int), "penalty": 0.1} | change
    with pytest.raises(ValueError, match=message):
        probe_accuracies(moments=labelled_moments(*clusters), **good)


def test_moments_need_two_classes(clusters):
    with pytest.raises(ValueError, match="at least two classes"):
        labelled_moments(clusters[0], np.zeros(300, int))


def test_extrapolated_span(problem):
    _, W = problem
    tilt = np.random.default_rng(5).standard_normal(W.shape)
    spans = [np.linalg.qr(W + step * tilt)[0] for step in (2e-3, 1e-3)]
    assert projector_distance(combined_span(spans, [-1.0, 2.0]), W).max() < 1e-5
    assert projector_distance(spans[1], W).max() > 1e-4


def test_squared_projections_are_those_of_the_flow(problem):
    C, W0 = problem
    times = [0.0, 0.1, 0.5, 2.0]
    V = leading_eigenspace(C, 3)
    expected = ((V.T @ grassmann_flow(C, W0, times)) ** 2).sum(-1)
    np.testing.assert_allclose(squared_projections(C, W0, times), expected, atol=1e-12)


def test_learning_times_are_the_last_crossings(problem):
    C, W0 = problem
    times = learning_times(C, W0)
    grid = np.linspace(0, np.nanmax(times) * 1.2, 4001)
    dense = squared_projections(C, W0, grid)
    np.testing.assert_allclose(times, last_rise(grid, np.moveaxis(dense, 1, -1)), atol=grid[1] / 5)
    for seed, k in zip(*np.nonzero(np.isfinite(times)), strict=True):
        assert squared_projections(C, W0[seed], [times[seed, k]])[0, k] == pytest.approx(0.5, abs=1e-9)


def test_learning_time_of_one_direction_in_closed_form():
    # d = 2, z = 1: tan θ(t) = e^{−2(λ_2 − λ_1)t} tan θ(0) is 1 at t = ln(tan θ(0))/(2(λ_2 − λ_1)).
    W0 = np.array([[[np.cos(1.5)], [np.sin(1.5)]], [[np.cos(0.1)], [np.sin(0.1)]]])
    found = learning_times(np.diag([-1.0, 0.5]), W0)
    assert found[0, 0] == pytest.approx(np.log(np.tan(1.5)) / 3, rel=1e-12)
    assert np.isnan(found[1, 0])


def test_learning_times_scale_with_time_and_refuse_what_has_none(problem):
    C, W0 = problem
    np.testing.assert_allclose(learning_times(C, W0), 3 * learning_times(3 * C, W0), rtol=1e-9)
    np.testing.assert_allclose(learning_times(C, W0), learning_times(C + np.eye(6), W0), rtol=1e-9)
    with pytest.raises(ValueError, match="needs z < d and λ_z < λ_"):
        learning_times(C, np.eye(6))
    with pytest.raises(ValueError, match="gap 0"):
        learning_times(np.diag([-1.0, -1.0, 0.0]), np.array([[0.6], [0.64], [0.48]]))


def test_last_rise_interpolates_log_odds_and_takes_the_last():
    times = np.linspace(0, 10, 41)
    logistic = 1 / (1 + np.exp(-(times - 6.3)))
    falling = 1 / (1 + np.exp(times - 5))
    twice = np.where(times < 4, np.sin(times) ** 2, logistic)
    found = last_rise(times, np.stack([logistic, falling, np.ones(41), twice]))
    np.testing.assert_allclose(found, [6.3, np.nan, np.nan, 6.3])
    for bad in (times, logistic[:5]):
        with pytest.raises(ValueError, match=r"lie in \[0, 1\]|needs increasing times"):
            last_rise(times, bad)
