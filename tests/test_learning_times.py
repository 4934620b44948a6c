"""Learning times: where training is looked at, and what of a curve that bends is found there."""

import logging
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems import orthonormal, symmetric
from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.learning_times.compare import acquisition_table
from ssl_dynamics.experiments.learning_times.config import AROUND, LearningTimes, SolveSettings
from ssl_dynamics.experiments.learning_times.design import Design, Solution, Trajectory
from ssl_dynamics.experiments.learning_times.simulate import simulate
from ssl_dynamics.experiments.learning_times.solve import checkpoints, solve
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.shared_files import Starts
from ssl_dynamics.theory import grassmann_flow, leading_eigenspace, learning_times

COUNT = 40
EIGENVALUES = np.array([-3.0, -2.9, -1.5, -1.4, -0.2, -0.1, 0.3, 1.0, 1.5, 3.0])
Z = 4


def planned(C, start, *, count=COUNT):
    predicted = learning_times(C, start)
    times, kept = checkpoints(predicted, 1.1 * float(np.nanmax(predicted)), count)
    return Design(start, 0.1, times, kept), Solution(leading_eigenspace(C, Z), predicted)


def largest_error(plan, solution, W):
    """Of measured over predicted times, of weights at the checkpoints that seeds keep."""
    rows = acquisition_table(Trajectory(W), plan, solution)
    assert rows["measured"].isna().equals(rows["predicted"].isna())
    return (rows["measured"] / rows["predicted"] - 1).abs().max()


def solved(C, plan, *, speed=1.0):
    """The closed form at the checkpoints, in place of a training at that speed."""
    all_times = grassmann_flow(C, plan.start, speed * plan.times)
    return np.stack([W[kept] for W, kept in zip(all_times, plan.kept, strict=True)])


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans())
def test_every_seed_keeps_what_is_around_its_own_times_and_what_all_keep(seed, z, gaps):
    random = np.random.default_rng(seed)
    predicted = np.exp(2 * random.standard_normal((5, z)))
    if gaps:
        predicted[random.random((5, z)) < 0.5] = np.nan
    end = 1.1 * np.nanmax(predicted, initial=1.0)
    times, kept = checkpoints(predicted, end, COUNT)
    assert (np.diff(times) > 0).all()
    assert (times[0], times[-1]) == (0, pytest.approx(end, rel=1e-12))
    assert (np.diff(kept, axis=1) > 0).all()
    shared = set.intersection(*map(set, kept.tolist()))
    assert len(shared) >= COUNT + 1
    assert np.diff(np.log(times[sorted(shared)][1:])).max() < 1.01 * np.log(end / times[1]) / (COUNT - 1)
    for own, at in zip(predicted, times[kept], strict=True):
        for t in own[np.isfinite(own)]:
            after = np.searchsorted(at, t)
            assert (np.abs(at[after - 1 : after + 1] / t - 1) < AROUND * (1 + 1e-9)).all()


def test_times_after_the_end_are_not_looked_at():
    times, kept = checkpoints(np.array([[1.0, 9.0]]), 2.0, COUNT)
    assert times[-1] == pytest.approx(2)
    assert kept.shape == (1, COUNT + 3)


def test_times_of_the_closed_form_are_found_where_log_odds_bend():
    """Of starts at random, and of one a hundred times nearer to a saddle, whose curves have corners."""
    random = np.random.default_rng(3)
    C = symmetric(EIGENVALUES, random)
    start = orthonormal(len(C), Z, random, 30)
    V = np.linalg.eigh(C)[1]
    start[0] = np.linalg.qr(start[0] - 0.99 * V[:, :1] @ V[:, :1].T @ start[0])[0]
    plan, solution = planned(C, start)
    assert largest_error(plan, solution, solved(C, plan)) < 1e-4
    common = np.broadcast_to(sorted(set.intersection(*map(set, plan.kept.tolist()))), (30, COUNT + 1))
    sparse = Design(start, 0.1, plan.times, common)
    assert largest_error(sparse, solution, solved(C, sparse)) > 0.0025


@pytest.mark.parametrize("speed", [0.996, 1.004])
def test_a_time_that_is_off_is_not_drawn_to_the_predicted_one(speed):
    random = np.random.default_rng(4)
    C = symmetric(EIGENVALUES, random)
    plan, solution = planned(C, orthonormal(len(C), Z, random, 8))
    assert largest_error(plan, solution, solved(C, plan, speed=speed)) > 0.003


def test_trained_times_are_as_predicted(tmp_path):
    random = np.random.default_rng(5)
    C, n = symmetric(EIGENVALUES, random), 30
    anchor = orthonormal(n, len(C), random) * np.sqrt(n)
    triplets = Triplets(anchor, -anchor @ C / 2, anchor @ C / 2)  # of which C is the contrastive form
    inputs = {name: [tmp_path / f"{name}.npz"] for name in ("quadratic_form", "schedule", "triplets", "plan")}
    outputs = {name: [tmp_path / f"{name}.npz"] for name in ("plan", "solution", "trajectory")}
    write_arrays(tmp_path / "quadratic_form.npz", {"C": C})
    write_arrays(tmp_path / "triplets.npz", asdict(triplets))
    start = orthonormal(len(C), Z, random, 5)
    Starts(start, np.array([0.1]), np.array([1]), 1).save(tmp_path / "schedule.npz")
    asked = LearningTimes(losses=["contrastive"], dimensions=[Z], step=0.4, checkpoints=COUNT, max_steps=1000)
    solve(Job(SolveSettings(learning_times=asked), inputs, outputs, logging.getLogger(), "x"))
    simulate(Job(TrainingSettings(loss="contrastive", device="cpu"), inputs, outputs, logging.getLogger(), "x"))
    plan, solution = Design.load(tmp_path / "plan.npz"), Solution.load(tmp_path / "solution.npz")
    W = Trajectory.load(tmp_path / "trajectory.npz").weights
    assert W.shape == (5, plan.kept.shape[1], len(C), Z)
    assert largest_error(plan, solution, W) < 1e-3
