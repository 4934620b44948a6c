import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.theory import grassmann_flow, integrate_wide_two_layer_flow, wide_two_layer_flow
from ssl_dynamics.theory.integration import integrate

TIMES = np.array([0.0, 0.05, 0.3, 1.0])


def layers(C, h, z, random):
    """V (h, d) and W_2 (h, z) with orthonormal columns."""
    return orthonormal(h, len(C), random), orthonormal(h, z, random)


@pytest.mark.parametrize("z", [1, 3])
@pytest.mark.parametrize("h", [6, 7, 12, 40])
def test_end_to_end_weights_of_the_layers_obey_the_equation_at_every_width(h, z):
    random = np.random.default_rng(h)
    C = symmetric(random.standard_normal(5), random)
    V0, W20 = layers(C, h, z, random)

    def velocity(state):
        V, W2 = state[:, :5], state[:, 5:]
        W = V.T @ W2
        gradient_V, gradient_W2 = 2 * W2 @ W.T @ C, 2 * V @ C @ W  # of Tr(WᵀCW), by the chain rule
        return -np.hstack([gradient_V - V @ (V.T @ gradient_V), gradient_W2 - W2 @ (W2.T @ gradient_W2)])

    states = integrate(velocity, np.hstack([V0, W20]), TIMES)
    measured = states[:, :, :5].mT @ states[:, :, 5:]
    np.testing.assert_allclose(measured, wide_two_layer_flow(C, V0.T @ W20, TIMES), atol=1e-9)


@given(st.integers(2, 7), st.floats(0.01, 1.0), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_closed_form_of_a_vector_agrees_with_integration(d, size, seed):
    random = np.random.default_rng(seed)
    C = symmetric(random.standard_normal(d), random)
    W0 = size * orthonormal(d, 1, random, 3)
    closed, integrated = wide_two_layer_flow(C, W0, TIMES), integrate_wide_two_layer_flow(C, W0, TIMES)
    np.testing.assert_allclose(closed, integrated, atol=1e-9)


@given(flow_problems())
@settings(max_examples=20, deadline=None)
def test_orthonormal_start_is_the_narrow_flow(problem):
    C, W0 = problem  # WᵀW = I: the equation reduces to the flow on the Grassmannian
    wide = wide_two_layer_flow(C, W0, TIMES)
    # WᵀW = I + E obeys Ė = 4(ME + EM) with M = WᵀCW: while W lies among positive eigenvalues, near a saddle, the
    # rounding of the start grows by up to exp(8λ_d t).
    growth = np.exp(8 * max(np.linalg.eigvalsh(C)[-1], 0) * np.asarray(TIMES))
    distance = projector_distance(np.linalg.qr(wide)[0], grassmann_flow(C, W0, TIMES))
    assert (distance <= np.maximum(1e-8, 1e-13 * growth)).all()


@given(flow_problems(), st.floats(0.05, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_semigroup(problem, size, first, second):
    C, W0 = problem
    W = wide_two_layer_flow(C, size * W0, [first, first + second])
    # The step from outside may exceed a contraction by the error of integration, which the start must not.
    middle = W[0] / max(1.0, np.linalg.svd(W[0], compute_uv=False).max())
    np.testing.assert_allclose(wide_two_layer_flow(C, middle, [second])[0], W[1], atol=1e-7)


@given(flow_problems(), st.floats(0.05, 1), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_turns_with_the_start_which_it_returns_at_time_zero(problem, size, seed):
    C, W0 = problem
    z = W0.shape[1]
    Q = orthonormal(z, z, np.random.default_rng(seed))
    W = wide_two_layer_flow(C, size * W0, TIMES)
    np.testing.assert_allclose(W[0], size * W0, atol=1e-12)
    np.testing.assert_allclose(wide_two_layer_flow(C, size * W0 @ Q, TIMES), W @ Q, atol=1e-7)


@given(st.lists(st.sampled_from([-3.0, -1.0, -1.0 + 1e-6, 0.5, 2.0]), min_size=2, max_size=6), st.data())
@settings(max_examples=20, deadline=None)
def test_limit_fills_the_negative_eigenspace_and_nothing_else(eigenvalues, data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    z = data.draw(st.integers(1, len(eigenvalues)))
    C = symmetric(np.array(eigenvalues), random)
    limit = wide_two_layer_flow(C, 0.5 * orthonormal(len(C), z, random), [20.0])[0]
    spectrum, vectors = np.linalg.eigh(C)
    negative = int((spectrum < 0).sum())
    expected = np.zeros(z)
    expected[: min(z, negative)] = 1
    np.testing.assert_allclose(np.linalg.svd(limit, compute_uv=False), expected, atol=1e-6)
    np.testing.assert_allclose(vectors[:, negative:].T @ limit, 0, atol=1e-6)


def test_limit_is_a_unit_vector_along_the_first_eigenvector():
    random = np.random.default_rng(3)
    C = symmetric(np.array([-2.0, -1.0, 0.5, 1.0]), random)
    limit = wide_two_layer_flow(C, 0.01 * orthonormal(4, 1, random), [0.0, 1e4])[1, :, 0]
    np.testing.assert_allclose(np.abs(limit), np.abs(np.linalg.eigh(C)[1][:, 0]), atol=1e-10)


def test_rank_of_the_limit_counts_negative_eigenvalues():
    random = np.random.default_rng(4)
    C = symmetric(np.array([-2.0, -1.0, 0.5, 1.0]), random)
    limit = wide_two_layer_flow(C, 0.3 * orthonormal(4, 3, random), [60.0])[0]
    np.testing.assert_allclose(np.linalg.svd(limit, compute_uv=False), [1, 1, 0], atol=1e-8)


@given(flow_problems(), st.floats(0.05, 1))
@settings(max_examples=20, deadline=None)
def test_loss_descends_and_the_weights_stay_contractions(problem, size):
    C, W0 = problem
    W = wide_two_layer_flow(C, size * W0, TIMES)
    assert (np.diff(np.einsum("tdz,de,tez->t", W, C, W)) <= 1e-9).all()
    assert np.linalg.svd(W, compute_uv=False).max() <= 1 + 1e-7


def test_zero_start_stays_at_zero_in_every_component_that_is_zero():
    C = np.diag([-1.0, 0.5, 1.0])
    W = wide_two_layer_flow(C, np.array([[0.0], [0.5], [0.2]]), TIMES)
    np.testing.assert_array_equal(W[:, 0], 0)


@pytest.mark.parametrize("z", [1, 2])
def test_times_may_repeat(z):
    random = np.random.default_rng(6)
    C, W0 = symmetric(random.standard_normal(4), random), 0.4 * orthonormal(4, z, random)
    W = wide_two_layer_flow(C, W0, [0.0, 0.0, 0.7, 0.7, 1.0])
    np.testing.assert_allclose(W, wide_two_layer_flow(C, W0, [0.0, 0.7, 1.0])[[0, 0, 1, 1, 2]], atol=1e-9)


@pytest.mark.parametrize("z", [1, 2])
def test_starts_in_front_are_solved_side_by_side(z):
    random = np.random.default_rng(5)
    C = symmetric(random.standard_normal(4), random)
    W0 = 0.4 * orthonormal(4, z, random, 2, 3)
    together = wide_two_layer_flow(C, W0, TIMES)
    assert together.shape == (2, 3, 4, 4, z)
    np.testing.assert_allclose(together[1, 2], wide_two_layer_flow(C, W0[1, 2], TIMES), atol=1e-9)


@pytest.mark.parametrize("z", [1, 2])
def test_start_must_be_a_contraction(z):
    with pytest.raises(ValueError, match=r"singular values at most 1; got 1\.5"):
        wide_two_layer_flow(np.eye(3), 1.5 * np.eye(3)[:, :z], [0.0])
