"""Steps, times, widths and scales at the ends of what float64 holds: the right value, or a line that refuses."""

import mpmath
import numpy as np
import pytest

from problems import orthonormal, symmetric
from ssl_dynamics import theory
from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.kernels import infinite_width_ntk
from ssl_dynamics.theory.noise import _moments, _pieces

SPECTRUM = np.array([-1.0, -0.4, 0.1, 0.5, 0.9])
RANDOM = np.random.default_rng(0)
C, W0 = symmetric(SPECTRUM, RANDOM), orthonormal(5, 2, RANDOM)
SIZES = [1e-280, 1e-160, 1e-30, 1e30, 1e160, 1e280]


@pytest.mark.parametrize("beta", [1e6, 1e10, 1e13, 1e16, 1e20, 1e200])
def test_a_large_penalty_leaves_the_span_of_the_constrained_flow(beta):
    times = [0.0, 0.3, 1.0, 30.0]
    F = theory.soft_constraint_flow(C, W0, times, beta=beta)
    assert projector_distance(np.linalg.qr(F)[0], theory.grassmann_flow(C, W0, times)).max() < 1e-13
    np.testing.assert_allclose(F.mT @ F, np.broadcast_to(np.eye(2), (4, 2, 2)), atol=2 / beta + 1e-14)


@pytest.mark.parametrize("beta", [1e3, 1e8, 1e12, 1e16])
def test_a_penalty_of_any_size_has_the_gram_matrix_of_its_formula(beta):
    eigenvalues, start, t = [-1.0, -0.4, 0.5], orthonormal(3, 2, np.random.default_rng(4)), 1.0
    F = theory.soft_constraint_flow(np.diag(eigenvalues), start, [t], beta=beta)[0]
    with mpmath.workdps(80):
        a = [mpmath.mpf(beta) - mpmath.mpf(value) for value in eigenvalues]
        grown = mpmath.diag([mpmath.exp(2 * x * t) for x in a]) * mpmath.matrix(start.tolist())
        inner = mpmath.diag([beta * (mpmath.exp(4 * x * t) - 1) / x for x in a])
        S = mpmath.eye(2) + mpmath.matrix(start.T.tolist()) * inner * mpmath.matrix(start.tolist())
        exact = np.array((grown * S**-1 * grown.T).tolist(), dtype=np.float64)
    np.testing.assert_allclose(F @ F.T, exact, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-12])
def test_arrival_is_as_exact_where_another_gap_is_narrow(gap):
    start = np.array([[1.0], [1e-3], [10.0]])
    found = theory.arrival_times(np.diag([0.0, gap, 1.0]), start / np.linalg.norm(start), 1.0)
    with mpmath.workdps(30):
        exact = mpmath.findroot(
            lambda t: 1e-6 * mpmath.exp(-4 * gap * t) + 100 * mpmath.exp(-4 * t) - 1, mpmath.log(10) / 2
        )
    assert found == pytest.approx(float(exact), rel=1e-8)


@pytest.mark.parametrize("rate", [1e-4, 1e-8, 1e-12, 1e-15])
def test_iteration_tends_to_the_flow_however_small_its_steps(rate):
    found = theory.orthogonal_iteration(C, W0, rate, [0, round(1 / rate), round(8 / rate)])
    flow = theory.grassmann_flow(C, W0, [0.0, 1.0, 8.0])
    assert projector_distance(found, flow).max() < 5 * rate + 1e-13


@pytest.mark.parametrize("steps", [theory.riemannian_steps, theory.iteration_steps])
def test_counts_of_small_steps_scale_inversely_with_them(steps):
    counts = np.array([steps(C, W0, rate, left=1e-6) * rate for rate in (1e-6, 1e-12, 1e-15, 1e-18)])
    assert (np.abs(counts / counts[0] - 1) < 1e-5).all()


@pytest.mark.parametrize("rate", [0.1, 1e-8, 1e-15])
def test_regression_by_small_steps(rate):
    steps = [0, round(1 / rate)]
    left = theory.regression_descent(np.diag([0.5, 1.0]), np.zeros((2, 1)), np.ones((2, 1)), rate, steps)[1, :, 0]
    with mpmath.workdps(40):
        exact = [float((1 - mpmath.mpf(rate) * value) ** steps[1]) for value in (mpmath.mpf(1) / 2, 1)]
    np.testing.assert_allclose(left, exact, rtol=1e-12)


def test_regression_past_a_factor_of_minus_one_alternates():
    odd, even = theory.regression_descent(np.eye(1), [[0.0]], [[1.0]], 1.5, [3, 4])[:, 0, 0]
    assert (odd, even) == pytest.approx((-(0.5**3), 0.5**4))


@pytest.mark.parametrize(
    "call",
    [
        lambda k: theory.orthogonal_iteration(C, W0, 0.1, [0, k]),
        lambda k: theory.descent_log_singular_values(C, W0, 0.1, [0, k]),
        lambda k: theory.regression_descent(np.eye(5), W0, W0, 0.1, [0, k]),
    ],
)
def test_more_steps_than_float64_counts_are_refused(call):
    call(2**53)
    for k in (2**53 + 2, 1e19, 1e300):
        with pytest.raises(ValueError, match=r"steps must be at most 2⁵³ = 9.01e\+15; got"):
            call(k)


@pytest.mark.parametrize(
    "call", [theory.orthogonal_iteration, lambda *of: theory.iteration_steps(*of[:3], left=0.1)], ids=["steps", "count"]
)
def test_a_step_size_that_overflows_is_refused_where_an_eigenvalue_is_zero(call):
    with pytest.raises(ValueError, match="overflows float64"):
        call(np.diag([-1.0, 0.0, 1.0]), orthonormal(3, 1, np.random.default_rng(0)), 1e308, [1])


def test_without_a_form_no_step_size_moves_anything():
    form, start = np.zeros((3, 3)), orthonormal(3, 2, np.random.default_rng(0))
    for descent in (theory.descent_log_singular_values, theory.unit_column_descent_log_singular_values):
        np.testing.assert_allclose(descent(form, start, 1e308, [0, 5]), np.zeros((2, 2)), atol=1e-14)


@pytest.mark.parametrize("wrong", [np.inf, np.nan, 0, -1, "9", [1.0], None])
def test_widths_and_levels_are_positive_numbers(wrong):
    state = theory.gram_state(np.eye(3, 2), np.eye(3, 1), 8)
    stacked = theory.GramState(*(part[None] for part in (state.first, state.cross, state.second)))
    form = np.diag([-1.0, 1.0])
    calls = {
        "width": [
            lambda: theory.gram_state(np.eye(3, 2), np.eye(3, 1), wrong),
            lambda: theory.gram_velocity(form, state, wrong),
            lambda: theory.gram_curve(form, stacked, width=wrong, points=np.eye(2)),
            lambda: theory.departure_law(form, state.cross, width=wrong, points=np.eye(2), level=0.5),
        ],
        "level": [lambda: theory.departure_law(form, state.cross, width=8, points=np.eye(2), level=wrong)],
        "drift": [lambda: theory.blow_up_delay(np.eye(2), form, 1, drift=wrong)],
        "tangent": [lambda: theory.arrival_times(C, W0, wrong)],
        "convergence": [lambda: theory.arrival(np.eye(5)[None], C, W0[None], wrong)],
    }
    for name, of in calls.items():
        for call in of:
            with pytest.raises(ValueError, match=f"^{name} must be a positive number; got "):
                call()


@pytest.mark.parametrize("size", SIZES)
def test_departures_know_no_scale_of_the_points(size):
    X, form = RANDOM.standard_normal((6, 3)), np.diag([-1.0, 0.2, 0.5])
    cross = np.ones((3, 2))
    state = theory.GramState(np.eye(3)[None], cross[None], np.eye(2)[None])

    def found(X):
        law = theory.departure_law(form, cross, width=1e6, points=X, level=0.1)
        curve = theory.gram_curve(form, state, width=1e6, points=X)
        return [law.departure, law.remaining, theory.blow_up_delay(X, form, 2, drift=0.1), *curve.drift[0]]

    np.testing.assert_allclose(found(size * X), found(X), rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("size", SIZES)
def test_a_cross_gram_matrix_of_any_size_departs_by_its_logarithm(size):
    form, cross = np.diag([-1.0, 0.2, 0.5]), np.ones((3, 2))
    law, scaled = (theory.departure_law(form, s * cross, width=1e6, points=np.eye(3), level=0.1) for s in (1.0, size))
    assert scaled.departure == pytest.approx(law.departure - np.log(size) / law.rate, rel=1e-12)


def test_the_delay_of_a_tiny_drift():
    law = theory.departure_law(np.diag([-1.0, 1.0]), np.ones((2, 1)), width=9, points=np.eye(2), level=1e-17)
    twice = theory.departure_law(np.diag([-1.0, 1.0]), np.ones((2, 1)), width=9, points=np.eye(2), level=2e-17)
    assert law.remaining - twice.remaining == pytest.approx(np.log(2) / 2 / law.rate, rel=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_limits_of_constrained_nets_know_no_scale(size):
    root = RANDOM.standard_normal((5, 5))
    K, A = root @ root.T, symmetric(SPECTRUM, RANDOM)
    for function in (theory.tangent_drift_limit, theory.linearised_mismatch_limit):
        np.testing.assert_allclose(function(size * K, A, 2), function(K, A, 2), rtol=1e-10)
        np.testing.assert_allclose(function(K, size * A, 2), function(K, A, 2), rtol=1e-10)
    np.testing.assert_allclose(
        theory.unreachable_share(np.diag([1.0, 0.0]), size * np.array([[1.0], [2.0]])), 0.8, rtol=1e-12
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: theory.coupled_form(1e200 * np.eye(2), 1e200 * np.eye(2)),
        lambda: theory.coupled_form(1e-200 * np.eye(2), 1e-200 * np.eye(2)),
        lambda: theory.constrained_tangent_kernel(np.eye(5), 1e200 * W0, np.eye(10)),
        lambda: theory.reduced_kernel_flow(1e200 * np.eye(5), 1e200 * C, W0),
        lambda: theory.gram_state(1e200 * np.eye(3, 2), np.eye(3, 1), 8),
        lambda: theory.pair_variance(np.eye(2), 1e-100 * np.eye(2), 1e-100 * np.eye(2), 1),
        lambda: theory.linearised_flow(1e200 * np.eye(10), 1e200 * C, W0, [1.0]),
        lambda: theory.arrival(1e200 * np.eye(5)[None], C, W0[None], 0.1),
    ],
)
def test_products_outside_float64_are_refused(call):
    with (
        np.errstate(all="raise"),
        pytest.raises(ValueError, match=r"(overflows|vanishes in) float64: (scale|take|end)"),
    ):
        call()


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e-162, 1e-150])
def test_covariances_of_a_small_and_an_ordinary_point(size):
    X = np.array([[1.0, 2.0], [1.0, 0.5]])
    scaled = infinite_width_ntk(X * [[size], [1]], activation="relu", block="second")[0, 1]
    exact = infinite_width_ntk(X, activation="relu", block="second")[0, 1] * size
    assert scaled == pytest.approx(exact, rel=1e-12 if size > 1e-300 else 1e-3)


def noise_problem():
    random = np.random.default_rng(3)
    x, y = random.standard_normal((2, 50, 5))
    return (x.T @ y + y.T @ x) / 100, x, y, orthonormal(5, 2, random, 1)


def test_noise_of_batches_is_the_same_whatever_else_is_asked_for():
    form, x, y, start = noise_problem()
    grid = np.linspace(0, 20, 401)
    fine = theory.batch_noise(form, x, y, start, grid).variance[0]
    for chosen in ([1], [20], [400], [0, 400], [3, 3, 77], [0, 1, 400]):
        found = theory.batch_noise(form, x, y, start, grid[chosen]).variance[0]
        np.testing.assert_allclose(found, fine[chosen], rtol=1e-9)
    assert (fine[1] > 0).all()


def test_noise_of_batches_obeys_its_equation():
    form, x, y, start = noise_problem()
    eigenvalues = np.linalg.eigvalsh(form)
    gaps = eigenvalues[2:, None] - eigenvalues[None, :2]
    t, step = 0.7, 1e-4
    noise = theory.batch_noise(form, x, y, start, [0.0, t - step, t, t + step])
    slope = (noise.variance[0, 3] - noise.variance[0, 1]) / (2 * step)
    V, G = noise.eigenvectors, noise.graph[0, 2]
    left, right = np.hstack([-G, np.eye(3)]), np.vstack([np.eye(2), G])
    forms = [left @ V.T @ (np.outer(a, b) + np.outer(b, a)) @ V @ right / 2 for a, b in zip(x, y, strict=True)]
    expected = 4 * np.var(forms, axis=0) - 4 * gaps * noise.variance[0, 2]
    np.testing.assert_allclose(slope, expected, rtol=1e-5)
    late = theory.batch_noise(form, x, y, start, [1e6]).variance[0, 0]
    limit = np.var([(V.T @ (np.outer(a, b) + np.outer(b, a)) @ V / 2)[2:, :2] for a, b in zip(x, y, strict=True)], 0)
    np.testing.assert_allclose(late, limit / gaps, rtol=1e-9)


@pytest.mark.parametrize("a", [0.0, 1e-12, 0.3, 7.0, 300.0, 1e7, 1e9, 1e300])
def test_moments_of_the_exponential(a):
    with mpmath.workdps(60):
        x = mpmath.mpf(a)
        ends = [-1, 1 - min(60 / x, 2) if a > 30 else 0, 1]
        exact = [mpmath.quad(lambda s, n=n: mpmath.exp(-x * (1 - s)) * mpmath.legendre(n, s), ends) for n in range(3)]
    np.testing.assert_allclose(_moments(np.array([a]))[:3, 0], np.array(exact, float), rtol=1e-9, atol=1e-12)


def test_pieces_cover_the_time_and_grow_with_it():
    ends = list(_pieces(0.0, 100.0, 2.0))
    starts = [0.0, *ends[:-1]]
    assert ends[-1] == 100
    for start, end in zip(starts, ends, strict=True):
        assert 0 < end - start <= max(start / 2, 1 / 8) * (1 + 1e-12)
    assert list(_pieces(3.0, 3.0, 2.0)) == []
    assert list(_pieces(0.0, 5.0, 0.0)) == [5.0]


@pytest.mark.parametrize("d", [40, 1100])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_short_floats_do_not_excuse_what_is_wrong(d, dtype):
    with pytest.raises(ValueError, match="orthonormal columns"):
        theory.grassmann_flow(np.eye(d), np.zeros((d, 2), dtype), [0.0])
    with pytest.raises(ValueError, match="must be symmetric"):
        theory.largest_riemannian_step(np.triu(np.ones((d, d), dtype)))
    inside = (0.7 * orthonormal(d, 2, np.random.default_rng(0))).astype(dtype)
    values = np.linalg.svd(theory.wide_two_layer_flow(np.eye(d), inside, [0.0])[0], compute_uv=False)
    np.testing.assert_allclose(values, 0.7, atol=0.01)


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-200, 1e200, 1.7e308])
def test_starts_of_any_size_have_spans_and_logarithms(size):
    signs = np.sign(W0)
    start = size * signs
    times = [0.0, 1.0, 50.0]
    spans = (theory.unconstrained_span(C, W, times) for W in (start, signs))
    assert projector_distance(*spans).max() < 1e-14
    logs, ordinary = (theory.log_singular_values(C, W, times) for W in (start, signs))
    np.testing.assert_allclose(logs, ordinary + float(mpmath.log(mpmath.mpf(size))), rtol=1e-13)
