"""Riemannian steps beyond the edge of stability: their orbit of period 2, in theory, in training and in the claims."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from problems import flow_problems, judge_rows, orthonormal, symmetric
from ssl_dynamics.analysis import fitted_order, projector_distance
from ssl_dynamics.cells import CompareSettings, TrainingSettings
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.edge_of_stability import compare as comparison
from ssl_dynamics.experiments.edge_of_stability import simulate as training
from ssl_dynamics.experiments.edge_of_stability.claims import CLAIMS
from ssl_dynamics.experiments.edge_of_stability.config import DesignSettings, EdgeOfStability, SolveSettings
from ssl_dynamics.experiments.edge_of_stability.design import Trajectories
from ssl_dynamics.experiments.edge_of_stability.solve import design, solve
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import Grassmannian, SideBySide
from ssl_dynamics.simulation.training import train
from ssl_dynamics.theory import EdgeOrbit, edge_angle, steps_to_edge_orbit

SPECTRUM = np.array([-1.0, -0.7, -0.1, 0.3, 0.55, 0.8, 1.0])  # pairs are 2, 1.5 and 0.65 apart
BOTH = pytest.mark.parametrize("exponential", [False, True])


def stepped(C, W, rate, *, exponential):
    """A Riemannian step written down anew: by QR, or by the exponential of a rotation of all of the space."""
    move = -2 * rate * (C @ W - W @ (W.T @ C @ W))
    return expm(move @ W.T - W @ move.T) @ W if exponential else np.linalg.qr(W + move)[0]


def spread(C):
    return np.ptp(np.linalg.eigvalsh(C))


def jacobian(C, W, rate, *, exponential):
    """Linear map (n, n) of two steps on graph coordinates over W, n = (d − z)z, by central differences."""
    d, z = W.shape
    Y = np.linalg.qr(np.column_stack([W, np.eye(d)]))[0][:, z:]
    columns = []
    for unit in 1e-5 * np.eye((d - z) * z):
        ends = []
        for sign in (1, -1):
            moved = np.linalg.qr(W + sign * Y @ unit.reshape(d - z, z))[0]
            for _ in range(2):
                moved = stepped(C, moved, rate, exponential=exponential)
            ends.append(Y.T @ moved @ np.linalg.inv(W.T @ moved))
        columns.append(((ends[0] - ends[1]) / 2e-5).ravel())
    return np.array(columns).T


@BOTH
def test_angle_solves_its_equation_beyond_the_edge_and_is_zero_up_to_it(exponential):
    h = np.array([0.2, 1.0, 1 + 1e-12, 1.001, 1.01, 1.3, 1.57])
    theta = edge_angle(h, exponential=exponential)
    assert (theta[:2] == 0).all()
    inverse = np.sinc(2 * theta / np.pi) if exponential else np.cos(2 * theta)
    np.testing.assert_allclose(inverse[2:], 1 / h[2:], rtol=1e-14)
    # Next to it like a square root: cos φ = 1 − φ²/2, sin φ/φ = 1 − φ²/6.
    excess = 1e-6
    near = edge_angle(1 + excess, exponential=exponential)
    assert near == pytest.approx(np.sqrt((1.5 if exponential else 0.5) * excess), rel=1e-5)


def test_at_one_percent_beyond_the_edge_it_is_what_the_limit_of_finite_steps_shows():
    assert np.sin(edge_angle(1.01)) == pytest.approx(0.070359754, abs=1e-9)


@BOTH
@given(flow_problems(), st.sampled_from([0.6, 1.01, 1.2, 1.45]))
@settings(max_examples=25, deadline=None)
def test_a_step_leads_from_one_point_of_the_orbit_to_the_other_and_back(exponential, problem, h):
    C, W0 = problem
    z = W0.shape[1]
    if z == len(C) or spread(C) < 1e-9:
        return
    rate = h / spread(C)
    here, there = EdgeOrbit(C, z, rate, exponential=exponential).points()
    assert projector_distance(stepped(C, here, rate, exponential=exponential), there) < 1e-12
    assert projector_distance(stepped(C, there, rate, exponential=exponential), here) < 1e-12
    assert (projector_distance(here, there) > 0.01) == (h > 1)


@BOTH
@pytest.mark.parametrize(("z", "h", "pairs"), [(1, 1.05, 1), (1, 1.4, 1), (2, 1.2, 1), (2, 1.4, 2), (3, 1.5, 2)])
def test_multipliers_are_those_of_the_map_itself(exponential, z, h, pairs):
    random = np.random.default_rng(z)
    C = symmetric(SPECTRUM, random)
    orbit = EdgeOrbit(C, z, h / 2, exponential=exponential)
    assert orbit.pairs == pairs
    found = np.sort(np.abs(np.linalg.eigvals(jacobian(C, orbit.points()[0], h / 2, exponential=exponential))))
    np.testing.assert_allclose(np.sort(np.square(orbit.multipliers()).ravel()), found, atol=2e-7)
    assert found.max() < 1


@BOTH
def test_across_the_plane_multipliers_of_one_dimension_see_neither_step_nor_retraction(exponential):
    C = np.diag(SPECTRUM)
    for h in (1.02, 1.3, 1.5):
        found = np.sort(EdgeOrbit(C, 1, h / 2, exponential=exponential).multipliers().ravel())
        twice = 2 * edge_angle(h, exponential=exponential)
        inside = 1 - 2 * twice / np.tan(twice) if exponential else 1 - 2 / h**2
        expected = [abs(inside), *np.abs(1 - 2 * (SPECTRUM[1:-1] + 1) / 2)]
        np.testing.assert_allclose(found, np.sort(expected), atol=1e-13)


@BOTH
def test_orbits_of_other_pairs_repel(exponential):
    """Of (v_j, v_k), in the place of (v_1, v_d), for z = 1; of crossing pairs in the place of nested ones for z = 2."""
    rate, lam = 0.7, SPECTRUM
    C = np.diag(lam)
    for j, k in ((1, 6), (0, 5), (1, 5)):
        theta = edge_angle(rate * (lam[k] - lam[j]), exponential=exponential)
        W = (np.cos(theta) * np.eye(7)[j] + np.sin(theta) * np.eye(7)[k])[:, None]
        back = stepped(C, stepped(C, W, rate, exponential=exponential), rate, exponential=exponential)
        assert projector_distance(back, W) < 1e-12
        assert np.abs(np.linalg.eigvals(jacobian(C, W, rate, exponential=exponential))).max() > 1.001
    pairs = ((0, 5), (1, 6))
    thetas = [edge_angle(rate * (lam[k] - lam[j]), exponential=exponential) for j, k in pairs]
    W = np.column_stack(
        [np.cos(t) * np.eye(7)[j] + np.sin(t) * np.eye(7)[k] for t, (j, k) in zip(thetas, pairs, strict=True)]
    )
    assert np.abs(np.linalg.eigvals(jacobian(C, W, rate, exponential=exponential))).max() > 1.001


@BOTH
def test_spans_beside_the_orbit_move_as_predicted_to_second_order(exponential):
    random = np.random.default_rng(0)
    C, rate = symmetric(SPECTRUM, random), 0.7
    orbit = EdgeOrbit(C, 2, rate, exponential=exponential)
    direction, sizes, errors = random.standard_normal((7, 2)), np.array([1e-4, 2e-4, 4e-4]), []
    for size in sizes:
        W = start = np.linalg.qr(orbit.points()[0] + size * direction)[0]
        assert projector_distance(orbit.beside(start, 0), start) < 1e-14
        for _ in range(3):
            W = stepped(C, W, rate, exponential=exponential)
        errors.append(float(projector_distance(orbit.beside(start, 3), W)))
    assert fitted_order(sizes, np.array(errors)) == pytest.approx(2, abs=0.05)


@BOTH
def test_in_the_plane_every_start_ends_in_the_orbit(exponential):
    C = np.diag([0.0, 1.0])
    angles = np.linspace(0.01, np.pi - 0.01, 200)
    W0 = np.stack([np.cos(angles), np.sin(angles)], axis=-1)[:, :, None]
    rates = [1.1, 1.25, 1.4, 1.5]
    assert steps_to_edge_orbit(C, W0, rates, within=1e-6, lasting=5, most=2000, exponential=exponential) < 2000


@BOTH
def test_steps_to_the_orbit_are_those_that_steps_take(exponential):
    random = np.random.default_rng(5)
    C, W0 = symmetric(SPECTRUM, random), orthonormal(7, 2, random, 3)
    rates = np.array([0.55, 0.65])
    needed = steps_to_edge_orbit(C, W0, rates, within=1e-4, lasting=4, most=3000, exponential=exponential)
    leading = np.linalg.eigh(C)[1][:, :2]

    def there(W, rate):
        squares = np.linalg.svd(W - leading @ (leading.T @ W), compute_uv=False) ** 2
        theta = np.arcsin(np.sqrt(squares))
        inverse = np.sinc(2 * theta / np.pi) if exponential else 1 - 2 * squares
        edges = rate * (np.array([1.0, 0.8]) - np.array([-1.0, -0.7]))
        return np.abs(np.maximum(edges, 1) * inverse - 1).max() <= 1e-4

    states = [(W, rate) for W in W0 for rate in rates]
    taken = []
    while taken[-4:] != [True] * 4:
        taken.append(all(there(W, rate) for W, rate in states))
        states = [(stepped(C, W, rate, exponential=exponential), rate) for W, rate in states]
    assert needed == len(taken) - 1


def test_starts_without_the_leading_direction_and_small_budgets_never_arrive():
    C = np.diag(SPECTRUM)
    run = {"within": 1e-3, "lasting": 2, "most": 300}
    assert steps_to_edge_orbit(C, np.eye(7)[:, 2:3], [0.65], **run) == np.inf
    W0 = orthonormal(7, 1, np.random.default_rng(0))
    assert steps_to_edge_orbit(C, W0, [0.65], **run) < 300
    assert steps_to_edge_orbit(C, W0, [0.65], **run | {"most": 3}) == np.inf


def beside(W0=((0.9,), (0.43588989435406744,)), steps=3, **rate):
    return EdgeOrbit(np.diag([0, 1.0]), 1, 1.1).beside(np.array(W0), steps, **rate)


def steps_of(learning_rate, **options):
    run = {"within": 1e-3, "lasting": 1, "most": 9}
    return steps_to_edge_orbit(np.diag([0, 1.0]), np.eye(2)[:, :1], [learning_rate], **run, **options)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: edge_angle([1.0, -2.0]), "edge must be positive; got -2"),
        (lambda: edge_angle(1.6, exponential=True), "at most π/2 for the exponential map; got 1.6"),
        (lambda: EdgeOrbit(np.eye(3), 3, 1.0), "z must be a whole number between 1 and d − 1 = 2; got 3"),
        (lambda: EdgeOrbit(np.eye(3), 1, 0.0), "learning_rate must be a positive number"),
        (
            lambda: EdgeOrbit(np.diag([0, 1.0]), 1, 1.6, exponential=True),
            "learning_rate times .* at most π/2 .* got 1.6",
        ),
        (lambda: EdgeOrbit(np.diag([0, 1.0]), 1, 1e200), "at most 1e.06 for QR and polar retraction; got 1e.200"),
        (lambda: EdgeOrbit(np.diag([-1e250, 0.0]), 1, 1e100), "at most 1e.06 for QR and polar retraction; got inf"),
        (lambda: beside(steps=1.5), "steps must be whole numbers; got 1.5"),
        (lambda: beside(steps=-3), "steps must not be negative; got -3"),
        (lambda: beside(rate=np.nan), "rate must be a positive number; got nan"),
        (lambda: beside(rate=np.inf), "rate must be a positive number; got inf"),
        (lambda: beside(rate="x"), "rate must be a positive number; got 'x'"),
        (lambda: beside(rate=1e200), "displacement from the orbit overflows float64"),
        (
            lambda: beside(W0=EdgeOrbit(np.diag([0, 1.0]), 1, 1.1).points()[0][::-1] * [[1], [-1]]),
            "W0 has no component",
        ),
        (lambda: EdgeOrbit(np.diag([0, 1.0]), 1, 1.1).beside(np.eye(2), 1), "W0 must have z = 1 columns; got 2"),
        (
            lambda: steps_to_edge_orbit(np.eye(2), np.eye(2)[:, :1], [], within=1e-3, lasting=1, most=9),
            "learning_rates must be a list of positive numbers",
        ),
        (lambda: steps_of(1e200), "learning_rates times .* at most 1e.06 for QR and polar retraction; got 1e.200"),
        (lambda: steps_of(5.0, exponential=True), "learning_rates times .* at most π/2 for the exponential map; got 5"),
        (
            lambda: steps_to_edge_orbit(np.eye(2), np.eye(2), [1.0], within=1e-3, lasting=1, most=9),
            "z must be a whole number between 1 and d − 1",
        ),
    ],
)
def test_bad_input_is_refused_in_a_line(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def data(n=40, d=7):
    random = np.random.default_rng(4)
    anchor = random.standard_normal((n, d)) * np.linspace(1.4, 0.4, d)
    return Triplets(anchor, anchor + 0.1 * random.standard_normal((n, d)), random.standard_normal((n, d)))


def test_starts_side_by_side_take_steps_of_their_own_size():
    start, rates = orthonormal(7, 2, np.random.default_rng(1), 3), [0.05, 0.1, 0.2]
    manifold = SideBySide(Grassmannian(), torch.tensor(rates, dtype=torch.float64) / 0.1)
    run = {"loss": "contrastive", "checkpoints": [0, 5]}
    together = train(data(), start, manifold=manifold, learning_rate=0.1, **run).weights
    for W, alone, rate in zip(together, start, rates, strict=True):
        expected = train(data(), alone[None], manifold=Grassmannian(), learning_rate=rate, **run).weights[0]
        np.testing.assert_allclose(W, expected, atol=1e-13)


def tables(monkeypatch, tmp_path, z, *, rate=1.0):
    """What the stages make of training at step sizes wrong by a factor."""
    write_arrays(tmp_path / "triplets.npz", vars(data()))
    names = ("triplets", "schedule", "trajectories", "solution")
    files = {name: [tmp_path / f"{name}.npz"] for name in names}

    def job(given):
        return Job(given, files, files, logging.getLogger("test"), "test")

    edge = EdgeOfStability(
        losses=["contrastive"], dimensions=[z], triplets=40, starts=2, step_sizes=[1.05, 1.2], most_steps=1000
    )
    labels = {"dataset_name": "d", "loss": "contrastive", "dimension": z}
    design(job(DesignSettings(root_seed=1, seeds=2, edge_of_stability=edge, **labels)))
    monkeypatch.setattr(
        training, "train", lambda *args, learning_rate, **run: train(*args, learning_rate=rate * learning_rate, **run)
    )
    training.simulate(job(TrainingSettings(loss="contrastive", device="cpu")))
    solve(job(SolveSettings(loss="contrastive")))
    found = {}
    monkeypatch.setattr(comparison, "write_tables", lambda _, __, made: found.update(made))
    comparison.compare(job(CompareSettings(**labels)))
    cell = {"dataset": "d", "loss": "contrastive", "dimension": z}
    return {name: table.assign(**cell) for name, table in found.items()}


def verdicts(made):
    return {claim.id: judge_rows(claim, {claim.own_table: made[claim.table]}) for claim in CLAIMS}


@pytest.mark.parametrize("z", [1, 2])
def test_claims_pass_in_training(monkeypatch, tmp_path, z):
    found = verdicts(tables(monkeypatch, tmp_path, z))
    assert {name: cell.verdict for name, cell in found.items()} == dict.fromkeys(found, "pass")
    assert found["beyond-edge-orbit"].resolves < 0.01
    assert found["beyond-edge-attracts"].resolves < 0.01


@pytest.mark.parametrize("rate", [0.99, 1.01])
def test_claims_fail_where_the_step_is_wrong_by_one_percent(monkeypatch, tmp_path, rate):
    found = verdicts(tables(monkeypatch, tmp_path, 1, rate=rate))
    failing = {name for name, cell in found.items() if cell.verdict == "fail"}
    assert failing >= {"beyond-edge-orbit", "beyond-edge-exponential", "beyond-edge-attracts"}


def test_period_fails_below_the_edge(monkeypatch, tmp_path):
    """There every step leads on, and two lead farther from where one was."""
    made = tables(monkeypatch, tmp_path, 1, rate=0.5)
    assert verdicts(made)["beyond-edge-period"].verdict == "fail"


def test_period_compares_with_two_steps_before_and_with_the_nearer_of_the_next_step_sizes():
    """Lines of one plane, at random angles: projectors are apart by the sine of the difference."""
    angles = np.random.default_rng(3).uniform(0, np.pi / 2, (5, 2, 4))  # two step sizes below the edge
    weights = np.stack([np.cos(angles), np.sin(angles)], axis=-1)[..., None]
    runs = Trajectories(weights=dict.fromkeys(("qr", "polar", "geodesic"), weights), beside={})
    plan = SimpleNamespace(start=np.zeros((2, 2, 1)), beyond=np.array([1.05, 1.1, 1.2]), steps={}, needed={})
    plan.steps = plan.needed = {"qr": 9, "geodesic": 9}
    made = comparison.period_table(runs, plan).query("retraction == 'geodesic'").set_index(["step", "seed"])
    for k, step in enumerate(plan.beyond):
        for seed in range(2):
            *_, two, one, last = angles[2 + k, seed]
            others = [angles[2 + other, seed, -3] for other in (k - 1, k + 1) if 0 <= other < 3]
            row = made.loc[(step, seed)]
            assert row["error"] * abs(np.sin(last - one)) == pytest.approx(abs(np.sin(last - two)), abs=1e-12)
            nearest = min(abs(np.sin(last - other)) for other in others)
            assert row["error_next"] * abs(np.sin(last - one)) == pytest.approx(nearest, abs=1e-12)


def test_where_the_budget_does_not_lead_to_the_orbit_claims_are_open(monkeypatch, tmp_path):
    made = tables(monkeypatch, tmp_path, 1)
    cut = {name: table.assign(needed=np.inf) if "needed" in table else table for name, table in made.items()}
    found = verdicts(cut)
    assert {name for name, cell in found.items() if cell.verdict == "open"} == set(found) - {"beyond-edge-attracts"}
    reason = found["beyond-edge-orbit"].claim.reason
    assert reason.startswith("spectrum and starts ask for more steps; edge_of_stability.most_steps ends the training")
