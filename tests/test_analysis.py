import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import subspace_angles

from problems import orthonormal
from ssl_dynamics.analysis import (
    combined_projector_norm,
    common_coordinates,
    effective_rank,
    fitted_order,
    leading_order,
    least_probability,
    log_excess_rank,
    mean_interval,
    not_below,
    principal_angles,
    projector_distance,
    richardson_weights,
    sign_test,
    sines_to,
)

shapes = st.tuples(st.integers(1, 4), st.integers(0, 4), st.integers(0, 1000))


@given(shapes)
@settings(max_examples=40, deadline=None)
def test_projector_distance_is_the_norm_it_says(shape):
    z, extra, seed = shape
    random = np.random.default_rng(seed)
    A, B = (orthonormal(z + extra, z, random, 3) for _ in range(2))
    expected = np.linalg.norm(A @ A.mT - B @ B.mT, axis=(-2, -1)) / np.sqrt(2 * z)
    np.testing.assert_allclose(projector_distance(A, B), expected, atol=1e-14)


def test_projector_distance_resolves_what_subtraction_of_squares_cannot():
    random = np.random.default_rng(0)
    A = orthonormal(50, 3, random)
    for size in (1e-6, 1e-10, 1e-13):
        B = np.linalg.qr(A + size * orthonormal(50, 3, random))[0]
        angles = subspace_angles(A, B)
        assert projector_distance(A, B) == pytest.approx(np.linalg.norm(np.sin(angles)) / np.sqrt(3), rel=0.02)


def test_projector_distance_sees_weights_that_left_the_constraint():
    A = orthonormal(6, 2, np.random.default_rng(1))
    assert projector_distance(A, 1.1 * A) == pytest.approx(0.21 * np.sqrt(2) / 2)


def test_distances_survive_common_coordinates():
    random = np.random.default_rng(2)
    bases = [orthonormal(30, 2, random, 4) for _ in range(3)]
    small = common_coordinates(bases)
    assert small[0].shape == (4, 6, 2)
    np.testing.assert_allclose(
        combined_projector_norm(small, [2, -1, -1]), combined_projector_norm(bases, [2, -1, -1]), atol=1e-14
    )


def test_principal_angles_near_zero_and_near_a_right_angle():
    plane = np.eye(4)[:, :2]
    for angle in (1e-12, 0.3, np.pi / 2 - 1e-12):
        tilted = np.stack([np.cos(angle) * plane[:, 0] + np.sin(angle) * np.eye(4)[:, 3], plane[:, 1]], axis=1)
        np.testing.assert_allclose(principal_angles(plane, tilted), [angle, 0], atol=1e-15, rtol=1e-12)


@pytest.mark.parametrize("function", [principal_angles, projector_distance])
def test_bases_must_match(function):
    with pytest.raises(ValueError, match=r"one shape .*\(4, 2\) and \(4, 1\)"):
        function(np.eye(4)[:, :2], np.eye(4)[:, :1])


@pytest.mark.parametrize("extrapolations", [0, 1, 2])
def test_richardson_leaves_the_next_order(extrapolations):
    steps = 0.1 / 2.0 ** np.arange(8)
    values = 1.0 + 3 * steps - 5 * steps**2 + 7 * steps**3
    weights = richardson_weights(2.0, extrapolations)
    extrapolated = np.array([weights @ values[i : i + len(weights)] for i in range(8 - extrapolations)])
    order = fitted_order(steps[extrapolations:], np.abs(extrapolated - 1))
    assert order == pytest.approx(extrapolations + 1, abs=0.1)


def test_richardson_refuses_a_ratio_that_does_not_refine():
    with pytest.raises(ValueError, match="ratio > 1"):
        richardson_weights(1.0, 1)


def test_effective_rank_of_known_spectra():
    assert effective_rank(np.ones((7, 3))) == pytest.approx(1)  # a constant embedding
    assert effective_rank(np.eye(7)[:, :3]) == pytest.approx(3)
    U = np.diag([2.0, 1.0, 1.0])
    assert effective_rank(U) == pytest.approx(np.exp(0.5 * np.log(2) + 2 * 0.25 * np.log(4)))
    assert effective_rank(np.stack([U, np.eye(3)])).shape == (2,)


@pytest.mark.parametrize("logs", [[0.0, -1.0, -1.5], [3.0, -4.0, -4.0], [0.0, -23.0, -60.0], [700.0, 670.0, -np.inf]])
def test_excess_of_the_effective_rank_is_accurate_however_small_it_is(logs):
    with mpmath.workdps(60):
        values = [mpmath.exp(log) for log in logs]
        shares = [value / sum(values) for value in values if value]
        rank = mpmath.exp(-sum(share * mpmath.log(share) for share in shares))
        exact = float(mpmath.log(rank - 1))
    assert log_excess_rank(logs) == pytest.approx(exact, rel=1e-12)
    if exact > -5:
        assert np.exp(exact) + 1 == pytest.approx(effective_rank(np.diag(np.exp(logs))))


@pytest.mark.parametrize(("U", "message"), [(np.zeros((3, 2)), "U is zero"), (np.full((3, 2), np.nan), "finite")])
def test_effective_rank_refuses(U, message):
    with pytest.raises(ValueError, match=message):
        effective_rank(U)


@pytest.mark.parametrize("p", [1, 2])
def test_leading_order_leaves_the_second_power_of_the_step(p):
    """As the theory says, with its constant, where a plain slope leaves the first power."""
    r, s, steps = 3.0, 5.0, np.array([1.0, 2.0, 4.0]) * np.array([1e-3, 1e-4])[:, None]
    for size in steps:
        errors = 7 * size**p * (1 + r * size + s * size**2)
        assert p - leading_order(size, errors) == pytest.approx(6 / np.log(2) * (s - r**2 / 2) * size[0] ** 2, rel=0.1)
        assert fitted_order(size, errors) - p == pytest.approx(1.5 / np.log(2) * r * size[0], rel=0.05)


def test_leading_order_takes_three_step_sizes_or_more():
    assert leading_order([0.1, 0.3, 0.4, 1.0], 2 * np.array([0.1, 0.3, 0.4, 1.0])) == pytest.approx(1)
    with pytest.raises(ValueError, match="k >= 3"):
        leading_order([1.0, 0.5], [1.0, 0.5])


def test_fitted_order_refuses_errors_of_zero():
    with pytest.raises(ValueError, match="errors must be positive; got 0"):
        fitted_order([1.0, 0.5], [1.0, 0.0])


def test_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(1).normal(5, 2, size=9)
    expected = stats.t.interval(0.9, 8, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose(mean_interval(values, level=0.9), expected, rtol=1e-12)


def test_interval_of_equal_values_has_no_width():
    assert mean_interval([0.1, 0.1, 0.1]) == pytest.approx((0.1, 0.1), rel=1e-15)


@pytest.mark.parametrize("values", [[1.0], [], [[1.0, 2.0]]])
def test_one_value_has_no_interval(values):
    with pytest.raises(ValueError, match="two values or more"):
        mean_interval(values)


def test_p_value_that_a_mean_lies_below_is_that_of_scipy():
    values = np.random.default_rng(2).normal(1, 1, size=7)
    for bound in (0.0, 1.0, 2.5):
        expected = stats.ttest_1samp(values, bound, alternative="less").pvalue
        assert not_below(values, bound) == pytest.approx(expected, rel=1e-12)
    assert (not_below([1.0, 1.0], 2.0), not_below([1.0, 1.0], 1.0), not_below([1.0, 1.0], 0.5)) == (0, 1, 1)


@given(of=st.integers(1, 40), data=st.data())
def test_counts_say_what_scipy_says_of_them(of, data):
    met = data.draw(st.integers(0, of))
    at_least = stats.binomtest(met, of, alternative="greater").proportion_ci(0.95, method="exact").low
    assert least_probability(met, of) == pytest.approx(at_least, abs=1e-9)
    assert sign_test(met, of) == pytest.approx(stats.binomtest(met, of, alternative="greater").pvalue, rel=1e-9)


def test_all_of_twenty_and_of_fifty_nine():
    assert least_probability(20, 20) == pytest.approx(0.05 ** (1 / 20))
    assert least_probability(20, 20) == pytest.approx(0.861, abs=5e-4)
    assert least_probability(59, 59) >= 0.95 > least_probability(58, 58)


@pytest.mark.parametrize(("met", "of"), [(-1, 3), (4, 3), (0, 0)])
def test_counts_that_cannot_be_are_refused(met, of):
    for function in (least_probability, sign_test):
        with pytest.raises(ValueError, match=f"got {met} of {of}"):
            function(met, of)


def test_sine_to_a_vector_near_zero_and_at_right_angles():
    f, g = np.array([3.0, 4.0, 0.0]), np.array([-4.0, 3.0, 0.0])
    U = np.stack([f + 1e-11 * g, -2 * f, g, f + g], axis=-1)
    np.testing.assert_allclose(sines_to(U, f), [1e-11, 0, 1, np.sqrt(0.5)], rtol=1e-5, atol=1e-15)
    with pytest.raises(ValueError, match=r"needs U \(..., n, z\) and f \(n,\); got \(3, 4\) and \(4,\)"):
        sines_to(U, np.ones(4))
    with pytest.raises(ValueError, match="an angle to a zero vector"):
        sines_to(np.zeros((3, 1)), f)
