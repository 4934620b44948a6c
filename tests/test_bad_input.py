"""Every public function of the theory refuses every kind of bad argument, and says what was wrong with it."""

import numpy as np
import pytest

from ssl_dynamics import theory

D, Z, H = 5, 2, 7
RANDOM = np.random.default_rng(0)
FORM = np.diag([-2.0, -1.0, 0.0, 1.0, 2.0])
PSD = np.diag([0.5, 1.0, 2.0, 3.0, 4.0])
BASIS = np.linalg.qr(RANDOM.standard_normal((D, Z)))[0]
TIMES = np.array([0.0, 1.0, 2.0])


def bad_matrix(name, matrix):
    nan = matrix.copy()
    nan[0, 1] = nan[1, 0] = np.nan
    skewed = matrix.copy()
    skewed[0, 1] += 0.5
    return [
        (skewed, rf"{name} must be symmetric; .* reaches 0\.5"),
        (nan, f"{name} holds 2 values that are not finite"),
        (matrix[:, :4], rf"{name} must be a square matrix \(d, d\); got shape \(5, 4\)"),
        (matrix.astype(complex), f"{name} must hold real numbers; got dtype complex128"),
        (np.full((D, D), "a"), f"{name} must hold real numbers; got dtype <U1"),
    ]


def bad_start(name, start):
    nan = start.copy()
    nan[0, 0] = np.nan
    rows = start.shape[0]
    return [
        (nan, f"{name} holds 1 values that are not finite"),
        (start[:-1], rf"got \({rows - 1}, {start.shape[1]}\)"),
        (np.ones((rows, rows + 1)), rf"1 <= z <= d; got \({rows}, {rows + 1}\)"),
        (start[:, 0], rf"got \({rows},\)"),
        (start.astype(object), f"{name} must hold real numbers; got dtype object"),
    ]


def bad_basis(name, start):
    return [*bad_start(name, start), (2 * start, f"{name} must have orthonormal columns; .* reaches 3")]


def bad_times(name, times):
    return [
        (-times, f"{name} must not be negative; got -2"),
        (times[::-1], f"{name} must not decrease; entry 1 is 1 after 2"),
        ([0.0, np.nan], f"{name} holds 1 values that are not finite"),
        ([], rf"{name} must be a non-empty list of numbers \(T,\); got shape \(0,\)"),
        (times[:, None], rf"{name} must be a non-empty list of numbers \(T,\); got shape \(3, 1\)"),
    ]


def bad_steps(name, steps):
    return [*bad_times(name, steps), ([0, 1.5], f"{name} must be whole numbers; got 1.5")]


def bad_dimension(name, z):
    return [(0, f"{name} must lie between 1 and .*; got 0"), (D + z, f"{name} must lie between 1 and .*; got {D + z}")]


C = ("C", FORM, bad_matrix)
ORTHONORMAL = ("W0", BASIS, bad_basis)
ANY_START = ("W0", BASIS, bad_start)
T = ("times", TIMES, bad_times)
STEPS = ("steps", TIMES, bad_steps)
RATE = ("learning_rate", 0.1, lambda name, _: [(rate, f"{name} must .*; got {rate}") for rate in (0, -0.1, np.nan)])

# Every public function, its arguments with a good value each, and what makes bad ones of it.
FUNCTIONS = {
    "unconstrained_flow": [C, ANY_START, T],
    "log_singular_values": [C, ANY_START, T],
    "descent_log_singular_values": [C, ANY_START, RATE, STEPS],
    "grassmann_flow": [C, ORTHONORMAL, T],
    "grassmann_tangent": [C, ORTHONORMAL, T],
    "tangent_bound": [C, ORTHONORMAL, T],
    "integrate_grassmann_flow": [C, ORTHONORMAL, T],
    "squared_projections": [C, ORTHONORMAL, T],
    "learning_times": [C, ORTHONORMAL],
    "leading_eigenspace": [C, ("z", Z, bad_dimension)],
    "largest_riemannian_step": [C],
    "largest_iteration_step": [C, ("z", Z, bad_dimension)],
    "full_width_speed": [("metric", "stiefel", lambda name, _: [("flat", f"{name} 'flat' is unknown; allowed: ")])],
    "orthogonal_iteration": [C, ORTHONORMAL, RATE, STEPS],
    "info_nce_span": [
        C,
        ("A", PSD, bad_matrix),
        ("B", PSD, bad_matrix),
        ("z", Z, bad_dimension),
        (
            "temperatures",
            np.array([8.0, 16.0]),
            lambda name, tau: [(-tau, rf"{name} must be .* got \[ -8. -16.\]"), ([np.nan], r"got \[nan\]")],
        ),
    ],
    "wide_two_layer_flow": [C, ANY_START, T],
    "integrate_wide_two_layer_flow": [C, ANY_START, T],
    "integrate_narrow_layers": [
        C,
        ("first", np.linalg.qr(RANDOM.standard_normal((D, 3)))[0], bad_basis),
        ("second", np.linalg.qr(RANDOM.standard_normal((3, Z)))[0], bad_basis),
        T,
    ],
    "integrate_wide_layers": [
        C,
        ("first", np.linalg.qr(RANDOM.standard_normal((H, D)))[0], bad_basis),
        ("second", np.linalg.qr(RANDOM.standard_normal((H, Z)))[0], lambda name, W2: bad_basis(name, W2)[:1]),
        T,
    ],
    "reduced_kernel_flow": [("K", PSD, bad_matrix), ("A", FORM, bad_matrix), ("U0", BASIS, bad_start)],
    "kernel_flow": [("K", PSD, bad_matrix), ("A", FORM, bad_matrix), ("U0", BASIS, bad_start), T],
    "regression_flow": [("K", PSD, bad_matrix), ("Y", BASIS, bad_start), ("U0", BASIS, bad_start), T],
}
# What takes no such arguments: the result of another function, checked where that is made.
DERIVED = {"top_eigenfunction"}

CASES = [
    pytest.param(function, arguments, i, value, message, id=f"{function}-{name}-{k}")
    for function, arguments in FUNCTIONS.items()
    for i, (name, good, make_bad) in enumerate(arguments)
    for k, (value, message) in enumerate(make_bad(name, good))
]


def test_every_public_function_is_covered():
    assert set(FUNCTIONS) | DERIVED == set(theory.__all__)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_good_arguments_are_accepted(function):
    result = getattr(theory, function)(*(good for _, good, _ in FUNCTIONS[function]))
    arrays = [result] if isinstance(result, np.ndarray | float) else [result.L, result.form, result.B0]
    assert all(np.isfinite(array).all() for array in arrays)


@pytest.mark.parametrize(("function", "arguments", "i", "value", "message"), CASES)
def test_bad_argument_is_refused_with_what_is_wrong(function, arguments, i, value, message):
    values = [value if k == i else good for k, (_, good, _) in enumerate(arguments)]
    with pytest.raises(ValueError, match=message):
        getattr(theory, function)(*values)
