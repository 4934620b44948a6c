import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.analysis import fitted_order, projector_distance
from ssl_dynamics.theory import (
    grassmann_flow,
    iteration_steps,
    largest_iteration_step,
    largest_riemannian_step,
    leading_eigenspace,
    orthogonal_iteration,
    riemannian_steps,
)


def iterate(C, W, learning_rate, steps):
    """The iteration as it stands: Euclidean gradient step, QR."""
    for _ in range(steps):
        W = np.linalg.qr(W - learning_rate * 2 * C @ W)[0]
    return W


@given(flow_problems(), st.floats(0.01, 0.6))
@settings(max_examples=40, deadline=None)
def test_agrees_with_the_iteration_itself(problem, learning_rate):
    C, W0 = problem
    z = W0.shape[1]
    factors = np.abs(1 - 2 * learning_rate * np.linalg.eigvalsh(C))
    if np.sort(factors)[::-1][z - 1] < 0.05:  # the iteration itself loses its columns
        return
    steps = [0, 1, 7, 30]
    expected = np.stack([iterate(C, W0, learning_rate, k) for k in steps])
    assert projector_distance(orthogonal_iteration(C, W0, learning_rate, steps), expected).max() < 1e-7


@given(flow_problems(), st.floats(0.01, 0.15), st.integers(0, 40), st.integers(0, 40), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_semigroup_and_invariance_under_rotation_of_the_start(problem, learning_rate, first, second, seed):
    C, W0 = problem  # 2ηλ ≤ 0.6: no factor vanishes
    z = W0.shape[1]
    W = orthogonal_iteration(C, W0, learning_rate, [0, first, first + second])
    np.testing.assert_allclose(W.mT @ W, np.broadcast_to(np.eye(z), (3, z, z)), atol=1e-10)
    assert projector_distance(W[0], W0) < 1e-10
    assert projector_distance(orthogonal_iteration(C, W[1], learning_rate, [second])[0], W[2]) < 1e-7
    turned = orthogonal_iteration(C, W0 @ orthonormal(z, z, np.random.default_rng(seed)), learning_rate, [second])
    assert projector_distance(turned[0], orthogonal_iteration(C, W0, learning_rate, [second])[0]) < 1e-7


@given(st.lists(st.sampled_from([-3.0, -1.0, 0.0, 0.5, 2.0]), min_size=3, max_size=7), st.data())
@settings(max_examples=40, deadline=None)
def test_limit_holds_the_eigenvectors_of_the_largest_factors(eigenvalues, data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    d = len(eigenvalues)
    z = data.draw(st.integers(1, d - 1))
    learning_rate = data.draw(st.sampled_from([0.05, 0.2, 0.6]))
    C = symmetric(np.array(eigenvalues), random)
    values, vectors = np.linalg.eigh(C)
    factors = np.abs(1 - 2 * learning_rate * values)
    order = np.argsort(-factors)
    limit = orthogonal_iteration(C, orthonormal(d, z, random), learning_rate, [10**6])[0]
    # Eigenvectors whose factor is above that of the z-th lie in the span, those below it are orthogonal to it.
    inside = vectors[:, factors > factors[order[z - 1]] + 1e-9]
    outside = vectors[:, factors < factors[order[z - 1]] - 1e-9]
    np.testing.assert_allclose(limit @ (limit.T @ inside), inside, atol=1e-8)
    np.testing.assert_allclose(limit.T @ outside, 0, atol=1e-8)


def test_agrees_over_a_thousand_steps():
    random = np.random.default_rng(0)
    C = symmetric(np.array([-1.0, -0.9, -0.5, -0.2, 0.0, 0.3]), random)
    W0 = orthonormal(6, 2, random)
    exact = orthogonal_iteration(C, W0, 0.01, [200, 1000])
    assert projector_distance(exact[0], iterate(C, W0, 0.01, 200)) < 1e-12
    assert projector_distance(exact[1], iterate(C, W0, 0.01, 1000)) < 1e-12


def test_tends_to_the_flow_at_order_one():
    random = np.random.default_rng(1)
    C = symmetric(np.array([-2.0, -1.0, 0.0, 0.5, 1.0]), random)
    W0 = orthonormal(5, 2, random)
    flow = grassmann_flow(C, W0, [0.4])[0]
    steps = 0.4 / np.array([100, 200, 400, 800])
    errors = [projector_distance(orthogonal_iteration(C, W0, h, [round(0.4 / h)])[0], flow) for h in steps]
    assert fitted_order(steps, errors) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("factor", "right"), [(0.98, True), (1.02, False)])
def test_limit_switches_where_the_theory_says(factor, right):
    random = np.random.default_rng(2)
    eigenvalues = np.array([-1.0, -0.6, -0.2, 0.1, 2.0])
    C = symmetric(eigenvalues, random)
    W0 = orthonormal(5, 2, random)
    learning_rate = factor * largest_iteration_step(C, 2)
    limit = orthogonal_iteration(C, W0, learning_rate, [10**6])[0]
    assert (projector_distance(limit, leading_eigenspace(C, 2)) < 1e-10) == right


def riemannian(C, W, learning_rate, steps):
    """Riemannian steps with QR."""
    for _ in range(steps):
        W = np.linalg.qr(W - learning_rate * 2 * (C @ W - W @ (W.mT @ C @ W)))[0]
    return W


METHODS = {
    "riemannian": (riemannian, riemannian_steps, lambda C, _: largest_riemannian_step(C)),
    "iteration": (iterate, iteration_steps, largest_iteration_step),
}


@pytest.mark.parametrize("method", METHODS)
@given(share=st.floats(0.3, 0.98), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_last_direction_is_shed_after_the_steps_that_the_bound_asks_for(method, share, seed):
    """From every start, and with a gap λ_{z+1} − λ_z that keeps the rest from converging."""
    follow, steps, largest = METHODS[method]
    random = np.random.default_rng(seed)
    C = symmetric(np.array([-1.0, -0.6, -0.2, -0.19999, 0.1, 2.0]), random)
    W0 = orthonormal(6, 3, random)
    learning_rate = share * largest(C, 3)
    needed = float(steps(C, W0, learning_rate, left=1e-4))
    end = follow(C, W0, learning_rate, int(needed))
    assert np.linalg.norm(end.T @ np.linalg.eigh(C)[1][:, -1]) <= 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_bound_on_the_steps_is_met_near_the_limit(method):
    """The last direction of a start that is right but for it takes the steps of the bound, or a few less."""
    follow, steps, largest = METHODS[method]
    C = np.diag([-1.0, -0.6, -0.2, 0.1, 2.0])
    W0 = np.eye(5)[:, :2]
    W0[[0, 1], [0, 1]], W0[4] = 1.0, [0.05, 0.0] if method == "riemannian" else [0.0, 0.05]
    W0 = np.linalg.qr(W0)[0]
    learning_rate = 0.98 * largest(C, 2)
    needed = int(steps(C, W0, learning_rate, left=1e-4))
    assert needed > 100
    parts = [np.linalg.norm(follow(C, W0, learning_rate, k)[-1]) for k in (needed - 2, needed)]
    assert parts[0] > 0.9e-4
    assert parts[1] <= 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_steps_are_none_where_nothing_is_left_and_endless_beyond_the_limit(method):
    _, steps, largest = METHODS[method]
    C = np.diag([-1.0, -0.6, -0.2, 0.1, 2.0])
    assert steps(C, np.eye(5)[:, :2], 0.1, left=1e-4) == 0
    W0 = orthonormal(5, 2, np.random.default_rng(0), 3)
    assert np.isinf(steps(C, W0, 1.02 * largest(C, 2), left=1e-4)).all()
    assert steps(C, W0, 0.5 * largest(C, 2), left=1e-4).shape == (3,)


@pytest.mark.parametrize(
    ("learning_rate", "steps", "message"),
    [
        (0.0, [1], "learning_rate must be a positive number; got 0.0"),
        (np.nan, [1], "learning_rate must be a positive number; got nan"),
        (0.1, [1.5], "steps must be whole numbers; got 1.5"),
        (0.1, [2, 1], "steps must not decrease"),
        (0.1, [-1], "steps must not be negative; got -1"),
        (0.5, [1], "makes a factor 1 − 2ηλ of the leading 2 zero"),
    ],
)
def test_bad_input_is_refused(learning_rate, steps, message):
    C = np.eye(3)
    with pytest.raises(ValueError, match=message):
        orthogonal_iteration(C, np.eye(3)[:, :2], learning_rate, steps)
