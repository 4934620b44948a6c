"""Objectives beyond the dot product: losses by loops, invariances, the limit of InfoNCE, descent, measures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from problems import judge_rows, orthonormal, symmetric
from ssl_dynamics.analysis import fitted_order, half_time, principal_angles, projector_distance
from ssl_dynamics.claims.measures.trajectories import last, where
from ssl_dynamics.config import parse_config
from ssl_dynamics.config_file import load_config
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.experiments.objectives.design import batch_scale, make_temperatures
from ssl_dynamics.experiments.objectives.measures import order_in_inverse_temperature
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.quadratic import batch_moments, in_batch_form
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.simulation.manifolds import horizontal
from ssl_dynamics.simulation.objective_functions import OBJECTIVES, barlow_twins, info_nce, nt_xent, vicreg
from ssl_dynamics.simulation.objectives import descend, info_nce_solutions, stiefel_gradient, value_and_gradient
from ssl_dynamics.theory import grassmann_flow, info_nce_span, leading_eigenspace
from ssl_dynamics.unsettled import Unsettled

D, N = 6, 30
INVARIANT = ["dot-product", "info-nce", "nt-xent"]


@pytest.fixture
def triplets():
    random = np.random.default_rng(0)
    anchor = random.standard_normal((N, D)) * np.array([2.0, 1.6, 1.0, 0.7, 0.4, 0.2])
    return Triplets(anchor, anchor + 0.4 * random.standard_normal((N, D)), anchor[random.permutation(N)])


@pytest.fixture
def views():
    random = np.random.default_rng(1)
    u = random.standard_normal((5, 2))
    return u, u + 0.3 * random.standard_normal((5, 2))


def tensors(*arrays):
    return [torch.from_numpy(np.asarray(array)) for array in arrays]


def test_info_nce_by_loops(views):
    u, v = views
    total = 0.0
    for i in range(5):
        scores = [np.exp(u[i] @ v[j] / 0.7) for j in range(5)]
        total -= np.log(scores[i] / sum(scores)) / 5
    assert float(info_nce(*tensors(u, v), 0.7)) == pytest.approx(total)


def test_nt_xent_by_loops(views):
    z = np.concatenate(views)
    total = 0.0
    for i in range(10):
        scores = [np.exp(z[i] @ z[j] / np.linalg.norm(z[i]) / np.linalg.norm(z[j]) / 0.5) for j in range(10)]
        total -= np.log(scores[(i + 5) % 10] / sum(scores[j] for j in range(10) if j != i)) / 10
    assert float(nt_xent(*tensors(*views), 0.5)) == pytest.approx(total)


def test_vicreg_by_loops(views):
    total = 0.0
    for i in range(5):
        total += 25 / 5 * sum((views[0][i, k] - views[1][i, k]) ** 2 for k in range(2))
    for view in views:
        for k in range(2):
            total += 25 / 2 * max(0.0, 1 - np.sqrt(np.var(view[:, k], ddof=1) + 1e-4))
            for l in range(2):  # noqa: E741
                if k != l:
                    centred = (view[:, k] - view[:, k].mean()) * (view[:, l] - view[:, l].mean())
                    total += (centred.sum() / 4) ** 2 / 2
    assert float(vicreg(*tensors(*views))) == pytest.approx(total)


def test_barlow_twins_by_loops(views):
    total = 0.0
    for k in range(2):
        for l in range(2):  # noqa: E741
            correlation = np.corrcoef(views[0][:, k], views[1][:, l])[0, 1]
            total += (1 - correlation) ** 2 if k == l else 5e-3 * correlation**2
    assert float(barlow_twins(*tensors(*views))) == pytest.approx(total)


def test_known_values():
    same = np.tile([[1.0, 2.0]], (4, 1))
    # All alike: nothing can be told apart, and nothing varies.
    assert float(info_nce(*tensors(same, same), 1.0)) == pytest.approx(np.log(4))
    assert float(nt_xent(*tensors(same, same), 0.5)) == pytest.approx(np.log(7))
    assert float(vicreg(*tensors(same, same))) == pytest.approx(25 * 2 * (1 - 0.01))
    # Uncorrelated coordinates of deviation above 1, equal views: both redundancy-reducing objectives are satisfied.
    cross = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
    assert float(vicreg(*tensors(cross, cross))) == pytest.approx(0)
    assert float(barlow_twins(*tensors(cross, cross))) == pytest.approx(0)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_rotations_and_the_two_gradients(triplets, objective):
    random = np.random.default_rng(2)
    W, Q = orthonormal(D, 3, random, 2), orthonormal(3, 3, random)
    data = tensors(triplets.anchor, triplets.positive, triplets.negative)
    # Deviations below VICReg's target, where its hinge acts.
    data = [part / 4 for part in data]
    loss, xi = value_and_gradient(torch.from_numpy(W), data, OBJECTIVES[objective])
    rotated, _ = value_and_gradient(torch.from_numpy(W @ Q), data, OBJECTIVES[objective])
    vertical = (xi - horizontal(torch.from_numpy(W), xi)).abs().max()
    if objective in INVARIANT:
        np.testing.assert_allclose(rotated, loss, rtol=1e-12)
        assert vertical < 1e-12
    else:
        assert (rotated - loss).abs().min() > 1e-5
        assert vertical > 1e-5


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_gradient_is_the_slope_along_tangent_directions(triplets, objective):
    random = np.random.default_rng(3)
    W = orthonormal(D, 2, random, 1)
    data = tensors(triplets.anchor, triplets.positive, triplets.negative)
    any_direction, skew = random.standard_normal((1, D, 2)), np.array([[0.0, 1.0], [-1.0, 0.0]])
    direction = any_direction - W @ (W.mT @ any_direction) + W @ skew  # within the span, too
    assert np.abs(W.mT @ direction + direction.mT @ W).max() < 1e-14  # tangent
    assert np.abs(stiefel_gradient(*tensors(W, direction)).numpy() - direction).max() < 1e-14
    _, xi = value_and_gradient(torch.from_numpy(W), data, OBJECTIVES[objective])
    values = [
        float(value_and_gradient(torch.from_numpy(W + h * direction), data, OBJECTIVES[objective])[0])
        for h in (1e-5, -1e-5)
    ]
    assert float((xi.numpy() * direction).sum()) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-6)


def test_info_nce_at_high_temperature_is_the_in_batch_form_and_its_next_order(triplets):
    W = orthonormal(D, 2, np.random.default_rng(4))
    C = in_batch_form(triplets.anchor, triplets.positive)
    A, B = batch_moments(triplets.anchor, triplets.positive)
    u, v = tensors(triplets.anchor @ W, triplets.positive @ W)
    temperatures = np.array([100.0, 200.0, 400.0])
    values = np.array([tau * (float(info_nce(u, v, tau)) - np.log(N)) for tau in temperatures])
    linear = np.trace(W.T @ C @ W)
    departure = np.trace(W.T @ A @ W @ W.T @ B @ W) / 2
    assert fitted_order(1 / temperatures, np.abs(values - linear)) == pytest.approx(1, abs=0.05)
    left = np.abs(values - linear - departure / temperatures)
    assert fitted_order(1 / temperatures, left) == pytest.approx(2, abs=0.05)


def test_minimisers_of_info_nce_approach_the_eigenspace_and_its_predicted_departure(triplets):
    C = in_batch_form(triplets.anchor, triplets.positive)
    A, B = batch_moments(triplets.anchor, triplets.positive)
    temperatures = make_temperatures(np.linalg.eigvalsh(C), 2, [8, 16, 32, 64])
    start = orthonormal(D, 2, np.random.default_rng(5), 3)
    W = info_nce_solutions(triplets, start, temperatures, tolerance=1e-11, max_iterations=1000)
    angles = np.sin(principal_angles(W, leading_eigenspace(C, 2))[..., 0])
    np.testing.assert_allclose(fitted_order(1 / temperatures, angles), 1, atol=0.05)
    distances = projector_distance(W, info_nce_span(C, A, B, 2, temperatures))
    np.testing.assert_allclose(fitted_order(1 / temperatures, distances), 2, atol=0.1)
    wrong = projector_distance(W, info_nce_span(C, A, B, 2, 2 * temperatures))
    np.testing.assert_allclose(fitted_order(1 / temperatures, wrong), 1, atol=0.15)


def test_forms_that_commute_leave_info_nce_in_the_eigenspace():
    C = symmetric(np.array([-3.0, -2.0, -1.0, -0.5]), np.random.default_rng(6))
    span = info_nce_span(C, C @ C, -C, 2, [1.0])
    assert projector_distance(span[0], leading_eigenspace(C, 2)) < 1e-14


def test_unfinished_minimisation_is_an_error(triplets):
    start = orthonormal(D, 2, np.random.default_rng(5), 2)
    with pytest.raises(Unsettled, match="of the first gradient is left after 3 iterations"):
        info_nce_solutions(triplets, start, np.array([10.0]), tolerance=1e-10, max_iterations=3)


EYE = np.eye(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.diag([1.0, 2.0, 2.0]), EYE, EYE, 2, [1.0]), "λ_3 − λ_2 = 0: the minimiser is not isolated"),
        ((np.diag([1.0, 2.0, 3.0]), np.eye(2), EYE, 1, [1.0]), r"one shape; got \(3, 3\), \(2, 2\) and \(3, 3\)"),
        ((np.diag([1.0, 2.0, 3.0]), EYE, EYE, 3, [1.0]), "z must be a whole number between 1 and d − 1 = 2; got 3"),
        ((np.diag([1.0, 2.0, 3.0]), EYE, EYE, 1, [0.0]), r"temperatures must be finite, positive .*; got \[0\.\]"),
        ((np.diag([1.0, 2.0, 3.0]), EYE, np.triu(np.ones((3, 3))), 1, [1.0]), "B must be symmetric"),
        ((np.full((3, 3), np.nan), EYE, EYE, 1, [1.0]), "C holds 9 values that are not finite"),
    ],
)
def test_bad_input_of_the_departure(arguments, message):
    with pytest.raises(ValueError, match=message):
        info_nce_span(*arguments)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_descent_stays_on_the_manifold_and_never_rises(triplets, objective):
    start = orthonormal(D, 2, np.random.default_rng(7), 3)
    run = descend(triplets, start, objective, checkpoints=[0, 5, 40], tolerance=0.0)
    assert run.checkpoints.tolist() == [0, 5, 40]
    np.testing.assert_array_equal(run.weights[:, 0], start)
    assert np.abs(run.weights.mT @ run.weights - np.eye(2)).max() < 1e-13
    assert (np.diff(run.losses) <= 0).all()
    assert (np.diff(run.times) >= 0).all()
    assert (run.losses[:, -1] < run.losses[:, 0]).all()


def test_descent_ends_when_every_seed_has_converged_and_seeds_do_not_see_each_other(triplets):
    start = orthonormal(D, 2, np.random.default_rng(8), 3)
    run = descend(triplets, start, "dot-product", checkpoints=[0, 5000], tolerance=1e-6)
    assert run.checkpoints[-1] == run.losses.shape[1] - 1 < 5000
    assert (run.gradient_norms[:, -1] <= 1e-6 * run.gradient_norms[:, 0]).all()
    C = quadratic_form(triplets.anchor, triplets.positive, triplets.negative, loss="contrastive")
    assert principal_angles(run.weights[:, -1], leading_eigenspace(C, 2)).max() < 1e-4
    alone = descend(triplets, start[:1], "dot-product", checkpoints=[0, 20], tolerance=0.0)
    np.testing.assert_allclose(run.times[:1, :21], alone.times, rtol=1e-9)


def test_learning_time_is_that_of_the_flow_and_no_factor_changes_it(triplets):
    start = orthonormal(D, 2, np.random.default_rng(9), 4)
    run = descend(triplets, start, "dot-product", checkpoints=[0, 2000], tolerance=1e-6)
    C = quadratic_form(triplets.anchor, triplets.positive, triplets.negative, loss="contrastive")
    times = np.linspace(0, run.times.max(), 20001)
    W = grassmann_flow(C, start, times)
    exact = half_time(np.broadcast_to(times, W.shape[:2]), np.einsum("stdz,de,stez->st", W, C, W))
    np.testing.assert_allclose(half_time(run.times, run.losses), exact, rtol=0.2)
    scaled = Triplets(3 * triplets.anchor, 3 * triplets.positive, 3 * triplets.negative)
    larger = descend(scaled, start, "dot-product", checkpoints=[0, 2000], tolerance=1e-6)
    clocks = [half_time(r.times, r.losses) * r.gradient_norms[:, 0] for r in (run, larger)]
    np.testing.assert_allclose(*clocks, rtol=1e-6)


def test_half_time():
    times, values = [0.0, 1.0, 1.0, 3.0, 9.0], [10.0, 8.0, 8.0, 4.0, 2.0]
    assert half_time(times, values) == pytest.approx(2.0)
    assert half_time([times, times], [values, [1.0, 0.0, 0.0, 0.0, 0.0]]).tolist() == pytest.approx([2.0, 0.5])
    nothing_learned = half_time([[0.0, 1.0]] * 3, [[1.0, 1.0], [1.0, 2.0], [1.0, 0.0]])
    np.testing.assert_array_equal(nothing_learned, [np.nan, np.nan, 0.5])
    with pytest.raises(ValueError, match=r"one shape .* got \(2,\) and \(3,\)"):
        half_time([0.0, 1.0], [1.0, 0.5, 0.0])


def test_scale_gives_total_variance_z():
    anchor = np.random.default_rng(10).standard_normal((50, 4)) * np.array([3.0, 1.0, 0.5, 0.1]) + 7
    scaled = anchor / batch_scale(anchor, 2)
    assert scaled.var(axis=0).sum() == pytest.approx(2)
    with pytest.raises(ValueError, match="all anchors of the batch are equal"):
        batch_scale(np.ones((5, 3)), 2)


def test_temperatures_are_in_units_of_the_spectrum():
    eigenvalues = np.array([-4.0, -2.0, -1.0, 0.0])
    np.testing.assert_allclose(make_temperatures(eigenvalues, 2, [1, 3]), [16.0, 48.0])
    with pytest.raises(ValueError, match="z = 4 must be smaller than"):
        make_temperatures(eigenvalues, 4, [1])
    with pytest.raises(ValueError, match="λ_2 − λ_1 = 0, λ_1 = -1: no unit of the temperature"):
        make_temperatures(np.array([-1.0, -1.0, 0.0]), 1, [1])


def claim(name):
    return next(claim for claim in CLAIMS if claim.id == name)


CELL = {"dataset": "d", "loss": "contrastive", "dimension": 2}


def temperature_rows(order):
    temperatures = np.array([1.0, 2.0, 4.0, 8.0])
    rows = pd.DataFrame({"temperature": np.tile(temperatures, 2), "seed": np.repeat([0, 1], 4), **CELL})
    rows["sine"] = 0.1 / rows["temperature"] ** order
    rows["distance"] = rows["sine"] ** 2
    rows["sine_own_negatives"] = 0.3
    rows["distance_slower"], rows["distance_faster"] = rows["sine"], rows["sine"]
    return rows


def test_order_in_inverse_temperature():
    np.testing.assert_allclose(order_in_inverse_temperature("sine")(temperature_rows(1.5)), [1.5, 1.5])


@pytest.mark.parametrize("name", ["beyond-infonce-limit", "beyond-infonce-departure"])
@pytest.mark.parametrize(("order", "verdict"), [(1.0, "pass"), (0.9, "fail"), (0.0, "fail")])
def test_limit_of_info_nce_can_pass_and_fail(name, order, verdict):
    tables = {("objectives", "temperatures"): temperature_rows(order)}
    cell = judge_rows(claim(name), tables)
    assert cell.verdict == verdict
    if verdict == "pass":
        assert cell.resolves < 0.06


@pytest.mark.parametrize(("dot", "other", "verdict"), [(1e-3, 0.9, "pass"), (2e-2, 0.9, "fail"), (1e-3, 1e-3, "fail")])
def test_limit_of_the_dot_product_can_pass_and_fail(dot, other, verdict):
    rows = pd.DataFrame(
        [
            {**CELL, "objective": objective, "seed": seed, "time": time, "sine": sine if time else 1.0}
            | {"flow_time": time, "arrival": 0.9}
            for objective, sine in (("dot-product", dot), ("info-nce", other))
            for seed in (0, 1)
            for time in (0.0, 1.0)
        ]
    )
    assert where(last("sine"), objective="info-nce")(rows).tolist() == [other, other]
    tables = {("objectives", "objectives"): rows}
    cell = judge_rows(claim("beyond-dot-product-limit"), tables)
    assert cell.verdict == verdict


def test_limit_of_the_dot_product_is_open_where_descent_ends_before_the_flow_is_there():
    rows = [
        {**CELL, "objective": objective, "seed": seed, "time": time, "sine": 0.5, "flow_time": time, "arrival": arrival}
        for objective in ("dot-product", "info-nce")
        for seed, arrival in ((0, 0.5), (1, 1.1))
        for time in (0.0, 1.0)
    ]
    cell = judge_rows(claim("beyond-dot-product-limit"), {("objectives", "objectives"): pd.DataFrame(rows)})
    assert cell.verdict == "open"
    assert cell.claim.reason == "the flow is at its limit at t = 1.1; iterations end at 1"


def test_every_objective_must_be_given_its_iterations():
    values = load_config(Path(__file__).parents[1] / "config/full.yaml").model_dump(mode="json")
    del values["objectives"]["iterations"]["vicreg"]
    with pytest.raises(ConfigError, match="must name every objective; missing: vicreg"):
        parse_config(values, "here")
