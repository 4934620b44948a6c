import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.integrate import solve_ivp

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.theory import grassmann_flow, log_singular_values, unconstrained_flow

TIMES = np.array([0.0, 0.1, 0.4, 1.0])


@given(flow_problems())
@settings(max_examples=30, deadline=None)
def test_agrees_with_integration_of_the_flow(problem):
    C, W0 = problem
    solution = solve_ivp(
        lambda _, w: (-2 * C @ w.reshape(W0.shape)).ravel(), (0, 1), W0.ravel(), "DOP853", TIMES, rtol=1e-12, atol=1e-14
    )
    expected = solution.y.T.reshape(-1, *W0.shape)
    np.testing.assert_allclose(
        unconstrained_flow(C, W0, TIMES), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max()
    )


@given(flow_problems())
@settings(max_examples=30, deadline=None)
def test_span_is_that_of_the_constrained_flow(problem):
    C, W0 = problem
    spans = np.linalg.qr(unconstrained_flow(C, W0, TIMES))[0]
    assert projector_distance(spans, grassmann_flow(C, W0, TIMES)).max() < 1e-8


def test_singular_values_where_the_matrix_itself_is_accurate():
    random = np.random.default_rng(0)
    C = symmetric(random.standard_normal(6), random)
    W0 = orthonormal(6, 3, random, 4)
    expected = np.log(np.linalg.svd(unconstrained_flow(C, W0, TIMES), compute_uv=False))
    np.testing.assert_allclose(log_singular_values(C, W0, TIMES), expected, atol=1e-11)


def test_singular_values_far_below_the_rounding_of_the_weights():
    eigenvalues = np.array([-3.0, -1.0, 0.0, 0.5, 2.0])
    random = np.random.default_rng(1)
    C, W0 = symmetric(eigenvalues, random), orthonormal(5, 3, random)
    t = 30.0  # σ_2/σ_1 = e^{−120}, σ_3/σ_1 = e^{−180}
    with mpmath.workdps(250):
        A = mpmath.expm(mpmath.matrix((-2 * t * C).tolist()), method="taylor") * mpmath.matrix(W0.tolist())
        expected = [float(mpmath.log(value)) for value in mpmath.svd_r(A, compute_uv=False)]
    assert expected[0] - expected[2] > 150
    np.testing.assert_allclose(log_singular_values(C, W0, [t])[0], expected, atol=1e-6)


def test_asymptotic_slope_is_twice_the_gap():
    random = np.random.default_rng(2)
    C = symmetric(np.array([-3.0, -2.0, 0.0, 1.0]), random)
    values = log_singular_values(C, orthonormal(4, 2, random), [10.0, 12.0])
    ratios = values[:, 1] - values[:, 0]
    assert (ratios[1] - ratios[0]) / 2 == pytest.approx(-2 * 1.0, abs=1e-8)


def test_overflow_is_refused_with_the_alternative():
    with pytest.raises(ValueError, match=r"grows by e\^800 .*use log_singular_values"):
        unconstrained_flow(np.diag([-4.0, 1.0]), np.eye(2), [100.0])
    assert log_singular_values(np.diag([-4.0, -3.0]), np.eye(2), [100.0])[0] == pytest.approx([800, 600])


def test_nothing_is_too_small_for_a_logarithm():
    values = log_singular_values(np.diag([-4.0, 1.0]), np.eye(2), [0.0, 100.0, 1e200])
    np.testing.assert_allclose(values, [[0, 0], [800, -200], [8e200, -2e200]], rtol=1e-14)


def test_rank_deficient_start_is_refused():
    with pytest.raises(ValueError, match="W0 has deficient rank"):
        log_singular_values(np.diag([-1.0, 0.0, 1.0]), np.ones((3, 2)), [0.0])


def test_start_need_not_be_orthonormal_but_must_fit():
    unconstrained_flow(np.diag([-1.0, 1.0]), 3 * np.ones((2, 1)), [0.0])
    with pytest.raises(ValueError, match=r"W0 must have shape .*got \(3, 1\)"):
        unconstrained_flow(np.diag([-1.0, 1.0]), np.ones((3, 1)), [0.0])
