"""The spectral contrastive loss on whitened views: its constants, its training, its claims."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad_vec, solve_ivp
from scipy.linalg import expm

from problems import flow_problems, judge_rows, orthonormal
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.spectral_contrastive import compare as comparison
from ssl_dynamics.experiments.spectral_contrastive.claims import CLAIMS
from ssl_dynamics.experiments.spectral_contrastive.config import DesignSettings, SpectralContrastive
from ssl_dynamics.experiments.spectral_contrastive.design import Design, Trajectories, Views, design
from ssl_dynamics.experiments.spectral_contrastive.solve import solve
from ssl_dynamics.problem.principal import whitened_views
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.settings import Settings
from ssl_dynamics.simulation.objective_functions import spectral_contrastive
from ssl_dynamics.simulation.penalised import train_spectral_contrastive
from ssl_dynamics.theory import soft_constraint_flow, spectral_contrastive_flow
from ssl_dynamics.unsettled import Unsettled

D, Z, N = 7, 2, 30


def triplets(seed=0):
    random = np.random.default_rng(seed)
    anchor = random.standard_normal((N, D)) * np.linspace(2, 0.2, D)
    return Triplets(anchor, anchor + 0.5 * random.standard_normal((N, D)), random.standard_normal((N, D)))


def moment(first, second):
    return (first.T @ second + second.T @ first) / (2 * len(first))


def losses(W, first, second):
    u = [torch.from_numpy(view @ W) for view in (first, second)]
    return spectral_contrastive(*u).numpy()


def test_loss_compares_all_pairs_of_views():
    random = np.random.default_rng(1)
    u, v = random.standard_normal((2, 4, 5, Z))
    found = spectral_contrastive(torch.from_numpy(u), torch.from_numpy(v))
    for k in range(4):
        views = [*u[k], *v[k]]
        pairs = np.mean([(a @ b) ** 2 for a in views for b in views])
        assert found[k] == pytest.approx(pairs - 2 * np.mean([a @ b for a, b in zip(u[k], v[k], strict=True)]))


def test_views_are_whitened_together_in_their_leading_directions():
    first, second = whitened_views(triplets(), n=20, components=4)
    assert first.shape == second.shape == (20, 4)
    both = np.concatenate([first, second])
    np.testing.assert_allclose(both.T @ both / len(both), np.eye(4), atol=1e-12)
    data = triplets()
    views = np.concatenate([data.anchor[:20], data.positive[:20]])
    values, V = np.linalg.eigh(views.T @ views / len(views))
    expected = views @ V[:, ::-1][:, :4] / np.sqrt(values[::-1][:4])
    np.testing.assert_allclose(np.abs(both), np.abs(expected), atol=1e-10)
    assert np.abs(np.linalg.eigvalsh(moment(first, second))).max() <= 1


def test_directions_without_extent_are_left_out():
    data = triplets()
    flat = Triplets(*(part * np.array([1, 1, 1, 0, 0, 0, 0]) for part in vars(data).values()))
    assert whitened_views(flat, n=N, components=D)[0].shape == (N, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n must lie between 1 and the number of triplets, 30; got 0"),
        ({"n": N + 1}, "got 31"),
        ({"components": 0}, "components must be at least 1; got 0"),
    ],
)
def test_bad_views_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        whitened_views(triplets(), **({"n": 5, "components": 2} | change))


def test_loss_is_that_of_a_form_and_a_penalty_on_whitened_views():
    first, second = whitened_views(triplets(), n=N, components=5)
    C, beta = 2 * (np.eye(5) - moment(first, second)), 2.0
    for W in np.random.default_rng(3).standard_normal((4, 5, Z)):
        penalised = np.trace(W.T @ C @ W) + beta / 2 * np.square(W.T @ W - np.eye(Z)).sum() - Z
        assert losses(W, first, second) == pytest.approx(penalised, rel=1e-12)


def test_flow_is_the_descent_of_the_loss_and_ends_at_the_correlations():
    first, second = whitened_views(triplets(), n=N, components=5)
    gamma, W0 = moment(first, second), orthonormal(5, Z, np.random.default_rng(2))
    step = 1e-4
    units = step * np.eye(5 * Z).reshape(-1, 5, Z)
    gradient = np.array([losses(W0 + u, first, second) - losses(W0 - u, first, second) for u in units])
    gradient = gradient.reshape(5, Z) / (2 * step)
    F = spectral_contrastive_flow(gamma, W0, [0.0, step])
    velocity = (F[1] @ F[1].T - F[0] @ F[0].T) / step
    np.testing.assert_allclose(velocity, -(gradient @ W0.T + W0 @ gradient.T), atol=2e-2)
    end = np.linalg.svd(spectral_contrastive_flow(gamma, W0, [1e6])[0], compute_uv=False)
    np.testing.assert_allclose(end, np.sqrt(np.linalg.eigvalsh(gamma)[::-1][:Z]), rtol=1e-9)
    C = 2 * (np.eye(5) - gamma)
    np.testing.assert_array_equal(F, soft_constraint_flow(C, W0, [0.0, step], beta=2.0))


def correlated(problem):
    """Γ with eigenvalues from −2/3 to 1, as correlations of views have them, and a start that is not orthonormal."""
    C, W0 = problem
    return -C / 3, W0 * np.resize([0.6, 1.3], W0.shape[1])


def grams(gamma, W0, times):
    F = spectral_contrastive_flow(gamma, W0, times)
    return F @ F.mT


@given(flow_problems(), st.floats(0, 2), st.floats(0, 2), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_flow_is_a_semigroup_and_sees_no_rotation_of_inputs_or_outputs(problem, first, second, seed):
    gamma, W0 = correlated(problem)
    (d, z), random = W0.shape, np.random.default_rng(seed)
    whole = grams(gamma, W0, [first + second])[0]
    midway = spectral_contrastive_flow(gamma, W0, [first])[0]
    np.testing.assert_allclose(grams(gamma, midway, [second])[0], whole, atol=1e-8)
    turned = grams(gamma, W0 @ orthonormal(z, z, random), [first + second])[0]
    np.testing.assert_allclose(turned, whole, atol=1e-9)
    inputs = orthonormal(d, d, random)
    rotated = inputs @ gamma @ inputs.T
    found = grams((rotated + rotated.T) / 2, inputs @ W0, [first + second])[0]
    np.testing.assert_allclose(found, inputs @ whole @ inputs.T, atol=1e-8)


@given(flow_problems())
@settings(max_examples=25, deadline=None)
def test_flow_leaves_its_start_along_the_slope_of_the_loss(problem):
    gamma, W0 = correlated(problem)
    h = 1e-5
    P, one, two = grams(gamma, W0, [0.0, h, 2 * h])
    start = W0 @ W0.T
    np.testing.assert_allclose(P, start, atol=1e-12)
    slope = 4 * (gamma @ start + start @ gamma - 2 * start @ start)
    # A difference of second order on one side leaves h²/3 of a third derivative of the order 10⁴.
    np.testing.assert_allclose((4 * one - two - 3 * P) / (2 * h), slope, atol=1e-6)


@given(flow_problems())
@settings(max_examples=40, deadline=None)
def test_flow_ends_at_a_best_approximation_of_the_moment_of_rank_z(problem):
    """Of all positive semidefinite matrices of that rank none is nearer to Γ (Eckart and Young)."""
    gamma, W0 = correlated(problem)
    z = W0.shape[1]
    end = grams(gamma, W0, [1e9])[0]
    correlations = np.linalg.eigvalsh(gamma)[::-1]
    kept = np.maximum(correlations[:z], 0)
    np.testing.assert_allclose(np.linalg.eigvalsh(end)[::-1][:z], kept, atol=1e-8)
    nearest = np.sqrt(np.square(correlations).sum() - np.square(kept).sum())
    assert np.linalg.norm(gamma - end) == pytest.approx(nearest, abs=1e-7)


@given(flow_problems())
@settings(max_examples=25, deadline=None)
def test_flow_of_one_output_is_the_solution_of_a_bernoulli_equation(problem):
    """w = gy, y = e^{4Γt}w(0): ġ = −4|y|²g³, so that g = (1 + 8∫|y|²)^{−1/2}; the integral by quadrature."""
    gamma, W0 = correlated(problem)
    w0 = W0[:, 0]
    for t in (0.1, 1.0):
        grown = quad_vec(lambda s: np.square(expm(4 * gamma * s) @ w0).sum(), 0, t, epsrel=1e-10)[0]
        y = expm(4 * gamma * t) @ w0
        expected = np.outer(y, y) / (1 + 8 * grown)
        np.testing.assert_allclose(grams(gamma, w0[:, None], [t])[0], expected, atol=1e-9)


def test_what_is_not_symmetric_is_refused():
    with pytest.raises(ValueError, match="cross_moment must be symmetric"):
        spectral_contrastive_flow(np.triu(np.ones((3, 3))), np.eye(3)[:, :1], [1.0])


SPECTRAL = {"losses": ["contrastive"], "dimensions": [Z], "triplets": 20, "components": 5, "finest_step": 0.005}
SPECTRAL |= {"levels": 3, "checkpoints": 20, "transient": 1.5}


def job(tmp_path, settings):
    names = ("triplets", "views", "schedule", "trajectories", "solution")
    files = {name: [tmp_path / f"{name}.npz"] for name in names}
    return Job(settings, files, files, logging.getLogger("test"), "test")


def planned(tmp_path, data, **change):
    write_arrays(tmp_path / "triplets.npz", vars(data))
    cell = {"root_seed": 5, "seeds": 3, "dataset_name": "d", "dimension": Z}
    design(job(tmp_path, DesignSettings(**cell, spectral_contrastive=SpectralContrastive(**SPECTRAL | change))))


def tables(monkeypatch, tmp_path, *, rate=1.0, scale=1.0):
    """What the stages make of training at another rate, or on views of another size, than told."""
    planned(tmp_path, triplets())
    views, plan = Views.load(tmp_path / "views.npz"), Design.load(tmp_path / "schedule.npz")
    weights = {
        level: train_spectral_contrastive(
            scale * views.first,
            scale * views.second,
            plan.start,
            learning_rate=rate * float(eta),
            checkpoints=plan.schedule.checkpoints(level),
        )
        for level, eta in enumerate(plan.learning_rates)
    }
    Trajectories(weights).save(tmp_path / "trajectories.npz")
    solve(job(tmp_path, Settings()))
    found = {}
    monkeypatch.setattr(comparison, "write_tables", lambda _, __, made: found.update(made))
    comparison.compare(job(tmp_path, Settings()))
    return {name: table.assign(dataset="d", loss="contrastive", dimension=Z) for name, table in found.items()}


@pytest.mark.parametrize(
    ("wrong", "expected"), [({}, "pass"), ({"rate": 1.02}, "fail"), ({"rate": 0.98}, "fail"), ({"scale": 1.01}, "fail")]
)
def test_claims_pass_in_training_and_fail_where_the_theory_is_wrong(monkeypatch, tmp_path, wrong, expected):
    made = tables(monkeypatch, tmp_path, **wrong)
    for claim in CLAIMS:
        assert judge_rows(claim, {claim.own_table: made[claim.table]}).verdict == expected
    if not wrong:
        values = made["spectral_values"]
        assert (values["value"] - values["predicted"]).abs().max() < 0.02
        gamma, W0 = Design.load(tmp_path / "schedule.npz").cross_moment, orthonormal(5, Z, np.random.default_rng(2))

        def velocity(_, flat):
            W = flat.reshape(5, Z)
            return (4 * gamma @ W - 4 * W @ W.T @ W).ravel()

        late = solve_ivp(velocity, (0, 200), W0.ravel(), rtol=1e-9, atol=1e-11).y[:, -1].reshape(5, Z)
        limits = values.groupby("direction")["limit"].first()
        np.testing.assert_allclose(limits, np.linalg.svd(late, compute_uv=False), rtol=1e-4)


def test_views_of_too_few_directions_settle_nothing(tmp_path):
    data = triplets()
    flat = Triplets(*(part * np.array([1, 1, 0, 0, 0, 0, 0]) for part in vars(data).values()))
    with pytest.raises(Unsettled, match="2 directions that can be whitened: not more than z = 2"):
        planned(tmp_path, flat)


def test_fewer_triplets_than_asked_for_are_all_taken(tmp_path):
    planned(tmp_path, triplets(), triplets=1000)
    assert Views.load(tmp_path / "views.npz").first.shape == (N, 5)
