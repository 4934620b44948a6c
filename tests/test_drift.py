import importlib
import logging
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.integrate import solve_ivp

from problems import judge_rows
from ssl_dynamics.analysis import first_crossing, fitted_order, log_growth
from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.claims.measures.rates import divided
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.artifacts import read_table, write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.drift import config
from ssl_dynamics.experiments.drift.claims import CLAIMS
from ssl_dynamics.experiments.drift.compare import _summary, compare
from ssl_dynamics.experiments.drift.config import (
    Drift,
    NetsSettings,
    SimulateSettings,
    SolveSettings,
    SupervisedSettings,
)
from ssl_dynamics.experiments.drift.design import net_outputs
from ssl_dynamics.experiments.drift.experiment import FAMILY
from ssl_dynamics.experiments.drift.measures import (
    delay_ratio,
    departed_ratio,
    departure_slope,
    drift_ratio,
)
from ssl_dynamics.experiments.drift.simulate import simulate, simulate_supervised
from ssl_dynamics.experiments.drift.solve import solve, solve_supervised
from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk
from ssl_dynamics.problem import coupling_matrix, quadratic_form
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.levels import BLOW_UP, DEPARTURE
from ssl_dynamics.problem.principal import principal_triplets
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.sampling import draw_triplets
from ssl_dynamics.problem.starts.layers import gaussian_layers
from ssl_dynamics.simulation.drift import (
    regression_value,
    train_to_fit,
    train_to_plateau,
    train_until_departure,
    triplet_value,
)
from ssl_dynamics.simulation.objective_functions import cosine
from ssl_dynamics.simulation.wide_nets import Nets
from ssl_dynamics.theory import blow_up_delay, unreachable_share
from ssl_dynamics.theory.frozen_descent import cosine_descent
from ssl_dynamics.unsettled import Unsettled

CONFIGS = Path(__file__).parents[1] / "config"
ACTIVATIONS = ["identity", "relu", "erf"]
SETTINGS = {
    "losses": ["contrastive"],
    "dimensions": [2],
    "activations": ["relu"],
    "widths": [4, 8, 16],
    "hidden_units": 16,
    "seeds": 2,
    "step": 0.2,
    "cosine": {"triplets": 7, "hidden_units": 16},
}


def triplets(n=6, d=4, decay=0.6):
    """Anchors, positives near them, independent negatives, (3n, d), of decaying scales and mean square 1."""
    random = np.random.default_rng(0)
    scales = decay ** np.arange(d)
    anchor, negative = (random.standard_normal((n, d)) * scales for _ in range(2))
    X = np.concatenate([anchor, anchor + 0.3 * random.standard_normal((n, d)) * scales, negative])
    return X * np.sqrt(X.size) / np.linalg.norm(X)


def nets(X, width, activation="identity", *, seeds=3, z=2, anchors=6):
    layers = gaussian_layers(X.shape[1], z, width, seeds=seeds, root_seed=0, name="test")
    return Nets(X, *layers, activation, anchors=anchors)


def of_seed(rows, seed):
    return {name: values[rows["seed"] == seed] for name, values in rows.items()}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_and_gradients_are_those_of_the_net(activation):
    X = triplets()
    batch = nets(X, 20, activation)
    W1, W2 = (W.numpy() for W in batch.layers)
    np.testing.assert_allclose(batch.outputs(batch.layers).numpy(), net_outputs(X, W1, W2, activation), rtol=1e-12)
    _, losses, gradients = batch.gradient(batch.layers, triplet_value("contrastive", similarity="dot product"))
    # Along the flow L falls at the rate ‖∇L‖², which is (2AU)ᵀΘ(2AU) of the kernel.
    U = net_outputs(X, W1, W2, activation)
    A = coupling_matrix(6, loss="contrastive")
    slope = (2 * A @ U).reshape(3, -1)
    theta = two_layer_ntk(X, W1, W2, activation=activation)
    np.testing.assert_allclose(losses.numpy(), np.einsum("snz,nm,smz->s", U, A, U), rtol=1e-10)
    square = sum(part.square().sum((1, 2)) for part in gradients).numpy()
    np.testing.assert_allclose(square, np.einsum("si,sij,sj->s", slope, theta, slope), rtol=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nets_are_the_same_however_few_are_worked_on_at_a_time(activation, monkeypatch):
    found = []
    for units in (1, 40, 1000):
        monkeypatch.setattr("ssl_dynamics.simulation.wide_nets.UNITS", units)
        rows = train_until_departure(
            nets(triplets(), 20, activation), triplet_value("contrastive", similarity="dot product"), step=0.2
        )
        found.append([rows[name][rows["drift"] < 0.5] for name in ("seed", "time", "value", "drift", "rate")])
    for other in found[1:]:
        for expected, values in zip(found[0], other, strict=True):
            np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


def test_training_converges_to_the_flow_of_the_weights_at_order_four():
    X, h = triplets(), 24
    batch = nets(X, h, seeds=1)
    W1, W2 = (W[0].numpy() for W in batch.layers)
    anchor, positive, negative = np.split(X, 3)
    C, d = quadratic_form(anchor, positive, negative, loss="contrastive"), X.shape[1]

    def velocity(_, flat):
        first, second = flat[: W1.size].reshape(W1.shape), flat[W1.size :].reshape(W2.shape)
        W = first.T @ second / np.sqrt(d * h)
        G = 2 * C @ W / np.sqrt(d * h)
        return -np.concatenate([(second @ G.T).ravel(), (first @ G).ravel()])

    errors, steps = [], [0.4, 0.2, 0.1]
    for step in steps:
        rows = train_until_departure(
            nets(X, h, seeds=1), triplet_value("contrastive", similarity="dot product"), step=step
        )
        k = int(np.flatnonzero(rows["drift"] >= 0.5)[0])
        end = solve_ivp(
            velocity, (0, rows["time"][k]), np.concatenate([W1.ravel(), W2.ravel()]), "DOP853", rtol=1e-11, atol=1e-11
        ).y[:, -1]
        first, second = end[: W1.size].reshape(W1.shape), end[W1.size :].reshape(W2.shape)
        W = first.T @ second / np.sqrt(d * h)
        errors.append(abs(rows["value"][k] / np.trace(W.T @ C @ W) - 1) / rows["time"][k])
    assert errors[-1] < 1e-4
    assert fitted_order(steps, errors) > 3.5


def test_rate_of_the_rows_is_the_growth_rate_of_the_root_of_the_loss():
    steps, errors = [0.1, 0.05, 0.025], []
    for step in steps:
        rows = train_until_departure(
            nets(triplets(), 24, seeds=1), triplet_value("contrastive", similarity="dot product"), step=step
        )
        # From where the loss is well below zero, up to the departure.
        used = (rows["value"] < -abs(rows["value"][0])) & (rows["drift"] < 0.5)
        t, log, rate = rows["time"][used], np.log(-rows["value"][used]) / 2, rows["rate"][used]
        errors.append(np.abs((log[-1] - log[0]) / np.trapezoid(rate, t) - 1))
    assert errors[-1] < 1e-3
    assert fitted_order(steps, errors) == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_steps_come_up_to_the_blow_up_and_do_not_jump_over_it(activation):
    """Each leaves about 0.7 of the time that is left, whatever rate it began with; drifts grow by 1/0.7² a step."""
    value = triplet_value("contrastive", similarity="dot product")
    for width in (16, 64, 256):
        rows = pd.DataFrame(train_until_departure(nets(triplets(), width, activation, seeds=30), value, step=0.3))
        for _, run in rows.groupby("seed"):
            last = run.iloc[-1]
            left = last["time"] + 1 / last["rate"] - run["time"].to_numpy()
            assert BLOW_UP <= last["drift_second"] < 1.1 * BLOW_UP / 0.7**2
            late = run["drift_second"].to_numpy() > 5
            assert (left[1:] / left[:-1])[late[1:]].min() > 0.5
            assert (run["rate"].to_numpy() * left)[late] == pytest.approx(1, abs=0.2)


def test_drifts_are_those_of_the_blocks_they_name():
    X = triplets()
    batch = nets(X, 20, "erf")
    before = [W.numpy() for W in batch.layers]
    after = [before[0] + 0.3, before[1] * 1.5]
    batch.layers = tuple(map(torch.from_numpy, after))
    for name, block in (("drift", "all"), ("drift_first", "first"), ("drift_second", "second")):
        old, new = (two_layer_ntk(X[:6], *layers, activation="erf", block=block) for layers in (before, after))
        expected = np.linalg.norm(new - old, axis=(1, 2)) / np.linalg.norm(old, axis=(1, 2))
        np.testing.assert_allclose(batch.drift()[name], expected, rtol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_runaway_training_is_recorded_as_departure_and_never_as_nan(activation):
    for step in (0.5, 0.2):
        rows = train_until_departure(
            nets(triplets(), 64, activation), triplet_value("contrastive", similarity="dot product"), step=step
        )
        assert all(np.isfinite(values).all() for values in rows.values())
        for seed in range(3):
            run = of_seed(rows, seed)
            assert run["drift"][0] == 0
            assert (np.diff(run["time"]) > 0).all()
            assert np.isfinite(first_crossing(run["time"], run["drift"], 0.5))
            assert run["value"][-1] < -10 * abs(run["value"][0])


def test_supervised_training_ends_at_one_percent_and_drifts_less_in_wider_nets():
    X = triplets()[:6]
    targets = np.random.default_rng(1).standard_normal((3, 6, 2))
    ends = {}
    for width in (64, 1024):
        largest = np.linalg.norm(infinite_width_ntk(X, activation="relu"), 2)
        rows = train_to_fit(nets(X, width, "relu"), regression_value(targets), learning_rate=6 / largest)
        runs = [of_seed(rows, seed) for seed in range(3)]
        for run in runs:
            assert run["value"][-1] <= 0.01 * run["value"][0] < run["value"][-2] * 1.5
        ends[width] = np.mean([run["drift"][-1] for run in runs])
    assert ends[1024] < ends[64] / 3
    U = nets(X, 64, "relu")
    start = 0.5 * ((U.outputs(U.layers).numpy() - targets) ** 2).sum((1, 2)) / 6
    U.keep(torch.tensor([False, True, True]))
    _, values, _ = U.gradient(U.layers, regression_value(targets))  # the targets follow their seeds
    np.testing.assert_allclose(values.numpy(), start[1:], rtol=1e-12)


def test_net_that_does_not_depart_is_an_outcome_and_training_that_does_not_end_is_open(monkeypatch):
    X, value = triplets(), triplet_value("contrastive", similarity="dot product")
    whole = train_until_departure(nets(X, 32), value, step=0.1)
    before = min(np.argmax(of_seed(whole, seed)["drift"] >= 0.5) for seed in range(3))
    monkeypatch.setattr("ssl_dynamics.simulation.drift.MOST_STEPS", 3)
    short = train_until_departure(nets(X, 32), value, step=0.1)
    for seed in range(3):
        for name, column in of_seed(short, seed).items():
            np.testing.assert_array_equal(column, of_seed(whole, seed)[name][:4])
    monkeypatch.setattr("ssl_dynamics.simulation.drift.MOST_STEPS", int(before))
    with pytest.raises(Unsettled, match=f"nets have departed and not come to their end after {before} steps"):
        train_until_departure(nets(X, 32), value, step=0.1)
    monkeypatch.setattr("ssl_dynamics.simulation.drift.MOST_STEPS", 3)
    with pytest.raises(Unsettled, match="3 nets have not converged after 3 steps"):
        train_to_plateau(nets(X, 32), triplet_value("contrastive", similarity="cosine"), step=0.1, landing=3)


@pytest.mark.parametrize("loss", ["contrastive", "non-contrastive"])
def test_cosine_training_reaches_a_plateau_near_the_bound_of_the_loss(loss):
    X = triplets(d=12, decay=0.9)[: 18 if loss == "contrastive" else 12]
    rows = train_to_plateau(nets(X, 256, "relu"), triplet_value(loss, similarity="cosine"), step=0.4, landing=3)
    bound = -2 if loss == "contrastive" else -1
    for seed in range(3):
        run = of_seed(rows, seed)
        assert bound <= run["value"][-1] < 0.9 * bound
        assert run["drift"].max() < 0.5


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_cosine_training_takes_the_steps_that_the_kernel_of_the_start_foretells(activation):
    """Where a representation near zero makes them shorter, it does so in both, and both look at one time."""
    X, step, end, seeds = triplets(), 0.6, 3.0, 26
    batch = nets(X, 4096, activation, seeds=seeds)
    W1, W2 = (W.numpy() for W in batch.layers)
    U, kernels = net_outputs(X, W1, W2, activation), two_layer_ntk(X, W1, W2, activation=activation)
    A, off = coupling_matrix(6, loss="contrastive"), []
    rows = train_to_plateau(batch, triplet_value("contrastive", similarity="cosine"), step=step, landing=end)
    for seed in range(seeds):
        (_, steps), time = cosine_descent(kernels[seed], A, U[seed], step=step, end=end)
        times = of_seed(rows, seed)["time"]
        assert abs(times - time).min() < 1e-5 * time
        if end / step < len(steps) <= 10:  # every one of the first ten steps has a row
            off.append(abs(np.diff(times)[: len(steps)] / steps - 1).max())
    assert len(off) >= 3
    assert np.median(off) < 0.05


def test_cosine_loss_sees_directions_alone():
    u = torch.tensor([[[3.0, 0.0], [0.0, 0.1]]], dtype=torch.float64)
    assert cosine(u, 5 * u, -u, "contrastive").tolist() == [-2]
    assert cosine(u, u.flip(1), u, "non-contrastive").tolist() == [0]
    with pytest.raises(ValueError, match=r"z >= 2; got representations of shape \(1, 2, 1\)"):
        cosine(u[..., :1], u[..., :1], u[..., :1], "contrastive")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, W1, W2: (X[:, :3], W1, W2), r"must have shapes \(N, d\), \(S, h, d\), \(S, h, z\); got .*\(18, 3\)"),
        (lambda X, W1, W2: (X, W1[0], W2), "must have shapes"),
        (lambda X, W1, W2: (X[:5], W1, W2), "anchors must lie between 1 and the number of points, 5; got 6"),
    ],
)
def test_nets_refuse_what_does_not_fit(change, message):
    layers = gaussian_layers(4, 2, 8, seeds=2, root_seed=0, name="test")
    with pytest.raises(ValueError, match=message):
        Nets(*change(triplets(), *layers), "relu", anchors=6)


def test_gaussian_layers_depend_on_their_own_names_alone():
    W1, W2 = gaussian_layers(5, 2, 400, seeds=3, root_seed=0, name="a")
    for first in (0, 1):
        some = gaussian_layers(5, 2, 400, first=first, seeds=2, root_seed=0, name="a")
        assert (W1[first : first + 2] == some[0]).all()
        assert (W2[first : first + 2] == some[1]).all()
    assert (gaussian_layers(5, 2, 400, seeds=3, root_seed=0, name="b")[0] != W1).all()
    assert W1.std() == pytest.approx(1, abs=0.05)
    with pytest.raises(ValueError, match="must be at least 1; got 5, 2, 0, 3"):
        gaussian_layers(5, 2, 0, seeds=3, root_seed=0, name="a")


def test_theory_of_departure_refuses_bad_input():
    with pytest.raises(ValueError, match="drift must be a positive number; got 0"):
        blow_up_delay(np.ones((3, 2)), np.eye(2), 2, drift=0)
    with pytest.raises(ValueError, match=r"anchor and C must have shapes .* got \(3, 2\) and \(3, 3\)"):
        blow_up_delay(np.ones((3, 2)), np.eye(3), 2, drift=0.5)


def test_unreachable_share_is_what_lies_outside_the_range():
    theta = np.diag([2.0, 1.0, 0.0, 0.0])
    assert unreachable_share(theta, np.array([[1.0, 1.0], [1.0, 1.0]])) == pytest.approx(0.5)
    assert unreachable_share(np.eye(4), np.ones((2, 2))) == 0


def test_blow_up_delay_is_that_of_the_equations_of_the_mode():
    random = np.random.default_rng(3)
    X, z, mu = random.standard_normal((7, 3)) * [3, 1, 0.3], 2, 1.7
    C = -(X.T @ X)
    v = np.linalg.eigh(C)[1][:, 0]
    b = np.array([0.6, 0.8])

    def kernel(p):
        first, second = X @ X.T / 3, (X @ v)[:, None] * (X @ v) / 3
        return np.kron(first + (p - 1) * second, np.eye(z)) + np.kron(first, np.eye(z) + (p - 1) * np.outer(b, b))

    def departed(_, state):
        return np.linalg.norm(kernel(state[0]) - kernel(1)) / np.linalg.norm(kernel(1)) - 0.5

    departed.terminal = False

    def velocity(_, state):
        p, q, m = state
        return mu * np.array([m**2, m**2, m * (p + q) / 2])

    def large(_, state):
        return state[2] - 1e4

    large.terminal = True
    run = solve_ivp(velocity, (0, 40), [1, 1, 1e-6], "DOP853", events=(departed, large), rtol=1e-11, atol=1e-12)
    measured = mu * (run.t_events[1][0] - run.t_events[0][0])
    assert blow_up_delay(X, C, z, drift=0.5) == pytest.approx(measured, abs=3e-4)


def test_first_crossing_interpolates_the_logarithm_by_a_cubic():
    errors, steps = [], [0.4, 0.2, 0.1]
    for step in steps:
        times = np.arange(0, 3, step)
        errors.append(abs(first_crossing(times, 1 / np.tanh(3 - times) - 0.999, 0.5) - (3 - np.arctanh(1 / 1.499))))
    assert errors[-1] < 1e-4
    assert fitted_order(steps, errors) > 2.5


def test_growth_is_extrapolated_at_its_rate():
    moments = np.linspace(0, 4, 401)
    for time in (0.5, 4.0, 7.0):
        assert log_growth(moments, np.expm1(3 * moments), 3.0, time) == pytest.approx(
            np.log(np.expm1(3 * time)), abs=1e-3
        )


def test_first_crossing_interpolates_the_logarithm():
    times = np.array([0.0, 1.0, 1.0, 3.0, 4.0])
    assert first_crossing(times, 0.1 * np.exp(2 * times), 0.1 * np.exp(4)) == pytest.approx(2)
    assert first_crossing(times, [0.0, 9, 9, 9, 9], 0.5) == 1
    assert np.isnan(first_crossing(times, np.zeros(5), 0.5))
    with pytest.raises(ValueError, match=r"times \(T,\) that do not decrease"):
        first_crossing(times[::-1], np.zeros(5), 0.5)
    with pytest.raises(ValueError, match="must not be negative and the level positive; got -1"):
        first_crossing(times, np.full(5, -1.0), 0.5)


def test_measures_of_drift():
    widths = np.array([32, 64, 128])
    rows = pd.concat(
        pd.DataFrame(
            {
                "seed": seed,
                "width": used,
                "drift": 8.0 / used,
                "frozen_change": 3.0 * np.sqrt(used),
                "blow_up_delay": 0.5,
                "predicted_delay": 1.0,
            }
        )
        for seed, used in enumerate((widths, widths[:2]))
    )
    np.testing.assert_allclose(departure_slope(rows), 1)
    np.testing.assert_allclose(delay_ratio(rows), 0.5)
    assert delay_ratio(rows.assign(blow_up_delay=[0.5] * 4 + [np.nan])).isna().tolist() == [False, True]


def test_drifts_are_compared_with_their_predictions_on_the_widest_net_of_each_seed():
    supervised = pd.DataFrame(
        {"seed": [0, 0, 1, 1], "width": [256, 512, 256, 512], "predicted_drift": [1, 0.5, 2, np.nan]}
    )
    supervised = supervised.assign(objective="supervised", activation="erf", compared_drift=[3, 0.6, 2.2, 9.0])
    assert drift_ratio(supervised).tolist() == pytest.approx([1.2, 1.1])
    assert divided(drift_ratio)(supervised)(1).tolist() == pytest.approx([0.6, 0.55])
    departing = supervised.assign(objective="dot-product", predicted_drift=np.nan, largest_drift=[7, 60, 80, 9])
    rows = pd.concat([supervised, departing, departing.assign(objective="cosine", largest_drift=0.1)])
    assert departed_ratio("supervised")(rows).tolist() == pytest.approx([120, 40])


@pytest.mark.parametrize(
    ("size", "left"),
    [
        (lambda tau: 1 / tau, 1),  # before a blow-up, whatever the rate at the departure
        (lambda tau: 1 / np.sinh(2 * tau), 2 * 0.8 / np.tanh(2 * 0.8)),  # a linear net: x coth x
        (lambda tau: np.exp(-3 * tau), 3 * 0.8 + 1),  # exponential growth, followed until τ = 0
    ],
)
def test_growth_times_left_since_departure_tell_a_blow_up_from_exponential_growth(size, left):
    tau = np.concatenate([np.linspace(2, 0.8, 300), np.geomspace(0.8, 1e-4, 300)[1:]])
    rate = -(np.log(size(tau * (1 + 1e-6))) - np.log(size(tau * (1 - 1e-6)))) / (2e-6 * tau)
    drift = DEPARTURE * np.exp(0.8 - tau)  # the departure is at τ = 0.8
    run = pd.DataFrame({"time": 5 - tau, "value": -(size(tau) ** 2), "rate": rate, "drift": drift})
    found = _summary(run.assign(drift_first=0.0, drift_second=0.0))
    assert found["growth_times_left"] == pytest.approx(left, rel=1e-3)
    assert np.isnan(found["blow_up_delay"])
    assert np.isnan(_summary(run.assign(rate=np.nan, drift_first=0.0, drift_second=60.0))["growth_times_left"])


def compared(random, *, factor=1.0):
    """Runs of the widths and seeds of config/quick.yaml: drifts over predictions, with the spread observed of nets."""
    levels = {"activation": ACTIVATIONS, "width": (256, 1024, 8192), "seed": range(8)}
    frame = pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)
    frame["predicted_drift"] = 10 / frame["width"] * np.exp(0.4 * random.standard_normal(len(frame)))
    scatter = 0.035 * random.standard_normal(len(frame))
    frame["compared_drift"] = factor * frame["predicted_drift"] * (1 + scatter)
    runs = [frame.assign(objective=name, largest_drift=frame["compared_drift"]) for name in ("supervised", "cosine")]
    runs.append(frame.assign(objective="dot-product", predicted_drift=np.nan, largest_drift=50.0))
    table = pd.concat(runs).assign(dataset="d", loss="contrastive", dimension=2)
    return {("drift", "departures"): table}


@pytest.mark.parametrize("name", ["A4-supervised-kernel", "follow-up-cosine-kernel"])
def test_right_prediction_of_the_drift_passes_and_one_that_is_wrong_by_what_is_resolved_fails(name):
    random = np.random.default_rng(6)
    (claim,) = [claim for claim in CLAIMS if claim.id == name]
    fast = replace(claim, wrong=None)
    cells = [judge_rows(fast, compared(random)) for _ in range(300)]
    assert all(cell.verdict == "pass" and cell.control.verdict == "fail" for cell in cells)
    tables = compared(random)
    resolves = judge_rows(claim, tables).resolves
    assert resolves < 0.13
    for error in (-1.05 * resolves, 1.05 * resolves):
        wrong = {key: rows.assign(compared_drift=rows["compared_drift"] / (1 + error)) for key, rows in tables.items()}
        assert judge_rows(fast, wrong).verdict == "fail"
    assert all(judge_rows(fast, compared(random, factor=wrong)).verdict != "pass" for wrong in (0.85, 1.15))
    assert all(judge_rows(fast, compared(random, factor=wrong)).verdict == "fail" for wrong in (0.8, 1.2))


def experiment(folder, step):
    """Tables of the experiment of `config/quick.yaml` on few points of Fashion-MNIST."""
    quick = load_config(CONFIGS / "quick.yaml")
    dataset = load_config(CONFIGS / "full.yaml").datasets["fashion-mnist"].model_copy(update={"triplets": 400})
    random = stream(quick.root_seed, "triplets", "fashion-mnist")
    images = draw_triplets(load(dataset, "fashion-mnist", quick.root_seed), dataset, random)
    points = principal_triplets(images, n=quick.points.triplets, components=10)
    write_arrays(folder / "points.npz", asdict(points))
    paths = compared_on(
        folder,
        CompareSettings(dataset_name="fashion-mnist", loss="non-contrastive", dimension=2),
        quick.drift.model_copy(update={"step": step}),
        root_seed=quick.root_seed,
        triplets=quick.points.triplets,
        components=10,
    )
    return {("drift", path.stem): read_table(path) for path in paths}


def compared_on(folder, cell, drift, *, root_seed=0, triplets, components):
    """The files of the tables on the points in a folder, from as many jobs as the settings have parts."""
    log = logging.getLogger("test")
    values = {"root_seed": root_seed, "seeds": drift.seeds, "drift": drift} | cell.model_dump()
    nets = NetsSettings(**{name: value for name, value in values.items() if name != "loss"})
    files = {name: [folder / f"{name}.npz"] for name in ("points", "solution", "supervised_solution")}
    solve(Job(SolveSettings(**values), files, files, log, "test"))
    solve_supervised(Job(nets, files, {"supervised": files["supervised_solution"]}, log, "test"))
    on = {"triplets": triplets, "components": components, "device": "cpu", "part": 0}
    for stage, name, settings in (
        (simulate_supervised, "supervised", SupervisedSettings(**dict(nets), **on)),
        (simulate, "trained", SimulateSettings(**values, **on)),
    ):
        files[name] = [folder / f"{name}-{part}.npz" for part in range(len(settings.parts()))]
        for part, path in enumerate(files[name]):
            stage(Job(settings.model_copy(update={"part": part}), files, {name: [path]}, log, "test"))
    tables = {name: [folder / f"{name}.csv"] for name in ("kernel_drift", "departures")}
    compare(Job(cell, files, tables, log, "test"))
    return [path for (path,) in tables.values()]


@pytest.fixture(scope="module")
def few_points(tmp_path_factory):
    """Runs of wide nets on so few points that tens of gates in all open and close."""
    folder = tmp_path_factory.mktemp("few_points")
    write_arrays(
        folder / "points.npz", dict(zip(("anchor", "positive", "negative"), np.split(triplets(), 3), strict=True))
    )
    nets = {"activations": ["relu", "erf"], "widths": [256, 512, 1024], "hidden_units": 8192, "seeds": 6}
    drift = Drift(**SETTINGS | nets | {"cosine": {"triplets": 6, "hidden_units": 6144}})
    cell = CompareSettings(dataset_name="d", loss="contrastive", dimension=2)
    runs = read_table(compared_on(folder, cell, drift, triplets=6, components=4)[1])
    return runs[runs["predicted_drift"].notna()]


def test_the_part_of_the_kernel_that_is_compared_is_one_that_slopes_predict(few_points):
    ratios = few_points["compared_drift"] / few_points["predicted_drift"]
    assert len(few_points) == 2 * 2 * 3 * 6
    assert ratios.between(0.85, 1.15).mean() > 0.9  # on six points, a few outputs turn beside zero
    assert (ratios - 1).abs().median() < 0.03
    assert ratios.groupby([few_points["objective"], few_points["activation"]]).mean().between(0.9, 1.1).all()


@pytest.mark.parametrize(("activation", "part"), [("erf", "drift"), ("relu", "drift_second")])
def test_of_relu_nets_it_is_the_block_of_the_output_layer(few_points, activation, part):
    ends = few_points[(few_points["objective"] == "supervised") & (few_points["activation"] == activation)]
    assert ends["compared_drift"].tolist() == ends[part].tolist()
    other = {"drift": "drift_second", "drift_second": "drift"}[part]
    assert (ends[other] / ends["predicted_drift"] - 1).abs().median() > 0.15


def test_tables_of_many_jobs_are_those_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "TOGETHER", 64)  # two seeds of the first width, one of the others
    nets = {"activations": ["identity", "erf"], "widths": [32, 48, 64], "hidden_units": 128, "step": 0.2}
    cosine = {"triplets": 4, "hidden_units": 96}  # one seed of the widest
    drift = Drift(**SETTINGS | nets | {"cosine": cosine})
    cell = CompareSettings(dataset_name="d", loss="contrastive", dimension=2)
    found = []
    for work, jobs in ((1e9, 1), (1, 10)):
        monkeypatch.setattr(config, "WORK_OF_A_PART", work)
        folder = tmp_path / f"{jobs}"
        folder.mkdir()
        views = np.split(triplets(), 3)
        write_arrays(folder / "points.npz", dict(zip(("anchor", "positive", "negative"), views, strict=True)))
        found.append([path.read_bytes() for path in compared_on(folder, cell, drift, triplets=6, components=4)])
        for name in ("trained", "supervised"):
            assert len(list(folder.glob(f"{name}-*.npz"))) == jobs
    assert found[0] == found[1]


def test_every_net_is_trained_by_one_job_and_the_quick_configuration_has_one():
    for name, wanted in (("full", {"fashion-mnist": 8, "gaussian-mixture": 8}), ("quick", {"digits": 1})):
        shipped = load_config(CONFIGS / f"{name}.yaml")
        stage = next(stage for stage in FAMILY.stages if stage.rule == "simulate_drift")
        (loss, *_) = shipped.drift.losses
        jobs = {data: shipped.parts(stage, {"dataset": data, "loss": loss, "dimension": "2"}) for data in wanted}
        assert jobs == {data: range(number) for data, number in wanted.items()}
    cosine = {"triplets": 10, "hidden_units": 819_200}
    wide = {"widths": [32, 8192, 50_000], "hidden_units": 819_200, "cosine": cosine}
    settings = SimulateSettings(
        root_seed=0, seeds=100, dataset_name="d", loss="contrastive", dimension=2, device="cpu", part=0,
        drift=Drift(**shipped.drift.model_dump() | wide), triplets=50, components=50,
    )  # fmt: skip
    parts = settings.parts()
    nets = [(batch.activation, batch.width, seed) for part in parts for batch in part for seed in batch.seeds]
    seeds = {32: 100, 8192: 100, 50_000: 16}
    assert sorted(nets) == sorted((a, h, s) for a in ACTIVATIONS for h, number in seeds.items() for s in range(number))
    for part in parts:
        units = [batch.width * len(batch.seeds) for batch in part]
        assert len(part) == 1 or sum(units) * 150 * 50 < config.WORK_OF_A_PART
        assert all(h <= config.TOGETHER or len(seeds) == 1 for (_, h, seeds), h in zip(part, units, strict=True))


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return experiment(tmp_path_factory.mktemp("drift"), 0.2)


@pytest.mark.slow
def test_every_claim_passes_on_a_small_problem_and_its_control_fails(tables):
    for claim in CLAIMS:
        cell = judge_rows(claim, tables)
        assert cell.verdict == "pass", (claim.id, cell)


@pytest.mark.slow
def test_halving_the_steps_fails_no_claim(tables, tmp_path, monkeypatch):
    """It may open one, a mean over few seeds."""
    for name in ("design.REGRESSION_STEP", "simulate.COSINE_STEP", "solve.COSINE_STEP"):
        module, _, constant = f"ssl_dynamics.experiments.drift.{name}".rpartition(".")
        whole = getattr(importlib.import_module(module), constant)
        monkeypatch.setattr(f"{module}.{constant}", whole / 2)
    halved = experiment(tmp_path, 0.1)
    for claim in CLAIMS:
        whole, half = judge_rows(claim, tables), judge_rows(claim, halved)
        assert half.claim.verdict == "pass" or (half.claim.verdict == "open" and claim.statistic == "mean"), claim.id
        assert abs(half.claim.value - whole.claim.value) <= (0.1 if claim.statistic == "mean" else np.inf), claim.id
        assert half.control.verdict == "fail", claim.id
    times = [
        t["drift", "departures"].set_index(["objective", "activation", "width", "seed"])["departure_time"][
            "dot-product"
        ]
        for t in (tables, halved)
    ]
    assert (times[0] / times[1] - 1).abs().max() < 0.02


@pytest.mark.slow
def test_tables_are_empty_only_where_something_did_not_happen(tables):
    runs, rows = tables["drift", "departures"], tables["drift", "kernel_drift"]
    happened = {
        "departure_time": runs["departed"] == 1,
        "blow_up_delay": (runs["objective"] == "dot-product") & (runs["activation"] != "erf"),
        "growth_times_left": runs["objective"] == "dot-product",
        "predicted_delay": (runs["objective"] == "dot-product") & (runs["activation"] == "identity"),
        "limit_delay": (runs["objective"] == "dot-product") & (runs["activation"] == "identity"),
        "frozen_change": runs["departed"] == 1,
        "unreachable": runs["objective"] == "supervised",
        "predicted_drift": runs["objective"] != "dot-product",
        "compared_drift": runs["objective"] != "dot-product",
    }
    for name in runs.columns:
        assert (runs[name].notna() == happened.get(name, True)).all(), name
    assert rows[["time", "value", "drift", "drift_first", "drift_second"]].notna().all(axis=None)
    assert (runs.loc[runs["objective"] == "supervised", "unreachable"] < 1e-3).all()


def test_more_cosine_triplets_than_points_are_refused(tmp_path):
    write_arrays(
        tmp_path / "points.npz", dict(zip(("anchor", "positive", "negative"), np.split(triplets(), 3), strict=True))
    )
    drift = Drift(**SETTINGS)
    settings = SimulateSettings(
        root_seed=0, seeds=2, dataset_name="d", loss="contrastive", dimension=2, drift=drift, device="cpu", part=0,
        triplets=6, components=4,
    )  # fmt: skip
    job = Job(
        settings, {"points": [tmp_path / "points.npz"]}, {"trained": [tmp_path / "t.npz"]}, logging.getLogger("t"), "t"
    )
    with pytest.raises(ValueError, match=r"drift\.cosine\.triplets is 7; there are 6 triplets"):
        simulate(job)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widths": [8, 4, 16]}, "must increase"),
        ({"hidden_units": 15}, "hidden_units is 15: not enough for a net of width 16"),
        ({"cosine": {"triplets": 7, "hidden_units": 17}}, "cosine.hidden_units must not exceed hidden_units, 16"),
        ({"dimensions": [1]}, "greater than or equal to 2"),
    ],
)
def test_settings_refuse_what_cannot_be_trained(changes, message):
    with pytest.raises(ValueError, match=message):
        Drift(**(SETTINGS | changes))


def departing(random, *, slope=1.0, scatter=(0.11, 0.055, 0.02), delay=1.001):
    """Runs of the widths and seeds of config/quick.yaml, of the scatter observed at each width."""
    levels = {"activation": ACTIVATIONS, "width": (256, 1024, 8192), "seed": range(8)}
    frame = pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)
    spread = frame["width"].map(dict(zip(levels["width"], scatter, strict=True)))
    logs = (
        slope / 2 * np.log(frame["width"]) - 1.5 / np.sqrt(frame["width"]) + spread * random.standard_normal(len(frame))
    )
    frame["frozen_change"] = np.exp(logs)
    frame["departed"], frame["predicted_delay"] = 1.0, 0.6
    frame["blow_up_delay"] = 0.6 * (delay + 5e-4 * random.standard_normal(len(frame)))
    table = frame.assign(objective="dot-product", dataset="d", loss="contrastive", dimension=2)
    return {("drift", "departures"): table}


@pytest.mark.parametrize("name", ["A4-departure-time-relu", "A4-departure-time-erf", "beyond-blow-up-delay"])
def test_right_theory_of_departures_passes_and_wrong_theory_does_not(name):
    random = np.random.default_rng(4)
    (claim,) = [claim for claim in CLAIMS if claim.id == name]
    fast = replace(claim, wrong=None)
    # All of 300, so that at least 99 % of draws pass with 95 % confidence.
    assert all(judge_rows(fast, departing(random)).verdict == "pass" for _ in range(300))
    ((key, rows),) = departing(random).items()
    resolves = judge_rows(claim, {key: rows}).resolves
    assert resolves < (0.015 if name == "beyond-blow-up-delay" else 0.3)
    for factor in (1 - 1.05 * resolves, 1 + 1.05 * resolves):
        wrong = rows.assign(frozen_change=rows["frozen_change"] ** factor, blow_up_delay=rows["blow_up_delay"] * factor)
        assert judge_rows(fast, {key: wrong}).verdict == "fail"
    for sign in (-1, 1):
        assert judge_rows(fast, departing(random, slope=1 + 0.3 * sign, delay=1 + 0.02 * sign)).verdict != "pass"


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("A4-every-run-departs", "fail"),
        ("A4-departure-time-relu", "open"),
        ("A4-departure-time-erf", "open"),
        ("beyond-nets-blow-up", "open"),
        ("beyond-blow-up-delay", "open"),
    ],
)
def test_net_that_never_departs_fails_the_claim_that_it_does_and_leaves_the_others_open(name, verdict):
    (claim,) = [claim for claim in CLAIMS if claim.id == name]
    (table,) = departing(np.random.default_rng(4)).values()
    known = {"growth_times_left": np.where(table["activation"] == "erf", 3.1, 1.1), "in_time": 1.5}
    table = table.assign(**known)
    supervised = table.assign(objective="supervised", in_time=0.0)

    def judged(table):
        return judge_rows(replace(claim, wrong=None), {claim.own_table: pd.concat([table, supervised])})

    assert judged(table).verdict == "pass"
    stays = {
        "departed": 0.0,
        "growth_times_left": np.nan,
        "in_time": 0.0,
        "frozen_change": np.nan,
        "blow_up_delay": np.nan,
    }
    never = table["seed"] == 3
    cell = judged(table.assign(**{column: table[column].mask(never, value) for column, value in stays.items()}))
    assert cell.verdict == verdict
    assert ("have not departed" in cell.claim.reason) == (verdict == "open")
