"""Of every function of the analysis: any scale, any type of numbers, and what is no number."""

import functools
from dataclasses import asdict, is_dataclass

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from problems import orthonormal
from ssl_dynamics import analysis

RANDOM = np.random.default_rng(0)
A, B, C = orthonormal(6, 2, RANDOM, 3)
U, V = RANDOM.standard_normal((2, 3, 6, 2))
F = RANDOM.standard_normal(6)
TIMES, RISING = np.linspace(0, 3, 13), np.expm1(np.linspace(0, 3, 13))
CURVES = np.stack([RISING, 2 * RISING])
LABELS = np.arange(40) % 3
ITEMS = RANDOM.standard_normal((3, 6))[LABELS] + RANDOM.standard_normal((40, 6)) + 0.5
TEST = 3 * RANDOM.standard_normal((40, 6))


def probed(function):
    """The probe `function`, on moments of the items that it is given."""

    def run(W, train, train_labels, **tested):
        return function(W, analysis.labelled_moments(train, train_labels), **tested)

    return run


def own(name):
    function = getattr(analysis, name)
    return probed(function) if name.startswith("probe_") else function


PROBES = {"W": U, "train": ITEMS, "train_labels": LABELS, "items": TEST, "labels": LABELS, "penalty": 0.1}

# Of every function good arguments, and by which power of a factor its result grows where those named have it.
CALLS = {
    "combined_projector_norm": ({"bases": [A, B, C], "weights": [1.0, -2.0, 1.0]}, {"weights": 1}),
    "combined_span": ({"bases": [A, B], "weights": [-1.0, 2.0]}, {"bases": 0, "weights": 0}),
    "common_coordinates": ({"bases": [A, U, V]}, {"bases": 1}),
    "effective_rank": ({"U": U}, {"U": 0}),
    "first_crossing": ({"times": TIMES, "values": RISING, "level": 4.0}, {"times": 1, "values level": 0}),
    "first_passage": ({"times": TIMES, "values": CURVES, "level": 4.0}, {"times": 1, "values level": 0}),
    "fitted_order": ({"steps": [1.0, 2.0, 3.0], "errors": [1.0, 3.0, 10.0]}, {"steps": 0, "errors": 0}),
    "gram_distance": ({"U": U, "V": V}, {"U": 0, "V": 0}),
    "graph_over": ({"V": np.eye(6)[:, ::-1], "W": U}, {"W": 0}),
    "half_time": ({"times": TIMES, "values": -RISING}, {"times": 1, "values": 0}),
    "interpolated": ({"times": TIMES, "values": CURVES, "at": [0.1, 2.3]}, {"times at": 0, "values": 1}),
    "labelled_moments": ({"items": ITEMS, "labels": LABELS}, {}),
    "last_rise": ({"times": TIMES, "values": RISING / 10}, {"times": 1}),
    "leading_order": ({"steps": [1.0, 2.0, 4.0], "errors": [1.0, 3.0, 10.0]}, {"steps": 0, "errors": 0}),
    "least_probability": ({"met": 3, "of": 5, "level": 0.9}, {}),
    "level_of_extremes": ({"draws": 7}, {}),
    "log_excess_rank": ({"log_values": [[0.5, -1.0, -2.0], [0.0, -30.0, -np.inf]]}, {}),
    "log_growth": ({"moments": TIMES, "sizes": RISING, "rate": 2.0, "time": 1.3}, {"moments time": 0}),
    "mean_interval": ({"values": F, "level": 0.9}, {"values": 1}),
    "not_below": ({"values": F, "bound": 0.7}, {"values bound": 0}),
    "predict": ({"values": F, "errors": np.abs(F) / 3, "level": 0.9}, {"values errors": 1}),
    "principal_angles": ({"A": U, "B": B}, {"A": 0, "B": 0}),
    "probe_hits": (PROBES, {"W": 0}),
    "projector_distance": ({"A": U, "B": B}, {}),
    "richardson_weights": ({"ratio": 2.0, "extrapolations": 2}, {}),
    "sign_test": ({"met": 3, "of": 5}, {}),
    "sines_to": ({"U": U, "f": F}, {"U": 0, "f": 0}),
    "span_distance": ({"U": U, "V": V}, {"U": 0, "V": 0}),
    "standard_error": ({"low": -1.0, "high": 2.5, "of": 6, "level": 0.9}, {"low high": 1}),
}
CONSTANTS = {"INTERVAL_LEVEL", "Moments", "Prediction"}
# Squares are what these give: factors of as much as squares may be of.
SQUARES = {
    "combined_projector_norm": "bases",
    "projector_distance": "A B",
}
SCALED = [(name, names, power) for name, (_, groups) in CALLS.items() for names, power in groups.items()]


def times(value, factor):
    return [times(each, factor) for each in value] if isinstance(value, list) else factor * np.asarray(value)


def numbers(result):
    """All arrays and numbers of a result."""
    if is_dataclass(result):
        result = asdict(result)
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return [each for part in result for each in numbers(part)]
    return [np.asarray(result)]


def called(name, **changed):
    return numbers(own(name)(**(CALLS[name][0] | changed)))


def with_factor(name, names, factor):
    arguments = CALLS[name][0]
    return called(name, **{each: times(arguments[each], factor) for each in names.split()})


def test_every_function_is_called():
    assert set(CALLS) | CONSTANTS == set(analysis.__all__)


# Scales.


@pytest.mark.parametrize(("name", "names", "power"), SCALED)
@given(st.integers(-990, 990))
@settings(max_examples=10, deadline=None)
def test_results_are_the_same_at_every_power_of_two(name, names, power, exponent):
    for found, ordinary in zip(with_factor(name, names, 2.0**exponent), called(name), strict=True):
        if "first_crossing" in name:  # found by steps that end where they are short enough
            np.testing.assert_allclose(found, ordinary * 2.0 ** (power * exponent), rtol=1e-8)
        elif "order" in name:
            np.testing.assert_allclose(found, ordinary, rtol=1e-9)
        else:
            np.testing.assert_array_equal(found, ordinary * 2.0 ** (power * exponent))


@pytest.mark.parametrize("s", [1e-300, 1e-170, 1e-10, 1e10, 1e160, 1e300])
@pytest.mark.parametrize(("name", "names", "power"), SCALED)
def test_results_are_the_same_at_every_scale(name, names, power, s):
    if name == "combined_span":
        spans = [called(name)[0], with_factor(name, names, s)[0]]
        assert analysis.projector_distance(*spans) < 1e-14
        return
    for found, ordinary in zip(with_factor(name, names, s), called(name), strict=True):
        np.testing.assert_allclose(found / s**power, ordinary, rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("name", SQUARES)
@given(st.integers(-990, 990))
@settings(max_examples=40, deadline=None)
def test_norms_of_projectors_grow_as_squares_and_are_refused_where_float64_holds_none(name, exponent):
    (ordinary,) = called(name)
    if abs(exponent) < 500:
        np.testing.assert_array_equal(with_factor(name, SQUARES[name], 2.0**exponent)[0], ordinary * 4.0**exponent)
    elif abs(exponent) > 512:
        with pytest.raises(
            ValueError, match=r"^a norm of projectors (over|under)flows float64: scale bases (up|down)$"
        ):
            with_factor(name, SQUARES[name], 2.0**exponent)


@given(st.lists(st.integers(-990, 990), min_size=4, max_size=4))
@settings(max_examples=20, deadline=None)
def test_columns_of_unlike_scales_have_the_same_span_and_the_same_angles(exponents):
    first, second = np.ldexp(1.0, exponents[:2]), np.ldexp(1.0, exponents[2:])
    found = called("span_distance", U=U * first, V=V * second)[0]
    np.testing.assert_allclose(found, called("span_distance")[0], rtol=1e-13)
    np.testing.assert_array_equal(called("sines_to", U=U * first)[0], called("sines_to")[0])


def test_weights_make_up_for_bases():
    """What float64 does not hold on the way does not matter."""
    (ordinary,) = called("combined_projector_norm")
    bases, weights = CALLS["combined_projector_norm"][0].values()
    for s in (2.0**600, 2.0**-600):
        found = analysis.combined_projector_norm(times(bases, s), times(times(weights, 1 / s), 1 / s**0.5))
        assert found == pytest.approx(ordinary * s**0.5, rel=1e-15)


@pytest.mark.parametrize("s", [1e-140, 1e-10, 1e10, 1e140])
def test_moments_of_items_scale(s):
    found, ordinary = (analysis.labelled_moments(size * ITEMS, LABELS) for size in (s, 1.0))
    for field, power in {"shares": 0, "mean": 1, "class_means": 1, "covariance": 2}.items():
        np.testing.assert_allclose(getattr(found, field) / s**power, getattr(ordinary, field), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("s", "word"), [(1e-170, "underflows float64: .* up"), (1e160, "overflows float64: .* down")])
def test_moments_that_float64_does_not_hold_are_refused(s, word):
    with pytest.raises(ValueError, match=f"^the covariance {word}$"):
        analysis.labelled_moments(s * ITEMS, LABELS)


@given(st.integers(-480, 480), st.integers(-990, 990))
@settings(max_examples=20, deadline=None)
def test_probes_do_not_see_the_scale_of_items_or_weights(of_items, of_weights):
    s = 2.0**of_items
    found = called("probe_hits", W=2.0**of_weights * U, train=s * ITEMS, items=s * TEST)
    for hits, ordinary in zip(found, called("probe_hits"), strict=True):
        np.testing.assert_array_equal(hits, ordinary)


@pytest.mark.parametrize("s", [1e100, 1e160, 1e300])
def test_items_far_away_are_of_the_class_in_their_direction(s):
    """There only products of u with the class means count, and with the ridge's coefficients."""
    far, W = s * TEST, U[0]
    moments = analysis.labelled_moments(ITEMS, LABELS)
    centers = moments.class_means @ W
    S = W.T @ moments.covariance @ W
    ridge = np.linalg.solve(S + 0.1 * np.trace(S) / 2 * np.eye(2), (moments.shares[:, None] * centers).T)
    found = analysis.probe_hits(W, moments, far, LABELS, penalty=0.1)
    np.testing.assert_array_equal(found["ridge"], (TEST @ W @ ridge).argmax(1) == LABELS)
    np.testing.assert_array_equal(found["nearest-mean"], (TEST @ W @ centers.T).argmax(1) == LABELS)


@pytest.mark.parametrize("logs", [
    [0.0, -1e4], [0.0, -1e4, -1e4], [5.0, -700.0, -720.0, -np.inf], [0.0, -670.0], [1e300, -1e300], [-1e4, 3.0, -1e5],
])  # fmt: skip
def test_excess_of_the_rank_where_float64_does_not_hold_a_ratio(logs):
    with mpmath.workdps(60):
        first, *others = sorted((mpmath.mpf(log) for log in logs if log > -np.inf), reverse=True)
        gaps = [log - first for log in others]
        # r(1 − ln r), to the first order in r; e^H − 1 = H.
        largest = max(gaps)
        exact = float(largest + mpmath.log(sum(mpmath.exp(gap - largest) * (1 - gap) for gap in gaps)))
    assert analysis.log_excess_rank(logs) == pytest.approx(exact, rel=1e-13)


def test_excess_of_a_rank_of_one_and_of_none():
    assert analysis.log_excess_rank([3.0, -np.inf]) == -np.inf
    for logs, message in (
        ([-np.inf, -np.inf], "all singular values are zero"),
        ([1.7e308, -1.7e308], "a ratio of singular values overflows float64"),
        ([1.0], r"z >= 2; got shape \(1,\)"),
        ([1.0, np.inf], "log_values holds 1 values that are not finite"),
    ):
        with pytest.raises(ValueError, match=message):
            analysis.log_excess_rank(logs)


def test_effective_rank_of_the_largest_and_of_the_smallest_numbers():
    for size in (1e308, 1e-308, 1e-320):
        assert analysis.effective_rank(size * np.eye(3)) == pytest.approx(3)


@pytest.mark.parametrize("s", [1e-300, 1e-170, 1e160, 1e300])
def test_intervals_of_values_and_errors_of_unlike_scales(s):
    """Each half-width is right beside values, or errors, that are far larger."""
    values, errors = np.array([1.0, 2.0, 4.0]), np.array([0.3, 0.4, 0.5])
    narrow, wide = analysis.predict(values, s * errors), analysis.predict(s * values, errors)
    within = analysis.predict(values, errors).within
    assert narrow.within == pytest.approx(s * within, rel=1e-14)
    assert wide.within == pytest.approx(within, rel=1e-14)
    of_mean = analysis.mean_interval(values)
    for found, size in ((narrow, 1.0), (wide, s)):
        np.testing.assert_allclose(np.array([found.mean_low, found.mean_high]) / size, of_mean, rtol=1e-12)


def test_logarithm_of_a_size_of_any_scale():
    for s in (1e-300, 1e-10, 1e300):
        found = analysis.log_growth(TIMES, s * RISING, 2.0, 1.3)
        assert found == pytest.approx(analysis.log_growth(TIMES, RISING, 2.0, 1.3) + np.log(s), rel=1e-12)


def test_crossing_of_a_level_far_above_what_came_before():
    times = np.array([0.0, 1.0, 2.0])
    assert analysis.first_crossing(times, [1e-300, 1e-300, 1e300], 1e299) == pytest.approx(2, abs=0.01)
    assert analysis.first_crossing(times, np.exp([-600.0, 0.0, 600.0]), np.exp(-300.0)) == pytest.approx(0.5)
    assert analysis.first_crossing([0.0, 1.0, 1.0], [0.1, 0.2, 0.9], 0.5) == 1  # a jump


@pytest.mark.parametrize(("name", "changed"), [
    ("mean_interval", {"values": [1.7e308, -1.7e308, 1e308]}),
    ("predict", {"values": [1.7e308, -1.7e308, 1e308], "errors": [1.0, 1.0, 1.0]}),
    ("common_coordinates", {"bases": [1.7e308 * np.ones((6, 2))]}),
    ("interpolated", {"values": 1.7e308 * (-1.0) ** np.arange(13)[None], "at": [0.1]}),
    ("log_growth", {"rate": 1e308, "time": 1e308}),
])  # fmt: skip
def test_results_that_float64_does_not_hold_are_refused(name, changed):
    with pytest.raises(ValueError, match=r"^[^\n]* overflows float64: [^\n]+$"):
        called(name, **changed)


# No nan, no infinity of finite numbers but where that is said.

MAY_BE_NAN = {"first_crossing", "first_passage", "half_time", "last_rise"}
SIZES = [0.0, 1e-320, 1e-308, 1e-160, 1.0, 1e160, 1e300, 4e306]


@pytest.mark.parametrize("name", CALLS)
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_results_are_finite_or_refused_in_one_line(name, data):
    arguments = CALLS[name][0]
    if name == "log_excess_rank":
        arguments = {"log_values": [[0.5, -1.0, -2.0]]}
    sizes = {each: data.draw(st.sampled_from(SIZES)) for each in arguments if "labels" not in each}
    changed = {each: times(arguments[each], size) for each, size in sizes.items()}
    refusal, results = "", []
    try:
        results = called(name, **changed)
    except ValueError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert name in MAY_BE_NAN or all(np.isfinite(result).all() for result in results)


# What counts as numbers.


def masked(array):
    mask = np.zeros(array.shape, dtype=bool)
    mask[(0,) * array.ndim] = True
    return np.ma.masked_array(array, mask=mask)


def holding(value, array):
    array = array.astype(np.float64)
    array[(0,) * array.ndim] = value
    return array


BAD = {
    "masked": masked,
    "complex": lambda array: array.astype(complex),
    "text": lambda array: array.astype(str),
    "objects": lambda array: array.astype(object),
    "nan": functools.partial(holding, np.nan),
    "infinite": functools.partial(holding, np.inf),
}


def changed_by(change, value):
    """The value, or where it is a list of bases the last of them, changed."""
    if isinstance(value, list) and isinstance(value[0], np.ndarray):
        return [*value[:-1], change(value[-1])]
    return change(np.asarray(value))


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(("name", "argument"), [(name, each) for name, (good, _) in CALLS.items() for each in good])
def test_what_is_no_number_is_refused_in_one_line(name, argument, bad):
    wrong = changed_by(BAD[bad], CALLS[name][0][argument])
    said = "masked values|real numbers|not finite|be a (positive|whole) number"
    with pytest.raises(ValueError, match=rf"^[^\n]*({said})[^\n]*$"):
        called(name, **{argument: wrong})


INTEGERS = {"labels", "train_labels"}
TYPES = {
    "list": np.ndarray.tolist,
    "float32": lambda array: array.astype(np.float32),
    "float16": lambda array: array.astype(np.float16),
    "longdouble": lambda array: array.astype(np.longdouble),
    "tensor": torch.tensor,
    "tensor of float32": lambda array: torch.tensor(array, dtype=torch.float32),
    "whole": np.ma.masked_array,  # with nothing masked
}
TYPES_OF_INTEGERS = {
    "list": np.ndarray.tolist,
    "int8": lambda array: array.astype(np.int8),
    "uint64": lambda array: array.astype(np.uint64),
    "tensor": torch.tensor,
}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", CALLS)
def test_numbers_of_all_types_give_float64(name, kind):
    def converted(value):
        if isinstance(value, list) and isinstance(value[0], np.ndarray):
            return [TYPES[kind](each) for each in value]
        return TYPES[kind](np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value))

    def read(value):
        return [read(each) for each in value] if isinstance(value, list) else np.asarray(value, dtype=np.float64)

    given_ = {each: converted(value) for each, value in CALLS[name][0].items() if each not in INTEGERS}
    found = called(name, **given_)
    for result, exact in zip(found, called(name, **{each: read(value) for each, value in given_.items()}), strict=True):
        np.testing.assert_array_equal(result, exact)
        assert result.dtype == exact.dtype
        assert result.dtype in (np.float64, *({"probe_hits": [np.bool_], "labelled_moments": [np.int64]}.get(name, [])))


@pytest.mark.parametrize("kind", TYPES_OF_INTEGERS)
@pytest.mark.parametrize("name", ["labelled_moments", "probe_hits"])
def test_labels_of_all_types_of_integers_are_the_same(name, kind):
    arguments = CALLS[name][0]
    labels = {each: TYPES_OF_INTEGERS[kind](arguments[each]) for each in arguments if each in INTEGERS}
    for result, exact in zip(called(name, **labels), called(name), strict=True):
        np.testing.assert_array_equal(result, exact)


def test_large_labels_stay_integers():
    labels = 2**53 + LABELS
    np.testing.assert_array_equal(analysis.labelled_moments(ITEMS, labels).classes, 2**53 + np.arange(3))
    with pytest.raises(ValueError, match="labels must be 40 whole numbers"):
        analysis.labelled_moments(ITEMS, 2**63 + LABELS.astype(np.uint64))


# Shapes and values that cannot be.


@pytest.mark.parametrize(("name", "changed", "message"), [
    ("combined_projector_norm", {"bases": []}, r"needs bases of one shape \(..., d, z\); got none"),
    ("combined_projector_norm", {"bases": [A, A[:, :1], C]}, r"one shape .*\(6, 2\), \(6, 1\), \(6, 2\)"),
    ("combined_projector_norm", {"weights": [1.0]}, r"a weight for each of 3 bases; got shape \(1,\)"),
    ("combined_span", {"bases": [F, F]}, r"one shape .*; got \(6,\), \(6,\)"),
    ("combined_span", {"weights": 1.0}, "a weight for each of 2 bases"),
    ("common_coordinates", {"bases": [np.ones((0, 2))]}, "one shape"),
    ("first_crossing", {"times": [], "values": []}, r"needs times \(T,\) .*; got shapes \(0,\)"),
    ("first_crossing", {"level": 0.0}, "the level positive; got 0 and 0"),
    ("first_passage", {"level": [1.0, 2.0]}, r"level must be one number; got shape \(2,\)"),
    ("fitted_order", {"steps": [2.0, 2.0, 2.0]}, "needs 2 steps or more that differ"),
    ("graph_over", {"V": 2 * np.eye(6)}, "V must have orthonormal columns"),
    ("graph_over", {"V": np.eye(6)[:, :5]}, r"needs V \(d, d\) and W \(..., d, z\); got \(6, 5\)"),
    ("graph_over", {"W": np.eye(6)[:, :2]}, "no component along one of the leading"),
    ("gram_distance", {"V": 0 * V}, "a Gram matrix that is zero"),
    ("interpolated", {"at": 1.0}, r"at must have shape \(S, Q\) or \(Q,\) with S = 2; got \(\)"),
    ("interpolated", {"at": np.ones((3, 1))}, r"got \(3, 1\)"),
    ("leading_order", {"steps": [1.0, 2.0, 2.0]}, "needs 3 steps or more that differ"),
    ("least_probability", {"level": 1.0}, "level must lie between 0 and 1, by more than rounding; got 1"),
    ("level_of_extremes", {"draws": 0}, "draws must be a whole number between 1 and .*; got 0"),
    ("log_growth", {"moments": TIMES[::-1]}, "needs increasing moments"),
    ("log_growth", {"sizes": 0 * RISING}, "sizes must be positive from the second on; the smallest is 0"),
    ("log_growth", {"time": 0.0}, "time must be a positive number; got 0"),
    ("probe_hits", {"W": np.ones((6, 0))}, r"W must have shape \(..., 6, z\); got shape \(6, 0\)"),
    ("richardson_weights", {"ratio": 1 + 1e-16, "extrapolations": 1}, "ratio > 1"),
    ("richardson_weights", {"extrapolations": 1200}, "does not tell 1201 steps of ratio 2 apart: take fewer"),
    ("sign_test", {"met": 1.5}, "got 1.5 of 5"),
    ("sines_to", {"U": np.ones((0, 2)), "f": []}, r"needs U \(..., n, z\) and f \(n,\)"),
    ("standard_error", {"low": 3.0}, "needs low <= high of two values or more; got 3.0, 2.5 of 6"),
    ("standard_error", {"of": 1}, "of two values or more"),
])  # fmt: skip
def test_arguments_that_cannot_be_are_refused(name, changed, message):
    with pytest.raises(ValueError, match=message):
        called(name, **changed)


def test_bases_of_unlike_leading_axes_are_broadcast():
    found = analysis.combined_projector_norm([U, A], [1.0, -1.0])
    np.testing.assert_array_equal(found, analysis.projector_distance(U, A))
