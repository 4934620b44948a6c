"""What float64 cannot hold: every result is right, or refused in one line."""

from functools import partial

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from problems import orthonormal, symmetric
from ssl_dynamics import theory
from ssl_dynamics.analysis import effective_rank, principal_angles, projector_distance
from ssl_dynamics.kernels import infinite_width_ntk, linear_kernel, two_layer_ntk, unit_variance
from ssl_dynamics.kernels.fluctuation import MOMENTS
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.theory.wide_rows import WideRows

SPECTRUM = np.array([-1.0, -0.4, 0.1, 0.5, 0.9])
TIMES = np.array([0.0, 0.3, 1.0])


def basis(W):
    return np.linalg.qr(W)[0]


def exact(eigenvalues, X, t, digits=900):
    """exp(−2Λt)X with many digits."""
    with mpmath.workdps(digits):
        scales = [mpmath.exp(-2 * mpmath.mpf(float(value)) * mpmath.mpf(t)) for value in eigenvalues]
        return mpmath.matrix([[scale * float(x) for x in row] for scale, row in zip(scales, X, strict=True)])


# Equivariance: C → sC, t → t/s leaves every flow as it is. Each entry is a function of (s, z, random).


def flows():
    def of(function, *, power=0, start=orthonormal):
        """function(C, W0, times): what it returns, times s^power."""

        def run(s, z, random):
            C, W0 = symmetric(SPECTRUM, random), start(5, z, random)
            return function(s * C, W0, TIMES / s) * s**power

        return run

    def half(d, z, random):
        return orthonormal(d, z, random) / 2

    def no_times(function):
        def run(s, z, random):
            C, W0 = symmetric(SPECTRUM, random), orthonormal(5, z, random)
            return function(s * C, W0) * s

        return run

    def layers(function, first, second):
        def run(s, z, random):
            C = symmetric(SPECTRUM, random)
            return function(s * C, first(z, random), second(z, random), TIMES / s)

        return run

    def kernel(s, z, random):
        K, A = symmetric(np.arange(1.0, 6), random), symmetric(SPECTRUM, random)
        return theory.kernel_flow(K, s * A, orthonormal(5, z, random), TIMES / s)

    def regression(s, z, random):
        K = symmetric(np.arange(1.0, 6), random)
        return theory.regression_flow(s * K, orthonormal(5, z, random), orthonormal(5, z, random), TIMES / s)

    def features(s, z, random, *, targets=1.0):
        Psi, Y = np.sqrt(s) * random.standard_normal((4, 6)), targets * np.sqrt(s) * random.standard_normal((4, z))
        return theory.random_feature_regression(Psi, Y, orthonormal(6, z, random), TIMES / s / targets) / np.sqrt(s)

    def descent(s, z, random):
        C, W0 = symmetric(SPECTRUM, random), orthonormal(5, z, random)
        return theory.descent_log_singular_values(s * C, W0, 0.1 / s, [0, 3, 50])

    def iteration(s, z, random):
        C, W0 = symmetric(SPECTRUM, random), orthonormal(5, z, random)
        return theory.orthogonal_iteration(s * C, W0, 0.1 / s, [0, 3, 50])

    def soft(s, z, random):
        C, W0 = symmetric(SPECTRUM, random), random.standard_normal((5, z))
        F = theory.soft_constraint_flow(s * C, W0, TIMES / s, beta=np.array([0.1, 1.0, 30.0]) * s)
        return F @ F.mT

    def unit_columns(s, z, random):
        C, W0 = symmetric(SPECTRUM, random), orthonormal(5, z, random)
        return theory.unit_column_descent_log_singular_values(s * C, W0, 0.1 / s, [0, 3, 50])

    def spectral_norm(s, z, random):
        C, W0 = symmetric(SPECTRUM, random), orthonormal(5, z, random)
        return theory.spectral_norm_bound(s * C, W0, 0.1 / s, [0, 3, 50])

    def steps(s, z, random):
        C, W0 = symmetric(SPECTRUM, random), 1e-4 * random.standard_normal((5, z))
        law = theory.stepwise_law(s * C, W0 / np.sqrt(s))
        return np.stack([law.times * s, law.interplay, law.carried, law.growth / s])

    def aligned(s, z, random):
        return (
            theory.stepwise_aligned_flow(s * symmetric(SPECTRUM, random), np.ones(z) / np.sqrt(s), TIMES / s) * s**0.5
        )

    def arrival(s, z, random):
        C, W0 = symmetric(SPECTRUM, random), orthonormal(5, z, random)
        return theory.arrival_times(s * C, W0, 0.01) * s

    return {
        "grassmann": of(theory.grassmann_flow),
        "grassmann integrated": of(theory.integrate_grassmann_flow),
        "tangent": of(theory.grassmann_tangent),
        "bound": of(theory.tangent_bound),
        "projections": of(theory.squared_projections),
        "learning times": no_times(lambda C, W0: np.nan_to_num(theory.learning_times(C, W0))),
        "arrival": arrival,
        "unconstrained": of(theory.unconstrained_flow),
        "unconstrained span": of(theory.unconstrained_span),
        "singular values": of(theory.log_singular_values),
        "soft": soft,
        "unit columns": of(theory.unit_column_log_singular_values),
        "unit columns in steps": unit_columns,
        "spectral norm": spectral_norm,
        "steps": steps,
        "aligned": aligned,
        "descent": descent,
        "iteration": iteration,
        "wide": of(theory.wide_two_layer_flow, start=half),
        "wide on the sphere": of(theory.wide_two_layer_flow),
        "wide integrated": of(theory.integrate_wide_two_layer_flow, start=half),
        "wide span": of(theory.wide_two_layer_span, start=half),
        "narrow layers": layers(
            theory.integrate_narrow_layers, lambda _, r: orthonormal(5, 4, r), lambda z, r: orthonormal(4, z, r)
        ),
        "wide layers": layers(
            theory.integrate_wide_layers, lambda _, r: orthonormal(7, 5, r), lambda z, r: orthonormal(7, z, r)
        ),
        "kernel": kernel,
        "regression": regression,
        "frozen features": features,
        "frozen features, large targets": partial(features, targets=1e6),
    }


@pytest.mark.parametrize("flow", flows())
@given(st.floats(-150, 150), st.integers(1, 2), st.integers(0, 100))
@settings(max_examples=5, deadline=None)
def test_flows_are_the_same_in_every_unit_of_time(flow, exponent, z, seed):
    run = flows()[flow]
    ordinary, scaled = (run(s, z, np.random.default_rng(seed)) for s in (1.0, 10.0**exponent))
    np.testing.assert_allclose(scaled, ordinary, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("flow", flows())
@pytest.mark.parametrize("s", [1e-150, 1e14, 1e150])
def test_flows_are_the_same_in_units_at_the_ends(flow, s):
    run = flows()[flow]
    ordinary, scaled = (run(unit, 2, np.random.default_rng(7)) for unit in (1.0, s))
    np.testing.assert_allclose(scaled, ordinary, rtol=1e-9, atol=1e-10)


# Spans and singular values of weights that are past what float64 holds.


@given(st.floats(0, 400), st.integers(1, 4), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_span_of_unconstrained_weights_is_known_at_any_time(t, z, seed):
    random = np.random.default_rng(seed)
    W0 = random.standard_normal((5, z)) * 10.0 ** random.integers(-100, 100)
    with mpmath.workdps(900):
        Q = np.array(mpmath.qr(exact(SPECTRUM, W0, t), mode="skinny")[0].tolist(), dtype=float)
    span = theory.unconstrained_span(np.diag(SPECTRUM), W0, [t])[0]
    condition = np.linalg.cond(np.linalg.qr(W0[:z].T, mode="r"))
    assert projector_distance(span, Q) < 1e-13 * (1 + condition)


def test_span_without_a_part_along_the_first_eigenvector_keeps_to_the_others():
    C = np.diag([-2.0, -1.0, 0.0, 1.0])
    span = theory.unconstrained_span(C, np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]), [1e6])[0]
    assert projector_distance(span, np.eye(4)[:, 1:3]) < 1e-15


@pytest.mark.parametrize("through", [False, True])
@pytest.mark.parametrize("t", [50.0, 300.0, 2000.0])
def test_logarithms_of_singular_values_far_below_the_smallest_number(t, through):
    random = np.random.default_rng(3)
    W0, F = random.standard_normal((5, 3)), random.standard_normal((4, 5))
    digits = int(8 * t) + 100
    with mpmath.workdps(digits):
        A = exact(SPECTRUM, W0, t, digits)
        A = mpmath.matrix(F.tolist()) * A if through else A
        expected = [float(mpmath.log(value) / 2) for value in mpmath.eigsy(A.T * A, eigvals_only=True)][::-1]
    values = theory.log_singular_values(np.diag(SPECTRUM), W0, [t], through=F if through else None)[0]
    np.testing.assert_allclose(values, expected, atol=1e-10 + 1e-14 * t)


@pytest.mark.parametrize("t", [1.0, 500.0])
def test_logarithms_of_singular_values_scale_with_the_start_and_the_map(t):
    random = np.random.default_rng(8)
    W0, F = random.standard_normal((5, 3)), random.standard_normal((4, 5))
    ordinary = theory.log_singular_values(np.diag(SPECTRUM), W0, [t], through=F)
    for start, size in ((1e-200, 1e200), (1e200, 1e200), (1e-200, 1e-150)):
        scaled = theory.log_singular_values(np.diag(SPECTRUM), start * W0, [t], through=size * F)
        np.testing.assert_allclose(scaled, ordinary + np.log(start) + np.log(size), rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("W0", [np.zeros((5, 2)), np.ones((5, 2)), np.outer(np.arange(5.0), [1, -1])])
def test_starts_that_span_too_little_are_refused(W0):
    C = np.diag(SPECTRUM)
    for function in (theory.unconstrained_span, theory.log_singular_values, theory.wide_two_layer_span):
        with pytest.raises(ValueError, match="W0 has deficient rank"):
            function(C, W0 / 20, [1.0])
    with pytest.raises(ValueError, match=r"full column rank"):
        principal_angles(W0 + 0.0, np.eye(5)[:, :2])


@pytest.mark.parametrize("z", [1, 2])
def test_weights_that_are_zero_stay_zero(z):
    W0 = np.zeros((5, z))
    for function in (theory.unconstrained_flow, theory.wide_two_layer_flow, theory.integrate_wide_two_layer_flow):
        np.testing.assert_array_equal(function(np.diag(SPECTRUM), W0, [0.0, 1.0, 10.0]), 0)


@pytest.mark.parametrize(("eigenvalue", "t"), [(4.0, 100.0), (1e-10, 4e12)])
def test_weights_that_have_vanished_are_refused(eigenvalue, t):
    C, W0 = eigenvalue * np.diag([1.0, 1.5, 2.0]), np.eye(3)[:, :2] / 2
    with pytest.raises(ValueError, match="shrunk below what float64 holds"):
        theory.unconstrained_flow(C, W0, [0.0, t])
    with pytest.raises(ValueError, match=r"shrunk below .* wide_two_layer_span has no such limit"):
        theory.wide_two_layer_flow(C, W0[:, :1], [0.0, t])


# Wide nets: W vanishes, or WᵀW = I is a saddle.


@pytest.mark.parametrize("z", [1, 2, 3])
def test_orthonormal_starts_stay_so_among_positive_eigenvalues(z):
    random = np.random.default_rng(z)
    C, W0, times = symmetric(np.arange(1.0, 6), random), orthonormal(5, z, random), [0.0, 0.5, 1.5, 2.0, 6.0]
    W = theory.wide_two_layer_flow(C, W0, times)
    np.testing.assert_allclose(W.mT @ W, np.broadcast_to(np.eye(z), (5, z, z)), atol=1e-11)
    assert projector_distance(W, theory.grassmann_flow(C, W0, times)).max() < 1e-9
    np.testing.assert_allclose(W[0], W0, atol=1e-14)


@pytest.mark.parametrize("z", [1, 2, 3])
@pytest.mark.parametrize("t", [1.0, 8.0, 40.0])
def test_small_weights_decay_as_those_of_the_linear_equation(z, t):
    random = np.random.default_rng(10 * z)
    C, W0 = symmetric(np.arange(1.0, 6), random), 1e-8 * orthonormal(5, z, random)  # WᵀW = 1e−16 is not seen
    span = theory.wide_two_layer_span(C, W0, [t])
    assert projector_distance(span, theory.unconstrained_span(C, W0, [2 * t]))[0] < 1e-9
    W = theory.wide_two_layer_flow(C, W0, [t])
    expected = theory.unconstrained_flow(C, W0, [2 * t])
    np.testing.assert_allclose(W, expected, atol=1e-9 * np.abs(expected).max())


@given(st.floats(0.01, 1), st.integers(1, 3), st.integers(0, 100))
@settings(max_examples=6, deadline=None)
def test_rows_and_weights_obey_one_equation(size, z, seed):
    random = np.random.default_rng(seed)
    C, W0 = symmetric(SPECTRUM, random), size * orthonormal(5, z, random)
    rows = WideRows(C, W0, TIMES)
    expected = theory.integrate_wide_two_layer_flow(C, W0, TIMES)
    np.testing.assert_allclose(rows.weights(), expected, atol=1e-9)
    assert projector_distance(rows.spans(), basis(expected)).max() < 1e-8


# Kernels.


@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0, 1e6, 6e7, 1e78, 1e150])
def test_erf_kernel_is_exact_at_every_size(size):
    X = size * np.random.default_rng(0).standard_normal((4, 3))
    X[3] = -2 * X[0]  # collinear
    with mpmath.workdps(700):
        s = [[sum(mpmath.mpf(float(a)) * float(b) for a, b in zip(x, y, strict=True)) / 3 for y in X] for x in X]
        expected = np.empty((2, 4, 4))
        for i in range(4):
            for j in range(4):
                product = (1 + 2 * s[i][i]) * (1 + 2 * s[j][j])
                expected[0, i, j] = 2 / mpmath.pi * mpmath.asin(2 * s[i][j] / mpmath.sqrt(product))
                expected[1, i, j] = s[i][j] * 4 / mpmath.pi / mpmath.sqrt(product - 4 * s[i][j] ** 2)
    for block, values in zip(("second", "first"), expected, strict=True):
        np.testing.assert_allclose(infinite_width_ntk(X, activation="erf", block=block), values, rtol=1e-12)


@pytest.mark.parametrize("size", [1.0, 2.5, 9.0, 100.0])
def test_fourth_moment_of_a_wide_erf_unit(size):
    expected = mpmath.quad(
        lambda x: mpmath.erf(x * mpmath.sqrt(size)) ** 4 * mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi),
        [-12, -3, -1, -0.1, 0, 0.1, 1, 3, 12],
    )
    X = np.array([[np.sqrt(size)]])
    assert MOMENTS["erf"](X, linear_kernel(X))[0][0, 0] == pytest.approx(float(expected), rel=1e-11)


@pytest.mark.parametrize("size", [1e-170, 1e155, 1e200])
@pytest.mark.parametrize("activation", ["identity", "relu", "erf"])
def test_kernels_outside_float64_are_refused(activation, size):
    X = size * np.random.default_rng(1).standard_normal((3, 2))
    for function in (infinite_width_ntk, lambda X, activation: unit_variance(X, z=2, activation=activation)):
        with pytest.raises(ValueError, match=r"(over|under)flows float64.*scale it (up|down)"):
            function(X, activation=activation)
    if size > 1 and activation != "erf":
        with pytest.raises(ValueError, match="overflows float64: scale X or the weights down"):
            two_layer_ntk(X, np.ones((4, 2)), np.ones((4, 1)), activation=activation)


@pytest.mark.parametrize("loss", ["contrastive", "non-contrastive"])
@pytest.mark.parametrize(
    ("size", "word"), [(1e154, "overflow"), (1e200, "overflow"), (1e308, "overflow"), (1e-160, "underflow")]
)
def test_forms_outside_float64_are_refused(size, word, loss):
    x, y, n = size * np.array([[[1.0, 1], [1, -1]], [[1, 0.5], [0.2, 1]], [[-1, -1], [-1, 0.4]]])
    with pytest.raises(ValueError, match=f"products of values up to .* {word} float64: scale the data"):
        quadratic_form(1.7 * x, 1.7 * y, *([1.7 * n] if loss == "contrastive" else []), loss=loss)


# What counts as an array of numbers.


def test_masks_are_refused():
    masked = np.ma.masked_equal([[1.0, -999.0], [2.0, 3.0]], -999.0)
    for call in (
        lambda: quadratic_form(masked, np.eye(2), loss="non-contrastive"),
        lambda: theory.grassmann_flow(masked, np.eye(2)[:, :1], [0.0]),
        lambda: theory.grassmann_flow(np.eye(2), np.eye(2)[:, :1], np.ma.masked_equal([0.0, 1.0], 0)),
        lambda: linear_kernel([masked[0], masked[1]]),
        lambda: principal_angles(masked, np.eye(2)),
        lambda: theory.unconstrained_flow(np.eye(2), [[[masked[0]], [masked[1]]]], [0.0]),
        lambda: theory.unconstrained_flow(np.eye(2), [[[1.0], [np.ma.masked]]], [0.0]),
    ):
        with pytest.raises(ValueError, match="has masked values"):
            call()
    whole = np.ma.masked_equal(np.eye(2), -999.0)
    np.testing.assert_array_equal(linear_kernel(whole), np.eye(2) / 2)


class OfAnotherLibrary:
    """An array that NumPy can only ask for its numbers, as one of JAX on the CPU."""

    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array, dtype=dtype)


@pytest.mark.parametrize("convert", [torch.from_numpy, np.ndarray.tolist, np.longdouble, OfAnotherLibrary])
def test_what_numpy_reads_as_an_array_is_one(convert):
    random = np.random.default_rng(4)
    C, W0 = symmetric(SPECTRUM, random), orthonormal(5, 2, random)
    found = theory.grassmann_flow(convert(C), convert(W0), convert(TIMES))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, theory.grassmann_flow(C, W0, TIMES))


# Of each room, functions of points X (n, d), a form C (d, d), a start W0 (d, z) or another matrix B (d, z).
FUNCTIONS = {
    "quadratic form": (lambda X: quadratic_form(X, X, loss="non-contrastive"), "X"),
    "constrained flow": (lambda C, W0: theory.grassmann_flow(C, W0, TIMES), "C W0"),
    "unconstrained flow": (lambda C, W0: theory.unconstrained_flow(C, W0, TIMES), "C W0"),
    "orthogonal iteration": (lambda C, W0: theory.orthogonal_iteration(C, W0, 0.01, [0, 3]), "C W0"),
    "linear kernel": (linear_kernel, "X"),
    "kernel of infinite width": (lambda X: infinite_width_ntk(X, activation="relu"), "X"),
    "kernel of a net": (lambda X, B: two_layer_ntk(X, X, B, activation="erf"), "X B"),
    "angles": (principal_angles, "W0 B"),
    "distance": (projector_distance, "W0 B"),
    "rank": (effective_rank, "X"),
}
OF_FLOAT32 = {
    "numpy": lambda array: array.astype(np.float32),
    "torch": lambda array: torch.tensor(array, dtype=torch.float32),
    "another": lambda array: OfAnotherLibrary(array.astype(np.float32)),
}


@pytest.mark.parametrize("library", OF_FLOAT32)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays_of_float32_give_float64(name, library):
    random = np.random.default_rng(5)
    arrays = {"X": random.standard_normal((5, 5)), "C": symmetric(SPECTRUM, random), "W0": orthonormal(5, 2, random)}
    arrays["B"] = random.standard_normal((5, 2))
    function, of = FUNCTIONS[name]
    exact = [arrays[each] for each in of.split()]
    found = function(*map(OF_FLOAT32[library], exact))
    assert np.asarray(found).dtype == np.float64
    np.testing.assert_allclose(found, function(*exact), rtol=1e-5, atol=1e-5)


def test_tensors_that_numpy_cannot_read_are_one_line():
    with pytest.raises(ValueError, match=r"^C cannot be read as an array: [^\n]*grad[^\n]*$"):
        theory.grassmann_flow(torch.eye(2, requires_grad=True), np.eye(2)[:, :1], [0.0])


@given(st.sampled_from([np.float32, np.float16, torch.float32]), st.integers(2, 60), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_short_floats_are_orthonormal_and_symmetric_to_their_own_rounding(dtype, d, seed):
    random = np.random.default_rng(seed)
    x = random.standard_normal((3 * d, d))
    C, W0 = x.T @ x / len(x), orthonormal(d, min(d, 3), random)
    short = [torch.tensor(a, dtype=dtype) if dtype is torch.float32 else a.astype(dtype) for a in (C, W0)]
    for function in (theory.grassmann_flow, theory.wide_two_layer_flow):
        W = function(*short, [0.0, 0.1])[0]
        assert W.dtype == np.float64
        np.testing.assert_allclose(W.T @ W, np.eye(W.shape[-1]), atol=1e-12)
    rounding = float(np.finfo(np.float16 if dtype is np.float16 else np.float32).eps)
    assert projector_distance(theory.grassmann_flow(*short, [0.0])[0], W0) < d * rounding


def test_a_start_of_float64_made_in_float32_is_refused_with_what_mends_it():
    W0 = orthonormal(20, 2, np.random.default_rng(0)).astype(np.float32).astype(np.float64)
    with pytest.raises(ValueError, match=r"orthonormal columns; .*np\.linalg\.qr\(W0\)\[0\]"):
        theory.grassmann_flow(np.eye(20), W0, [0.0])


# These integrate, and give up after seconds where times are too long.
SLOW = ["wide_two_layer_flow", "wide_two_layer_span", "integrate_grassmann_flow", "integrate_wide_two_layer_flow"]


@pytest.mark.parametrize("t", [1e7, 1e308])
def test_times_too_long_to_integrate_over_are_refused(t, monkeypatch):
    monkeypatch.setattr("ssl_dynamics.theory.integration._MOST_EVALUATIONS", 1000)
    with pytest.raises(ValueError, match=r"DOP853 has only come to t = .*: end earlier"):
        theory.integrate_grassmann_flow(np.diag([-1.0, -0.5, 0.0]), orthonormal(3, 2, np.random.default_rng(0)), [t])


# No nan, no infinity, from any function of C, W0 and times.


@pytest.mark.parametrize("function", [
    theory.grassmann_flow, theory.grassmann_tangent, theory.tangent_bound, theory.squared_projections,
    theory.unconstrained_flow, theory.unconstrained_span, theory.log_singular_values, theory.wide_two_layer_flow,
    theory.wide_two_layer_span, theory.integrate_grassmann_flow, theory.integrate_wide_two_layer_flow,
])  # fmt: skip
@given(
    st.sampled_from([0.0, 1e-308, 1e-200, 1.0, 1e200, 1e308]),
    st.sampled_from([0.0, 1e-200, 1.0, 1e200]),
    st.sampled_from([0.0, 1e-308, 1.0, 50.0, 1e308]),
    st.sampled_from([1, 2, 3]),
)
@settings(max_examples=25, deadline=None)
def test_results_are_finite_or_refused_in_one_line(function, size, start, t, z):
    assume(not (t * size > 1e4 and function.__name__ in SLOW))
    C = size * symmetric(np.array([-0.9, 0.1, 0.8]), np.random.default_rng(0))
    W0 = start * orthonormal(3, z, np.random.default_rng(1))
    try:
        result = function(C, W0, [0.0, t])
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = "" if np.isfinite(result).all() else "\n"
    assert "\n" not in refusal
