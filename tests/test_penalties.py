"""Which penalty to choose, the step size that it allows, and how long training takes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.theory import (
    largest_penalised_step,
    least_penalty,
    safe_penalty,
    settling_times,
    soft_constraint_flow,
    soft_constraint_limit,
)
from ssl_dynamics.theory.penalties import _GRID

SPECTRUM = np.array([-1.0, -0.7, -0.2, 0.1, 0.3])


def form(seed=0, spectrum=SPECTRUM):
    return symmetric(np.array(spectrum), np.random.default_rng(seed))


@pytest.mark.parametrize("z", [2, 3, 5])
@pytest.mark.parametrize("ratio", [0.5, 0.7, 0.95])
def test_least_penalty_ends_at_the_ratio(z, ratio):
    C = form()
    beta = least_penalty(C, z, ratio=ratio)
    assert beta >= 0
    if beta:
        values = soft_constraint_limit(C, z, beta=np.array([0.99, 1.0, 1.01]) * beta)
        ratios = values[:, -1] / values[:, 0]
        assert ratios[0] < ratio < ratios[2]
        assert ratios[1] == pytest.approx(ratio, rel=1e-10)
    else:  # every penalty does
        values = soft_constraint_limit(C, z, beta=1e-6)
        assert values[-1] / values[0] >= ratio


def ratios(C, W0, beta):
    values = np.linalg.svd(soft_constraint_flow(C, W0, np.geomspace(1e-2, 1e3, 60), beta=beta), compute_uv=False)
    return values[..., -1] / values[..., 0]


@given(flow_problems(), st.sampled_from([0.3, 0.7, 0.95]))
@settings(max_examples=40, deadline=None)
def test_safe_penalty_keeps_the_ratio_at_all_times(problem, ratio):
    C, W0 = problem
    beta = safe_penalty(C, ratio=ratio)
    for factor in (1.0, 3.0):
        if beta:
            assert (ratios(C, W0, factor * beta) >= ratio - 1e-9).all()


@pytest.mark.parametrize("spectrum", [SPECTRUM, SPECTRUM + 1.2, SPECTRUM - 0.35, SPECTRUM[[0, 0]], SPECTRUM[[4, 4]]])
@pytest.mark.parametrize("ratio", [0.3, 0.7])
def test_safe_penalty_is_that_at_which_the_bounds_have_the_ratio(spectrum, ratio):
    beta = safe_penalty(form(spectrum=spectrum), ratio=ratio)
    smallest, largest = min(1, 1 - spectrum.max() / beta), max(1, 1 - spectrum.min() / beta)
    assert np.sqrt(smallest / largest) == pytest.approx(ratio, rel=1e-9)


def test_where_all_eigenvalues_are_negative_the_last_does_not_lower_the_penalty():
    spectrum, ratio = np.array([-1.35, -0.7, -0.5, -0.05]), 0.7
    C, W0 = np.diag(spectrum), np.eye(4)[:, [0, 3]] + 1e-9 * np.eye(4)[:, [2, 1]]
    times = np.geomspace(1e-2, 5, 200)
    found = {
        beta: (values[:, -1] / values[:, 0]).min()
        for beta in (safe_penalty(C, ratio=ratio), (spectrum[-1] - ratio**2 * spectrum[0]) / (1 - ratio**2))
        for values in [np.linalg.svd(soft_constraint_flow(C, W0, times, beta=beta), compute_uv=False)]
    }
    safe, lowered = found.values()
    assert lowered < ratio <= safe


def test_no_smaller_penalty_is_safe_from_every_start():
    C, ratio = np.diag(SPECTRUM), 0.7
    W0 = np.eye(5)[:, [0, 4]] + 1e-9 * np.eye(5)[:, [2, 1]]  # of full rank over the leading directions
    times = np.geomspace(1e-2, 5, 60)
    smallest = [
        (v[:, -1] / v[:, 0]).min()
        for v in (
            np.linalg.svd(soft_constraint_flow(C, W0, times, beta=f * safe_penalty(C, ratio=ratio)), compute_uv=False)
            for f in (0.97, 1.0)
        )
    ]
    assert smallest[0] < ratio <= smallest[1] + 1e-6
    assert smallest[1] == pytest.approx(ratio, abs=1e-3)


@pytest.mark.parametrize("z", [1, 2, 4])
@pytest.mark.parametrize("beta", [0.05, 0.25, 3.0])
@pytest.mark.parametrize("shift", [0.0, 1.1])
def test_steps_converge_near_the_limit_up_to_the_largest(z, beta, shift):
    C = np.diag(SPECTRUM + shift)
    largest = float(largest_penalised_step(C, beta=beta))
    random = np.random.default_rng(1)
    limit = np.zeros((5, z))
    np.fill_diagonal(limit, soft_constraint_limit(C, z, beta=beta))

    def end(rate):
        W = limit + 1e-6 * random.standard_normal(limit.shape)
        for _ in range(1500):
            W = W - rate * (2 * C @ W + 2 * beta * W @ (W.T @ W - np.eye(z)))
        return np.linalg.norm(W @ W.T - limit @ limit.T)

    assert end(0.98 * largest) < 1e-7
    with np.errstate(all="ignore"):
        assert not end(1.02 * largest) < 1e-4


@pytest.mark.parametrize("spectrum", [[0.9, 1.2, 1.5, 2.0, 2.1], SPECTRUM])
def test_settling_times_are_those_from_which_on_the_limit_is_near(spectrum):
    C, W0 = form(spectrum=spectrum), orthonormal(5, 2, np.random.default_rng(4), 3)
    beta, left = np.array([0.5, 1.3, 4.0]), 1e-5
    times = settling_times(C, W0, beta=beta, left=left)
    assert times.shape == (3, 3)
    for b, strength in enumerate(beta):
        for s, start in enumerate(W0):
            t = times[b, s]
            later = np.linalg.svd(
                soft_constraint_flow(C, start, t * np.geomspace(1, 20, 30), beta=strength), compute_uv=False
            )
            assert (np.abs(later - soft_constraint_limit(C, 2, beta=strength)) <= left).all()
            values = np.sort(spectrum)
            turning = min(values[2], strength) - values[1] if strength > values[1] else np.inf
            slowest = 2 * min(*np.abs(strength - values[:2]), turning)
            before = soft_constraint_flow(C, start, [t / _GRID**1.01], beta=strength)[0]
            away = np.abs(np.linalg.svd(before, compute_uv=False) - soft_constraint_limit(C, 2, beta=strength)).max()
            assert away > left or t == pytest.approx(1 / slowest)


def simulated_settling(C, W0, *, beta, left, end):
    """Last of many times at which a singular value of the integrated flow is not yet within `left` of its last."""

    def velocity(_, flat):
        W = flat.reshape(W0.shape)
        return (-2 * C @ W - 2 * beta * W @ (W.T @ W - np.eye(W.shape[1]))).ravel()

    times = np.linspace(0, end, 4001)
    solved = solve_ivp(velocity, (0, end), W0.ravel(), method="DOP853", t_eval=times, rtol=1e-11, atol=1e-13)
    values = np.linalg.svd(solved.y.T.reshape(-1, *W0.shape), compute_uv=False)
    return times[np.flatnonzero((np.abs(values - values[-1]) > left).any(-1)).max()]


@pytest.mark.parametrize("spectrum", [[-1, -0.5, -0.5, 0.3], [-0.9, -0.9, -0.9, -0.2], [0.4, 0.4, 0.4, 2.0]])
def test_directions_of_one_eigenvalue_on_both_sides_of_z_settle(spectrum):
    C, left = form(1, spectrum), 1e-3
    for seed in range(4):
        W0 = orthonormal(4, 2, np.random.default_rng(seed))
        t = float(settling_times(C, W0, beta=1.0, left=left))
        last = simulated_settling(C, W0, beta=1.0, left=left, end=30)
        assert last <= t
        gaps = np.subtract.outer(spectrum[2:], spectrum[:2])
        slowest = 2 * min(*(1 - np.array(spectrum[:2])), *np.minimum(gaps, 1)[gaps > 0])
        assert t <= max(_GRID * last + 0.01, 1 / slowest * (1 + 1e-9))


@pytest.mark.parametrize("z", [1, 2, 4])
def test_without_a_form_the_penalty_alone_settles(z):
    W0 = 0.3 * orthonormal(4, z, np.random.default_rng(0))
    t = float(settling_times(np.zeros((4, 4)), W0, beta=2.0, left=1e-4))
    exact = np.log((1 / 0.3**2 - 1) / ((1 - 1e-4) ** -2 - 1)) / 8  # m = σ² with ṁ = 4βm(1 − m)
    assert exact <= t <= _GRID * exact


def test_a_narrow_gap_is_waited_for():
    C, W0 = np.diag([-1.0, -0.5, -0.49, 0.3]), orthonormal(4, 2, np.random.default_rng(1))
    t = float(settling_times(C, W0, beta=1.0, left=1e-7))
    last = simulated_settling(C, W0, beta=1.0, left=1e-7, end=900)
    assert 200 < last <= t <= _GRID * last + 0.3


def test_no_time_is_shorter_than_one_over_the_slowest_rate():
    for z, beta, slowest in ((2, 4.0, 2 * 0.5), (2, 0.1, 2 * 0.5), (3, 1e-3, 2 * 0.201)):
        W0 = orthonormal(5, z, np.random.default_rng(0))
        assert settling_times(np.diag(SPECTRUM), W0, beta=beta, left=40.0) == pytest.approx(1 / slowest, rel=1e-12)


def test_a_direction_at_the_penalty_never_settles():
    C, W0 = np.diag([1.0, 2.0, 3.0]), orthonormal(3, 2, np.random.default_rng(0))
    assert settling_times(C, W0, beta=[2.0, 2.5], left=1e-5)[0] == np.inf
    assert np.isfinite(settling_times(C, W0, beta=2.5, left=1e-5))


def test_units_and_shapes():
    C, W0 = form(), orthonormal(5, 2, np.random.default_rng(0))
    for scale in (1e-100, 1e80):
        assert least_penalty(scale * C, 2, ratio=0.9) == pytest.approx(scale * least_penalty(C, 2, ratio=0.9))
        assert safe_penalty(scale * C, ratio=0.7) == pytest.approx(scale * safe_penalty(C, ratio=0.7))
        assert largest_penalised_step(scale * C, beta=scale) * scale == pytest.approx(largest_penalised_step(C, beta=1))
        found = settling_times(scale * C, W0, beta=scale, left=1e-5) * scale
        assert found == pytest.approx(settling_times(C, W0, beta=1, left=1e-5))
    assert largest_penalised_step(C, beta=[0.1, 1.0, 2.0]).shape == (3,)
    assert largest_penalised_step(np.eye(3), beta=1.0) == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: least_penalty(form(), 6, ratio=0.5), "z must be a whole number between 1 and d = 5; got 6"),
        (lambda: least_penalty(form(), 2, ratio=1.0), "ratio must lie between 0 and 1; got 1"),
        (lambda: safe_penalty(form(), ratio=0.0), "ratio must be a positive number; got 0"),
        (lambda: safe_penalty(np.ones((2, 3)), ratio=0.5), "C must be a square matrix"),
        (lambda: largest_penalised_step(form(), beta=0.0), "beta must be a positive number or a list"),
        (lambda: settling_times(form(), np.eye(5)[:, :2], beta=-1.0, left=0.1), "beta must be a positive number"),
        (lambda: settling_times(form(), np.eye(5)[:, :2], beta=1.0, left=0.0), "left must be a positive number"),
        (lambda: settling_times(form(), np.eye(4), beta=1.0, left=0.1), "W0 must have shape"),
    ],
)
def test_bad_input_is_refused_in_a_line(call, message):
    with pytest.raises(ValueError, match=message):
        call()
