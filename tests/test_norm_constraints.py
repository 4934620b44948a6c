"""Constraints on norms: their closed forms, training under them, and the claims on it."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from problems import flow_problems, judge_rows, orthonormal, symmetric
from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.cells import CompareSettings, TrainingSettings
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.norm_constraints import compare as comparison
from ssl_dynamics.experiments.norm_constraints.claims import CLAIMS
from ssl_dynamics.experiments.norm_constraints.config import CONSTRAINTS, DesignSettings, NormConstraints
from ssl_dynamics.experiments.norm_constraints.design import Design, Solution, Trajectories, design
from ssl_dynamics.experiments.norm_constraints.simulate import simulate
from ssl_dynamics.experiments.norm_constraints.solve import solve
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.settings import Settings
from ssl_dynamics.simulation.projected import (
    to_frobenius_norm,
    to_orthonormal,
    to_spectral_norm,
    to_unit_columns,
)
from ssl_dynamics.theory import (
    descent_log_singular_values,
    grassmann_flow,
    log_singular_values,
    orthogonal_iteration,
    spectral_norm_bound,
    unit_column_descent_log_singular_values,
    unit_column_log_singular_values,
)
from ssl_dynamics.unsettled import Unsettled

SPECTRUM = np.array([-1.0, -0.6, -0.3, 0.2, 0.9])
TIMES = np.array([0.0, 0.3, 1.0, 2.5])


def problem(seed=3, z=2, spectrum=SPECTRUM):
    random = np.random.default_rng(seed)
    return symmetric(spectrum, random), orthonormal(len(spectrum), z, random)


def integrated(velocity, W0, times):
    solved = solve_ivp(
        lambda _, flat: velocity(flat.reshape(W0.shape)).ravel(),
        (0, times[-1]), W0.ravel(), method="DOP853", t_eval=times, rtol=1e-12, atol=1e-14,
    )  # fmt: skip
    return solved.y.T.reshape(-1, *W0.shape)


def log_values(W):
    return np.log(np.linalg.svd(W, compute_uv=False))


@pytest.mark.parametrize("z", [1, 2, 3])
def test_unit_columns_are_the_gradient_flow_on_a_product_of_spheres(z):
    C, W0 = problem(z=z)
    F = np.random.default_rng(0).standard_normal((7, 5))

    def velocity(W):
        gradient = 2 * C @ W
        return -(gradient - W * (W * gradient).sum(0))

    W = integrated(velocity, W0, TIMES)
    np.testing.assert_allclose(unit_column_log_singular_values(C, W0, TIMES), log_values(W), atol=1e-9)
    through = unit_column_log_singular_values(C, W0, TIMES, through=F)
    np.testing.assert_allclose(through, log_values(F @ W), atol=1e-9)


def test_the_sphere_leaves_every_ratio_of_singular_values_as_it_is_without_a_constraint():
    C, W0 = problem()

    def velocity(W):
        return -2 * C @ W + np.trace(W.T @ C @ W) * W  # ‖W‖² = 2

    W = integrated(velocity, W0, TIMES)
    np.testing.assert_allclose(np.linalg.norm(W, axis=(1, 2)), np.sqrt(2), rtol=1e-9)
    ratios = np.diff(log_singular_values(C, W0, TIMES))
    np.testing.assert_allclose(np.diff(log_values(W)), ratios, atol=1e-9)


@given(flow_problems(), st.sampled_from([0.02, 0.1]))
@settings(max_examples=20, deadline=None)
def test_unit_columns_in_steps_are_powers_with_columns_scaled_to_length_one(case, learning_rate):
    C, W0 = case
    for k in (0, 3, 11):
        Y = np.linalg.matrix_power(np.eye(len(C)) - 2 * learning_rate * C, k) @ W0
        found = unit_column_descent_log_singular_values(C, W0, learning_rate, [k])[0]
        expected = np.linalg.svd(Y / np.linalg.norm(Y, axis=0), compute_uv=False)
        np.testing.assert_allclose(np.exp(found), expected, rtol=0, atol=1e-10)


def test_small_steps_tend_to_the_flow_of_unit_columns_at_order_one():
    C, W0 = problem()
    flow = unit_column_log_singular_values(C, W0, [1.0])
    counts = np.array([100, 200, 400])
    errors = [
        np.abs(unit_column_descent_log_singular_values(C, W0, 1 / count, [count]) - flow).max() for count in counts
    ]
    np.testing.assert_allclose(np.diff(np.log(errors)) / np.log(2), -1, atol=0.05)


def test_unit_columns_collapse_at_the_rate_of_the_first_gap_and_see_no_length_sign_or_order_of_columns():
    C, W0 = problem()
    late = unit_column_log_singular_values(C, W0, [200.0, 300.0])
    assert np.diff(late[:, 1] - late[:, 0]).item() / 100 == pytest.approx(-2 * 0.4, rel=1e-9)
    changed = W0[:, ::-1] * [-3.0, 1e-3]
    np.testing.assert_allclose(
        unit_column_log_singular_values(C, changed, TIMES), unit_column_log_singular_values(C, W0, TIMES), atol=1e-11
    )


def test_unit_columns_of_equal_length_sum_to_z_and_batch_over_starts():
    C = problem()[0]
    starts = orthonormal(5, 2, np.random.default_rng(1), 3, 2)
    found = unit_column_log_singular_values(C, starts, TIMES)
    assert found.shape == (3, 2, 4, 2)
    np.testing.assert_allclose(np.exp(2 * found).sum(-1), 2, rtol=1e-10)
    np.testing.assert_array_equal(found[2, 1], unit_column_log_singular_values(C, starts[2, 1], TIMES))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W0": np.eye(3)[:, [0, 0]]}, "deficient rank"),
        ({"W0": np.eye(3)[:, :2] * [1.0, 0.0]}, "W0 must have no column that is zero"),
        ({"W0": np.eye(3)[:, :2], "times": [30.0]}, "a column of W0 has no component along a direction that leads"),
        ({"times": [-1.0]}, "times must not be negative"),
        ({"through": np.ones((2, 2))}, r"through must have shape \(N, 3\)"),
    ],
)
def test_bad_input_to_unit_columns_is_refused_in_a_line(change, message):
    random = np.random.default_rng(0)
    arguments = {"C": np.diag([-1.0, 0.1, 0.8]), "W0": orthonormal(3, 2, random), "times": [1.0]} | change
    with pytest.raises(ValueError, match=message):
        unit_column_log_singular_values(**arguments)


def cut(W):
    U, sigma, Vt = np.linalg.svd(W, full_matrices=False)
    return U * np.minimum(sigma, 1) @ Vt


def cut_steps(C, W0, learning_rate, steps):
    """Projected gradient descent as it is written, by singular values."""
    W = [W0]
    for _ in range(steps):
        W.append(cut(W[-1] - 2 * learning_rate * C @ W[-1]))
    return np.array(W)


@given(flow_problems(), st.sampled_from([0.01, 0.05, 0.15]))
@settings(max_examples=25, deadline=None)
def test_bound_lies_below_the_smallest_singular_value_and_where_it_is_zero_weights_are_orthonormal(case, learning_rate):
    C, W0 = case
    steps = np.arange(61)
    try:
        bound = spectral_norm_bound(C, W0, learning_rate, steps)
    except Unsettled:
        return  # a start without a part in one of the leading directions
    W = cut_steps(C, W0, learning_rate, 60)
    smallest = np.log(np.linalg.svd(W, compute_uv=False)[:, -1])
    assert (bound <= smallest + 1e-9).all()
    kept = bound == 0
    span = orthogonal_iteration(C, W0, learning_rate, steps)
    tolerance = 1e-8  # of starts that amplify rounding
    assert projector_distance(W[kept], span[kept]).max() < tolerance
    coarse = spectral_norm_bound(C, W0, learning_rate, steps[::7])
    assert (coarse <= bound[::7] + 1e-12).all()


@pytest.mark.parametrize("z", [1, 2, 5])
def test_bound_sees_no_rotation_of_the_outputs(z):
    C, W0 = problem(z=z)
    turned = W0 @ orthonormal(z, z, np.random.default_rng(8))
    steps = np.arange(60)
    bound = spectral_norm_bound(C, W0, 0.1, steps)
    np.testing.assert_allclose(spectral_norm_bound(C, turned, 0.1, steps), bound, atol=1e-12)


def test_a_start_on_which_the_form_is_not_positive_stays_orthonormal_at_every_step_and_another_comes_back():
    C, W0 = np.diag(SPECTRUM), np.eye(5)[:, :2]
    turned = np.linalg.qr(W0 + 0.3 * np.random.default_rng(0).standard_normal((5, 2)))[0]
    assert np.linalg.eigvalsh(turned.T @ C @ turned).max() < 0
    assert (spectral_norm_bound(C, turned, 0.1, np.arange(200)) == 0).all()
    other = np.linalg.qr(np.stack([W0[:, 0], W0[:, 1] + 3 * np.eye(5)[:, 4]], axis=1))[0]
    bound = spectral_norm_bound(C, other, 0.1, np.arange(200))
    # In the plane of v_2 and v_5 nothing else turns: the bound is the singular value itself.
    smallest = np.log(np.linalg.svd(cut_steps(C, other, 0.1, 199), compute_uv=False)[:, -1])
    np.testing.assert_allclose(bound, smallest, atol=1e-12)
    assert bound.min() < -0.1
    assert bound[-1] == 0


def test_what_small_steps_take_from_a_singular_value_is_not_taken_for_rounding():
    C, rate = np.diag(SPECTRUM), 1e-5
    start = np.array([[0.1], [0.0], [0.0], [0.0], [1.0]]) / np.sqrt(1.01)
    bound = spectral_norm_bound(C, start, rate, np.arange(400))
    # One column: until it is as long as before, it is not cut, and the bound is its length.
    np.testing.assert_allclose(bound, np.log(np.linalg.norm(cut_steps(C, start, rate, 399), axis=(1, 2))), rtol=1e-9)
    assert bound[-1] < -0.006


@pytest.mark.parametrize("sizes", [(1.0, 1.0), (1.0, 0.6)])
@pytest.mark.parametrize("spectrum", [SPECTRUM, np.array([-2.0, -1.0, 0.5, 1.0, 1.5])])
def test_spectral_norm_flow_is_what_cut_steps_tend_to_at_weights_of_any_singular_values(sizes, spectrum):
    random = np.random.default_rng(11)
    C, turn = symmetric(spectrum, random), orthonormal(2, 2, random)
    W = orthonormal(5, 2, random) * sizes @ turn.T
    held = turn * (np.array(sizes) == 1) @ turn.T  # Π
    values, Q = np.linalg.eigh(held @ W.T @ C @ W @ held)
    h = 1e-6
    moved = (cut(W - 2 * h * C @ W) - W) / h
    np.testing.assert_allclose(moved, -2 * C @ W + 2 * W @ ((Q * np.minimum(values, 0)) @ Q.T), atol=1e-4)


def test_small_steps_under_the_spectral_norm_tend_to_the_grassmannian_flow():
    C, W0 = problem(spectrum=np.array([-2.0, -1.0, -0.5, -0.2, -0.1]))
    flow = grassmann_flow(C, W0, [1.0])
    errors = []
    for count in (100, 200, 400):
        W = cut_steps(C, W0, 1 / count, count)[-1]
        errors.append(projector_distance(W, flow[0]))
    np.testing.assert_allclose(np.diff(np.log(errors)) / np.log(2), -1, atol=0.05)


def test_learning_rate_at_which_a_factor_vanishes_is_refused():
    C, W0 = problem()
    for function in (spectral_norm_bound, unit_column_descent_log_singular_values):
        with pytest.raises(ValueError, match="learning_rate must lie between 0 and 1/"):
            function(C, W0, 0.51, [1])


NEAREST = {to_frobenius_norm: 1e-12, to_unit_columns: 1e-12, to_spectral_norm: 1e-12, to_orthonormal: 1e-12}


@pytest.mark.parametrize("nearest", NEAREST)
def test_projection_is_the_nearest_point_of_its_set(nearest):
    random = np.random.default_rng(2)
    W = torch.from_numpy(random.standard_normal((3, 5, 2)))
    found = nearest(W)
    np.testing.assert_allclose(nearest(found), found, atol=1e-12)  # it lies in the set
    distance = torch.linalg.matrix_norm(found - W)
    for _ in range(300):
        other = nearest(found + 0.1 * torch.from_numpy(random.standard_normal((3, 5, 2))))
        assert (torch.linalg.matrix_norm(other - W) >= distance - 1e-12).all()


def test_sets_are_those_that_they_are_named_for():
    W = torch.from_numpy(np.random.default_rng(2).standard_normal((3, 5, 2)) * [3.0, 0.1])
    np.testing.assert_allclose(torch.linalg.matrix_norm(to_frobenius_norm(W)), np.sqrt(2))
    np.testing.assert_allclose(torch.linalg.vector_norm(to_unit_columns(W), dim=1), 1)
    np.testing.assert_allclose(to_spectral_norm(W), np.stack([cut(each) for each in W.numpy()]), atol=1e-13)
    gram = to_orthonormal(W).mT @ to_orthonormal(W)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(2), (3, 2, 2)), atol=1e-13)


def triplets(seed=0, n=40, d=6):
    random = np.random.default_rng(seed)
    anchor = random.standard_normal((n, d)) * np.linspace(1.2, 0.3, d)
    return Triplets(anchor, anchor + 0.1 * random.standard_normal((n, d)), random.standard_normal((n, d)))


def tables(monkeypatch, folder, *, seen=1.0, max_steps=500, seeds=3, data=None):
    """What all stages make of triplets, of which theory is shown a form that is larger by a factor."""
    data = data or triplets()
    write_arrays(folder / "triplets.npz", vars(data))
    write_arrays(folder / "quadratic_form.npz", {"C": form_of(data, "contrastive")})
    names = ("schedule", "trajectories", "quadratic_form", "triplets", "solution")
    files = {name: [folder / f"{name}.npz"] for name in names}

    def job(of):
        return Job(of, files, files, logging.getLogger("test"), "test")

    of = NormConstraints(losses=["contrastive"], dimensions=[2], step=0.2, max_steps=max_steps)
    design(job(DesignSettings(root_seed=1, seeds=seeds, dataset_name="d", dimension=2, norm_constraints=of)))
    simulate(job(TrainingSettings(loss="contrastive", device="cpu")))
    write_arrays(folder / "quadratic_form.npz", {"C": seen * form_of(data, "contrastive")})
    solve(job(Settings()))
    found = {}
    monkeypatch.setattr(comparison, "write_tables", lambda _, __, made: found.update(made))
    comparison.compare(job(CompareSettings(dataset_name="d", loss="contrastive", dimension=2)))
    cell = {"dataset": "d", "loss": "contrastive", "dimension": 2}
    return {name: table.assign(**cell) for name, table in found.items()}


@pytest.mark.parametrize(("seen", "verdict"), [(1.0, "pass"), (1.05, "fail"), (0.95, "fail")])
def test_claims_pass_in_training_and_fail_where_the_theory_is_wrong_by_five_percent(
    monkeypatch, tmp_path, seen, verdict
):
    made = tables(monkeypatch, tmp_path, seen=seen)
    cells = {claim.id: judge_rows(claim, {claim.own_table: made[claim.table]}) for claim in CLAIMS}
    assert {name: cell.claim.verdict for name, cell in cells.items()} == dict.fromkeys(cells, verdict)
    if seen == 1:
        assert all(cell.control.verdict == "fail" and cell.resolves < 0.01 for cell in cells.values())


def test_training_that_ends_before_the_collapse_settles_nothing_of_it(monkeypatch, tmp_path):
    made = tables(monkeypatch, tmp_path, max_steps=5)
    assert made["norm_ranks"]["constraint"].nunique() == len(CONSTRAINTS)
    verdicts = {claim.id: judge_rows(claim, {claim.own_table: made[claim.table]}).verdict for claim in CLAIMS}
    collapse = {"beyond-frobenius-norm", "beyond-unit-columns"}
    assert verdicts == {name: "open" if name in collapse else "pass" for name in verdicts}


def test_singular_values_that_may_have_shrunk_are_not_predicted_and_open_the_claim_at_the_end(monkeypatch, tmp_path):
    made = tables(monkeypatch, tmp_path)["norm_grams"]
    (claim,) = (claim for claim in CLAIMS if claim.id == "beyond-spectral-norm")
    for late, verdict in ((False, "pass"), (True, "open")):
        moment = made["time"].max() if late else made["time"].unique()[1]
        shrunk = (made["seed"] == 1) & (made["constraint"] == "spectral norm") & (made["time"] == moment)
        columns = {name: made[name].mask(shrunk) for name in ("distance", "distance_slow", "distance_fast")}
        rows = made.assign(**columns, shrunk=made["shrunk"].mask(shrunk, 0.3))
        assert judge_rows(claim, {claim.own_table: rows}).verdict == verdict


def test_nothing_is_predicted_of_the_rank_where_a_singular_value_may_shrink(monkeypatch, tmp_path):
    data = triplets()
    # Half of the coordinates repel: C is positive on a direction of some starts, and not on others.
    mixed = Triplets(data.anchor, data.positive * [1, 1, 1, -1, -1, -1], data.negative)
    made = tables(monkeypatch, tmp_path, data=mixed, seeds=8)
    ranks, grams = (made[name][made[name]["constraint"] == "spectral norm"] for name in ("norm_ranks", "norm_grams"))
    shrunk = grams["shrunk"].to_numpy() > 0
    assert 0 < shrunk.mean() < 1
    np.testing.assert_array_equal(ranks["predicted"].isna(), shrunk)
    np.testing.assert_array_equal(grams["distance"].isna(), shrunk)
    np.testing.assert_allclose(*(ranks.dropna()[name] for name in ("excess", "predicted")), atol=1e-9)


def test_design_ends_where_steps_have_shrunk_the_ratio_of_singular_values(tmp_path):
    C, _ = problem()
    write_arrays(tmp_path / "quadratic_form.npz", {"C": C})
    files = {name: [tmp_path / f"{name}.npz"] for name in ("quadratic_form", "schedule")}
    for max_steps in (10_000, 7):
        of = NormConstraints(losses=["contrastive"], dimensions=[2], step=0.1, max_steps=max_steps)
        asked = DesignSettings(root_seed=1, seeds=2, dataset_name="d", dimension=2, norm_constraints=of)
        design(Job(asked, files, files, logging.getLogger("test"), "test"))
        plan = Design.load(tmp_path / "schedule.npz")
        last = int(plan.steps[-1])
        assert last == (7 if max_steps == 7 else np.ceil(16 / np.log(1.2 / 1.12)))
    ratio = np.diff(descent_log_singular_values(C, plan.start, plan.learning_rate, [300, 301])).squeeze(-1)
    np.testing.assert_allclose(np.diff(ratio), -np.log(1.2 / 1.12), rtol=1e-9)


def test_files_between_the_stages_keep_constraints_apart(tmp_path):
    values = {name: np.full((2, 3), float(i)) for i, name in enumerate(CONSTRAINTS)}
    wrong = {(name, rate): 10 + array for name, array in values.items() for rate in ("slow", "fast")}
    span = np.zeros((2, 3, 4, 2))
    Solution(values, wrong, span, {"slow": span, "fast": span}, np.zeros((2, 3))).save(tmp_path / "solution.npz")
    loaded = Solution.load(tmp_path / "solution.npz")
    assert loaded.excess.keys() == values.keys()
    assert loaded.excess_wrong.keys() == wrong.keys()
    Trajectories(dict.fromkeys(CONSTRAINTS, span)).save(tmp_path / "trajectories.npz")
    assert Trajectories.load(tmp_path / "trajectories.npz").weights.keys() == values.keys()


def test_normalised_exponential_is_what_both_lengths_are_taken_of():
    C, W0 = problem()
    Y = expm(-2 * C * 0.7) @ W0
    found = unit_column_log_singular_values(C, W0, [0.7])[0]
    np.testing.assert_allclose(found, log_values(Y / np.linalg.norm(Y, axis=0)), atol=1e-12)
