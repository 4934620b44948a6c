import logging
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.integrate import solve_ivp

from problems import judge_rows
from ssl_dynamics.analysis import fitted_order, gram_distance
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.depth import claims as depth
from ssl_dynamics.experiments.depth import config, design
from ssl_dynamics.experiments.depth.compare import compare, departure
from ssl_dynamics.experiments.depth.config import CompareDepthSettings, Depth, DepthSettings, SimulateSettings
from ssl_dynamics.experiments.depth.simulate import simulate
from ssl_dynamics.experiments.depth.solve import solve, supervised_drift
from ssl_dynamics.kernels.three_layer import infinite_width_features, three_layer_features, three_layer_ntk
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.starts.gaussian_weights import gaussian_weights
from ssl_dynamics.simulation.deep_nets import gradients, outputs, tangent_kernel
from ssl_dynamics.simulation.deep_training import train_constrained, train_to_fit, train_until_departure
from ssl_dynamics.simulation.stacked import triplet_objective
from ssl_dynamics.theory import random_feature_flow
from ssl_dynamics.theory.frozen_kernel import fastest_rate, frozen_kernel_change

D, N, Z = 4, 6, 2


def points(count=3 * N, seed=0):
    return np.random.default_rng(seed).standard_normal((count, D)) * np.linspace(2, 0.5, D)


def weights(h, *, seeds=3, name="test"):
    return gaussian_weights((D, h, h, Z), seeds=seeds, root_seed=0, names=(name,))


def layers(h, **options):
    first, second, third = map(torch.from_numpy, weights(h, **options))
    return first, second, third


def constrained_layers(h, **options):
    first, second, third = layers(h, **options)
    return first, second, torch.linalg.qr(third)[0]


def reference_net(W1, W2, W3, X):
    """The net, one seed, written once more."""
    h = len(W2)
    first = math.sqrt(2) * torch.clamp(X @ W1.T / math.sqrt(D), min=0)
    second = math.sqrt(2) * torch.clamp(first @ W2.T / math.sqrt(h), min=0)
    return second @ W3 / math.sqrt(h)


@pytest.mark.parametrize("h", [1, 7, 12])
def test_both_tangent_kernels_are_that_of_the_explicit_jacobian(h):
    X = points(5)
    kernels = tangent_kernel(layers(h), torch.from_numpy(X)).numpy()
    closed_form = three_layer_ntk(X, *weights(h))
    for seed, net in enumerate(zip(*layers(h), strict=True)):
        jacobians = torch.func.jacrev(reference_net, argnums=(0, 1, 2))(*net, torch.from_numpy(X))
        expected = sum(part.reshape(5 * Z, -1) @ part.reshape(5 * Z, -1).T for part in jacobians).numpy()
        np.testing.assert_allclose(kernels[seed], expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(closed_form[seed], expected, rtol=1e-12, atol=1e-13)


def test_features_and_outputs_are_those_of_the_net():
    X, net = torch.from_numpy(points()), layers(9)
    expected = torch.stack([reference_net(*alone, X) for alone in zip(*net, strict=True)])
    np.testing.assert_allclose(outputs(net, X), expected, rtol=1e-13)
    W1, W2, W3 = weights(9)
    np.testing.assert_allclose(three_layer_features(points(), W1, W2) @ W3, expected, rtol=1e-12)


def test_gram_matrix_of_the_features_tends_to_its_limit_at_rate_one_half():
    X, widths = points(8), np.array([32, 128, 512])
    limit, errors = infinite_width_features(X), []
    for h in widths:
        W1, W2, _ = weights(int(h), seeds=24)
        features = three_layer_features(X, W1, W2)
        errors.append(np.sqrt(np.square(features @ features.mT - limit).mean()))
    assert fitted_order(1 / widths, errors) == pytest.approx(0.5, abs=0.15)


def test_starts_have_unit_variance_and_streams_of_their_own():
    first, second, third = gaussian_weights((5, 40, 40, 3), seeds=4, root_seed=1, names=("a",))
    assert (first.shape, second.shape, third.shape) == ((4, 40, 5), (4, 40, 40), (4, 40, 3))
    assert second.std() == pytest.approx(1, abs=0.05)
    again = gaussian_weights((5, 40, 40, 3), seeds=2, root_seed=1, names=("a",))
    assert (again[1] == second[:2]).all()
    assert (gaussian_weights((5, 40, 3), seeds=1, root_seed=1, names=("a",))[0] != first[:1]).all()
    with pytest.raises(ValueError, match=r"at least two layers, each at least 1; got \(5, 3\)"):
        gaussian_weights((5, 3), seeds=1, root_seed=0, names=())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, W1, W2, W3: (X[0], W1, W2, W3), r"X must have shape \(N, d\) .*got \(4,\)"),
        (
            lambda X, W1, W2, W3: (X, W1[..., :3], W2, W3),
            r"W1 must have shape \(\.\.\., h, d\) with d = 4; got \(3, 7, 3\)",
        ),
        (lambda X, W1, W2, W3: (X, W1, W2[:, :5], W3), r"W2 must have shape \(3, 7, 7\), as W1 has; got \(3, 5, 7\)"),
        (lambda X, W1, W2, W3: (X, W1, W2, W3[:2]), r"W3 must have shape .* = \(3, 7\); got \(2, 7, 2\)"),
        (lambda X, W1, W2, W3: (X, W1, W2 * np.inf, W3), "W2 holds 147 values that are not finite"),
    ],
)
def test_bad_input_of_the_kernel_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        three_layer_ntk(*change(points(), *weights(7)))


@pytest.mark.parametrize("h", [5, 40])
def test_change_on_a_frozen_kernel_agrees_with_integration_and_grows_at_the_fastest_rate(h):
    X, A = points(), coupling_matrix(N, loss="contrastive")
    W1, W2, W3 = weights(h, seeds=2)
    Theta, U0 = three_layer_ntk(X, W1, W2, W3), three_layer_features(X, W1, W2) @ W3
    rates = fastest_rate(Theta, A)
    times = np.array([0.0, 0.5, 2.0, 14.0, 15.0]) / rates[:, None]
    change = frozen_kernel_change(Theta, A, U0, times)
    for seed in range(2):
        flow, start = -2 * Theta[seed] @ np.kron(A, np.eye(Z)), U0[seed].ravel()
        assert rates[seed] == pytest.approx(np.linalg.eigvals(flow).real.max(), rel=1e-9)
        path = solve_ivp(
            lambda _, u, flow=flow: flow @ u,
            (0, times[seed, 2]),
            start,
            "DOP853",
            times[seed, :3],
            rtol=1e-11,
            atol=1e-13,
        ).y.T
        np.testing.assert_allclose(change[seed, :3], np.linalg.norm(path - start, axis=1), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(np.log(change[:, 4] / change[:, 3]), 1, atol=0.1)


def test_frozen_kernel_refuses_what_does_not_fit():
    A, U0 = coupling_matrix(2, loss="contrastive"), np.ones((6, 2))
    with pytest.raises(ValueError, match=r"must have shapes .*; got \(\(6, 6\), \(6, 6\), \(6, 2\)\)"):
        frozen_kernel_change(np.eye(6), A, U0, np.zeros(1))
    with pytest.raises(ValueError, match=r"Theta must have Nz rows with N = 6; got shape \(7, 7\)"):
        fastest_rate(np.eye(7), A)


@pytest.mark.parametrize("h", [5, 60])
def test_random_feature_flow_agrees_with_integration(h):
    random = np.random.default_rng(2)
    Psi, A = random.standard_normal((9, h)) / np.sqrt(h), coupling_matrix(3, loss="contrastive")
    W0 = np.linalg.qr(random.standard_normal((h, Z)))[0]
    C, times = Psi.T @ A @ Psi, np.array([0.0, 1.0, 3.0])

    def velocity(_, w):
        W = w.reshape(h, Z)
        return (-2 * (C @ W - W @ (W.T @ C @ W))).ravel()

    path = solve_ivp(velocity, (0, 3), W0.ravel(), "DOP853", times, rtol=1e-11, atol=1e-12).y.T.reshape(3, h, Z)
    assert gram_distance(random_feature_flow(Psi, A, W0, times), Psi @ path).max() < 1e-8


def test_gram_error_is_blind_to_rotation_and_scale_alone():
    U = np.random.default_rng(3).standard_normal((4, 6, 2))
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert gram_distance(U, -7 * U @ rotation).max() < 1e-14
    orthogonal = np.zeros((6, 2))
    orthogonal[0, 0] = 1
    other = np.roll(orthogonal, 1, axis=0)
    assert gram_distance(orthogonal, other) == pytest.approx(np.sqrt(2))


def test_self_supervised_nets_depart_and_halving_the_step_moves_the_departure_little():
    ends = []
    for step in (0.2, 0.1):
        rows = train_until_departure(layers(100), points(90), "contrastive", step=step)
        assert np.isfinite(np.stack(list(rows.values()))).all()
        of_seed = [{name: rows[name][rows["seed"] == seed] for name in rows} for seed in range(3)]
        assert all(net["drift"][0] == 0 and (net["drift"][:-1] < 0.5).all() for net in of_seed)
        assert all(net["drift"][-1] >= 0.5 for net in of_seed)
        assert all((np.diff(net["value"]) < 0).all() for net in of_seed)
        ends.append([departure(net["time"], net["drift"]) for net in of_seed])
    # Units that switch on or off move the kernel in jumps, so that the time is not smooth in the step.
    np.testing.assert_allclose(*ends, rtol=0.05)


def test_net_that_does_not_depart_is_an_outcome(monkeypatch):
    whole = train_until_departure(layers(100), points(90), "contrastive", step=0.2)
    monkeypatch.setattr("ssl_dynamics.simulation.deep_training.MOST_STEPS", 3)
    short = train_until_departure(layers(100), points(90), "contrastive", step=0.2)
    for seed in range(3):
        own, of_whole = short["seed"] == seed, whole["seed"] == seed
        assert departure(short["time"][own], short["drift"][own]) == np.inf
        for name, column in short.items():
            np.testing.assert_array_equal(column[own], whole[name][of_whole][:3])


def test_first_step_towards_departure_is_of_order_three_at_its_time(monkeypatch):
    monkeypatch.setattr("ssl_dynamics.simulation.deep_training.DEPARTURE", 1e-12)  # ends the run after one step
    X, net = points(), layers(20, seeds=1)
    value, shapes = triplet_objective("contrastive", N), [W.shape for W in net]
    ends = np.cumsum([W.numel() for W in net])[:-1]

    def velocity(_, flat):
        at = tuple(torch.from_numpy(p.reshape(s)) for p, s in zip(np.split(flat, ends), shapes, strict=True))
        slopes = gradients(at, torch.from_numpy(X), value)[2]
        return -np.concatenate([slope.numpy().ravel() for slope in slopes])

    steps, errors = np.array([0.04, 0.02, 0.01]), []
    for step in steps:
        rows = train_until_departure(net, X, "contrastive", step=step)
        assert rows["time"].shape == (2,)
        start = np.concatenate([W.numpy().ravel() for W in net])
        flow = solve_ivp(velocity, (0, rows["time"][1]), start, "DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
        end = tuple(torch.from_numpy(p.reshape(s)) for p, s in zip(np.split(flow, ends), shapes, strict=True))
        errors.append(abs(rows["value"][1] - float(value(outputs(end, torch.from_numpy(X))))))
    assert fitted_order(steps, errors) == pytest.approx(3, abs=0.3)


def test_regression_ends_at_one_percent_of_its_loss_with_a_drift_that_falls_with_the_width():
    X, target = points(N), np.random.default_rng(4).standard_normal((3, N, Z))
    widths, drifts = np.array([32, 64, 128]), []
    for h in widths:
        rows = train_to_fit(layers(int(h)), X, target, step=0.5)
        ends = []
        for seed in range(3):
            value, drift = (rows[name][rows["seed"] == seed] for name in ("value", "drift"))
            assert value[-1] <= 0.01 * value[0] < value[-2]
            ends.append(drift[-1])
        drifts.append(np.mean(ends))
    assert fitted_order(1 / widths, drifts) > 0.4


def flow_on_features(net, X, times):
    features = three_layer_features(X, net[0].numpy(), net[1].numpy())
    A, layers = coupling_matrix(N, loss="contrastive"), net[2].numpy()
    flows = [random_feature_flow(psi, A, W, np.array(times)) for psi, W in zip(features, layers, strict=True)]
    return np.stack(flows)[..., :N, :]


def test_constrained_nets_follow_the_flow_on_their_features_ever_more_closely():
    X, times, widths = points(), [0.0, 0.3, 0.6], np.array([64, 128, 256])
    errors, drifts = [], []
    for h in widths:
        first, second, _ = layers(int(h), seeds=6)
        # A last layer among the features, as after the escape: at a random one u is of order 1/√h and moves none.
        features = three_layer_features(X, first.numpy(), second.numpy())
        mixture = np.random.default_rng(5).standard_normal((3 * N, Z))
        net = (first, second, torch.linalg.qr(torch.from_numpy(features.mT @ mixture))[0])
        run = train_constrained(net, X, "contrastive", rate=1, largest_step=0.1, times=times)
        assert run.outputs.shape == (6, 3, N, Z)
        assert not run.departed.any()
        error = gram_distance(run.outputs, flow_on_features(net, X, times))
        assert error[:, 0].max() < 1e-12
        errors.append(error[:, -1].mean())
        drifts.append(run.feature_drift[:, -1].mean())
    assert fitted_order(1 / widths, errors) == pytest.approx(1, abs=0.3)
    assert fitted_order(1 / widths, drifts) == pytest.approx(1, abs=0.3)


def test_constrained_training_has_the_order_of_runge_kutta_and_stays_on_the_manifold():
    # A net whose layers below do not move: the flow of the last layer is smooth, and known.
    net, X = constrained_layers(50, seeds=2), points()
    flow = flow_on_features(net, X, [1.0])[:, 0]
    steps, errors = np.array([0.5, 0.25, 0.125]), []
    for step in steps:
        run = train_constrained(net, X, "contrastive", rate=0, largest_step=step, times=[1.0])
        errors.append(gram_distance(run.outputs[:, -1], flow).max())
    assert fitted_order(steps, errors) == pytest.approx(4, abs=0.4)


def test_largest_step_of_a_configuration_is_stable_where_the_spectrum_is_wide():
    # The fastest mode is several times faster than the z-th, which sets the unit of time: a step of that unit has
    # rounding grow to the size of the numbers.
    X = points() * np.array([0.3, 1.0, 2.0, 4.0])
    depth_settings = Depth(
        losses=["contrastive"], dimensions=[Z], widths=[8, 16, 32], step=0.2, fit_step=0.5,
        constrained_widths=[128, 256, 512], constrained_step=1, end=2,
    )  # fmt: skip
    settings = DepthSettings(
        root_seed=0, seeds=2, dataset_name="x", loss="contrastive", dimension=Z, depth=depth_settings
    )
    unit = design.time_unit(settings, X)
    assert design.largest_step(settings, X) < unit / 4
    times = (design.checkpoints(settings) * unit).tolist()
    first, second, third = constrained_layers(128, seeds=2)

    def drift(scale, share):
        step = share * design.largest_step(settings, X)
        net = (first * scale, second, third)
        return train_constrained(net, X, "contrastive", rate=1, largest_step=step, times=times).feature_drift

    np.testing.assert_allclose(drift(1 + 1e-13, 1), drift(1, 1), atol=1e-10)
    np.testing.assert_allclose(drift(1, 1), drift(1, 0.5), atol=0.01)


def test_features_that_run_away_are_recorded_as_departed():
    net = constrained_layers(16, seeds=3)
    run = train_constrained(net, points(), "contrastive", rate=200.0, largest_step=0.2, times=[0.0, 1.0, 50.0])
    assert run.departed[:, -1].all()
    assert not run.departed[:, 0].any()
    assert np.isfinite(run.outputs).all()
    assert np.isfinite(run.feature_drift).all()
    assert run.feature_drift.max() < 11


def widths_rows(random=None, *, supervised=1.02, in_time=1.6, control=0.0, narrow_control=0.0):
    """Rows of the widths and seeds of config/quick.yaml, of the scatter observed."""
    random = np.random.default_rng(0) if random is None else random
    frame = pd.DataFrame([{"seed": s, "width": w} for s in range(4) for w in (64, 128, 192)])
    frame["drift"] = 0.6 * (1 + 0.02 * random.standard_normal(len(frame)))
    frame["in_time"] = in_time * (1 + 0.02 * random.standard_normal(len(frame)))
    frame["drift_predicted"] = 8 / frame["width"] * np.exp(0.25 * random.standard_normal(len(frame)))
    # Of pilot nets the ratio spreads by 0.07 about 1.03 at the width 128, and by 0.044 about 1.00 at 192.
    frame["drift_supervised"] = frame["drift_predicted"] * (supervised + 0.05 * random.standard_normal(len(frame)))
    frame["in_time_supervised"] = np.where(frame["width"] == 192, control, narrow_control)
    return frame.assign(dataset="d", loss="contrastive", dimension=2)


def constrained_rows(*, unit=0.15, width=12.0):
    rows = [
        {"seed": s, "width": w, "rate": rate, "time": t, "gram_error": 0.1,
         "feature_drift": size * 512 / w * (1 + 0.02 * math.cos(s + w)) if t else 0.0}
        for s in range(4)
        for w in (128, 256, 512)
        for rate, size in (("unit", unit), ("width", width * w / 512))
        for t in (0.0, 8.0)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(dataset="d", loss="contrastive", dimension=2)


@pytest.mark.parametrize(
    ("changed", "failing"),
    [
        ({}, set()),
        ({"supervised": 0.5}, {"follow-up-depth-supervised"}),
        ({"supervised": 1.5}, {"follow-up-depth-supervised"}),
        ({"in_time": 0.97}, {"follow-up-depth-departure"}),
        ({"control": 1.1}, {"follow-up-depth-departure"}),
        ({"narrow_control": 1.1}, set()),  # narrow nets may depart in regression, too
        ({"unit": 0.6}, {"follow-up-depth-feature-drift"}),
        ({"width": 0.2}, {"follow-up-depth-feature-drift"}),  # a control that passes
    ],
)
def test_claims_pass_and_fail(changed, failing):
    def chosen(*names):
        return {name: value for name, value in changed.items() if name in names}

    tables = {
        ("depth", "depth_widths"): widths_rows(**chosen("supervised", "in_time", "control", "narrow_control")),
        ("depth", "depth_constrained"): constrained_rows(**chosen("unit", "width")),
    }
    assert {claim.id for claim in depth.CLAIMS if judge_rows(claim, tables).verdict == "fail"} == failing


def test_right_prediction_of_the_regression_passes_in_every_draw_and_a_wrong_one_in_none():
    (claim,) = [claim for claim in depth.CLAIMS if claim.id == "follow-up-depth-supervised"]
    random = np.random.default_rng(5)

    def verdict(**wrong):
        return judge_rows(replace(claim, wrong=None), {claim.own_table: widths_rows(random, **wrong)}).verdict

    # All of 300, so that at least 99 % of draws pass with 95 % confidence.
    assert all(verdict() == "pass" for _ in range(300))
    assert all(verdict(supervised=wrong) != "pass" for wrong in (0.7, 1.35) for _ in range(50))
    assert all(verdict(supervised=wrong) == "fail" for wrong in (0.55, 1.5) for _ in range(50))
    rows = widths_rows(random)
    resolves = judge_rows(claim, {claim.own_table: rows}).resolves
    assert resolves < 0.5
    for error in (-1.05 * resolves, 1.05 * resolves):
        wrong = rows.assign(drift_supervised=rows["drift_supervised"] / (1 + error))
        assert judge_rows(replace(claim, wrong=None), {claim.own_table: wrong}).verdict == "fail"


def test_drift_of_a_regression_is_predicted_by_the_kernel_of_the_start():
    X, target = points(N), np.random.default_rng(4).standard_normal((3, N, Z))
    errors = []
    for h in (64, 256):
        rows = train_to_fit(layers(h), X, target, step=0.5)
        measured = [rows["drift"][rows["seed"] == seed][-1] for seed in range(3)]
        predicted = [supervised_drift(X, net, Y, 0.5) for *net, Y in zip(*weights(h), target, strict=True)]
        errors.append(np.abs(np.array(measured) / predicted - 1).mean())
    assert errors[1] < 0.12


def test_tables_of_many_jobs_are_those_of_one(tmp_path, monkeypatch):
    nets = Depth(
        losses=["contrastive"], dimensions=[Z], widths=[16, 32, 64], step=0.5, fit_step=0.5,
        constrained_widths=[16, 32, 64], constrained_step=1, end=2,
    )  # fmt: skip
    cell = {"dataset_name": "x", "loss": "contrastive", "dimension": Z, "depth": nets}
    both = {"root_seed": 0, "seeds": 2, **cell}
    files = {name: [tmp_path / f"{name}.npz"] for name in ("points", "solution")}
    views = np.split(points(), 3)
    write_arrays(tmp_path / "points.npz", dict(zip(("anchor", "positive", "negative"), views, strict=True)))
    log = logging.getLogger("test")
    solve(Job(DepthSettings(**both), files, files, log, "test"))
    found = []
    for work, jobs in ((1e9, 1), (1, 11)):
        monkeypatch.setattr(config, "WORK_OF_A_PART", work)
        parts = [tmp_path / f"{part}-of-{jobs}.npz" for part in range(jobs)]
        for part, path in enumerate(parts):
            settings = SimulateSettings(**both, triplets=N, device="cpu", part=part)
            assert len(settings.parts()) == jobs
            simulate(Job(settings, files, {"trajectories": [path]}, log, "test"))
        names = ("depth_drift", "depth_widths", "depth_constrained")
        tables = {name: [tmp_path / f"{name}-of-{jobs}.csv"] for name in names}
        compare(Job(CompareDepthSettings(**cell), files | {"trajectories": parts}, tables, log, "test"))
        found.append([path.read_bytes() for (path,) in tables.values()])
    assert found[0] == found[1]
