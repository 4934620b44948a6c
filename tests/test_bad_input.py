"""Every public function of the theory refuses every kind of bad argument, and says what was wrong with it."""

import ast
from pathlib import Path

import numpy as np
import pytest
import torch

from ssl_dynamics import theory
from ssl_dynamics.analysis import (
    effective_rank,
    fitted_order,
    half_time,
    principal_angles,
    projector_distance,
    richardson_weights,
    sines_to,
)
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.starts.layers import narrow_layers, wide_layers
from ssl_dynamics.problem.starts.orthonormal import kernel_root
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.functions import train_triplet_functions
from ssl_dynamics.simulation.layers import Net, train_layers
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.training import train

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
        (np.ones((rows, rows + 1)), rf"1 <= \w <= \w; got \({rows}, {rows + 1}\)"),
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
    return [(bad, f"{name} must be a whole number between 1 and .*; got ") for bad in (0, D + z, 1.5, "2", [z], np.nan)]


C = ("C", FORM, bad_matrix)
ORTHONORMAL = ("W0", BASIS, bad_basis)
ANY_START = ("W0", BASIS, bad_start)
T = ("times", TIMES, bad_times)
STEPS = ("steps", TIMES, bad_steps)
RATE = ("learning_rate", 0.1, lambda name, _: [(rate, f"{name} must .*; got {rate}") for rate in (0, -0.1, np.nan)])
COUNTED = (
    "learning_rate",
    0.1,
    lambda name, _: [(rate, f"{name} > 0 .*; got {rate} and") for rate in (0, -0.1, np.nan)],
)

# Every public function, its arguments with a good value each, and what makes bad ones of it.
FUNCTIONS = {
    "unconstrained_flow": [C, ANY_START, T],
    "unconstrained_span": [C, ANY_START, T],
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
    "riemannian_steps": [C, ORTHONORMAL, COUNTED],
    "iteration_steps": [C, ORTHONORMAL, COUNTED],
    "linearised_mismatch_limit": [("K", PSD, bad_matrix), ("A", FORM, bad_matrix), ("z", Z, bad_dimension)],
    "info_nce_span": [
        C,
        ("A", PSD, bad_matrix),
        ("B", PSD, bad_matrix),
        ("z", Z, bad_dimension),
        (
            "temperatures",
            np.array([8.0, 16.0]),
            lambda name, tau: [(-tau, rf"{name} must be .* got \[ -8. -16.\]"), ([np.nan], "not finite")],
        ),
    ],
    "wide_two_layer_flow": [C, ANY_START, T],
    "wide_two_layer_span": [C, ANY_START, T],
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
    "regression_descent": [("K", PSD, bad_matrix), ("Y", BASIS, bad_start), ("U0", BASIS, bad_start), RATE, STEPS],
    "penalised_gram": [C, ("basis", BASIS, bad_basis)],
}
# Beside these arguments.
KEYWORDS = {"penalised_gram": {"beta": 1e3}, "riemannian_steps": {"left": 0.1}, "iteration_steps": {"left": 0.1}}
# What takes no such arguments: results of other functions, which check theirs, and what is asked of one.
DERIVED = {"DepartureLaw", "GramCurve", "GraphNoise", "StepwiseLaw", "top_eigenfunction"}

CASES = [
    pytest.param(function, arguments, i, value, message, id=f"{function}-{name}-{k}")
    for function, arguments in FUNCTIONS.items()
    for i, (name, good, make_bad) in enumerate(arguments)
    for k, (value, message) in enumerate(make_bad(name, good))
]


def refused_in(file):
    """The names in the tests of a file that ask for an error, and in their tables."""
    tests = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    for test in tests:
        nodes = list(ast.walk(test))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        if "raises" in attributes:
            yield from names | attributes


def test_every_public_function_is_covered():
    """In the table above, or by a test of its own that asks for an error."""
    elsewhere = {name for file in Path(__file__).parent.glob("test_*.py") for name in refused_in(file)}
    assert set(theory.__all__) - set(FUNCTIONS) - DERIVED <= elsewhere
    assert set(FUNCTIONS) | DERIVED <= set(theory.__all__)
    assert DERIVED.isdisjoint(elsewhere)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_good_arguments_are_accepted(function):
    result = getattr(theory, function)(*(good for _, good, _ in FUNCTIONS[function]), **KEYWORDS.get(function, {}))
    arrays = [result] if isinstance(result, np.ndarray | float) else [result.L, result.form, result.B0]
    assert all(np.isfinite(array).all() for array in arrays)


@pytest.mark.parametrize(("function", "arguments", "i", "value", "message"), CASES)
def test_bad_argument_is_refused_with_what_is_wrong(function, arguments, i, value, message):
    values = [value if k == i else good for k, (_, good, _) in enumerate(arguments)]
    with pytest.raises(ValueError, match=message):
        getattr(theory, function)(*values, **KEYWORDS.get(function, {}))


STATE = theory.gram_state(RANDOM.standard_normal((H, D)), RANDOM.standard_normal((H, Z)), H)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.gram_tangent_kernel(TIMES, STATE), r"X must have shape \(N, d\); got \(3,\)"),
        (lambda: theory.gram_tangent_kernel(np.full((3, D), np.nan), STATE), "holds 15 values that are not finite"),
        (lambda: theory.kernel_norm(TIMES, STATE), r"X must have shape \(N, d\); got \(3,\)"),
        (lambda: theory.kernel_norm(np.full((3, D), np.nan), STATE), "holds 15 values that are not finite"),
        (lambda: theory.unreachable_share(np.eye(6), np.zeros((3, Z))), "error is zero: no share of it lies anywhere"),
        (lambda: theory.unreachable_share(np.eye(6), np.full((3, Z), np.nan)), "error holds 6 values"),
        (lambda: theory.unreachable_share(np.full((6, 6), np.inf), np.ones((3, Z))), "theta holds 36 values"),
    ],
)
def test_what_takes_a_state_or_an_error_refuses_bad_ones_too(call, message):
    with pytest.raises(ValueError, match=message):
        call()


TRIPLETS = Triplets(*RANDOM.standard_normal((3, 6, D)))
TRAIN = {"triplets": TRIPLETS, "start": BASIS[None], "loss": "contrastive", "manifold": Grassmannian()}
RUN = {"learning_rate": 0.1, "checkpoints": [0, 2]}
FIRST = np.linalg.qr(RANDOM.standard_normal((1, D, 3)))[0]
LAYERS = {"first": FIRST, "second": np.eye(3, Z)[None], "metric": "stiefel"}
PAIRS = {"anchor": np.eye(2), "positive": np.eye(2), "loss": "non-contrastive"}
KERNEL = {"kernel": PSD[:3, :3] + 1, "start": np.ones((1, 3, Z)), "loss": "contrastive"}


def train_layers_of(first, second, metric, **run):
    net = Net(torch.from_numpy(first), torch.from_numpy(second), wide=False, metric=metric)
    return train_layers(TRIPLETS, [net], "contrastive", **run)


@pytest.mark.parametrize(
    ("function", "good", "bad", "message"),
    [
        (train, TRAIN | RUN, {"loss": "foo"}, "loss 'foo' is unknown; allowed: 'contrastive'"),
        (train, TRAIN | RUN, {"learning_rate": -0.1}, "learning_rate must be a positive number; got -0.1"),
        (train, TRAIN | RUN, {"checkpoints": [0, 1.5]}, "checkpoints must be whole numbers; got 1.5"),
        (train, TRAIN | RUN, {"checkpoints": [2, 1]}, "checkpoints must not decrease; entry 1 is 1 after 2"),
        (train, TRAIN | RUN, {"checkpoints": [1, 1]}, r"checkpoints must increase; got \[1, 1\]"),
        (train, TRAIN | RUN, {"start": 2 * BASIS[None]}, "start must have orthonormal columns; .* reaches 3"),
        (train, TRAIN | RUN, {"start": np.ones((1, 4, 2))}, r"d = 5 and 1 <= z <= d; got \(1, 4, 2\)"),
        (train_layers_of, LAYERS | RUN, {"metric": "flat"}, "metric 'flat' is unknown; allowed: 'grassmann'"),
        (train_layers_of, LAYERS | RUN, {"first": np.ones((1, D, 3))}, "first must have orthonormal columns"),
        (train_triplet_functions, KERNEL | RUN, {"kernel": np.triu(np.ones((3, 3)))}, "kernel must be symmetric"),
        (train_triplet_functions, KERNEL | RUN, {"start": np.ones((1, 4, 2))}, r"got \(3, 3\), \(1, 4, 2\)"),
        (effective_rank, {"U": np.eye(2)}, {"U": np.full((2, 2), np.nan)}, "U holds 4 values that are not finite"),
        (effective_rank, {"U": np.eye(2)}, {"U": np.eye(2) * 1j}, "U must hold real numbers; got dtype complex128"),
        (principal_angles, {"A": BASIS, "B": BASIS}, {"B": np.full((D, Z), np.nan)}, "B holds 10 values"),
        (projector_distance, {"A": BASIS, "B": BASIS}, {"B": BASIS[:-1]}, r"got \(5, 2\) and \(4, 2\)"),
        (sines_to, {"U": BASIS, "f": BASIS[:, 0]}, {"f": np.full(D, np.inf)}, "f holds 5 values that are not finite"),
        (half_time, {"times": [0, 1], "values": [1, 0]}, {"times": [1, 0]}, "times must not decrease; .* by up to 1"),
        (richardson_weights, {"ratio": 2, "extrapolations": 1}, {"extrapolations": 1.5}, "got 2 and 1.5"),
        (fitted_order, {"steps": [1, 2], "errors": [1, 2]}, {"errors": [1, np.nan]}, "errors holds 1 values"),
        (kernel_root, {"K": PSD}, {"K": np.triu(np.ones((3, 3)))}, "K must be symmetric"),
        (narrow_layers, {"start": BASIS[None], "width": 3}, {"width": 1}, "between z = 2 and d = 5; got 1"),
        (narrow_layers, {"start": BASIS[None], "width": 3}, {"start": 2 * BASIS[None]}, "start must have orthonormal"),
        (wide_layers, {"d": 3, "z": 1, "width": 4, "seeds": 1}, {"z": 4}, "z must lie between 1 and d = 3; got 4"),
        (wide_layers, {"d": 3, "z": 1, "width": 4, "seeds": 1}, {"width": 2}, "width must be at least d = 3; got 2"),
        (quadratic_form, PAIRS, {"anchor": [["a"]]}, "anchor must hold real numbers; got dtype <U1"),
    ],
)  # fmt: skip
def test_other_rooms_refuse_bad_arguments_too(function, good, bad, message):
    names = {"root_seed": 0, "name": "x"} if function in (narrow_layers, wide_layers) else {}
    function(**good, **names)
    with pytest.raises(ValueError, match=message):
        function(**(good | bad), **names)
