import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.analysis import principal_angles, projector_distance
from ssl_dynamics.theory import (
    arrival_times,
    grassmann_flow,
    grassmann_tangent,
    integrate_grassmann_flow,
    leading_eigenspace,
    tangent_bound,
)

TIMES = np.array([0.0, 0.05, 0.3, 1.0, 2.5])


def naive_flow(C, W0, t):
    """Basis of span exp(−2Ct)W(0), formed as it stands."""
    eigenvalues, V = np.linalg.eigh(C)
    return np.linalg.qr(V @ (np.exp(-2 * eigenvalues * t)[:, None] * (V.T @ W0)))[0]


@given(flow_problems())
@settings(max_examples=40, deadline=None)
def test_agrees_with_integration_of_the_flow(problem):
    C, W0 = problem
    times = np.array([0.0, 0.1, 0.7])
    assert projector_distance(grassmann_flow(C, W0, times), integrate_grassmann_flow(C, W0, times)).max() < 1e-9


@given(flow_problems())
@settings(max_examples=40, deadline=None)
def test_agrees_with_the_matrix_exponential_while_that_is_accurate(problem):
    C, W0 = problem
    expected = np.linalg.qr(expm(-2 * C * 0.2) @ W0)[0]
    assert projector_distance(grassmann_flow(C, W0, [0.2])[0], expected) < 1e-10


@given(flow_problems(), st.floats(0, 2), st.floats(0, 2))
@settings(max_examples=60, deadline=None)
def test_semigroup(problem, first, second):
    C, W0 = problem
    middle = grassmann_flow(C, W0, [first])[0]
    at_once = grassmann_flow(C, W0, [first + second])[0]
    assert projector_distance(grassmann_flow(C, middle, [second])[0], at_once) < 1e-8


@given(flow_problems(), st.floats(-5, 5), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_invariant_under_shift_of_the_spectrum_and_rotation_of_the_start(problem, shift, seed):
    C, W0 = problem
    z = W0.shape[1]
    Q = orthonormal(z, z, np.random.default_rng(seed))
    changed = grassmann_flow(C + shift * np.eye(len(C)), W0 @ Q, TIMES)
    assert projector_distance(changed, grassmann_flow(C, W0, TIMES)).max() < 1e-8


@given(flow_problems())
@settings(max_examples=60, deadline=None)
def test_basis_is_orthonormal_starts_at_the_start_and_descends(problem):
    C, W0 = problem
    W = grassmann_flow(C, W0, TIMES)
    np.testing.assert_allclose(
        W.mT @ W, np.broadcast_to(np.eye(W.shape[-1]), W.mT.shape[:1] + (W.shape[-1],) * 2), atol=1e-12
    )
    assert projector_distance(W[0], W0) < 1e-8
    loss = np.einsum("tdz,de,tez->t", W, C, W)
    assert (np.diff(loss) <= 1e-9).all()


def test_limit_is_the_leading_eigenspace():
    random = np.random.default_rng(3)
    C = symmetric(np.array([-4.0, -2.0, -1.0, 0.0, 1.0, 3.0]), random)
    W0 = orthonormal(6, 3, random, 5)
    at_infinity = grassmann_flow(C, W0, [0.0, 1e6])[:, 1]
    assert projector_distance(at_infinity, leading_eigenspace(C, 3)).max() < 1e-14


def test_large_gap_long_past_underflow_where_the_naive_formula_fails():
    random = np.random.default_rng(0)
    eigenvalues = np.array([-10.0, -1.5, -1.0, -0.2, 0.0, 0.1, 0.3, 0.5])  # λ_1 is ten times λ_3
    C = symmetric(eigenvalues, random)
    W0 = orthonormal(8, 3, random)
    t = 6.0  # e^{−2 · 9 · 6} = 1e−47: far below the rounding of the first column
    exact = np.linalg.qr(_graph_basis_in_extended_precision(C, W0, t))[0]
    assert projector_distance(grassmann_flow(C, W0, [t])[0], exact) < 1e-12
    assert projector_distance(naive_flow(C, W0, t), exact) > 0.1


def _graph_basis_in_extended_precision(C, W0, t):
    """exp(−2Ct)W(0) and its basis with 200 digits, an oracle that shares no formula with graph coordinates."""
    with mpmath.workdps(200):
        A = mpmath.expm(mpmath.matrix((-2 * t * C).tolist()), method="taylor") * mpmath.matrix(W0.tolist())
        Q = mpmath.qr(A, mode="skinny")[0]
        return np.array(Q.tolist(), dtype=float)


@pytest.mark.parametrize("overlap", [1e-3, 1e-6, 1e-8])
def test_start_nearly_orthogonal_to_the_first_eigenvector(overlap):
    z = 2
    random = np.random.default_rng(1)
    C = symmetric(np.array([-3.0, -2.0, -0.5, 0.0, 0.4, 1.0]), random)
    V = np.linalg.eigh(C)[1]
    first = overlap * V[:, 0] + np.sqrt(1 - overlap**2) * V[:, 3]
    W0 = np.linalg.qr(np.stack([first, V[:, 1] + V[:, 2]], axis=1))[0]
    assert grassmann_tangent(C, W0, [0.0])[0] == pytest.approx(1 / overlap, rel=0.6)
    times = np.linspace(0, 4, 9)
    distance = projector_distance(grassmann_flow(C, W0, times), integrate_grassmann_flow(C, W0, times))
    assert distance.max() < 1e-15 / overlap + 1e-9
    assert projector_distance(grassmann_flow(C, W0, [20.0])[0], V[:, :z]) < 1e-10


def test_start_orthogonal_to_the_first_eigenvector_is_refused():
    C = np.diag([-2.0, -1.0, 0.0, 1.0])
    with pytest.raises(ValueError, match="in the span of the 2 leading eigenvectors of C, those of the smallest"):
        grassmann_flow(C, np.eye(4)[:, 1:3], [1.0])


def test_single_dimension_follows_its_closed_form():
    random = np.random.default_rng(5)
    eigenvalues = np.sort(random.standard_normal(6))
    C = symmetric(eigenvalues, random)
    W0 = orthonormal(6, 1, random)
    V = np.linalg.eigh(C)[1]
    overlaps = (V.T @ W0)[:, 0] ** 2
    weights = overlaps * np.exp(-4 * eigenvalues * TIMES[:, None])
    measured = (V.T @ grassmann_flow(C, W0, TIMES))[..., 0] ** 2
    np.testing.assert_allclose(measured, weights / weights.sum(axis=1, keepdims=True), atol=1e-13)


@given(flow_problems())
@settings(max_examples=60, deadline=None)
def test_tangent_is_the_angle_to_the_limit_and_stays_within_its_bound(problem):
    C, W0 = problem
    z = W0.shape[1]
    if z == len(C):
        return
    tangent = grassmann_tangent(C, W0, TIMES)
    angles = principal_angles(grassmann_flow(C, W0, TIMES), leading_eigenspace(C, z))
    np.testing.assert_allclose(np.arctan(tangent), angles[:, 0], atol=1e-8)
    assert (tangent <= tangent_bound(C, W0, TIMES) * (1 + 1e-12)).all()


def test_seeds_in_front_are_solved_side_by_side():
    random = np.random.default_rng(2)
    C = symmetric(random.standard_normal(5), random)
    W0 = orthonormal(5, 2, random, 3)
    together = grassmann_flow(C, W0, TIMES)
    assert together.shape == (3, 5, 5, 2)
    for seed in range(3):
        assert projector_distance(together[seed], grassmann_flow(C, W0[seed], TIMES)).max() < 1e-14


C_GOOD = np.diag([-1.0, 0.0, 2.0])
W_GOOD = np.linalg.qr(np.array([[1.0, 0.2], [0.5, 1.0], [0.3, 0.1]]))[0]


@pytest.mark.parametrize(
    ("C", "W0", "times", "message"),
    [
        (np.ones((3, 2)), W_GOOD, [0.0], r"C must be a square matrix.*\(3, 2\)"),
        (C_GOOD + np.triu(np.ones((3, 3)), 1), W_GOOD, [0.0], "C must be symmetric.* reaches 1"),
        (C_GOOD * np.nan, W_GOOD, [0.0], "C holds 9 values that are not finite"),
        (C_GOOD.astype(complex), W_GOOD, [0.0], "real numbers; got dtype complex128"),
        (C_GOOD, W_GOOD * 2, [0.0], "orthonormal columns.* reaches 3"),
        (C_GOOD, np.eye(4)[:, :2], [0.0], r"d = 3 .*got \(4, 2\)"),
        (C_GOOD, W_GOOD[:, 0], [0.0], r"got \(3,\)"),
        (C_GOOD, np.eye(3, 4), [0.0], r"z <= d; got \(3, 4\)"),
        (C_GOOD, W_GOOD, [-0.5, 1.0], "must not be negative; got -0.5"),
        (C_GOOD, W_GOOD, [0.0, 2.0, 1.0], "must not decrease; entry 2 is 1 after 2"),
        (C_GOOD, W_GOOD, [np.inf], "times holds 1 values that are not finite"),
        (C_GOOD, W_GOOD, [], r"non-empty list.*\(0,\)"),
        (C_GOOD, W_GOOD, [["a"]], "times must hold real numbers"),
    ],
)
@pytest.mark.parametrize("function", [grassmann_flow, grassmann_tangent, tangent_bound, integrate_grassmann_flow])
def test_bad_input_is_refused_with_the_offending_value(function, C, W0, times, message):
    with pytest.raises(ValueError, match=message):
        function(C, W0, times)


def test_bound_needs_a_next_eigenvalue():
    with pytest.raises(ValueError, match="z must be smaller than d = 3"):
        tangent_bound(C_GOOD, np.eye(3), [0.0])


@pytest.mark.parametrize("z", [0, 4])
def test_leading_eigenspace_needs_a_dimension_in_range(z):
    with pytest.raises(ValueError, match=f"between 1 and d = 3; got {z}"):
        leading_eigenspace(C_GOOD, z)


def test_arrival_is_when_the_tangent_has_fallen_so_far():
    random = np.random.default_rng(5)
    C, W0 = symmetric(np.array([-2.0, -1.0, -0.9, 0.0, 0.5]), random), orthonormal(5, 2, random, 3)
    for tangent in (1e-3, 0.1, 1e9):
        times = arrival_times(C, W0, tangent)
        for W, time in zip(W0, times, strict=True):
            at = grassmann_tangent(C, W, [time])[0]
            assert at == pytest.approx(tangent, rel=1e-6) if time else at <= tangent
        assert (times == 0).all() == (tangent > 1e6)
    assert np.isinf(arrival_times(np.eye(5), W0, 1e-3)).all()
    assert arrival_times(C, W0[0], 0.1).shape == ()


@pytest.mark.parametrize(("shift", "healed"), [(-3.0, True), (3.0, False)])
@pytest.mark.parametrize("size", [0.3, 0.9])
def test_of_a_start_inside_the_constraint_the_flow_keeps_the_span_and_heals_where_c_is_negative(size, shift, healed):
    random = np.random.default_rng(11)
    C = symmetric(np.linspace(-1, 1, 5) + shift, random)
    W0 = size * orthonormal(5, 2, random) @ np.array([[1.0, 0.4], [0.0, 0.5]])
    times = [0.0, 0.1, 0.4, 2.0]

    def velocity(_, flat):
        W = flat.reshape(5, 2)
        return (-2 * (C @ W - W @ (W.T @ C @ W))).ravel()

    moved = solve_ivp(velocity, (0, times[-1]), W0.ravel(), "DOP853", times, rtol=1e-11, atol=1e-13)
    W = moved.y.T.reshape(-1, 5, 2)
    Y = np.stack([expm(-2 * C * t) @ W0 for t in times])
    gram = Y @ np.linalg.solve(np.eye(2) + Y.mT @ Y - W0.T @ W0, Y.mT)
    np.testing.assert_allclose(W @ W.mT, gram, atol=1e-8)
    start = np.linalg.qr(W0)[0]
    assert projector_distance(np.linalg.qr(W[:3])[0], grassmann_flow(C, start, times[:3])).max() < 1e-7
    defects = np.linalg.norm(W.mT @ W - np.eye(2), axis=(-2, -1))
    assert (np.diff(defects) < 0).all() == healed
    assert (defects[-1] < 1e-3) == healed


@st.composite
def starts_inside(draw):
    """(C, W0, sizes): a flow problem whose start has singular values `sizes` of at most 1, some of them 1."""
    C, W0 = draw(flow_problems())
    z = W0.shape[1]
    sizes = np.array(draw(st.lists(st.one_of(st.just(1.0), st.floats(0.2, 0.95)), min_size=z, max_size=z)))
    return C, W0 * sizes @ orthonormal(z, z, np.random.default_rng(draw(st.integers(0, 100)))), sizes


def oja(C, W0, t):
    """F with FFᵀ = WWᵀ(t) = Y[I + YᵀY − W(0)ᵀW(0)]⁻¹Yᵀ, Y = e^{−2Ct}W(0) (docs/theory.md §3)."""
    Y = expm(-2 * C * t) @ W0
    L = np.linalg.cholesky(np.eye(W0.shape[1]) + Y.T @ Y - W0.T @ W0)
    return np.linalg.solve(L, Y.T).T


@given(starts_inside())
@settings(max_examples=25, deadline=None)
def test_from_inside_the_constraint_it_is_the_riccati_flow_with_the_span_of_the_constrained_one(problem):
    C, W0, _ = problem

    def velocity(_, flat):
        W = flat.reshape(W0.shape)
        return (-2 * (C @ W - W @ (W.T @ C @ W))).ravel()

    W = solve_ivp(velocity, (0, 0.5), W0.ravel(), "DOP853", rtol=1e-12, atol=1e-14).y[:, -1].reshape(W0.shape)
    F = oja(C, W0, 0.5)
    np.testing.assert_allclose(F @ F.T, W @ W.T, atol=1e-9)
    assert projector_distance(np.linalg.qr(F)[0], grassmann_flow(C, np.linalg.qr(W0)[0], [0.5])[0]) < 1e-9


@given(starts_inside(), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_from_inside_the_constraint_it_is_a_semigroup_and_sees_no_rotation_of_the_outputs(problem, first, second, seed):
    C, W0, sizes = problem
    F = oja(C, W0, first + second)
    for other in (
        oja(C, oja(C, W0, first), second),
        oja(C, W0 @ orthonormal(len(sizes), len(sizes), np.random.default_rng(seed)), first + second),
    ):
        np.testing.assert_allclose(other @ other.T, F @ F.T, atol=1e-9)


@given(starts_inside(), st.floats(0, 0.5))
@settings(max_examples=40, deadline=None)
def test_as_many_singular_values_are_one_as_at_the_start_and_no_other_comes_there(problem, t):
    """N = I − WᵀW obeys Ṅ = 2(NK + KN), K = WᵀCW, so that N(t) = ΦN(0)Φᵀ: its rank and its signs stay."""
    C, W0, sizes = problem
    F = oja(C, W0, t)
    values = np.linalg.svd(F, compute_uv=False)
    assert values.max() < 1 + 1e-10
    assert np.count_nonzero(values > 1 - 1e-8) == np.count_nonzero(sizes == 1)
    if (sizes == 1).all():
        assert projector_distance(np.linalg.qr(F)[0], grassmann_flow(C, W0, [t])[0]) < 1e-9


def test_from_inside_the_constraint_the_last_deviation_fades_at_four_times_lambda_z_from_generic_starts():
    random = np.random.default_rng(2)
    C, W0 = symmetric(np.array([-1.0, -0.5, 0.3, 0.7]), random), 0.6 * orthonormal(4, 2, random)
    left = [1 - np.linalg.svd(oja(C, W0, t), compute_uv=False)[-1] ** 2 for t in (6.0, 7.0)]
    assert np.log(left[0] / left[1]) == pytest.approx(4 * 0.5, rel=1e-3)
    V = np.linalg.eigh(C)[1]
    values = np.linalg.svd(oja(C, 0.5 * V[:, [0, 3]], 8.0), compute_uv=False)
    np.testing.assert_allclose(values, [1, 0], atol=1e-4)
