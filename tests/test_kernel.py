import itertools
import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.integrate import solve_ivp

from problems import orthonormal, symmetric
from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import judge_claim
from ssl_dynamics.experiments.kernel.claims import CLAIMS
from ssl_dynamics.kernels import infinite_width_ntk, linear_kernel
from ssl_dynamics.problem import coupling_matrix, quadratic_form
from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.problem.starts.orthonormal import random_functions
from ssl_dynamics.simulation.functions import train_regression_functions, train_triplet_functions
from ssl_dynamics.theory import (
    descent_log_singular_values,
    kernel_flow,
    log_singular_values,
    reduced_kernel_flow,
    regression_descent,
    regression_flow,
    top_eigenfunction,
    unconstrained_flow,
)

LOSSES = ["contrastive", "non-contrastive"]
ACTIVATIONS = {
    "identity": lambda a: a,
    "relu": lambda a: np.sqrt(2) * np.maximum(a, 0),
    "erf": lambda a: torch.erf(torch.from_numpy(a)).numpy(),
}
DERIVATIVES = {
    "identity": np.ones_like,
    "relu": lambda a: np.sqrt(2) * (a > 0),
    "erf": lambda a: 2 / np.sqrt(np.pi) * np.exp(-(a**2)),
}


def points(count, d, seed=0):
    return np.random.default_rng(seed).standard_normal((count, d)) * np.linspace(2, 0.5, d)


def problem(loss, *, n=6, d=4, z=2, seeds=3, activation="relu"):
    """(K, A, U0) on 3n points."""
    K = infinite_width_ntk(points(3 * n, d), activation=activation)
    return K, coupling_matrix(n, loss=loss), random_functions(K, z, seeds=seeds, root_seed=0, names=("test",))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_tangent_kernel_is_the_limit_of_wide_nets_at_rate_one_half(activation):
    X, random = points(5, 3), np.random.default_rng(1)
    limit = infinite_width_ntk(X, activation=activation)
    widths = np.array([1_000, 10_000, 100_000])
    errors = []
    for h in widths:
        squares = []
        for _ in range(20):
            a = X @ random.standard_normal((3, h)) / np.sqrt(3)
            features, slopes = ACTIVATIONS[activation](a), DERIVATIVES[activation](a) * random.standard_normal(h)
            finite = (features @ features.T + linear_kernel(X) * (slopes @ slopes.T)) / h
            squares.append(np.square(finite - limit).sum() / np.square(limit).sum())
        errors.append(np.sqrt(np.mean(squares)))
    assert errors[-1] < 0.01
    assert fitted_order(1 / widths, errors) == pytest.approx(0.5, abs=0.1)


def test_tangent_kernel_by_automatic_differentiation_of_a_net():
    d, h, X = 3, 50_000, points(4, 3)
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(h, size, dtype=torch.float64, generator=generator) for size in (d, 1)]

    def net(W1, W2):
        hidden = math.sqrt(2) * torch.relu(torch.from_numpy(X) @ W1.T / math.sqrt(d))
        return (hidden @ W2 / math.sqrt(h)).squeeze(-1)

    jacobians = [part.reshape(4, -1) for part in torch.autograd.functional.jacobian(net, tuple(weights))]
    kernel = sum(part @ part.T for part in jacobians).numpy()
    expected = infinite_width_ntk(X, activation="relu")
    assert np.linalg.norm(kernel - expected) / np.linalg.norm(expected) < 0.03


def test_relu_kernel_at_equal_opposite_and_zero_points():
    x = np.array([1.0, 2.0, -1.0])
    X = np.stack([x, x, -x, 0 * x, 3 * x])
    s = x @ x / 3
    expected = s * np.array([[2, 2, 0, 0, 6], [2, 2, 0, 0, 6], [0, 0, 2, 0, 0], [0] * 5, [6, 6, 0, 0, 18]])
    np.testing.assert_allclose(infinite_width_ntk(X, activation="relu"), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_kernels_are_symmetric_and_positive_semidefinite(activation):
    K = infinite_width_ntk(points(30, 5), activation=activation)
    assert (K == K.T).all()
    eigenvalues = np.linalg.eigvalsh(K)
    assert eigenvalues[0] > -1e-13 * eigenvalues[-1]


@pytest.mark.parametrize(
    ("X", "activation", "message"),
    [
        (np.ones(3), "relu", r"X must have shape \(N, d\) .*got \(3,\)"),
        (np.array([[np.nan, 1.0]]), "erf", "X holds 1 values that are not finite"),
        (np.ones((2, 2), dtype=complex), "erf", "real numbers; got dtype complex128"),
        (np.ones((2, 2)), "tanh", "activation 'tanh' is unknown; allowed: 'identity', 'relu', 'erf'"),
    ],
)
def test_kernels_refuse_bad_input(X, activation, message):
    with pytest.raises(ValueError, match=message):
        infinite_width_ntk(X, activation=activation)


@pytest.mark.parametrize("loss", LOSSES)
def test_coupling_matrix_is_the_loss_on_representations_and_on_weights(loss):
    X, W = points(18, 4), np.random.default_rng(2).standard_normal((4, 2))
    A, U = coupling_matrix(6, loss=loss), X @ W
    parts = [torch.from_numpy(part) for part in np.split(U, 3)]
    assert np.trace(U.T @ A @ U) == pytest.approx(float(loss_value(*parts, loss)), rel=1e-13)
    anchor, positive, negative = np.split(X, 3)
    C = quadratic_form(anchor, positive, negative if loss == "contrastive" else None, loss=loss)
    np.testing.assert_allclose(X.T @ A @ X, C, atol=1e-13)


def test_coupling_matrix_refuses_bad_input():
    with pytest.raises(ValueError, match="n must be at least 1; got 0"):
        coupling_matrix(0, loss="contrastive")
    with pytest.raises(ValueError, match="loss 'triplet' is unknown"):
        coupling_matrix(2, loss="triplet")


def test_random_functions_have_the_kernel_for_covariance_and_lie_in_its_range():
    K = linear_kernel(points(6, 3))  # rank 3
    U = random_functions(K, 2, seeds=4_000, root_seed=0, names=("test",))
    covariance = np.einsum("snz,smz->nm", U, U) / (4_000 * 2)
    assert np.linalg.norm(covariance - K) / np.linalg.norm(K) < 0.05
    outside = np.linalg.svd(K)[0][:, 3:]
    assert np.abs(outside.T @ U).max() < 1e-12 * np.abs(U).max()
    with pytest.raises(ValueError, match=r"K must be a square matrix \(d, d\); got shape \(6, 3\)"):
        random_functions(K[:, :3], 1, seeds=1, root_seed=0, names=())
    with pytest.raises(ValueError, match="z must be at least 1; got 0"):
        random_functions(K, 0, seeds=1, root_seed=0, names=())


def integrated(velocity, initial, times):
    solution = solve_ivp(
        lambda _, u: velocity(u.reshape(initial.shape)).ravel(),
        (0, times[-1]), initial.ravel(), "DOP853", times, rtol=1e-12, atol=1e-13,
    )  # fmt: skip
    return np.moveaxis(solution.y.T.reshape(-1, *initial.shape), 0, -3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_kernel_flow_agrees_with_integration(loss, activation):
    K, A, U0 = problem(loss, activation=activation)
    times = np.linspace(0, 10 / np.linalg.norm(K @ A, 2), 4)
    np.testing.assert_allclose(
        kernel_flow(K, A, U0, times), integrated(lambda U: -2 * K @ A @ U, U0, times), rtol=1e-8, atol=1e-8
    )


def test_kernel_flow_of_the_linear_kernel_is_the_flow_of_the_weights():
    X, W0 = points(18, 4), np.random.default_rng(3).standard_normal((4, 2))
    A, times = coupling_matrix(6, loss="contrastive"), [0.0, 0.3, 1.0]
    expected = X @ unconstrained_flow(X.T @ A @ X, W0, np.array(times) / 4)  # K = XXᵀ/d: time runs d times slower
    np.testing.assert_allclose(kernel_flow(linear_kernel(X), A, X @ W0, times), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_regression_flow_agrees_with_integration_and_ends_at_the_target(activation):
    K, _, U0 = problem("contrastive", activation=activation)
    Y = np.random.default_rng(4).standard_normal(U0.shape)
    times = np.array([0.0, 1.0, 5.0]) / np.linalg.norm(K, 2)
    np.testing.assert_allclose(
        regression_flow(K, Y, U0, times), integrated(lambda U: -K @ (U - Y), U0, times), rtol=1e-8, atol=1e-8
    )
    inverse = np.linalg.pinv(K, rcond=1e-10)
    limit = K @ inverse @ Y + U0 - K @ inverse @ U0
    np.testing.assert_allclose(regression_flow(K, Y, U0, [1e9 / np.linalg.norm(K, 2)])[:, 0], limit, atol=1e-6)


def test_regression_descent_is_that_of_the_steps_one_by_one():
    K, _, U0 = problem("contrastive", activation="relu")
    Y, rate = np.random.default_rng(4).standard_normal(U0.shape), 0.7 / np.linalg.norm(K, 2)
    found, U = regression_descent(K, Y, U0, rate, [0, 1, 30]), U0
    for step in range(31):
        if step in (0, 1, 30):
            np.testing.assert_allclose(found[:, [0, 1, 30].index(step)], U, atol=1e-12)
        U = U - rate * K @ (U - Y)


def rank_of_regression(*, error=0.0):
    """Two losses with the same numbers, on two kernels."""
    cells = itertools.product(["contrastive", "non-contrastive"], ["linear", "relu-ntk"], range(3), [0.0, 1.0, 2.0])
    table = pd.DataFrame(list(cells), columns=["loss", "kernel", "seed", "time"])
    table = table.assign(dataset="d", dimension=2, predicted=1.9 - 0.1 * table["time"], slope=-0.1 * table["time"])
    table["flow"] = table["predicted"] + 1e-3 * table["time"]
    return table.assign(effective_rank=table["predicted"] + error * table["slope"])


def test_rank_of_regression_resolves_its_rate_and_is_judged_once_for_all_losses():
    (claim,) = [claim for claim in CLAIMS if claim.id == "A1-regression-rank"]
    keys = [("d", loss, 2) for loss in ("contrastive", "non-contrastive")]

    def cells(table):
        return judge_claim(claim, {claim.own_table: table}, {"kernel": keys}, 3)

    (cell,) = cells(rank_of_regression(error=1e-9))
    assert (cell.name, cell.verdict) == ("d/contrastive/2", "pass")
    assert cell.resolves < 1e-5
    assert cells(rank_of_regression(error=0.1))[0].verdict == "fail"
    table = rank_of_regression()
    assert cells(table.assign(flow=table["predicted"]))[0].verdict == "fail"  # a control that passes


def test_regression_from_zero_keeps_the_rank_of_the_target_and_ssl_does_not():
    K, A, U0 = problem("contrastive", z=3)
    Y = U0[0].copy()
    Y[:, 2] = Y[:, 0] - Y[:, 1]  # rank 2
    U = regression_flow(K, Y, np.zeros_like(Y), np.array([0.1, 1.0, 100.0]) / np.linalg.norm(K, 2))
    assert np.linalg.matrix_rank(U, tol=1e-10).tolist() == [2, 2, 2]
    reduced = reduced_kernel_flow(K, A, U0[0])
    first, second = np.linalg.eigvalsh(reduced.form)[:2]
    values = log_singular_values(reduced.form, reduced.B0, [11.5 / (second - first)], through=reduced.L)
    assert values[0, 1] - values[0, 0] < -15


@pytest.mark.parametrize("loss", LOSSES)
def test_every_column_turns_into_the_top_eigenfunction(loss):
    K, A, U0 = problem(loss)
    reduced = reduced_kernel_flow(K, A, U0)
    function = top_eigenfunction(reduced)
    first, second = np.linalg.eigvalsh(reduced.form)[:2]
    np.testing.assert_allclose(K @ A @ function, first * function, atol=1e-12)
    U = kernel_flow(K, A, U0, [8 / (second - first)])[:, 0]
    cosines = np.abs(function @ U) / np.linalg.norm(U, axis=-2)
    assert cosines.min() > 1 - 1e-6


def test_singular_values_through_a_map_far_below_the_rounding():
    random = np.random.default_rng(5)
    C, W0 = symmetric(np.array([-3.0, -2.0, -1.0, 0.0, 1.0]), random), orthonormal(5, 2, random)
    F = random.standard_normal((7, 5)) * np.logspace(0, -4, 5)
    times = np.array([0.0, 0.5, 40.0])
    values = log_singular_values(C, W0, times, through=F)
    near = np.log(np.linalg.svd(F @ unconstrained_flow(C, W0, times[:2]), compute_uv=False))
    np.testing.assert_allclose(values[:2], near, atol=1e-10)
    # Late, σ_1σ_2 is the area spanned by Fv_1 and Fv_2 times that of the start: σ_2/σ_1 = e^{−2·40}·const.
    V = np.linalg.eigh(C)[1][:, :2]
    (a, b), X = (F @ V).T, V.T @ W0
    area = 0.5 * np.log((a @ a) * (b @ b) - (a @ b) ** 2) + np.log(abs(np.linalg.det(X)))
    largest = np.log(np.linalg.norm(a) * np.linalg.norm(X[0]))
    assert values[2, 1] - values[2, 0] == pytest.approx(area - 2 * largest - 2 * 40, abs=1e-6)


def test_map_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"through must have shape \(N, 2\); got shape \(2, 3\)"):
        log_singular_values(np.diag([-1.0, 1.0]), np.eye(2), [0.0], through=np.ones((2, 3)))


def test_descent_is_exact_in_discrete_time_with_the_slope_of_its_factors():
    random = np.random.default_rng(6)
    C, W0, step = symmetric(np.array([-3.0, -2.0, 0.0, 1.0]), random), orthonormal(4, 2, random), 0.05
    W = W0
    for _ in range(20):
        W = W - step * 2 * C @ W
    values = descent_log_singular_values(C, W0, step, [0, 20, 400, 500])
    np.testing.assert_allclose(values[1], np.log(np.linalg.svd(W, compute_uv=False)), atol=1e-11)
    ratios = values[:, 1] - values[:, 0]
    slope = (ratios[3] - ratios[2]) / (100 * step)
    assert slope == pytest.approx(np.log((1 + 4 * step) / (1 + 6 * step)) / step, rel=1e-9)
    assert abs(slope / -2 - 1) > 0.1  # the continuous slope is far from it
    for wrong in (0.0, 0.2, np.nan):
        with pytest.raises(ValueError, match=r"learning_rate must lie between 0 and 1/\(2‖C‖\) = 0.166667; got"):
            descent_log_singular_values(C, W0, wrong, [0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda K, A, U: (K, A[:3, :3], U), r"A must have the shape of K, \(18, 18\); got \(3, 3\)"),
        (lambda K, A, U: (-K, A, U), "K must be positive semidefinite"),
        (lambda K, A, U: (K + np.triu(K), A, U), "K must be symmetric"),
        (lambda K, A, U: (K, A, U[:, :5]), r"U0 must have shape .* got \(3, 5, 2\)"),
        (
            lambda _, A, U: (linear_kernel(points(18, 4)), A, U),
            "U0 must lie in the range of K; the part outside reaches",
        ),
    ],
)
def test_kernel_flow_refuses_bad_input(change, message):
    with pytest.raises(ValueError, match=message):
        kernel_flow(*change(*problem("contrastive")), [0.0])


def test_regression_flow_refuses_targets_that_do_not_fit():
    K, _, U0 = problem("contrastive")
    with pytest.raises(ValueError, match="same number of columns"):
        regression_flow(K, U0[..., :1], U0, [0.0])
    with pytest.raises(ValueError, match="Y must have shape"):
        regression_flow(K, U0[:, :4], U0, [0.0])


@pytest.mark.parametrize("loss", LOSSES)
def test_training_on_a_kernel_converges_to_its_flow_at_order_one(loss):
    K, A, U0 = problem(loss)
    end = 2 / np.linalg.norm(K @ A, 2)
    flow = kernel_flow(K, A, U0, [end])
    steps, errors = end / np.array([100, 200, 400]), []
    for step in steps:
        run = train_triplet_functions(K, U0, loss, learning_rate=step, checkpoints=[round(end / step)])
        errors.append(np.abs(run.functions * np.exp(run.log_scale)[..., None, None] - flow).max())
    assert fitted_order(steps, errors) == pytest.approx(1, abs=0.05)


def test_training_of_functions_is_training_of_weights_with_decay():
    X, W = points(18, 4), np.random.default_rng(7).standard_normal((2, 4, 2))
    A, decay, step = coupling_matrix(6, loss="contrastive"), np.array([0.0, 0.3]), 0.1
    run = train_triplet_functions(
        linear_kernel(X), X @ W, "contrastive", learning_rate=step, checkpoints=[0, 7, 25], decay=decay
    )
    for _ in range(25):  # steps on W of u = Wᵀx/√d, in units in which W is multiplied by √d
        W = W - step * (2 * X.T @ A @ X @ W / 4 + 2 * decay[:, None, None] * W)
    ends = run.functions[:, -1] * np.exp(run.log_scale[:, -1])[:, None, None]
    np.testing.assert_allclose(ends, X @ W, rtol=1e-10, atol=1e-10)


def test_regression_on_a_kernel_converges_to_its_flow_at_order_one():
    K, _, U0 = problem("contrastive")
    Y = random_functions(K, 2, seeds=3, root_seed=1, names=("target",))
    end = 2 / np.linalg.norm(K, 2)
    flow = regression_flow(K, Y, U0, [0.0, end])
    steps, errors = end / np.array([50, 100, 200]), []
    for step in steps:
        run = train_regression_functions(K, U0, Y, learning_rate=step, checkpoints=[0, round(end / step)])
        assert (run.log_scale == 0).all()
        errors.append(np.abs(run.functions - flow).max())
    assert fitted_order(steps, errors) == pytest.approx(1, abs=0.05)


def test_runaway_training_on_a_kernel_is_an_error():
    K, _, U0 = problem("contrastive")
    with pytest.raises(FloatingPointError, match="not finite after step 300"):
        train_regression_functions(K, U0, U0 + 1, learning_rate=1e6, checkpoints=[300])
