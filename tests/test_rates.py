"""Theories whose rate is wrong: what measures say of them, and that claims notice them."""

import numpy as np
import pandas as pd
import pytest

from problems import judge_rows, orthonormal, symmetric
from ssl_dynamics.analysis import leading_order
from ssl_dynamics.claims.measures.rates import (
    alternating,
    at_error,
    decided_over,
    divided,
    multiplied,
    nearer_error,
    nearer_rate,
    of_the_mean,
    proportional,
    scaled,
)
from ssl_dynamics.claims.measures.trajectories import (
    errors_by_rate,
    farthest,
    largest_error,
    largest_of,
    largest_over,
    order_of_errors,
    relative_error,
)
from ssl_dynamics.experiments.dynamics.claims import CLAIMS
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.tables import projector_table
from ssl_dynamics.theory import grassmann_flow

CELL = {"dataset": "d", "loss": "contrastive", "dimension": 2}


def claim(name):
    return next(claim for claim in CLAIMS if claim.id == name)


@pytest.mark.parametrize(("values", "nearer"), [((2.0, 3.0), 2.0), ((3.0, 2.0), 2.0), ((-5.0, 4.0), 4.0)])
def test_the_nearer_of_two_wrong_rates_counts(values, nearer):
    rows = pd.DataFrame({"seed": [0], "error_slow": values[0], "error_fast": values[1]})
    assert nearer_rate(largest_error, "error")(rows)[0] == nearer
    centred = nearer_rate(largest_error, "error", centre=3.0)(rows)[0]
    assert centred == min(values, key=lambda value: abs(value - 3))
    assert np.isnan(nearer_rate(largest_error, "error")(rows.assign(error_fast=np.nan))[0])


@pytest.mark.parametrize("seed", range(20))
def test_distance_from_a_wrong_theory_is_at_least_what_the_controls_say(seed):
    """For any difference E as trained and any D by which a wrong rate moves the prediction."""
    random = np.random.default_rng(seed)
    E, D = random.normal(size=(2, 5)) * 10.0 ** random.uniform(-3, 0, size=(2, 1))
    columns = {"error": np.linalg.norm(E)}
    columns |= {f"error_{name}": np.linalg.norm(E - (rate - 1) * D) for name, rate in NEAR_RATES.items()}
    rows = pd.DataFrame({"seed": [0], **columns})
    wrong = proportional(largest_error, "error")(rows)
    for error in (-0.3, -0.01, -0.001, 0.002, 0.01, 0.5):
        assert wrong(error)[0] <= np.linalg.norm(E - error * D) * (1 + 1e-9)
    for name, rate in NEAR_RATES.items():
        assert wrong(rate - 1)[0] == pytest.approx(columns[f"error_{name}"])


def test_order_of_a_wrong_theory_has_errors_that_add_up_and_cancel_in_turn():
    steps = np.array([1.0, 2.0, 4.0])
    rows = pd.DataFrame({"seed": [0] * 3 + [1] * 3, "time": 1.0, "learning_rate": [*steps] * 2, "error": [*steps] * 2})
    rows = rows.assign(error_slower=30.0, error_faster=50.0)
    wrong = alternating(errors_by_rate, order_of_errors, "error", rates=FAR_RATES)(rows)
    expected = [float(leading_order(steps, of_both)) for of_both in (steps + 40, 40 - steps)]  # off by 10 %
    assert wrong(0.1).tolist() == pytest.approx(expected)
    assert wrong(-0.1).tolist() == pytest.approx(expected[::-1])
    assert wrong(0.0)[0] == pytest.approx(leading_order(steps, steps)) == pytest.approx(1)


def test_scaled_predictions():
    rows = pd.DataFrame({"seed": [0, 1], "slope": [2.0, 2.0], "predicted": [2.0, 2.2]})
    wrong = scaled(relative_error("slope", "predicted"), "predicted")(rows)
    np.testing.assert_allclose(wrong(0.25), [0.2, abs(2 / 2.75 - 1)])


def test_ratios_to_a_prediction_and_measures_with_a_rate_as_factor():
    rows = pd.DataFrame({"seed": [0, 1], "error": [2.0, 3.0]})
    assert divided(largest_error("error"))(rows)(0.25).tolist() == [1.6, 2.4]
    assert multiplied(largest_error("error"))(rows)(0.25).tolist() == [2.5, 3.75]
    assert at_error(multiplied(largest_error("error")), -0.5)(rows).tolist() == [1.0, 1.5]


def test_nearer_of_a_theory_too_large_and_one_too_small():
    rows = pd.DataFrame({"seed": [0, 1, 2], "error": [1.0, 1.2, 0.9]})
    nearer = nearer_error(multiplied(largest_error("error")), 0.25, centre=1)
    assert nearer(rows).tolist() == [0.75, 0.75 * 1.2, 0.9 * 1.25]
    assert nearer_error(divided(largest_error("error")), 0.25, centre=1)(rows)[0] == 0.8
    assert np.isnan(nearer(rows.assign(error=np.nan))).all()


def test_mean_over_the_seeds_of_a_theory_that_is_wrong():
    rows = pd.DataFrame({"seed": [0, 1], "error": [1.0, 3.0]})
    wrong = of_the_mean(multiplied(largest_error("error")))
    assert wrong(rows)(0.5).tolist() == [3.0, 3.0]
    assert np.isnan(wrong(rows.assign(error=[1.0, np.nan]))(0.5)).all()


def test_a_wrong_theory_may_be_decided_by_other_rows_than_the_right_one():
    rows = pd.DataFrame({"seed": [0, 1, 0, 1], "net": ["a", "a", "b", "b"], "error": [0.9, 0.9, 1.05, 1.25]})
    wrong = decided_over("net", farthest(1), divided(largest_error("error")))(rows)
    assert wrong(0.0).tolist() == [1.05, 1.25]
    assert wrong(0.25).tolist() == [0.72, 0.72]
    largest = at_error(decided_over("net", largest_of, divided(largest_error("error"))))
    assert largest(rows).tolist() == largest_over("net", largest_error("error"))(rows).tolist() == [1.05, 1.25]


SEEDS, STEPS = 3, 0.004 * np.array([1, 2, 4, 8, 16])
TIMES = np.linspace(0, 8 * 0.064 * 4, 9)


@pytest.fixture(scope="module")
def training():
    """Riemannian steps at five step sizes, C and W(0)."""
    random = np.random.default_rng(3)
    C = symmetric(np.array([-1.0, -0.8, -0.3, 0.0, 0.2, 0.4]), random)
    start = orthonormal(6, 2, random, SEEDS)
    trained = []
    for step in STEPS:
        W, path = start, [start]
        for _ in TIMES[1:]:
            for _ in range(round(TIMES[1] / step)):
                W = np.linalg.qr(W - 2 * step * (C @ W - W @ (W.mT @ C @ W)))[0]
            path.append(W)
        trained.append(np.stack(path, axis=1))
    return C, start, trained


def tables(training, rate=1.0):
    """As the experiment has them, with the theory at a rate that is wrong by a factor."""
    C, start, trained = training
    wrong = {name: grassmann_flow(C, start, rate * by * TIMES) for name, by in (NEAR_RATES | FAR_RATES).items()}
    table = projector_table(trained, grassmann_flow(C, start, rate * TIMES), wrong, TIMES, STEPS)
    return {("grassmannian", "errors"): table.assign(**CELL)}


@pytest.mark.parametrize("name", ["A3-order-1", "A3-order-2", "A3-order-3", "A3-error-1", "A3-error-2"])
def test_right_theory_passes_and_one_wrong_by_the_resolving_power_does_not(training, name):
    cell = judge_rows(claim(name), tables(training))
    assert cell.verdict == "pass"
    assert cell.control.verdict == "fail"
    assert 1e-6 < cell.resolves < 0.02
    error = 1.02 * cell.resolves
    for sign in (-1, 1):
        assert judge_rows(claim(name), tables(training, 1 + sign * error)).claim.verdict == "fail"
