import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, subspace_angles

from problems import flow_problems, orthonormal, symmetric
from ssl_dynamics.theory import (
    SolvedFlow,
    grassmann_flow,
    integrate_grassmann_flow,
    leading_eigenspace,
    nearest_mean_accuracies,
)
from ssl_dynamics.theory.exponential_sums import exponential_sums, node_count

TIMES = np.array([0.0, 0.1, 0.7])


def spans(C, W0):
    """Bases of span exp(−2Ct)W(0), by the matrix exponential."""
    return np.stack([np.linalg.qr(expm(-2 * C * t) @ W0)[0] for t in TIMES])


def condition(C, W0):
    """1 + tan² θ_max(0), to whose multiple of rounding a readout is good."""
    return 1 + np.tan(subspace_angles(W0, leading_eigenspace(C, W0.shape[1])).max()) ** 2


@given(flow_problems())
@settings(max_examples=40, deadline=None)
def test_tangents_are_those_of_the_angles_of_the_integrated_flow(problem):
    C, W0 = problem
    limit = leading_eigenspace(C, W0.shape[1])
    # A degenerate eigenvalue that z divides leaves the limit to rounding, and W(0) may then be far from it.
    tangents = SolvedFlow(C).tangents(W0, TIMES)
    measured = np.tan([subspace_angles(W, limit) for W in integrate_grassmann_flow(C, W0, TIMES)])
    kept = min(W0.shape[1], len(C) - W0.shape[1])  # of more angles than that the others are 0
    np.testing.assert_allclose(tangents[:, kept:], 0, atol=1e-7 * tangents.max())
    np.testing.assert_allclose(tangents[:, :kept], measured[:, :kept], rtol=1e-7, atol=1e-7 * tangents.max())


@given(flow_problems(), st.integers(1, 9), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_representations_are_those_of_the_matrix_exponential(problem, m, seed):
    C, W0 = problem
    X = np.random.default_rng(seed).standard_normal((m, len(C)))
    U = SolvedFlow(C).representations(W0, TIMES, X)
    expected = X @ spans(C, W0)
    assert U.shape == expected.shape
    # Grams are what no rotation of the outputs changes.
    scale = np.square(X).sum()
    np.testing.assert_allclose(U @ U.mT, expected @ expected.mT, atol=1e-12 * scale * condition(C, W0))


@given(flow_problems(), st.integers(1, 9), st.integers(1, 9), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_inner_products_are_those_of_the_projector(problem, m, k, seed):
    C, W0 = problem
    random = np.random.default_rng(seed)
    X, Y = (random.standard_normal((count, len(C))) for count in (m, k))
    expected = np.stack([X @ W @ W.T @ Y.T for W in spans(C, W0)])
    flow = SolvedFlow(C)
    products = flow.inner_products(W0, TIMES, X, Y)
    assert products.shape == expected.shape
    scale = np.square(X).sum() + np.square(Y).sum()
    np.testing.assert_allclose(products, expected, atol=1e-12 * scale * condition(C, W0))
    np.testing.assert_array_equal(flow.inner_products(W0, TIMES, flow.coordinates(X), Y), products)


@given(
    m=st.integers(1, 120),
    T=st.integers(1, 120),
    lowest=st.floats(0, 3),
    spread=st.sampled_from([0.0, 1e-12, 0.3, 3.0, 1e4]),
    end=st.sampled_from([0.0, 0.1, 5.0, 40.0]),
    seed=st.integers(0, 100),
)
@settings(max_examples=200, deadline=None)
def test_interpolated_sums_are_the_sums_to_rounding(m, T, lowest, spread, end, seed):  # noqa: PLR0917
    random = np.random.default_rng(seed)
    rates, times = lowest + spread * random.random(m), end * np.sort(random.random(T))
    A, B = random.standard_normal((2, m, 3)), random.standard_normal((m, 4))
    decays = np.exp(-times[:, None] * rates)
    Q = node_count(rates, times)
    assert Q is None or Q * (T + m) < T * m
    for sums, expected, scale in (
        (exponential_sums(rates, times, A), decays @ A, np.abs(A).sum(-2).max()),
        (
            exponential_sums(rates, times, A, B),
            np.einsum("tj,sjk,jl->stkl", decays, A, B),
            np.einsum("sjk,jl->skl", np.abs(A), np.abs(B)).max(),
        ),
    ):
        slowest = np.exp(-times * rates.min()).reshape(-1, *[1] * (expected.ndim - 2))
        # Rounding of the sums, of the nodes, whose Lebesgue constant is below 5, and of rates in the exponents.
        rounding = (20 + 4 * end * rates.max()) * np.finfo(float).eps * scale
        assert (np.abs(sums - expected) <= rounding * slowest + np.finfo(float).tiny).all()


def test_readouts_of_many_times_take_few_nodes_and_agree_with_bases():
    random = np.random.default_rng(3)
    C = symmetric(np.concatenate([[-3.0, -2.0], random.uniform(-1, 0.2, 78)]), random)
    W0, times, X = orthonormal(80, 2, random, 2), np.linspace(0, 12, 90), random.standard_normal((7, 80))
    flow = SolvedFlow(C)
    assert node_count(2 * (flow.eigenvalues[2:] - flow.eigenvalues[1]), times) < 40
    U = X @ flow.bases(W0, times)
    assert np.abs(flow.inner_products(W0, times, X[:3], X) - U[..., :3, :] @ U.mT).max() < 1e-12
    V = flow.representations(W0, times, X)
    assert np.abs(V @ V.mT - U @ U.mT).max() < 1e-12


@given(flow_problems(), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_distances_are_those_of_the_projectors(problem, seed):
    C, W0 = problem
    d, z = W0.shape
    S = orthonormal(d, z, np.random.default_rng(seed))
    P = [W @ W.T for W in spans(C, W0)]
    expected = [np.linalg.norm(projector - S @ S.T) / np.sqrt(2 * z) for projector in P]
    np.testing.assert_allclose(
        np.square(SolvedFlow(C).distances(W0, TIMES, S)), np.square(expected), atol=1e-12 * condition(C, W0)
    )


@given(flow_problems(), st.integers(1, 40), st.integers(1, 4), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_accuracies_are_those_of_the_nearest_means(problem, m, K, seed):
    C, W0 = problem
    random = np.random.default_rng(seed)
    means, labels = random.standard_normal((K, len(C))) * 2.0 ** np.arange(K)[:, None], random.integers(K, size=m)
    X = means[labels] + 2 * random.standard_normal((m, len(C)))
    W = spans(C, W0)
    squares = np.square((X @ W)[:, :, None] - (means @ W)[:, None]).sum(-1)
    others = np.where(np.arange(K) == labels[:, None], np.inf, squares).min(-1)
    ahead = others - squares[:, np.arange(m), labels]
    rounding = 1e-12 * (np.square(X).sum() + np.square(means).sum()) * condition(C, W0)
    flow = SolvedFlow(C)
    accuracies = nearest_mean_accuracies(flow, W0, TIMES, means=means, items=X, labels=labels)
    assert accuracies.shape == TIMES.shape
    assert ((ahead > rounding).mean(-1) <= accuracies).all()
    assert (accuracies <= (ahead >= -rounding).mean(-1)).all()
    points = {"means": flow.coordinates(means), "items": flow.coordinates(X)}
    known = nearest_mean_accuracies(flow, W0, TIMES, **points, labels=labels)
    np.testing.assert_array_equal(known, accuracies)


def test_nothing_is_lost_long_after_the_naive_formula_has_failed():
    random = np.random.default_rng(0)
    C = symmetric(np.array([-10.0, -1.5, -1.0, -0.2, 0.0, 0.1, 0.3, 0.5]), random)
    W0, X, t = orthonormal(8, 3, random), random.standard_normal((4, 8)), 6.0  # e^{−2 · 9 · 6} = 1e−47
    with mpmath.workdps(200):
        A = mpmath.expm(mpmath.matrix((-2 * t * C).tolist()), method="taylor") * mpmath.matrix(W0.tolist())
        exact = np.array(mpmath.qr(A, mode="skinny")[0].tolist(), dtype=float)
    U = SolvedFlow(C).representations(W0, [t], X)[0]
    np.testing.assert_allclose(U @ U.T, X @ exact @ exact.T @ X.T, atol=1e-12)


def test_one_solution_serves_starts_side_by_side_and_one_after_the_other():
    random = np.random.default_rng(2)
    C, W0, X = symmetric(random.standard_normal(6), random), orthonormal(6, 2, random, 3), np.eye(6)[:4]
    flow = SolvedFlow(C)
    readouts = [
        flow.bases(W0, TIMES),
        flow.tangents(W0, TIMES),
        flow.representations(W0, TIMES, X),
        flow.distances(W0, TIMES, W0[0]),
    ]
    assert [readout.shape for readout in readouts] == [(3, 3, 6, 2), (3, 3, 2), (3, 3, 4, 2), (3, 3)]
    np.testing.assert_array_equal(readouts[0], grassmann_flow(C, W0, TIMES))
    for seed in range(3):
        alone = flow.representations(W0[seed], TIMES, X)
        np.testing.assert_allclose(readouts[2][seed], alone, atol=1e-12)
        np.testing.assert_allclose(readouts[1][seed], flow.tangents(W0[seed], TIMES), rtol=1e-7)
    assert readouts[3][0, 0] < 1e-7


def test_a_whole_space_stays_where_it_is():
    C, W0 = np.diag([-1.0, 0.0, 2.0]), np.eye(3)
    flow = SolvedFlow(C)
    np.testing.assert_array_equal(flow.tangents(W0, TIMES), 0)
    np.testing.assert_allclose(np.abs(flow.representations(W0, TIMES, np.eye(3))), np.stack([np.eye(3)] * 3))


C_GOOD = np.diag([-1.0, 0.0, 2.0])
W_GOOD = np.linalg.qr(np.array([[1.0, 0.2], [0.5, 1.0], [0.3, 0.1]]))[0]


@pytest.mark.parametrize(
    ("readout", "W0", "more", "message"),
    [
        ("representations", W_GOOD, np.eye(4), r"points must have shape \(m, d\) with d = 3; got \(4, 4\)"),
        ("representations", W_GOOD, np.full((1, 3), np.inf), "points holds 3 values that are not finite"),
        ("distances", W_GOOD, np.eye(3)[:, :1], r"span must be a basis of shape \(3, 2\); got \(3, 1\)"),
        ("distances", W_GOOD, 2 * W_GOOD, "span must have orthonormal columns"),
        ("tangents", 2 * W_GOOD, None, "W0 must have orthonormal columns"),
    ],
)
def test_bad_input_is_refused_with_the_offending_value(readout, W0, more, message):
    arguments = [] if more is None else [more]
    with pytest.raises(ValueError, match=message):
        getattr(SolvedFlow(C_GOOD), readout)(W0, TIMES, *arguments)


def test_coordinates_of_points_of_another_dimension_are_refused():
    with pytest.raises(ValueError, match=r"points must have shape \(m, d\) with d = 3; got \(4, 4\)"):
        SolvedFlow(C_GOOD).coordinates(np.eye(4))
    elsewhere = SolvedFlow(np.eye(4)).coordinates(np.eye(4))
    with pytest.raises(ValueError, match=r"right must have shape \(m, d\) with d = 3; got \(4, 4\)"):
        SolvedFlow(C_GOOD).inner_products(W_GOOD, TIMES, np.eye(3), elsewhere)


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, -1], [0, 1.0], [0], [[0, 1]], [0, np.nan]])
def test_labels_that_name_no_mean_for_each_item_are_refused(labels):
    with pytest.raises(ValueError, match="labels must be 2 whole numbers, rows of the 2 means; got "):
        nearest_mean_accuracies(
            SolvedFlow(C_GOOD), W_GOOD, TIMES, means=np.eye(3)[:2], items=np.eye(3)[1:], labels=labels
        )


def test_accuracies_of_several_starts_are_those_of_each():
    random = np.random.default_rng(4)
    C, W0, X = symmetric(random.standard_normal(6), random), orthonormal(6, 2, random, 3), np.eye(6)
    flow, points = SolvedFlow(C), {"means": X[:3], "items": X, "labels": [0, 1, 2, 0, 1, 2]}
    together = nearest_mean_accuracies(flow, W0, TIMES, **points)
    alone = [nearest_mean_accuracies(flow, W, TIMES, **points) for W in W0]
    np.testing.assert_array_equal(together, alone)


def test_a_start_whose_readouts_would_lose_half_their_digits_is_refused():
    overlap = 1e-5
    W0 = np.linalg.qr(np.array([[overlap, 0.0], [0.0, 1.0], [1.0, 0.0]]))[0]
    with pytest.raises(ValueError, match=r"1 \+ tan² θ_max\(0\) = 1e\+10 is more than 6.71e\+07"):
        SolvedFlow(C_GOOD).representations(W0, TIMES, np.eye(3))
