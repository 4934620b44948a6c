"""The flow of Tr(WᵀCW) + (β/2)‖WᵀW − I‖²: between collapse and constraint."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm, subspace_angles

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.theory import (
    grassmann_flow,
    soft_constraint_flow,
    soft_constraint_limit,
    strong_penalty_gram,
    unconstrained_flow,
)

TIMES = np.array([0.0, 0.1, 0.7, 2.0])
BETAS = np.array([0.0, 1e-3, 0.5, 2.0, 6.0])  # two of them eigenvalues of the problems, where a_k = 0


def grams(C, W0, times=TIMES, *, beta):
    F = soft_constraint_flow(C, W0, times, beta=beta)
    return F @ F.mT


def exact_gram(C, W0, t, beta):
    """WWᵀ(t) by the formula as it stands, in digits enough for what e^{4At} spans."""
    with mpmath.workdps(100 + int(4 * t * (beta + np.abs(C).sum()))):
        eigenvalues, V = mpmath.eigsy(mpmath.matrix(C.tolist()))
        rates = [beta - value for value in eigenvalues]
        start = mpmath.matrix(W0.tolist())
        grown = V * mpmath.diag([mpmath.exp(2 * a * t) for a in rates]) * V.T * start
        # An eigenvalue that equals β is off by its rounding; the quotient is then 4t to as much.
        quotient = [mpmath.expm1(4 * a * t) / a if a else mpmath.mpf(4 * t) for a in rates]
        S = mpmath.eye(W0.shape[1]) + beta * (start.T * (V * mpmath.diag(quotient) * V.T) * start)
        return np.array((grown * S**-1 * grown.T).tolist(), dtype=np.float64)


def sizes(problem, scales):
    """The start of a problem, its columns stretched and sheared, so that it is not orthonormal."""
    C, W0 = problem
    z = W0.shape[1]
    return C, W0 * np.resize(scales, z) + 0.3 * W0 @ np.triu(np.ones((z, z)), 1)


@given(flow_problems(), st.lists(st.sampled_from([0.05, 0.7, 1.0, 3.0]), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None)
def test_agrees_with_the_formula_in_many_digits_at_every_strength_and_time(problem, scales):
    C, W0 = sizes(problem, scales)
    for t in (0.7, 6.0):
        for beta, gram in zip(BETAS, grams(C, W0, [t], beta=BETAS)[:, 0], strict=True):
            expected = exact_gram(C, W0, t, float(beta))
            # Clustered and equal eigenvalues leave eigenvectors, and so coordinates over them, to rounding.
            np.testing.assert_allclose(gram, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def test_is_the_descent_of_the_penalised_loss():
    random = np.random.default_rng(3)
    C, W0 = symmetric(np.array([-1.0, -0.4, 0.1, 0.8]), random), 0.4 * random.standard_normal((4, 2))
    for beta in (0.05, 1.0, 7.0):

        def loss(W, beta=beta):
            return np.trace(W.T @ C @ W) + beta / 2 * np.square(W.T @ W - np.eye(2)).sum()

        def velocity(_, flat, loss=loss):
            W, step = flat.reshape(4, 2), 1e-5
            units = step * np.eye(8).reshape(8, 4, 2)
            return [(loss(W - unit) - loss(W + unit)) / (2 * step) for unit in units]

        solved = solve_ivp(velocity, (0, 2), W0.ravel(), method="DOP853", t_eval=TIMES, rtol=1e-10, atol=1e-12)
        trained = solved.y.T.reshape(-1, 4, 2)
        # Central differences of a loss of order one are good to 1e−10.
        np.testing.assert_allclose(grams(C, W0, beta=beta), trained @ trained.mT, atol=2e-8)


@given(flow_problems(), st.sampled_from([0.0, 0.3, 2.0, 40.0]))
@settings(max_examples=25, deadline=None)
def test_is_a_semigroup_and_sees_no_rotation_of_the_outputs(problem, beta):
    C, W0 = sizes(problem, [0.6, 1.3])
    whole = grams(C, W0, [1.1], beta=beta)[0]
    midway = soft_constraint_flow(C, W0, [0.4], beta=beta)[0]
    np.testing.assert_allclose(grams(C, midway, [0.7], beta=beta)[0], whole, atol=1e-9 * np.abs(whole).max())
    z = W0.shape[1]
    turned = grams(C, W0 @ orthonormal(z, z, np.random.default_rng(0)), [1.1], beta=beta)[0]
    np.testing.assert_allclose(turned, whole, atol=1e-9 * np.abs(whole).max())


@given(flow_problems())
@settings(max_examples=25, deadline=None)
def test_without_a_penalty_it_is_the_unconstrained_flow_and_starts_at_its_start(problem):
    C, W0 = sizes(problem, [0.6, 1.3])
    W = unconstrained_flow(C, W0, TIMES)
    expected = W @ W.mT
    np.testing.assert_allclose(grams(C, W0, beta=0), expected, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(
        grams(C, W0, [0.0], beta=BETAS), np.broadcast_to(W0 @ W0.T, (5, 1, *C.shape)), atol=1e-12
    )


def test_strong_penalties_come_near_the_constrained_flow_as_one_over_beta():
    random = np.random.default_rng(5)
    C, W0 = symmetric(np.array([-1.0, -0.6, 0.0, 0.2, 0.9]), random), orthonormal(5, 2, random)
    W = grassmann_flow(C, W0, TIMES)
    betas = np.array([1e2, 1e3, 1e4, 1e5])
    distances = np.linalg.norm(grams(C, W0, beta=betas) - W @ W.mT, axis=(-2, -1))[:, 1:]
    orders = np.diff(np.log(distances), axis=0) / np.log(10)
    np.testing.assert_allclose(orders[1:], -1, atol=0.02)


def test_what_a_strong_penalty_leaves_of_the_distance_to_the_constrained_flow():
    random = np.random.default_rng(5)
    C, W0 = symmetric(np.array([-1.0, -0.6, 0.0, 0.2, 0.9]), random), orthonormal(5, 2, random)
    for t in TIMES[1:]:
        Q = np.linalg.qr(expm(-2 * t * C) @ W0)[0]
        P = Q @ Q.T
        for beta, tolerance in ((1e3, 1e-2), (1e5, 1e-4)):
            left = beta * (P - grams(C, W0, [t], beta=beta)[0])
            np.testing.assert_allclose(left, P @ C @ P, atol=tolerance)
            assert np.linalg.norm(left) == pytest.approx(np.linalg.norm(P @ C @ P), rel=tolerance)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_two_terms_leave_of_a_strong_penalty_what_falls_as_its_third_power(seed, z):
    random = np.random.default_rng(seed)
    C, W0 = symmetric(np.append(random.uniform(-1, 1, 4), random.choice([-1, 1])), random), orthonormal(5, z, random)
    Q = grassmann_flow(C, W0, TIMES[1:])
    betas = np.array([1e2, 1e3, 1e4])
    expanded = Q @ strong_penalty_gram(C, Q, beta=betas) @ Q.mT
    left = np.linalg.norm(grams(C, W0, TIMES[1:], beta=betas) - expanded, 2, axis=(-2, -1))
    assert (left <= 4.2 / betas[:, None] ** 3 + 2e-15).all()
    P = Q @ Q.mT
    first = np.linalg.norm(grams(C, W0, TIMES[1:], beta=1e3) - P + P @ C @ P / 1e3, axis=(-2, -1))
    np.testing.assert_allclose(first * 1e6, np.linalg.norm(P @ C @ (np.eye(5) - P) @ C @ P, axis=(-2, -1)), atol=0.02)
    np.testing.assert_allclose(strong_penalty_gram(C, Q[0], beta=50.0), strong_penalty_gram(C, Q, beta=[50.0])[0, 0])


def test_expansion_for_strong_penalties_refuses_what_has_none():
    with pytest.raises(ValueError, match="beta must be positive: without a penalty"):
        strong_penalty_gram(np.eye(3), np.eye(3)[:, :1], beta=[1.0, 0.0])
    with pytest.raises(ValueError, match="basis must have orthonormal columns"):
        strong_penalty_gram(np.eye(3), np.ones((3, 1)), beta=1.0)


@pytest.mark.parametrize("beta", [0.0, 0.05, 1.0, 100.0])
def test_span_is_that_of_the_constrained_flow_at_every_strength(beta):
    random = np.random.default_rng(7)
    C, W0 = symmetric(np.array([-1.0, -0.6, 0.0, 0.2, 0.9]), random), orthonormal(5, 2, random)
    for F, W in zip(soft_constraint_flow(C, W0, TIMES, beta=beta), grassmann_flow(C, W0, TIMES), strict=True):
        assert subspace_angles(F, W).max() < 1e-12


@given(flow_problems(), st.sampled_from([1e-3, 0.3, 1.5, 40.0]))
@settings(max_examples=25, deadline=None)
def test_ends_at_the_singular_values_of_the_limit_with_its_rank(problem, beta):
    C, W0 = problem
    z = W0.shape[1]
    limit = soft_constraint_limit(C, z, beta=beta)
    found = np.linalg.svd(soft_constraint_flow(C, W0, [1e9], beta=beta)[0], compute_uv=False)
    np.testing.assert_allclose(found, limit, rtol=1e-9, atol=1e-9)
    assert np.count_nonzero(limit) == min(z, np.count_nonzero(np.linalg.eigvalsh(C) < beta))


def test_at_an_eigenvalue_the_direction_dies_like_one_over_the_square_root_of_time():
    C, beta = np.diag([-1.0, 0.5, 2.0]), 0.5
    F = soft_constraint_flow(C, np.eye(3)[:, :2], [1e4, 4e4], beta=beta)
    smaller = np.linalg.svd(F, compute_uv=False)[:, 1]
    np.testing.assert_allclose(smaller, 1 / np.sqrt(1 + 4 * beta * np.array([1e4, 4e4])), rtol=1e-12)  # ẇ = −2βw³
    assert soft_constraint_limit(C, 2, beta=beta)[1] == 0


def test_shapes_of_starts_and_strengths():
    random = np.random.default_rng(0)
    C, W0 = symmetric(np.array([-1.0, 0.1, 0.8]), random), orthonormal(3, 2, random, 4, 5)
    F = soft_constraint_flow(C, W0, TIMES, beta=[0.1, 2.0])
    assert F.shape == (2, 4, 5, 4, 3, 2)
    np.testing.assert_array_equal(F[1, 2, 3], soft_constraint_flow(C, W0[2, 3], TIMES, beta=2.0))
    assert soft_constraint_limit(C, 2, beta=[0.1, 2.0]).shape == (2, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": -1.0}, "beta must not be negative; got -1"),
        ({"beta": [[1.0]]}, r"beta must be a number or a list of them \(B,\); got shape \(1, 1\)"),
        ({"beta": np.inf}, "beta holds 1 values that are not finite"),
        ({"beta": 0.0, "times": [1e4]}, "without a penalty W.t. grows"),
        ({"beta": 1e300, "times": [1e4]}, "overflows float64: end earlier"),
        ({"beta": 1e308, "times": [0.0, 1.0]}, "overflows float64: end earlier"),
        ({"W0": np.ones((3, 2))}, "W0 must have full rank"),
        ({"W0": np.zeros((3, 2))}, "W0 must have full rank"),
        ({"W0": np.eye(3)[:, 1:]}, "no component along a direction of the 2 leading eigenvectors"),
    ],
)
def test_bad_input_is_refused_in_a_line(change, message):
    arguments = {"C": np.diag([-1.0, 0.1, 0.8]), "W0": np.eye(3)[:, :2], "times": [1.0], "beta": 1.0} | change
    with pytest.raises(ValueError, match=message):
        soft_constraint_flow(**arguments)


def test_limit_needs_a_penalty_and_a_dimension():
    with pytest.raises(ValueError, match="without a penalty"):
        soft_constraint_limit(np.eye(2), 1, beta=[1.0, 0.0])
    with pytest.raises(ValueError, match="z must be a whole number between 1 and d = 2; got 3"):
        soft_constraint_limit(np.eye(2), 3, beta=1.0)
