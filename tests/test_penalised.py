"""Training with a penalty in place of the constraint, and the claims on it."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from problems import judge_rows, orthonormal
from ssl_dynamics.analysis import fitted_order, log_excess_rank
from ssl_dynamics.claims.measures.rates import nearer_error
from ssl_dynamics.claims.measures.trajectories import difference
from ssl_dynamics.config import ConfigError, parse_config
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint import solve as solving
from ssl_dynamics.experiments.soft_constraint.claims import CLAIMS
from ssl_dynamics.experiments.soft_constraint.compare import soft_accuracy, soft_constraint
from ssl_dynamics.experiments.soft_constraint.compare.soft_accuracy import extrapolated_weights
from ssl_dynamics.experiments.soft_constraint.compare.soft_constraint import TWICE
from ssl_dynamics.experiments.soft_constraint.config import (
    CURVE_TIMES,
    CURVES,
    EVERY,
    LEFT,
    LIMIT_START,
    SETTLED,
    STABLE,
    STRONG,
    AccuracySettings,
    DesignSettings,
    SoftConstraint,
)
from ssl_dynamics.experiments.soft_constraint.design import Design, Trajectories
from ssl_dynamics.experiments.soft_constraint.measures import (
    rank_deviation,
    shift_of_least,
    surviving,
    time_of_least,
    trained_limits,
    weakest,
)
from ssl_dynamics.experiments.soft_constraint.solve import design, sides, solve
from ssl_dynamics.labelled import Labelled
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.settings import Settings
from ssl_dynamics.simulation.penalised import penalised_gradient, train_penalised
from ssl_dynamics.simulation.training import pairs
from ssl_dynamics.theory import grassmann_flow, penalised_gram, settling_times, soft_constraint_flow

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


def test_trained_weights_keep_a_distance_from_the_constrained_span_that_falls_as_one_over_the_penalty():
    """WWᵀ = P − PCP/β − PC(I − P)CP/β² − …, P onto the constrained span: half as far at twice the penalty."""
    C, start = form_of(data(), "contrastive"), starts(1)
    norm = np.linalg.norm(C, 2)
    betas, time = norm * np.array([50.0, 100.0]), 1 / norm  # e^{−4βt} is e^{−200}: nothing is left of the start
    counts = [500, 1000, 2000]  # steps of 0.2/β and less: what two extrapolations leave is below 1e−6
    grams = [
        W[:, 0, 0] @ W[:, 0, 0].mT
        for count in counts
        for W in [train_penalised(data(), start, "contrastive", betas, learning_rate=time / count, checkpoints=[count])]
    ]
    Q = np.linalg.qr(expm(-2 * time * C) @ start[0])[0]
    P = Q @ Q.T
    apart = P - sum(weight * gram for weight, gram in zip((1 / 3, -2, 8 / 3), grams, strict=True))
    distances = np.linalg.norm(apart, axis=(-2, -1))
    first, second = P @ C @ P, P @ C @ (np.eye(D) - P) @ C @ P
    bend = np.linalg.norm(second) / np.linalg.norm(first) / betas[0] + (norm / betas[0]) ** 2
    assert bend < 0.02
    assert distances[0] / distances[1] == pytest.approx(2, rel=bend)
    np.testing.assert_allclose(distances, np.linalg.norm(first) / betas, rtol=bend)
    # From both penalties the term of second order drops out; that of third order, (‖C‖/β)² of the first, is left.
    scaled = betas[:, None, None] * apart
    np.testing.assert_allclose(2 * scaled[1] - scaled[0], first, rtol=0, atol=1e-3 * norm)


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


SOFT = {"losses": ["contrastive"], "dimensions": [Z], "strengths": [1e-2, 1.5, 4.0], "finest_step": 0.01, "levels": 5}
SOFT |= {"checkpoints": 30, "transient": 4.0, "limit_steps": 2000}


def labelled(triplets):
    """Items of three classes, by their largest of three coordinates."""
    train, test = triplets.anchor, triplets.negative
    labels = [items[:, :3].argmax(1).astype(np.int64) for items in (train, test)]
    return {"train": train, "train_labels": labels[0], "test": test, "test_labels": labels[1]}


def tables(monkeypatch, tmp_path, *, penalty=1.0, rate=1.0, decay=1.0):
    """What the stages make of training with another penalty or decay, or at another rate, than told."""
    triplets = data()
    write_arrays(tmp_path / "quadratic_form.npz", {"C": form_of(triplets, "contrastive")})
    write_arrays(tmp_path / "triplets.npz", vars(triplets))
    write_arrays(tmp_path / "labelled.npz", labelled(triplets))
    names = ("schedule", "trajectories", "quadratic_form", "triplets", "solution", "labelled")
    files = {name: [tmp_path / f"{name}.npz"] for name in names}

    def job(settings):
        return Job(settings, files, files, logging.getLogger("test"), "test")

    cell = {"root_seed": 3, "seeds": SEEDS, "dataset_name": "d", "dimension": Z}
    design(job(DesignSettings(**cell, soft_constraint=SoftConstraint(**SOFT))))
    plan = Design.load(tmp_path / "schedule.npz")

    def train(strengths, eta, checkpoints, omega=0.0, size=1.0):
        return train_penalised(
            triplets,
            size * plan.start,
            "contrastive",
            penalty * strengths,
            decay=decay * omega,
            learning_rate=rate * float(eta),
            checkpoints=checkpoints,
        )

    weights = {
        level: train(plan.penalties, eta, plan.schedule.checkpoints(level))
        for level, eta in enumerate(plan.learning_rates)
    }
    limits = train(plan.limit_strengths, plan.limit_rate, [plan.limit_steps], plan.decay, LIMIT_START)[:, :, 0]
    Trajectories(weights, limits).save(tmp_path / "trajectories.npz")
    solve(job(Settings()))
    found = {}
    for module in (soft_constraint, soft_accuracy):
        monkeypatch.setattr(module, "write_tables", lambda _, __, made: found.update(made))
    soft_constraint.compare(job(Settings()))
    soft_accuracy.compare(job(AccuracySettings(dataset_name="d", loss="contrastive", dimension=Z, penalty=0.01)))
    return {name: table.assign(**CELL) for name, table in found.items()}


ORDERS = {"beyond-soft-order", "beyond-soft-order-2", "beyond-soft-order-3"}
FOLLOWING = {"beyond-soft-flow", *ORDERS, "beyond-transient-collapse", "beyond-transient-time"}
LIMITS = {"beyond-soft-limit", "beyond-soft-rank"}


@pytest.mark.parametrize(
    ("wrong", "failing", "passing"),
    [
        ({}, set(), {claim.id for claim in CLAIMS}),
        ({"rate": 1.05}, FOLLOWING | {"beyond-soft-span"}, LIMITS),
        ({"penalty": 1.05}, {*FOLLOWING, "beyond-soft-limit"}, {"beyond-soft-span"}),
        ({"decay": 1.1}, LIMITS, FOLLOWING),
    ],
)
def test_claims_pass_in_training_and_fail_where_the_theory_is_wrong(monkeypatch, tmp_path, wrong, failing, passing):
    made = tables(monkeypatch, tmp_path, **wrong)
    verdicts = {claim.id: judge_rows(claim, {claim.own_table: made[claim.table]}).verdict for claim in CLAIMS}
    assert {name for name in failing if verdicts[name] != "fail"} == set()
    assert {name for name in passing if verdicts[name] != "pass"} == set()


def test_time_of_the_least_rank_is_read_off_between_checkpoints():
    """Of parabolas exactly, of cosh to second order in the distance of checkpoints; at an end it is the end."""
    times = pd.Series(np.linspace(0, 2, 9) ** 2)
    assert time_of_least(times, 3 * (times - 1.3) ** 2) == pytest.approx(1.3, rel=1e-12)
    assert time_of_least(times, -times) == 4
    assert time_of_least(times, times) == 0
    assert np.isnan(time_of_least(times, times.where(times > 0)))
    errors = []
    for count in (40, 80, 160):
        even = pd.Series(np.linspace(0, 4, count + 1))
        errors.append(abs(time_of_least(even, np.cosh(even - 1.234) + 0.3 * (even - 1.234) ** 3) - 1.234))
    assert max(errors) < 4e-3
    assert errors[2] < errors[0] / 4
    rows = pd.DataFrame({"seed": [1] * 9 + [0] * 9, "time": [*times] * 2})
    rows["excess"] = [*(times - 1) ** 2, *(times - 2) ** 2]
    rows["predicted"] = [*(times - 1.4) ** 2, *(times - 2) ** 2]
    shift = shift_of_least(rows[::-1])
    assert shift(0).to_dict() == pytest.approx({1: 0.1, 0: 0}, abs=1e-12)
    assert shift(0.25)[0] == pytest.approx((2 - 2 / 1.25) / 4)
    assert shift(-0.2)[1] == pytest.approx((1.4 / 0.8 - 1) / 4)
    assert shift_of_least(rows, of="predicted")(0).to_dict() == pytest.approx({1: 0, 0: 0}, abs=1e-12)


def flow_of_weights(C, start, beta, times):
    """W(t) (S, T, d, z) of Ẇ = −2CW − 2βW(WᵀW − I), integrated seed by seed."""

    def velocity(_, flat):
        W = flat.reshape(D, Z)
        return (-2 * C @ W - 2 * beta * W @ (W.T @ W - np.eye(Z))).ravel()

    solved = [
        solve_ivp(velocity, (0, times[-1]), W.ravel(), method="DOP853", t_eval=times, rtol=1e-11, atol=1e-13).y.T
        for W in start
    ]
    return np.array(solved).reshape(len(start), -1, D, Z)


def test_curves_of_the_figure_are_at_their_penalties_and_times(monkeypatch, tmp_path):
    rows = tables(monkeypatch, tmp_path)["soft_rank"]
    rows, plan, C = rows[rows["excess"].isna()], Design.load(tmp_path / "schedule.npz"), form_of(data(), "contrastive")
    norm = np.abs(np.linalg.eigvalsh(C)).max()
    assert set(rows["strength"]) == {0.0, *CURVES, *SOFT["strengths"], np.inf}
    for strength, of_strength in rows.groupby("strength"):
        predicted = of_strength.pivot_table(index="seed", columns="time", values="predicted")
        times = predicted.columns.to_numpy()
        np.testing.assert_allclose(times[[0, -1]] * norm, CURVE_TIMES, rtol=1e-12)
        early = times[times * norm < 5]
        if strength in (0.0, np.inf):  # an orthonormal basis of the same span
            W = np.stack([expm(-2 * t * C) @ plan.start for t in early], 1)
            W = W if strength == 0 else np.linalg.qr(W)[0]
        else:
            W = flow_of_weights(C, plan.start, strength * norm, early)
        expected = log_excess_rank(np.log(np.linalg.svd(data().anchor @ W, compute_uv=False)))
        np.testing.assert_allclose(predicted.to_numpy()[:, : len(early)], expected, rtol=1e-5, atol=1e-6)


def test_strong_penalties_are_compared_with_both_terms_over_the_largest_first_one(monkeypatch, tmp_path):
    made = tables(monkeypatch, tmp_path)["soft_strong"]
    plan, C, X = Design.load(tmp_path / "schedule.npz"), form_of(data(), "contrastive"), data().anchor
    norm = np.abs(np.linalg.eigvalsh(C)).max()
    assert list(made["strength"].unique()) == list(STRONG)
    np.testing.assert_allclose(made["time"].unique()[[0, -1]], CURVE_TIMES, rtol=1e-12)
    for strength in STRONG:
        rows = made[(made["seed"] == 1) & (made["strength"] == strength)]
        beta, times = strength * norm, rows["time"].to_numpy() / norm
        Q = grassmann_flow(C, plan.start[1], times)
        P, F = Q @ Q.mT, soft_constraint_flow(C, plan.start[1], times, beta=beta)
        first, second = P @ C @ P / beta, P @ C @ (np.eye(D) - P) @ C @ P / beta**2
        expected = {
            "from_projector": F @ F.mT - P,
            "first_term": first,
            "from_first": F @ F.mT - P + first,
            "second_term": second,
            "error": F @ F.mT - P + first + second,
        }
        largest = np.linalg.norm(X @ first @ X.T, axis=(-2, -1)).max()
        for name, matrices in expected.items():
            found = np.linalg.norm(X @ matrices @ X.T, axis=(-2, -1)) / largest
            np.testing.assert_allclose(rows[name], found, rtol=1e-5, atol=3e-15 * strength)


def test_the_distance_from_the_constrained_flow_is_that_of_training_at_the_largest_penalty(monkeypatch, tmp_path):
    made = tables(monkeypatch, tmp_path)["soft_distance"]
    plan, C, X = Design.load(tmp_path / "schedule.npz"), form_of(data(), "contrastive"), data().anchor
    lam, times = np.linalg.eigvalsh(C), plan.schedule.times
    norm = np.abs(lam).max()
    beta = SOFT["strengths"][-1] * norm
    settled = np.exp(-4 * (beta - 1.01 * lam[-1]) * times) <= SETTLED
    assert 5 < settled.sum() < len(times) - 2
    finest = made[(made["extrapolations"] == 2) & (made["learning_rate"] == made["learning_rate"].min())]
    runs = list(Trajectories.load(tmp_path / "trajectories.npz").weights.values())[:3]
    combined = sum(weight * W[-1] @ W[-1].mT for weight, W in zip((8 / 3, -2, 1 / 3), runs, strict=True))
    for seed in range(SEEDS):
        rows = finest[finest["seed"] == seed]
        np.testing.assert_array_equal(rows["settled"], settled)
        Q = np.stack([np.linalg.qr(expm(-2 * t * C) @ plan.start[seed])[0] for t in times])
        P = Q @ Q.mT
        first = P @ C @ P / beta
        exact = {
            rate: Q @ np.linalg.inv(Q.mT @ np.linalg.inv(beta * np.eye(D) - rate * C) @ Q) @ Q.mT / beta
            for rate in (1.0, 0.99, 1.01)
        }
        expected = {"from_projector": P, "from_first": P - first, "error": exact[1.0]}
        expected |= {"error_slow": exact[0.99], "error_fast": exact[1.01]}
        largest = np.linalg.norm(X @ first @ X.T, axis=(-2, -1))[settled].max()
        for name, matrices in expected.items():
            found = np.linalg.norm(X @ (combined[seed] - matrices) @ X.T, axis=(-2, -1)) / largest
            np.testing.assert_allclose(rows[name], found, rtol=1e-5, atol=1e-9)
    # Neither the limit nor its first constant alone would do, and before it settles nothing would.
    of = finest.groupby("seed")
    assert finest[~finest["settled"]].groupby("seed")["error"].max().min() > 0.1
    assert finest[finest["settled"]].groupby("seed")["from_first"].max().min() > 2e-3
    assert of["from_projector"].max().min() > 0.5


@pytest.mark.parametrize("wrong", [0.99, 1.01])
def test_claim_on_strong_penalties_fails_where_the_constant_is_wrong_by_one_percent(monkeypatch, tmp_path, wrong):
    monkeypatch.setattr(solving, "penalised_gram", lambda C, Q, beta: penalised_gram(wrong * C, Q, beta=beta))
    made = tables(monkeypatch, tmp_path)["soft_distance"]
    (claim,) = (claim for claim in CLAIMS if claim.id == "beyond-soft-strong")
    assert judge_rows(claim, {claim.own_table: made}).claim.verdict == "fail"


@pytest.mark.parametrize("strengths", [[1e-3, 1e-2, 0.1], [1e-2, 1.5, 1.51]])
def test_a_penalty_that_does_not_settle_leaves_the_claim_on_strong_ones_open(monkeypatch, tmp_path, strengths):
    monkeypatch.setitem(SOFT, "strengths", strengths)
    if strengths[-1] > 1:
        monkeypatch.setattr(solving, "SETTLED", 1e-30)
    made = tables(monkeypatch, tmp_path)
    (claim,) = (claim for claim in CLAIMS if claim.id == "beyond-soft-strong")
    cell = judge_rows(claim, {claim.own_table: made["soft_distance"]})
    assert cell.verdict == "open"
    assert cell.claim.reason.startswith(f"β = {strengths[-1]:g}‖C‖, the largest penalty, does not settle")


def test_limits_are_given_time_for_the_growth_of_linear_steps(monkeypatch, tmp_path):
    tables(monkeypatch, tmp_path)
    plan, C = Design.load(tmp_path / "schedule.npz"), form_of(data(), "contrastive")
    settled = settling_times(
        C + plan.decay * np.eye(D), LIMIT_START * plan.start, beta=plan.limit_strengths, left=LEFT
    ).max()
    # The fastest direction grows by 1 + STABLE a step at most, and in the flow by e^STABLE.
    assert plan.needed_steps * plan.limit_rate >= settled * STABLE / np.log1p(STABLE)


def test_the_constraint_is_asked_at_the_times_of_the_penalty(monkeypatch, tmp_path):
    rows = tables(monkeypatch, tmp_path)["soft_accuracy"]
    plan, C = Design.load(tmp_path / "schedule.npz"), form_of(data(), "contrastive")
    items = Labelled(**labelled(data()))
    times = rows["time"].unique()
    np.testing.assert_allclose(times, plan.schedule.times[::EVERY])
    spans = np.linalg.qr(np.stack([expm(-2 * t * C) @ plan.start for t in times], 1))[0]
    for probe, accuracies in items.accuracies({"constrained": spans}, 0.01).items():
        assert np.ptp(accuracies["constrained"], axis=1).max() > 0.1
        for _, of_strength in rows[rows["probe"] == probe].groupby("strength"):
            found = of_strength.pivot_table(index="seed", columns="time", values="constrained").to_numpy()
            np.testing.assert_allclose(found, accuracies["constrained"], atol=1e-12)


@pytest.mark.parametrize(
    ("column", "rate"),
    [("predicted", 1), ("predicted_half", 0.5), ("predicted_slower", 0.9), ("predicted_faster", 1.1)],
)
def test_accuracies_are_predicted_at_the_rate_that_is_named(monkeypatch, tmp_path, column, rate):
    rows = tables(monkeypatch, tmp_path)["soft_accuracy"]
    plan, C = Design.load(tmp_path / "schedule.npz"), form_of(data(), "contrastive")
    items, times = Labelled(**labelled(data())), plan.schedule.times[::EVERY]
    differ = []
    for strength, of_strength in rows.groupby("strength"):
        W = flow_of_weights(C, plan.start, strength * plan.norm, rate * times)
        for probe, accuracies in items.accuracies({column: W}, 0.01).items():
            table = of_strength[of_strength["probe"] == probe]
            found = table.pivot_table(index="seed", columns="time", values=column).to_numpy()
            np.testing.assert_allclose(found, accuracies[column], atol=1e-12)
            differ.append((table[column] - table["predicted"]).abs().max())
    assert rate == 1 or max(differ) > 0.02


def test_decay_adds_its_gradient():
    W = torch.from_numpy(np.random.default_rng(1).standard_normal((len(BETAS), SEEDS, D, Z)))
    views, strengths = pairs(data(), "contrastive"), torch.from_numpy(BETAS)
    found = penalised_gradient(W, views, strengths, 0.7) - penalised_gradient(W, views, strengths)
    np.testing.assert_allclose(found, 1.4 * W, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("critical", "expected"),
    [
        ([1.0, 2.0], [0.95, 1.05, 2.1]),
        ([1.0, 1.02, 3.0], [0.95, 1.01, 1.071, 3.15]),  # half-way, where that is nearer
        ([1.0, 2.0, 2.02], [0.95, 1.05, 1.9, 2.01, 2.121]),
    ],
)
def test_penalties_lie_on_both_sides_of_each_critical_one(critical, expected):
    np.testing.assert_allclose(sides(np.array(critical)), expected, rtol=1e-12)


def limit_rows(**columns):
    rows = pd.DataFrame(
        {"seed": 0, "strength": [0.95, 0.95, 1.05, 1.05], "direction": [1, 2, 1, 2], "critical": [1.0, 1.3, 1.0, 1.3]}
    )
    return rows.assign(value=0.0, predicted=[0.0, 0.0, 0.2, 0.0], rank=[0, 0, 1, 1], **columns)


def test_a_direction_at_the_penalty_itself_does_not_count():
    rows = limit_rows().assign(strength=[1.0, 1.0, 1.3, 1.3])
    assert rank_deviation(rows)(0).tolist() == [0]


def test_ranks_are_counted_below_the_penalty():
    rows = limit_rows()
    assert rank_deviation(rows)(0).tolist() == [0]
    assert rank_deviation(rows)(0.06).tolist() == [1]
    assert rank_deviation(rows)(-0.06).tolist() == [1]
    assert nearer_error(rank_deviation, 0.04)(rows).tolist() == [0]
    assert nearer_error(rank_deviation, 0.1)(rows).tolist() == [1]
    assert rank_deviation(rows.assign(rank=2))(0).tolist() == [2]


def test_only_penalties_that_leave_a_direction_tell_of_its_size():
    assert set(surviving(lambda rows: rows["strength"])(limit_rows())) == {1.05}
    curves = pd.concat([limit_rows(), limit_rows().assign(value=np.nan)])
    assert len(trained_limits(lambda rows: rows)(curves)) == 4


def test_weights_are_extrapolated_up_to_a_rotation_of_the_outputs():
    random = np.random.default_rng(2)
    exact, first, second = (random.standard_normal((3, D, Z)) for _ in range(3))

    def at(step):  # a Gram matrix with an error of orders one and two, in factors turned at random
        W = exact + step * first + step**2 * second
        return W @ orthonormal(Z, Z, random, 3)

    F = extrapolated_weights([at(1e-3), at(2e-3), at(4e-3)])
    np.testing.assert_allclose(F @ F.mT, exact @ exact.mT, atol=2e-6)
    assert np.abs(at(1e-3) @ at(1e-3).mT - exact @ exact.mT).max() > 1e-3


def test_accuracy_needs_what_it_reads():
    values = yaml.safe_load((Path(__file__).parents[1] / "config/quick.yaml").read_text(encoding="utf-8"))
    del values["soft_constraint"]
    with pytest.raises(ConfigError, match="soft_accuracy needs the key `soft_constraint`"):
        parse_config(values, "test")


def test_extrapolation_weights_are_those_of_the_coarsest_first():
    np.testing.assert_allclose(TWICE, [1 / 3, -2, 8 / 3])


@pytest.mark.parametrize(
    ("name", "key", "value"), [("soft_constraint", "strengths", [0.01, 1, 0.5]), ("mini_batch", "batches", [32, 16])]
)
def test_lists_that_are_to_increase_must(name, key, value):
    values = yaml.safe_load((Path(__file__).parents[1] / "config/quick.yaml").read_text(encoding="utf-8"))
    with pytest.raises(ConfigError, match=f"{name}.{key}: .* must increase"):
        parse_config(values | {name: values[name] | {key: value}}, "test")
