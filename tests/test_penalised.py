"""Training with a penalty in place of the constraint, and the claims on it."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from problems import judge_rows, orthonormal
from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.measures.trajectories import difference
from ssl_dynamics.config import ConfigError, parse_config
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint import compare as comparison
from ssl_dynamics.experiments.soft_constraint.claims import CLAIMS
from ssl_dynamics.experiments.soft_constraint.compare import TWICE
from ssl_dynamics.experiments.soft_constraint.design import Design, Solution, Trajectories
from ssl_dynamics.experiments.soft_constraint.measures import weakest
from ssl_dynamics.experiments.soft_constraint.solve import solve
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.settings import Settings
from ssl_dynamics.simulation.penalised import penalised_gradient, train_penalised
from ssl_dynamics.simulation.training import pairs
from ssl_dynamics.theory import soft_constraint_flow

D, Z, SEEDS = 6, 2, 3
BETAS = np.array([0.0, 0.02, 1.0, 5.0])
CELL = {"dataset": "d", "loss": "contrastive", "dimension": Z}


def data(seed=0, n=40):
    random = np.random.default_rng(seed)
    anchor = random.standard_normal((n, D)) * np.linspace(1.2, 0.3, D)
    return Triplets(anchor, anchor + 0.1 * random.standard_normal((n, D)), random.standard_normal((n, D)))


def starts(*lead):
    return orthonormal(D, Z, np.random.default_rng(7), *lead)


def trained(steps, *, end=1.0, start=None, loss="contrastive"):
    start = starts(SEEDS) if start is None else start
    return train_penalised(data(), start, loss, BETAS, learning_rate=end / steps, checkpoints=[0, steps // 2, steps])


@pytest.mark.parametrize("loss", ["contrastive", "non-contrastive"])
def test_gradient_is_that_of_the_form_and_of_the_penalty(loss):
    W = torch.from_numpy(np.random.default_rng(1).standard_normal((len(BETAS), SEEDS, D, Z)))
    found = penalised_gradient(W, pairs(data(), loss), torch.from_numpy(BETAS)).numpy()
    W = W.numpy()
    expected = 2 * form_of(data(), loss) @ W + 2 * BETAS[:, None, None, None] * (W @ W.mT @ W - W)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("scale", [1.0, 0.4])  # a start that is not orthonormal too
def test_training_follows_the_closed_form_at_every_penalty_at_order_one(scale):
    C, start = form_of(data(), "contrastive"), scale * starts(SEEDS)
    F = soft_constraint_flow(C, start, [0, 0.5, 1], beta=BETAS)
    steps = np.array([200, 400, 800])
    runs = [trained(int(count), start=start) for count in steps]
    errors = np.array([np.linalg.norm(W @ W.mT - F @ F.mT, axis=(-2, -1)).max((1, 2)) for W in runs])
    for of_penalty in errors.T:
        assert fitted_order(1 / steps, of_penalty) == pytest.approx(1, abs=0.05)


def test_penalties_and_seeds_are_trained_apart():
    start = starts(SEEDS)
    together = trained(40, start=start)
    for b, beta in enumerate(BETAS):
        alone = train_penalised(
            data(), start[1:2], "contrastive", [beta], learning_rate=1 / 40, checkpoints=[0, 20, 40]
        )
        np.testing.assert_allclose(together[b, 1], alone[0, 0], rtol=1e-12, atol=1e-14)
    assert (together[:, :, 0] == start).all()


def test_steps_that_are_too_large_are_told():
    with pytest.raises(FloatingPointError, match=r"not finite after step 60: learning rate 3"):
        train_penalised(data(), starts(1), "contrastive", BETAS, learning_rate=3.0, checkpoints=[60])


def curves(times, values, strength=0.1, **other):
    rows = [
        {"seed": seed, "time": t, "strength": strength, "excess": e, "predicted": e, **CELL}
        for seed in range(2)
        for t, e in zip(times, values, strict=True)
    ]
    return pd.DataFrame(rows).assign(**other)


def test_weakest_penalty_is_that_of_what_was_trained():
    rows = pd.concat(
        [
            curves([0, 1], [0.5, 0.7], strength=0.1, predicted=0.6),
            curves([0, 1], [0.5, 9.0], strength=1.0, predicted=0.6),
            curves([0, 1], [0.0, 0.0], strength=0.0, excess=np.nan),
        ]
    )
    np.testing.assert_allclose(weakest(difference("excess", "predicted"))(rows), 0.1, rtol=1e-12)


def tables(monkeypatch, tmp_path, *, penalty=1.0, rate=1.0):
    """What the stages `solve` and `compare` make of training with another penalty, or at another rate, than told."""
    triplets = data()
    C = form_of(triplets, "contrastive")
    norm = float(np.linalg.norm(C, 2))
    strengths = norm * np.array([1e-2, 1.5, 4.0])
    rates = 0.02 / (5 * norm) * 2.0 ** np.arange(3)
    coarse = np.unique(np.rint(6 / norm / rates[-1] * np.linspace(0, 1, 40) ** 2).astype(np.int64))
    plan = Design(starts(SEEDS), strengths, norm, rates, coarse)
    plan.save(tmp_path / "schedule.npz")
    weights = {
        level: train_penalised(
            triplets,
            plan.start,
            "contrastive",
            penalty * strengths,
            learning_rate=rate * float(eta),
            checkpoints=plan.schedule.checkpoints(level),
        )
        for level, eta in enumerate(rates)
    }
    Trajectories(weights).save(tmp_path / "trajectories.npz")
    write_arrays(tmp_path / "quadratic_form.npz", {"C": C})
    write_arrays(tmp_path / "triplets.npz", vars(triplets))
    names = ("schedule", "trajectories", "quadratic_form", "triplets", "solution")
    files = {name: [tmp_path / f"{name}.npz"] for name in names}
    job = Job(Settings(), files, files, logging.getLogger("test"), "test")
    solve(job)
    found = {}
    monkeypatch.setattr(comparison, "write_tables", lambda _, __, made: found.update(made))
    comparison.compare(job)
    assert Solution.load(tmp_path / "solution.npz").curves.shape[1] == SEEDS
    return {name: table.assign(**CELL) for name, table in found.items()}


FOLLOWING = {"beyond-soft-flow", "beyond-soft-order", "beyond-transient-collapse"}


@pytest.mark.parametrize(
    ("wrong", "failing", "passing"),
    [
        ({}, set(), {claim.id for claim in CLAIMS}),
        ({"rate": 1.05}, FOLLOWING | {"beyond-soft-span"}, set()),
        ({"penalty": 1.05}, FOLLOWING, {"beyond-soft-span"}),
    ],
)
def test_claims_pass_in_training_and_fail_where_the_theory_is_wrong_by_five_percent(
    monkeypatch, tmp_path, wrong, failing, passing
):
    made = tables(monkeypatch, tmp_path, **wrong)
    verdicts = {claim.id: judge_rows(claim, {claim.own_table: made[claim.table]}).verdict for claim in CLAIMS}
    assert {name for name in failing if verdicts[name] != "fail"} == set()
    assert {name for name in passing if verdicts[name] != "pass"} == set()


def test_extrapolation_weights_are_those_of_the_coarsest_first():
    np.testing.assert_allclose(TWICE, [1 / 3, -2, 8 / 3])


@pytest.mark.parametrize(
    ("name", "key", "value"), [("soft_constraint", "strengths", [0.01, 1, 0.5]), ("mini_batch", "batches", [32, 16])]
)
def test_lists_that_are_to_increase_must(name, key, value):
    values = yaml.safe_load((Path(__file__).parents[1] / "config/quick.yaml").read_text(encoding="utf-8"))
    with pytest.raises(ConfigError, match=f"{name}.{key}: .* must increase"):
        parse_config(values | {name: values[name] | {key: value}}, "test")
