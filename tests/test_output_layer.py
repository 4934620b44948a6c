"""Orthogonality of the output layer alone: exact flow of linear nets, slow flow of others, training, claims."""

import itertools
import logging

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.special import erf

from problems import flow_problems, judge_rows, orthonormal, symmetric
from ssl_dynamics.cells import CompareSettings, LossSettings
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.output_layer import compare as comparison
from ssl_dynamics.experiments.output_layer.claims import CLAIMS
from ssl_dynamics.experiments.output_layer.compare import curve_table, net_table
from ssl_dynamics.experiments.output_layer.config import DesignSettings, OutputLayer, SimulateSettings
from ssl_dynamics.experiments.output_layer.design import Design, Solution, Trajectories
from ssl_dynamics.experiments.output_layer.simulate import simulate
from ssl_dynamics.experiments.output_layer.solve import design, solve
from ssl_dynamics.kernels.two_layer import activate
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.constrained_nets import train_constrained_nets
from ssl_dynamics.simulation.stacked import triplet_objective
from ssl_dynamics.theory import grassmann_flow, output_layer_flow, slow_feature_flow
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


@pytest.mark.parametrize("z", [1, 2, 3])
def test_is_the_flow_of_all_weights_of_the_net(z):
    random = np.random.default_rng(1)
    C, rate = symmetric(np.array([-1.0, -0.6, 0.3]), random), 0.9
    W1, W2 = random.standard_normal((5, 3)), orthonormal(5, z, random)

    def loss(W1, W2):
        S = W1.T @ W2 / np.sqrt(5)
        return np.trace(S.T @ C @ S)

    def gradient(value, W):
        units = 1e-6 * np.eye(W.size).reshape(-1, *W.shape)
        return np.reshape([(value(W + unit) - value(W - unit)) / 2e-6 for unit in units], W.shape)

    def velocity(_, flat):
        first, second = flat[:15].reshape(5, 3), flat[15:].reshape(5, z)
        of_first = gradient(lambda W: loss(W, second), first)
        of_second = gradient(lambda W: loss(first, W), second)
        constrained = of_second - second @ (second.T @ of_second)
        return -np.concatenate([rate * of_first.ravel(), constrained.ravel()])

    solved = solve_ivp(velocity, (0, 4), np.concatenate([W1.ravel(), W2.ravel()]), t_eval=TIMES, rtol=1e-8, atol=1e-9)
    weights = [(y[:15].reshape(5, 3), y[15:].reshape(5, z)) for y in solved.y.T]
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


@given(flow_problems(), st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_as_the_rate_falls_it_tends_to_the_constrained_flow_on_the_features_of_the_start(problem, seed):
    """κ = 0 leaves W_1: S = W_1ᵀW_2/√h under the flow of W_2 alone, of the form W_1CW_1ᵀ/h; the rest is of order κ."""
    C, W0 = problem
    (d, z), random = W0.shape, np.random.default_rng(seed)
    h, times = d + 3, TIMES[:3]
    W1, W2 = random.standard_normal((h, d)), orthonormal(h, z, random)
    form = W1 @ C @ W1.T / h
    frozen = grams(W1.T @ grassmann_flow((form + form.T) / 2, W2, times) / np.sqrt(h))
    none, half, whole = (grams(output_layer_flow(C, W1, W2, times, rate=rate)) - frozen for rate in (1e-9, 1e-3, 2e-3))
    size = max(np.abs(frozen).max(), 1)
    np.testing.assert_allclose(none, 0, atol=1e-7 * size)
    np.testing.assert_allclose(whole, 2 * half, atol=0.03 * np.abs(whole).max() + 1e-7 * size)


@pytest.mark.parametrize("first", [-1.0, 0.0, 0.5])
@pytest.mark.parametrize("z", [1, 4])
def test_late_from_the_optimum_modes_grow_stay_or_die_as_their_eigenvalues_say(z, first):
    """Of as many hidden units as inputs, so that none is left for a positive eigenvalue to flee to."""
    random = np.random.default_rng(9)
    C = symmetric(first + np.array([0.0, 0.3, 0.8, 1.4]), random)
    lam, V = np.linalg.eigh(C)
    rate, times = 0.5, np.array([2.0, 6.0, 12.0])
    S = output_layer_flow(C, *optimum(C, 4, z, random), times, rate=rate)
    expected = np.exp(-2 * rate / 4 * lam[:z] * times[:, None])
    found = np.sqrt(np.einsum("ik,tij,jk->tk", V[:, :z], grams(S), V[:, :z]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(grams(S), grams(V[:, :z] * expected[:, None]), atol=1e-6)


def test_late_a_single_output_grows_along_each_eigenvector_at_its_own_rate_from_a_random_start():
    """D draws s to DCs = 0, ever faster as s grows: what is left is ṡ = −2(κ/h)Cs, all modes of it."""
    random = np.random.default_rng(3)
    C = symmetric(np.array([-1.0, -0.5, 0.2]), random)
    lam, V = np.linalg.eigh(C)
    W1, W2 = random.standard_normal((6, 3)), orthonormal(6, 1, random)
    times = np.array([16.0, 18.0])
    modes = np.abs(V.T @ output_layer_flow(C, W1, W2, times, rate=0.6)[..., 0].T)
    slopes = np.diff(np.log(modes), axis=1)[:, 0] / np.diff(times)
    np.testing.assert_allclose(slopes, -2 * 0.1 * lam, rtol=0.01)


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


@pytest.mark.parametrize("ratio", [0.025, 0.1])
def test_linear_nets_in_training_follow_it(ratio):
    X, A = data()
    random = np.random.default_rng(5)
    first, second = random.standard_normal((2, H, D)), orthonormal(H, Z, random, 2)
    times = [0.0, 1.0, 5.0]
    U = trained(X, first, second, times, "identity", ratio=ratio, step=0.05)
    S = output_layer_flow(X.T @ A @ X / D, first, second, times, rate=ratio * H)
    np.testing.assert_allclose(grams(U), grams(X @ S / np.sqrt(D)), rtol=1e-4, atol=1e-4)


def test_trained_nets_fall_from_the_optimum_at_rates_in_the_ratio_of_rate_to_width():
    """At two rates κ, and at the smaller one's ratio κ/h in nets of another width."""
    X, A = data()
    C = X.T @ A @ X / D
    lam, times = np.linalg.eigvalsh(C), np.array([0.0, 0.5, 1.0])
    assert lam[1] < 0
    rates = []
    for width, ratio in ((H, 0.05), (H, 0.2), (3 * H, 0.05)):
        first, second = (layer[None] for layer in optimum(C, width, Z, np.random.default_rng(2)))
        U = trained(X, first, second, times, "identity", ratio=ratio, step=0.05)[0]
        S = np.sqrt(D) * np.linalg.pinv(X) @ U
        values = np.linalg.svd(S, compute_uv=False)
        rates.append(-np.diff(np.log(values[:, 1] / values[:, 0])) / np.diff(times))
    slow, fast, wide = np.array(rates)
    np.testing.assert_allclose(fast / slow, 4, rtol=1e-4)
    np.testing.assert_allclose(wide / slow, 1, rtol=1e-4)
    np.testing.assert_allclose(slow, 2 * 0.05 * (lam[1] - lam[0]), rtol=1e-4)


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
        ({"second": np.ones((4, 2))}, "second must have orthonormal columns"),
        (
            {"second": np.eye(3)[:, :2]},
            r"second must have shape \(..., h, z\) with h = 4 and 1 <= z <= h; got \(3, 2\)",
        ),
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
        ({"z": H}, ValueError, "z must be a whole number between 1 and h − 1 = 7; got 8"),
        ({"z": 1.5}, ValueError, "z must be a whole number between 1 and h − 1 = 7; got 1.5"),
        ({"z": True}, ValueError, "z must be a whole number between 1 and h − 1 = 7; got True"),
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


PLANNED = {"losses": ["contrastive"], "dimensions": [Z], "triplets": 12, "activations": ["erf"], "widths": [16, 20]}
PLANNED |= {"starts": 3, "ratio": 1 / 16, "growth": 4.0, "step": 0.3}
CELL = {"dataset": "d", "loss": "contrastive", "dimension": Z}


def triplets():
    random = np.random.default_rng(0)
    anchor = random.standard_normal((20, D)) * [2.0, 1.4, 0.9, 0.5]
    return Triplets(anchor, anchor + 0.2 * random.standard_normal((20, D)), random.standard_normal((20, D)))


def job(folder, settings):
    files = {name: [folder / f"{name}.npz"] for name in ("points", "plan", "trajectories", "solution")}
    return Job(settings, files, files, logging.getLogger("test"), "test")


def planned(folder, **change):
    write_arrays(folder / "points.npz", vars(triplets()))
    of = OutputLayer(**(PLANNED | change))
    settings = {"root_seed": 2, "seeds": of.starts, "dataset_name": "d", "dimension": Z, "loss": "contrastive"}
    design(job(folder, DesignSettings(**settings, output_layer=of)))
    return Design.load(folder / "plan.npz")


def planned_form():
    return form_of(Triplets(*(part[: PLANNED["triplets"]] for part in vars(triplets()).values())), "contrastive")


def net_loss(W1, W2, activation):
    """−(1/n) Σ u(x)·(u(x⁺) − u(x⁻)) of u = W_2ᵀφ(W_1x/√d)/√h on the triplets that are planned."""
    phi = torch.erf if activation == "erf" else (lambda V: V)
    views = [torch.from_numpy(part[: PLANNED["triplets"]]) for part in vars(triplets()).values()]
    anchor, positive, negative = (phi(view @ W1.T / D**0.5) @ W2 / len(W1) ** 0.5 for view in views)
    return -(anchor * (positive - negative)).sum() / len(anchor)


def whole_net(plan, nets, activation, *, width=16, seed=0):
    """Representations (T, N, z) of one net, whose weights are all integrated along the derivative of its loss."""
    first, second = plan.first[nets, width][seed], plan.second[nets, width][seed]
    size = first.size

    def velocity(_, flat):
        W1 = torch.tensor(flat[:size].reshape(first.shape), requires_grad=True)
        W2 = torch.tensor(flat[size:].reshape(second.shape), requires_grad=True)
        of_first, of_second = torch.autograd.grad(net_loss(W1, W2, activation), (W1, W2))
        along = of_second - W2 @ (W2.T @ of_second)
        return -np.concatenate([plan.ratio * width * of_first.numpy().ravel(), along.detach().numpy().ravel()])

    times, start = plan.times[nets], np.concatenate([first.ravel(), second.ravel()])
    step = 0.5 / plan.growth[nets]  # between longer ones, the interpolation is not good enough
    solved = solve_ivp(
        velocity, (0, times[-1]), start, t_eval=times, method="DOP853", rtol=1e-8, atol=1e-9, max_step=step
    )
    phi = erf if activation == "erf" else (lambda V: V)
    return np.stack(
        [
            phi(plan.points @ y[:size].reshape(first.shape).T / np.sqrt(D)) @ y[size:].reshape(second.shape)
            for y in solved.y.T
        ]
    ) / np.sqrt(len(first))


@pytest.mark.parametrize("width", [16, 20])
def test_both_layers_start_at_the_optimum_and_the_leading_mode_grows_as_asked(width, tmp_path):
    plan = planned(tmp_path)
    assert set(plan.first) == set(plan.second) == set(itertools.product(("random", "optimum", "erf"), (16, 20)))
    first, second = plan.first["optimum", width], plan.second["optimum", width]
    np.testing.assert_allclose(first.mT @ first, np.broadcast_to(width * np.eye(D), (3, D, D)), atol=1e-12)
    np.testing.assert_allclose(second.mT @ second, np.broadcast_to(np.eye(Z), (3, Z, Z)), atol=1e-12)
    S = np.linalg.pinv(plan.points) @ whole_net(plan, "optimum", "identity", width=width) * np.sqrt(D)
    leading = np.linalg.eigh(planned_form())[1][:, 0]
    along = np.linalg.norm(leading @ S, axis=-1) ** 2
    np.testing.assert_allclose(along[[0, -1]], [1, PLANNED["growth"]], rtol=1e-4)


@pytest.mark.parametrize("nets", ["random", "erf"])
def test_output_layers_start_at_random_or_at_the_optimum_of_their_features(nets, tmp_path):
    plan = planned(tmp_path)
    first, second = plan.first[nets, 16], plan.second[nets, 16]
    np.testing.assert_array_equal(first, plan.first["random", 16])
    np.testing.assert_allclose(second.mT @ second, np.broadcast_to(np.eye(Z), (3, Z, Z)), atol=1e-12)
    others = orthonormal(16, Z, np.random.default_rng(0), 50)
    for W1, W2 in zip(first, second, strict=True):
        at = [float(net_loss(*map(torch.from_numpy, (W1, other)), nets)) for other in (W2, *others)]
        near = np.linalg.qr(W2 + 1e-3 * others)[0]
        beside = [float(net_loss(*map(torch.from_numpy, (W1, other)), nets)) for other in near]
        assert (min(at[1:] + beside) > at[0]) == (nets == "erf")


@pytest.mark.parametrize(("nets", "tolerance"), [("optimum", 1e-5), ("random", 1e-4), ("erf", 0.2)])
def test_solution_is_that_of_the_integrated_net(nets, tolerance, tmp_path):
    plan = planned(tmp_path, ratio=1 / 16 if nets != "erf" else 1 / 64)
    solve(job(tmp_path, LossSettings(loss="contrastive")))
    solution = Solution.load(tmp_path / "solution.npz")
    for seed, width in ((0, 16), (1, 20)):
        sizes = np.log(np.linalg.svd(whole_net(plan, nets, nets, width=width, seed=seed), compute_uv=False))
        found, expected = solution.predicted[nets, width][seed], sizes[:, 1] - sizes[:, 0]
        assert np.abs(found - expected).max() <= tolerance * np.abs(expected - expected[0]).max()
    values = np.linalg.eigvalsh(planned_form())
    assert solution.gap == pytest.approx((values[1] - values[0]) / -values[0])


def test_claims_pass_in_training_over_the_slow_time_and_fail_where_the_rate_is_wrong(monkeypatch, tmp_path):
    plan, found = planned(tmp_path), {}
    simulate(job(tmp_path, SimulateSettings(loss="contrastive", device="cpu", output_layer=OutputLayer(**PLANNED))))
    monkeypatch.setattr(comparison, "write_tables", lambda _, __, made: found.update(made))
    for factor, verdict in ((1.0, "pass"), (1.1, "fail"), (0.9, "fail")):
        Design(**(vars(plan) | {"ratio": factor * plan.ratio})).save(tmp_path / "plan.npz")
        solve(job(tmp_path, LossSettings(loss="contrastive")))
        plan.save(tmp_path / "plan.npz")
        comparison.compare(job(tmp_path, CompareSettings(dataset_name="d", loss="contrastive", dimension=Z)))
        rows = found["output_layer"].assign(**CELL)
        verdicts = [judge_rows(claim, {claim.own_table: rows}).claim.verdict for claim in CLAIMS]
        assert verdicts == [verdict, verdict]
        for nets, of_nets in rows.groupby("nets"):
            # The slow time, in units in which the leading mode grows as e^t.
            last = np.log(PLANNED["growth"]) / 2
            np.testing.assert_allclose(of_nets["time"].unique(), np.linspace(0, last, 13), rtol=1e-12)
            wrong = {name for name in NEAR_RATES | FAR_RATES if of_nets[f"predicted_{name}"].notna().all()}
            assert wrong == set({"optimum": NEAR_RATES, "random": FAR_RATES}.get(nets, {}))
            assert set(of_nets["width"]) == {16, 20}
            for _, of_width in of_nets.groupby("width"):
                start = of_width[of_width["time"] == 0].set_index("seed")["predicted"]
                np.testing.assert_array_equal(of_width["frozen"], start.loc[of_width["seed"]])


def test_wrong_rates_are_those_of_a_first_layer_that_moves_as_much_faster(tmp_path):
    plan = planned(tmp_path)
    solve(job(tmp_path, LossSettings(loss="contrastive")))
    wrong = Solution.load(tmp_path / "solution.npz").predicted_wrong
    for name, factor in (NEAR_RATES | FAR_RATES).items():
        Design(**(vars(plan) | {"ratio": factor * plan.ratio})).save(tmp_path / "plan.npz")
        solve(job(tmp_path, LossSettings(loss="contrastive")))
        predicted = Solution.load(tmp_path / "solution.npz").predicted
        for key in plan.first:
            if (*key, name) in wrong:
                np.testing.assert_allclose(wrong[*key, name], predicted[key], rtol=1e-12)
    assert len(wrong) == 2 * (2 + 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"triplets": 21}, "output_layer.triplets is 21; points has 20"),
        ({"widths": [3, 8]}, "widths has 3; points have 4"),
    ],
)
def test_plans_that_the_points_do_not_allow_are_refused(change, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        planned(tmp_path, **change)


def table(wrong=0.0, widths=(16, 20)):
    """What the experiment compares, of training that follows a theory wrong by a relative error, at some widths."""
    tables = []
    for nets, width in itertools.product(("optimum", "random", "erf"), (16, 20)):
        seed, time = (axis.ravel() for axis in np.meshgrid(np.arange(4), np.linspace(0, 3, 7), indexing="ij"))

        def at(factor, time=time, seed=seed, nets=nets):
            moved = (0.3 + 0.02 * seed) * factor * time
            return -0.2 - moved if nets != "random" else -0.2 - moved - 0.1 * np.tanh(20 * time)

        predicted = {f"predicted_{name}": at(rate) for name, rate in (NEAR_RATES | FAR_RATES).items()}
        values = {
            "log_ratio": at(1 + wrong * (width in widths)),
            "predicted": at(1),
            "frozen": at(0) if nets != "random" else -0.2,
        }
        tables.append(
            pd.DataFrame({"nets": nets, "width": width, "gap": 0.4, "seed": seed, "time": time, **values, **predicted})
        )
    return pd.concat(tables).assign(dataset="made up", loss="contrastive", dimension=2)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claims_hold_for_the_right_theory_and_for_no_wrong_one(claim):
    right = judge_rows(claim, {claim.own_table: table()})
    assert (right.verdict, right.control.verdict) == ("pass", "fail")
    assert right.resolves < 0.4
    for error in (right.resolves, -right.resolves):
        for widths in ((16,), (20,), (16, 20)):
            assert judge_rows(claim, {claim.own_table: table(1.5 * error, widths)}).verdict != "pass"


def test_curve_of_the_figure_is_on_the_slow_time_of_its_checkpoints():
    times = np.array([0.0, 4.0, 8.0])
    net = np.zeros((2, 16, 3))
    plan = Design(
        points=np.zeros((2, 3)), triplets=1, ratio=0.5 / 16, first={("random", 16): net},
        second={("random", 16): net[..., :2]},
        times={"random": times}, growth={"random": 3.0},
    )  # fmt: skip
    fine = np.linspace(0, 8, 5)
    curve = -np.outer([1.0, 2.0], fine)
    solution = Solution({("random", 16): curve[:, ::2]}, {}, fine, {16: curve}, 0.4)
    table, points = (
        curve_table(plan, solution),
        net_table("random", 16, plan, Trajectories({("random", 16): curve[:, ::2]}), solution),
    )
    np.testing.assert_allclose(np.unique(table["time"]), 0.5 / 16 * 3 * fine)
    both = points.merge(table, on=["nets", "width", "seed", "time"], suffixes=("", "_of_curve"))
    assert len(both) == len(points) == 6
    np.testing.assert_array_equal(both["predicted"], both["predicted_of_curve"])
    np.testing.assert_array_equal(table["frozen"], 0)


def test_without_a_gap_the_law_is_left_open():
    cell = judge_rows(CLAIMS[0], {CLAIMS[0].own_table: table().assign(gap=1e-5)})
    assert (cell.verdict, cell.claim.reason) == (
        "open",
        "λ_2 − λ_1 is 1e-05 of |λ_1|: from the optimum nothing changes",
    )
