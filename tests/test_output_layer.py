"""Orthogonality of the output layer alone: exact flow of linear nets, slow flow of others, training, claims."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from problems import flow_problems, judge_rows, orthonormal, symmetric
from ssl_dynamics.experiments.output_layer.claims import CLAIMS
from ssl_dynamics.experiments.output_layer.compare import curve_table, net_table
from ssl_dynamics.experiments.output_layer.design import Design, Solution, Trajectories
from ssl_dynamics.kernels.two_layer import activate
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.simulation.constrained_nets import train_constrained_nets
from ssl_dynamics.simulation.stacked import triplet_objective
from ssl_dynamics.theory import output_layer_flow, slow_feature_flow
from ssl_dynamics.unsettled import Unsettled

TIMES = np.array([0.0, 0.3, 1.0, 4.0])
N, D, Z, H = 6, 4, 2, 8  # triplets, dimensions, hidden units


def grams(S):
    return S @ S.mT


def optimum(C, h, z, random):
    """W_1 with W_1ᵀW_1 = hI, and W_2 at the z leading eigenvectors."""
    isometry = orthonormal(h, len(C), random)
    return np.sqrt(h) * isometry, isometry @ np.linalg.eigh(C)[1][:, :z]


def data():
    random = np.random.default_rng(4)
    anchor = random.standard_normal((N, D)) * [2.0, 1.5, 0.7, 0.4]
    positive = anchor + 0.2 * random.standard_normal((N, D))
    X = np.concatenate([anchor, positive, anchor[::-1]])
    return X, coupling_matrix(N, loss="contrastive")


def of(activation):
    return lambda V: activate(V, activation)


def trained(X, first, second, times, activation, *, ratio, step=0.1):
    return train_constrained_nets(
        X,
        first,
        second,
        triplet_objective("contrastive", N),
        activation=activation,
        rate=ratio * first.shape[1],
        largest_step=step,
        times=times,
        farthest=np.inf,
    ).functions


def test_is_the_flow_of_all_weights_of_the_net():
    random = np.random.default_rng(1)
    C, rate = symmetric(np.array([-1.0, -0.6, 0.3]), random), 0.9
    W1, W2 = random.standard_normal((5, 3)), orthonormal(5, 2, random)

    def loss(W1, W2):
        S = W1.T @ W2 / np.sqrt(5)
        return np.trace(S.T @ C @ S)

    def gradient(value, W):
        units = 1e-6 * np.eye(W.size).reshape(-1, *W.shape)
        return np.reshape([(value(W + unit) - value(W - unit)) / 2e-6 for unit in units], W.shape)

    def velocity(_, flat):
        first, second = flat[:15].reshape(5, 3), flat[15:].reshape(5, 2)
        of_first = gradient(lambda W: loss(W, second), first)
        of_second = gradient(lambda W: loss(first, W), second)
        constrained = of_second - second @ (second.T @ of_second)
        return -np.concatenate([rate * of_first.ravel(), constrained.ravel()])

    solved = solve_ivp(velocity, (0, 4), np.concatenate([W1.ravel(), W2.ravel()]), t_eval=TIMES, rtol=1e-8, atol=1e-9)
    weights = [(y[:15].reshape(5, 3), y[15:].reshape(5, 2)) for y in solved.y.T]
    expected = np.stack([first.T @ second / np.sqrt(5) for first, second in weights])
    np.testing.assert_allclose(output_layer_flow(C, W1, W2, TIMES, rate=rate), expected, rtol=1e-5, atol=1e-5)


@given(flow_problems(), st.sampled_from([0.1, 1.0]))
@settings(max_examples=15, deadline=None)
def test_from_the_optimum_it_is_the_unconstrained_flow_slowed_down(problem, rate):
    C, W0 = problem
    C = C - 2.1 * np.eye(len(C))  # where λ_z > 0 the optimum of W_2 is a saddle: hidden units see what d cannot hold
    z, h, times = W0.shape[1], 9, TIMES[:3]
    first, second = optimum(C, h, z, np.random.default_rng(2))
    V = np.linalg.eigh(C)[1][:, :z]
    expected = np.stack([expm(-2 * rate / h * C * t) @ V for t in times])
    flow = output_layer_flow(C, first, second, times, rate=rate)
    np.testing.assert_allclose(grams(flow), grams(expected), rtol=1e-6, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_knows_the_rate_over_the_width_and_no_rotation(seed, z):
    random = np.random.default_rng(seed)
    C = symmetric(np.array([-1.0, -0.6, 0.3]), random)
    W1, W2 = random.standard_normal((5, 3)), orthonormal(5, z, random)
    S = output_layer_flow(C, W1, W2, TIMES, rate=0.7)
    doubled = np.concatenate([W1, W1]), np.concatenate([W2, W2]) / np.sqrt(2)
    np.testing.assert_allclose(output_layer_flow(C, *doubled, TIMES, rate=1.4), S, rtol=1e-6, atol=1e-6)
    turn, hidden = orthonormal(z, z, random), orthonormal(5, 5, random)
    turned = output_layer_flow(C, hidden @ W1, hidden @ W2 @ turn, TIMES, rate=0.7)
    np.testing.assert_allclose(turned, S @ turn, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(S[0], W1.T @ W2 / np.sqrt(5), atol=1e-14)


def test_starts_side_by_side_are_those_alone():
    random = np.random.default_rng(3)
    C = symmetric(np.array([-1.0, -0.6, 0.3]), random)
    W1, W2 = random.standard_normal((2, 5, 3)), orthonormal(5, 2, random, 2)
    S = output_layer_flow(C, W1, W2, TIMES, rate=0.5)
    assert S.shape == (2, 4, 3, 2)
    np.testing.assert_allclose(S[1], output_layer_flow(C, W1[1], W2[1], TIMES, rate=0.5), rtol=1e-6, atol=1e-6)


def test_late_the_ratio_falls_at_the_law_from_a_random_start():
    random = np.random.default_rng(6)
    C = symmetric(np.array([-1.0, -0.5, -0.05, 0.1]), random)
    W1, W2 = random.standard_normal((400, 4)), orthonormal(400, 2, random)
    times = np.linspace(24, 40, 5)
    logs = np.log(np.linalg.svd(output_layer_flow(C, W1, W2, times, rate=400 / 32), compute_uv=False))
    slope = np.diff(logs[:, 1] - logs[:, 0]) / np.diff(times)
    np.testing.assert_allclose(slope, -2 / 32 * 0.5, rtol=0.02)


def test_linear_nets_in_training_follow_it():
    X, A = data()
    random = np.random.default_rng(5)
    first, second = random.standard_normal((2, H, D)), orthonormal(H, Z, random, 2)
    times = [0.0, 1.0, 5.0]
    U = trained(X, first, second, times, "identity", ratio=0.1, step=0.05)
    S = output_layer_flow(X.T @ A @ X / D, first, second, times, rate=0.1 * H)
    np.testing.assert_allclose(grams(U), grams(X @ S / np.sqrt(D)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("activation", ["identity", "relu", "erf"])
def test_doubled_hidden_units_at_twice_the_rate_are_the_same_net(activation):
    X, _ = data()
    random = np.random.default_rng(5)
    first, second = random.standard_normal((1, H, D)), orthonormal(H, Z, random, 1)
    U = trained(X, first, second, [0.0, 2.0], activation, ratio=0.1)
    first, second = (np.concatenate([layer, layer], 1) for layer in (first, second))
    np.testing.assert_allclose(
        trained(X, first, second / np.sqrt(2), [0.0, 2.0], activation, ratio=0.1), U, rtol=1e-9, atol=1e-10
    )


def test_slow_flow_of_linear_nets_from_the_optimum_is_the_law():
    X, A = data()
    C = X.T @ A @ X / D
    first, _ = optimum(C, H, Z, np.random.default_rng(2))
    times = [0.0, 0.3, 0.6]
    S = np.stack([expm(-2 * C * t) @ np.linalg.eigh(C)[1][:, :Z] for t in times])
    errors = []
    for step in (0.1, 0.05):
        U = slow_feature_flow(of("identity"), X, A, first, times, z=Z, step=step)
        errors.append(np.abs(grams(U) - grams(X @ S / np.sqrt(D))).max())
    assert errors[1] < 1e-3
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.5)


@pytest.mark.parametrize("activation", ["identity", "erf"])
def test_nets_tend_to_the_slow_flow_in_proportion_to_the_rate(activation):
    X, A = data()
    random = np.random.default_rng(8)
    first = random.standard_normal((1, H, D))
    Psi = activate(X @ first.mT / np.sqrt(D), activation)[0] / np.sqrt(H)
    second = np.linalg.eigh(Psi.mT @ A @ Psi)[1][..., :1]  # the gap λ_2 − λ_1 is wide
    slow = np.array([0.0, 0.1, 0.2])
    U = slow_feature_flow(of(activation), X, A, first, slow, z=1, step=0.02)
    errors = [
        np.abs(grams(trained(X, first, second, (slow / ratio).tolist(), activation, ratio=ratio)) - grams(U)).max()
        for ratio in (1 / 32, 1 / 64)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 0.0}, "rate must be"),
        ({"first": np.ones((4, 2))}, r"first must have shape \(..., h, 3\)"),
        ({"first": np.ones((2, 4, 3))}, "the same leading axes"),
        ({"second": np.ones((4, 2))}, "second must have orthonormal columns|second"),
        ({"times": [1.0, 0.5]}, "times"),
        ({"C": np.ones((3, 2))}, "C must"),
    ],
)
def test_bad_input_is_refused_in_a_line(change, message):
    arguments = {"C": np.diag([-1.0, 0.1, 0.8]), "first": np.ones((4, 3)), "second": np.eye(4)[:, :2]}
    arguments |= {"times": [1.0], "rate": 1.0} | change
    with pytest.raises(ValueError, match=message):
        output_layer_flow(**arguments)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"z": H}, ValueError, "1 <= z < h"),
        ({"points": np.ones((3, D))}, ValueError, "needs points"),
        ({"step": -1.0}, ValueError, "step"),
        ({"step": 1e-9}, Unsettled, "steps; 5000 are allowed"),
        ({"A": np.zeros((3 * N, 3 * N))}, Unsettled, "no 2 leading eigenvectors"),
    ],
)
def test_slow_flow_refuses_what_it_cannot_follow(change, error, message):
    X, A = data()
    arguments = {"points": X, "A": A, "first": np.ones((H, D)), "times": [0.0, 1.0], "z": Z, "step": 0.1} | change
    with pytest.raises(error, match=message):
        slow_feature_flow(of("identity"), **arguments)


def table(wrong=0.0):
    """What the experiment compares, of training that follows a theory wrong by a relative error of the rate."""
    tables = []
    for nets in ("optimum", "random", "erf"):
        seed, time = (axis.ravel() for axis in np.meshgrid(np.arange(4), np.linspace(0, 3, 7), indexing="ij"))

        def at(factor, time=time, seed=seed, nets=nets):
            moved = (0.3 + 0.02 * seed) * factor * time
            return -0.2 - moved if nets != "random" else -0.2 - moved - 0.1 * np.tanh(20 * time)

        predicted = {f"predicted_{name}": at(rate) for name, rate in (NEAR_RATES | FAR_RATES).items()}
        values = {"log_ratio": at(1 + wrong), "predicted": at(1), "frozen": at(0) if nets != "random" else -0.2}
        tables.append(pd.DataFrame({"nets": nets, "gap": 0.4, "seed": seed, "time": time, **values, **predicted}))
    return pd.concat(tables).assign(dataset="made up", loss="contrastive", dimension=2)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claims_hold_for_the_right_theory_and_for_no_wrong_one(claim):
    right = judge_rows(claim, {claim.own_table: table()})
    assert (right.verdict, right.control.verdict) == ("pass", "fail")
    assert right.resolves < 0.4
    for error in (right.resolves, -right.resolves):
        assert judge_rows(claim, {claim.own_table: table(1.5 * error)}).verdict != "pass"


def test_curve_of_the_figure_is_on_the_slow_time_of_its_checkpoints():
    times = np.array([0.0, 4.0, 8.0])
    net = np.zeros((2, 16, 3))
    plan = Design(
        points=np.zeros((2, 3)), triplets=1, rate=0.5, first={"random": net}, second={"random": net[..., :2]},
        times={"random": times}, growth={"random": 3.0},
    )  # fmt: skip
    fine = np.linspace(0, 8, 5)
    curve = -np.outer([1.0, 2.0], fine)
    solution = Solution({"random": curve[:, ::2]}, {}, fine, curve, 0.4)
    table, points = (
        curve_table(plan, solution),
        net_table("random", plan, Trajectories({"random": curve[:, ::2]}), solution),
    )
    np.testing.assert_allclose(np.unique(table["time"]), 0.5 / 16 * 3 * fine)
    both = points.merge(table, on=["nets", "seed", "time"], suffixes=("", "_of_curve"))
    assert len(both) == len(points) == 6
    np.testing.assert_array_equal(both["predicted"], both["predicted_of_curve"])
    np.testing.assert_array_equal(table["frozen"], 0)


def test_without_a_gap_the_law_is_left_open():
    cell = judge_rows(CLAIMS[0], {CLAIMS[0].own_table: table().assign(gap=1e-5)})
    assert (cell.verdict, cell.claim.reason) == (
        "open",
        "λ_2 − λ_1 is 1e-05 of |λ_1|: from the optimum nothing changes",
    )
