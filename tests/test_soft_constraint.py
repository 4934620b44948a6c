"""The flow of Tr(WᵀCW) + (β/2)‖WᵀW − I‖²: between collapse and constraint."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad_vec, solve_ivp
from scipy.linalg import expm

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.theory import (
    grassmann_flow,
    penalised_gram,
    soft_constraint_flow,
    soft_constraint_limit,
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


@given(flow_problems())
@settings(max_examples=25, deadline=None)
def test_strong_penalties_leave_the_constrained_flow_by_pcp_over_beta(problem):
    """β(P − WWᵀ) − PCP is PC(I − P)CP/β + …, at most ‖C‖²/(β − λ_d), once the start is forgotten."""
    C, W0 = sizes(problem, [0.6, 1.3])
    Q = grassmann_flow(C, np.linalg.qr(W0)[0], TIMES[1:])
    P = Q @ Q.mT
    size, last = np.linalg.norm(C, 2), np.linalg.eigvalsh(C)[-1]
    for beta in (1e3, 1e5):
        left = beta * (P - grams(C, W0, TIMES[1:], beta=beta)) - P @ C @ P
        assert np.linalg.norm(left, 2, axis=(1, 2)).max() <= size**2 / (beta - last) + 1e-13 * beta


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


def drawn(seed, z):
    """A form of norm 1, and an orthonormal start."""
    random = np.random.default_rng(seed)
    return symmetric(np.append(random.uniform(-1, 1, 4), random.choice([-1, 1])), random), orthonormal(5, z, random)


DRAWS = given(st.integers(0, 2**32 - 1), st.integers(1, 3))


@DRAWS
@settings(max_examples=15, deadline=None)
def test_a_penalty_that_has_settled_depends_on_the_span_alone(seed, z):
    """What the start leaves of it is bounded as in docs/theory.md §8, and is seen."""
    C, W0 = drawn(seed, z)
    lam = np.linalg.eigvalsh(C)
    for above in (0.3, 2.0, 50.0):
        beta = max(lam[-1], 0) + above
        apart = beta - lam[-1]
        times = np.array([3.0, 9.0, 40.0]) / (4 * apart)
        Q = grassmann_flow(C, W0, times)
        left = np.linalg.norm(
            grams(C, W0, times, beta=beta) - Q @ penalised_gram(C, Q, beta=beta) @ Q.mT, 2, axis=(1, 2)
        )
        grown, started = (beta - lam[0]) / beta, np.exp(-4 * apart * times) / apart  # ‖C‖ = 1
        bound = np.where(grown * started < 1, grown**2 * started / np.maximum(1 - grown * started, 1e-9), np.inf)
        assert (left <= bound + 1e-13).all()
        assert left[0] > 1e-3 * left[-1]


@DRAWS
@settings(max_examples=15, deadline=None)
def test_its_expansion_leaves_what_falls_as_the_third_power_with_the_next_constant(seed, z):
    C, W0 = drawn(seed, z)
    Q = np.linalg.qr(expm(-0.7 * 2 * C) @ W0)[0]
    K, N = Q.T @ C @ Q, np.eye(5) - Q @ Q.T
    betas = np.array([20.0, 1e2, 1e3])
    two = [np.eye(z) - K / beta - Q.T @ C @ N @ C @ Q / beta**2 for beta in betas]
    left = np.linalg.norm(penalised_gram(C, Q, beta=betas) - two, 2, axis=(-2, -1))
    assert (left <= 1 / (betas**2 * (betas - 1)) + 2e-15).all()  # ‖C‖³/(β²(β − λ_d))
    third = (penalised_gram(C, Q, beta=betas) - two)[1] * betas[1] ** 3
    np.testing.assert_allclose(third, -Q.T @ C @ N @ C @ N @ C @ Q, atol=0.03)
    np.testing.assert_allclose(penalised_gram(C, Q, beta=50.0), penalised_gram(C, Q, beta=[50.0])[0])


@given(flow_problems(), st.sampled_from([0.3, 2.0, 50.0]), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_a_settled_penalty_turns_with_the_basis_and_sees_no_rotation_of_the_inputs(problem, above, seed):
    C, Q = problem
    (d, z), random = Q.shape, np.random.default_rng(seed)
    beta = max(np.linalg.eigvalsh(C)[-1], 0) + above
    G = penalised_gram(C, Q, beta=beta)
    turn, inputs = orthonormal(z, z, random), orthonormal(d, d, random)
    np.testing.assert_allclose(penalised_gram(C, Q @ turn, beta=beta), turn.T @ G @ turn, atol=1e-11 * G.max())
    rotated = inputs @ C @ inputs.T
    np.testing.assert_allclose(
        penalised_gram((rotated + rotated.T) / 2, inputs @ Q, beta=beta), G, atol=1e-11 * G.max()
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-290, 1e-100, 1.0, 1e100, 1e289])
def test_it_sees_ratios_to_the_penalty_alone_and_holds_at_every_size(size):
    C, W0 = drawn(3, 2)
    C = C - 1.1 * np.eye(5)  # no positive eigenvalue
    expected = penalised_gram(C, W0, beta=[0.5, 3.0])
    np.testing.assert_allclose(penalised_gram(size * C, W0, beta=size * np.array([0.5, 3.0])), expected, rtol=1e-12)
    np.testing.assert_allclose(penalised_gram(size * C, W0, beta=1e300) - np.eye(2), 0, atol=1e-10)
    # For small β it is β⁻¹(Qᵀ(−C)⁻¹Q)⁻¹, which float64 may not hold.
    weak = np.linalg.inv(-W0.T @ np.linalg.inv(C) @ W0)
    if size * 1e300 < 1e308:
        np.testing.assert_allclose(penalised_gram(size * C, W0, beta=1e-300) * 1e-300 / size, weak, rtol=1e-9)
    else:
        with pytest.raises(ValueError, match="overflows float64: take a larger beta"):
            penalised_gram(size * C, W0, beta=1e-300)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": [1.0, 0.0]}, "beta must be larger than 0.8, the larger of λ_d and 0; got 0"),
        ({"beta": 0.8}, "beta must be larger than 0.8, the larger of λ_d and 0; got 0.8"),
        ({"C": -np.eye(3), "beta": 0.0}, "beta must be larger than 0, the larger of λ_d and 0; got 0"),
        ({"beta": -1.0}, "beta must not be negative; got -1"),
        ({"beta": np.nan}, "beta holds 1 values that are not finite"),
        ({"beta": [[1.0]]}, r"beta must be a number or a list of them \(B,\); got shape \(1, 1\)"),
        ({"basis": np.ones((3, 1))}, "basis must have orthonormal columns"),
        ({"basis": np.eye(2)}, r"basis must have shape \(..., d, z\) with d = 3"),
        ({"C": np.ones((2, 3))}, "C must be a square matrix"),
    ],
)
def test_bad_input_of_a_settled_penalty_is_refused_in_a_line(change, message):
    arguments = {"C": np.diag([-1.0, 0.1, 0.8]), "basis": np.eye(3)[:, :2], "beta": 1.0} | change
    with pytest.raises(ValueError, match=message):
        penalised_gram(**arguments)


@given(flow_problems())
@settings(max_examples=25, deadline=None)
def test_weak_penalties_change_the_unconstrained_flow_in_proportion_to_beta(problem):
    """By 4β(tYYᵀ − Y∫YᵀYYᵀ), Y the flow without a penalty: growth, less what saturates."""
    C, W0 = sizes(problem, [0.6, 1.3])
    eigenvalues, V = np.linalg.eigh(C)
    for t in TIMES[1:]:
        Y = V @ (np.exp(-2 * eigenvalues * t)[:, None] * (V.T @ W0))
        integral = quad_vec(lambda s, X=V.T @ W0: X.T @ (np.exp(-4 * eigenvalues * s)[:, None] * X), 0, t)[0]
        slope = 4 * (t * Y @ Y.T - Y @ integral @ Y.T)
        size = np.linalg.norm(Y, 2) ** 2
        beta = 1e-6 / (1 + size)
        change = grams(C, W0, [t], beta=beta)[0] - grams(C, W0, [t], beta=0)[0]
        np.testing.assert_allclose(change / beta, slope, atol=2e-4 * size * (1 + size))


@given(flow_problems())
@settings(max_examples=25, deadline=None)
def test_span_is_that_of_the_constrained_flow_at_every_strength(problem):
    C, W0 = sizes(problem, [0.6, 1.3])
    times = [0.0, 0.1, 0.7, 2.0]
    W = grassmann_flow(C, np.linalg.qr(W0)[0], times)
    for F in soft_constraint_flow(C, W0, times, beta=[0.0, 1e-3, 0.5, 2.0, 6.0, 1e2, 1e6]):
        assert projector_distance(np.linalg.qr(F)[0], W).max() < 1e-8


@given(flow_problems(), st.sampled_from([1e-3, 0.3, 1.5, 40.0]))
@settings(max_examples=25, deadline=None)
def test_ends_at_the_singular_values_of_the_limit_with_its_rank(problem, beta):
    C, W0 = problem
    z = W0.shape[1]
    limit = soft_constraint_limit(C, z, beta=beta)
    found = np.linalg.svd(soft_constraint_flow(C, W0, [1e9], beta=beta)[0], compute_uv=False)
    np.testing.assert_allclose(found, limit, rtol=1e-9, atol=1e-9)
    assert np.count_nonzero(limit) == min(z, np.count_nonzero(np.linalg.eigvalsh(C) < beta))


@given(flow_problems(), st.integers(0, 6), st.sampled_from([0.3, 2.0]))
@settings(max_examples=40, deadline=None)
def test_where_the_penalty_is_an_eigenvalue_its_directions_die_alike_whatever_the_start(problem, k, beta):
    """As σ̇ = −2βσ³ has it, each of them as 1/√(4βt); those of larger eigenvalues die exponentially."""
    C, W0 = sizes(problem, [0.6, 1.3])
    z, d = W0.shape[1], len(C)
    C = C + (beta - np.linalg.eigvalsh(C)[k % d]) * np.eye(d)
    eigenvalues = np.linalg.eigh(C)[0]
    beta = float(eigenvalues[k % d])  # to the last digit
    t = 1e10  # late beside 1e6, one over the least distance of two levels, and early beside rounding
    below, at = (int(np.count_nonzero(of)) for of in (eigenvalues < beta - 1e-9, np.abs(eigenvalues - beta) < 1e-9))
    survive = min(z, below)
    dying = min(z - survive, at)
    found = np.linalg.svd(soft_constraint_flow(C, W0, [t], beta=beta)[0], compute_uv=False)
    np.testing.assert_allclose(found[:survive], np.sqrt(1 - eigenvalues[:survive] / beta), rtol=1e-6)
    np.testing.assert_allclose(found[survive:][:dying], 1 / np.sqrt(4 * beta * t), rtol=0.01)
    assert (found[survive + dying :] < 1e-12).all()
    limit = soft_constraint_limit(C, z, beta=beta)
    np.testing.assert_allclose(limit[survive:], 0, atol=1e-6)  # equal eigenvalues are so but for rounding
    np.testing.assert_allclose(found, limit, atol=1.1 / np.sqrt(4 * beta * t))


@given(flow_problems(), st.sampled_from([0.3, 2.0, 40.0]))
@settings(max_examples=25, deadline=None)
def test_of_one_output_it_is_the_solution_of_a_bernoulli_equation(problem, beta):
    """w = gy, y = e^{2(βI − C)t}w(0): g˙ = −2β|y|²g³, so that g = (1 + 4β∫|y|²)^{−1/2}; by quadrature."""
    C, w0 = problem[0], 0.7 * problem[1][:, 0]
    eigenvalues, V = np.linalg.eigh(C)
    x = V.T @ w0
    for t in (0.1, 0.5):
        # In units of e^{2βt}, so that nothing grows but for want of C: |y(s)|² e^{−4βt}.
        integral = quad_vec(
            lambda s, t=t: np.sum(np.exp(4 * beta * (s - t) - 4 * eigenvalues * s) * x**2), 0, t, epsrel=1e-11
        )[0]
        y = V @ (np.exp(-2 * eigenvalues * t) * x)
        expected = np.outer(y, y) / (np.exp(-4 * beta * t) + 4 * beta * integral)
        np.testing.assert_allclose(grams(C, w0[:, None], [t], beta=beta)[0], expected, rtol=1e-8, atol=1e-9)


@given(flow_problems(), st.sampled_from([0.05, 0.7, 1.0, 3.0]), st.sampled_from([1e-3, 0.5, 2.0, 6.0]))
@settings(max_examples=25, deadline=None)
def test_of_as_many_outputs_as_inputs_every_eigendirection_grows_by_itself(problem, scale, beta):
    """From W(0) = cO, O orthogonal, WWᵀ = Σ m_k v_kv_kᵀ with ṁ = 4(β − λ)m − 4βm²: logistic."""
    C = problem[0]
    d = len(C)
    W0 = scale * orthonormal(d, d, np.random.default_rng(0))
    eigenvalues, V = np.linalg.eigh(C)
    times = np.array([0.0, 0.3, 2.0])
    for gram, t in zip(grams(C, W0, times, beta=beta), times, strict=True):
        a = beta - eigenvalues
        near = np.abs(a) < 1e-9
        quotient = np.where(near, 4 * t, -np.expm1(-4 * a * t) / np.where(near, 1, a))
        m = 1 / (np.exp(-4 * a * t) / scale**2 + beta * quotient)
        np.testing.assert_allclose(gram, (V * m) @ V.T, rtol=0, atol=1e-9 * max(m.max(), 1))
    end = grams(C, W0, [1e9], beta=beta)[0]
    np.testing.assert_allclose(end, (V * np.maximum(1 - eigenvalues / beta, 0)) @ V.T, atol=2e-6)


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
        ({"W0": np.eye(3)[:, 1:]}, "2 leading eigenvectors of C, those of the smallest eigenvalues: its"),
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


@pytest.mark.parametrize("spectrum", [[-1.0, -0.4, 0.2, 0.6], [-1.0, 0.3, 0.5, 0.6]])
def test_a_weak_penalty_holds_the_first_mode_at_the_time_and_the_depth_of_the_proposition(spectrum):
    """Half of its limit at t_1, σ_2/σ_1 of the order β^{(1 − λ_2/λ_1)/2} there; in the end it has passed or not."""
    random = np.random.default_rng(1)
    C, W0 = symmetric(np.array(spectrum), random), orthonormal(4, 2, random)
    eigenvalues, V = np.linalg.eigh(C)
    betas, ratios = np.array([1e-8, 1e-10, 1e-12]), []
    for beta in betas:
        a = beta - eigenvalues[0]
        t = np.log(a / (beta * np.square(W0.T @ V[:, 0]).sum())) / (4 * a)
        F = soft_constraint_flow(C, W0, [t], beta=beta)[0]
        assert np.square(F.T @ V[:, 0]).sum() == pytest.approx(a / beta / 2, rel=1e-3)
        values = np.linalg.svd(F, compute_uv=False)
        ratios.append(values[1] / values[0])
    power = np.diff(np.log(ratios)) / np.diff(np.log(betas))
    np.testing.assert_allclose(power, (1 - eigenvalues[1] / eigenvalues[0]) / 2, atol=0.03)
    ends = soft_constraint_limit(C, 2, beta=betas)
    if eigenvalues[1] < 0:
        np.testing.assert_allclose(ends[:, 1] / ends[:, 0], np.sqrt(eigenvalues[1] / eigenvalues[0]), rtol=1e-6)
    else:
        assert (ends[:, 1] / ends[:, 0] <= np.sqrt(betas / (betas - eigenvalues[0]))).all()


def test_singular_values_arrive_at_the_rates_of_survivors_of_dying_directions_and_of_what_has_yet_to_turn():
    """4(β − λ_k), 2(λ_k − β), 4(λ_j − λ_k): the spectra make each of them the slowest."""
    beta, random = 1.0, np.random.default_rng(4)
    for spectrum, rate in (
        ([-1.0, 0.8, 2.0, 3.0], 4 * (1 - 0.8)),
        ([-1.0, 1.2, 2.0, 3.0], 2 * (1.2 - 1)),
        ([-1.0, -0.5, -0.3, 3.0], 4 * (-0.3 + 0.5)),
    ):
        C, W0 = symmetric(np.array(spectrum), random), orthonormal(4, 2, random)
        end = soft_constraint_limit(C, 2, beta=beta)
        values = np.linalg.svd(soft_constraint_flow(C, W0, [9.0, 10.0], beta=beta), compute_uv=False)
        left = np.abs(values - end).max(-1)
        assert np.log(left[0] / left[1]) == pytest.approx(rate, rel=2e-2)
