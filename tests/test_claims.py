import dataclasses
import json
import re
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import latex2mathml.converter
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from problems import judge_rows
from ssl_dynamics import experiments
from ssl_dynamics.analysis import mean_interval
from ssl_dynamics.catalogue import EXPERIMENTS, FIGURES, TABLES
from ssl_dynamics.claims.changes import CHANGES, KINDS, register
from ssl_dynamics.claims.measures import collapse
from ssl_dynamics.claims.measures import trajectories as measures
from ssl_dynamics.claims.measures.rates import at_error, divided
from ssl_dynamics.claims.resolving import SMALLEST, resolving_power
from ssl_dynamics.claims.verdict import (
    Claim,
    Control,
    Criterion,
    closest_to_failing,
    judge,
    judge_claim,
    judge_control,
)
from ssl_dynamics.experiments.kernel.measures import change_by_decay
from ssl_dynamics.experiments.learning_times.measures import learning_time_error
from ssl_dynamics.problem.levels import COLLAPSE_TIME
from ssl_dynamics.registry import CLAIMS, GROUPS, STATED_IN
from ssl_dynamics.report.formatting import resolves, typeset
from ssl_dynamics.report.parts import PARTS
from ssl_dynamics.report.stages.claims import corrected
from ssl_dynamics.unsettled import Unsettled


@pytest.mark.parametrize(
    ("operator", "threshold", "good", "bad"),
    [
        ("<=", 1.0, [1.0, -5.0], [1.0 + 1e-12, np.inf, np.nan]),
        (">=", 1.0, [1.0, 5.0], [1.0 - 1e-12, -np.inf, np.nan]),
        ("within", (0.95, 1.05), [0.95, 1.0, 1.05], [0.94, 1.06, np.nan, np.inf, -np.inf]),
    ],
)
def test_criteria(operator, threshold, good, bad):
    criterion = Criterion(operator, threshold)
    assert all(criterion.margin(value) >= 0 for value in good)
    assert all(criterion.margin(value) < 0 for value in bad)


@pytest.mark.parametrize(
    ("band", "verdict"),
    [((0.8, 1.2), "pass"), ((0.99, 1.01), "open"), ((1.1, 1.3), "open"), ((1.5, 2.0), "fail"), ((0.0, 0.5), "fail")],
)
def test_mean_passes_with_its_whole_interval_and_is_open_where_it_reaches_over_a_bound(band, verdict):
    spread = np.array([0.9, 1.1, 0.91, 1.09])  # 1 ± 0.17
    judged = judge(spread, "mean", Criterion("within", band))
    assert judged.value == pytest.approx(1)
    assert (judged.low, judged.high) == pytest.approx(mean_interval(spread))
    assert judged.verdict == verdict
    assert bool(judged.reason) == (verdict == "open")


@pytest.mark.parametrize(
    ("statistic", "criterion", "values", "verdict"),
    [
        ("largest", Criterion("<=", 1.0), [0.5, 0.9, 1.0], "pass"),
        ("largest", Criterion("<=", 1.0), [0.5, 0.9, 1.1], "fail"),
        ("smallest", Criterion(">=", 1.0), [1.5, 1.0], "pass"),
        ("smallest", Criterion(">=", 1.0), [1.5, 0.9], "fail"),
    ],
)
def test_extreme_passes_if_every_seed_does_and_shows_their_range(statistic, criterion, values, verdict):
    judged = judge(np.array(values), statistic, criterion)
    assert judged.verdict == verdict
    assert (judged.low, judged.high) == (min(values), max(values))
    assert judged.value == (max if statistic == "largest" else min)(values)
    met = len(values) if verdict == "pass" else len(values) - 1
    assert (judged.met, judged.seeds) == (met, len(values))
    assert judged.least_probability == pytest.approx(stats.beta.ppf(0.05, met, len(values) - met + 1))


@pytest.mark.parametrize(("threshold", "operator"), [(1.3, "<="), (0.7, ">="), ((0.7, 1.3), "within")])
def test_p_value_of_a_mean_is_that_of_two_one_sided_tests(threshold, operator):
    values = np.array([0.9, 1.1, 1.05, 1.0, 0.97])
    p = {
        side: stats.ttest_1samp(values, bound, alternative=side).pvalue
        for side, bound in (("less", 1.3), ("greater", 0.7))
    }
    expected = {"<=": p["less"], ">=": p["greater"], "within": max(p.values())}[operator]
    assert judge(values, "mean", Criterion(operator, threshold)).p == pytest.approx(expected)


def test_passing_mean_has_a_p_value_of_at_most_a_fortieth():
    """A two-sided 95 % interval within a band rejects either bound at 2.5 %."""
    random = np.random.default_rng(0)
    for _ in range(50):
        judged = judge(random.normal(0, 0.3, size=5), "mean", Criterion("within", (-0.5, 0.5)))
        assert (judged.verdict == "pass") == (judged.p <= 0.025)


def test_mean_of_one_seed_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        judge(np.array([1.0]), "mean", Criterion("<=", 2.0))


@pytest.mark.parametrize(("statistic", "value"), [("mean", 0.5), ("largest", 2.0), ("smallest", -1.0)])
def test_statistic_is_that_of_all_seeds(statistic, value):
    per_seed = np.array([0.5] * 18 + [2.0, -1.0])
    assert judge(per_seed, statistic, Criterion("<=", 9.0)).value == pytest.approx(value)


def test_number_of_seeds_that_meet_a_criterion_is_one_that_json_knows():
    judged = judge(np.array([0.5, 2.0]), "largest", Criterion("<=", 1.0))
    assert json.dumps([judged.met, judged.seeds]) == "[1, 2]"


@pytest.mark.parametrize("per_seed", [np.array([]), np.array([1.0, np.nan]), np.array([1.0, np.inf])])
def test_nothing_measured_or_not_finite_fails(per_seed):
    assert judge(per_seed, "mean", Criterion("<=", 1e9)).verdict == "fail"


@pytest.mark.parametrize(
    ("values", "verdict"), [([2.0, 3.0], "fail"), ([0.5, 3.0], "pass"), ([2.0, np.nan], "pass"), ([], "pass")]
)
def test_control_must_fail_on_its_best_seed(values, verdict):
    control = judge_control(np.array(values), Criterion("<=", 1.0))
    assert (control.verdict, control.seeds) == (verdict, len(values))
    if np.isfinite(values).all() and len(values):
        assert control.value == min(values)


@pytest.mark.parametrize(
    ("values", "by_theory", "expected"),
    [
        ([0.5, 3.0, 2.0, 4.0], [0.6, 3.0, 2.0, 4.0], (2.0, 3, "fail")),  # of the first seed theory says as much
        ([0.5, 3.0, 2.0, 4.0], [1.1, 3.0, 2.0, 4.0], (0.5, 4, "pass")),  # not of this one: the control is broken
        ([0.5, 0.6, 2.0, 4.0], [0.5, 1.0, 2.0, 4.0], (2.0, 2, "fail")),
        ([0.5, 3.0], [0.6, np.nan], (3.0, 1, "fail")),  # nothing is said of it: it stays
    ],
)
def test_control_is_judged_on_the_seeds_that_can_tell_it(values, by_theory, expected):
    control = judge_control(np.array(values), Criterion("<=", 1.0), np.array(by_theory))
    assert (control.value, control.seeds, control.verdict) == expected


def test_draw_in_which_most_seeds_cannot_tell_the_control_is_open():
    values, by_theory = np.array([0.5, 0.6, 0.7, 4.0]), np.array([0.5, 0.6, 0.7, 4.0])
    with pytest.raises(Unsettled, match=r"of 3 of 4 seeds theory says the same of the control, 0\.5: this draw tells"):
        judge_control(values, Criterion("<=", 1.0), by_theory)
    claim = dataclasses.replace(
        make_claim(), control=Control("", measures.largest_error("control"), theory=measures.largest_error("value"))
    )
    assert judge_table(claim, table([0.5, 0.9], [0.5, 3.0])).verdict == "open"
    told = judge_table(claim, table([0.5, 1.1], [0.5, 3.0]))
    assert (told.control.value, told.control.seeds, told.verdict) == (3.0, 1, "fail")  # by the claim itself


def test_what_a_draw_cannot_settle_is_open_with_its_reason():
    for change in ({"measure": unsettled}, {"control": Control("", unsettled)}):
        cell = judge_table(dataclasses.replace(make_claim(), **change), table([0.5, 0.9], [2.0, 3.0]))
        assert (cell.verdict, cell.claim.reason) == ("open", "no width is large enough")
    fails, passes = judged([0.5, 1.1], [2.0, 3.0]), judged([0.5, 0.9], [2.0, 3.0])
    assert closest_to_failing([cell, passes]) is cell
    assert closest_to_failing([cell, fails]) is fails


@given(power=st.floats(1e-5, 0.5), sides=st.sampled_from([(1, 1), (0.3, 1), (1, 0.3)]))
def test_resolving_power_is_the_error_from_which_both_signs_fail(power, sides):
    above, below = (side * power for side in sides)
    found = resolving_power(lambda error: not -below < error < above)
    assert found == pytest.approx(power, rel=0.011)


def test_theory_that_no_error_makes_fail_has_no_resolving_power():
    assert np.isnan(resolving_power(lambda _: False))


def test_theory_that_every_error_makes_fail_resolves_the_smallest_that_is_tried():
    assert resolving_power(lambda _: True) == SMALLEST == 1e-6
    assert resolves({"resolves": SMALLEST}) == "≤ 10⁻⁴ %"
    assert resolves({"resolves": 2 * SMALLEST}) == "2×10⁻⁴ %"


def test_resolving_power_lies_above_every_error_that_is_tried_and_does_not_fail():
    """Small errors that fail by chance, below some that do not, are no power."""
    assert resolving_power(lambda error: abs(error) < 2e-3 or abs(error) > 0.1) == pytest.approx(0.1, rel=0.011)


def test_cell_resolves_the_error_of_the_theory_that_turns_it_to_fail():
    claim = make_claim(Criterion("within", (0.9, 1.1)))
    claim = dataclasses.replace(claim, statistic="mean", wrong=divided(claim.measure))
    cell = judge_table(claim, table([1.0, 1.0], [2.0, 3.0]))
    assert cell.resolves == pytest.approx(1 / 0.9 - 1, rel=0.011)  # 1/1.1 is nearer: too small by 9 %
    assert np.isnan(judge_table(claim, table([1.0, 1.3], [2.0, 3.0])).resolves)  # what does not hold resolves nothing


def test_mean_resolves_the_error_with_which_its_whole_interval_leaves_the_criterion():
    claim = make_claim(Criterion("<=", 2.0))

    def wrong(rows):
        return lambda error: claim.measure(rows) + 10 * abs(error)

    claim = dataclasses.replace(claim, statistic="mean", wrong=wrong)
    values = [0.99, 1.01]
    cell = judge_table(claim, table(values, [3.0, 3.0]))
    low, high = mean_interval(values)
    assert cell.resolves == pytest.approx((2 - low) / 10, rel=0.011)  # from (2 − high)/10 on it is open
    assert cell.resolves > 1.1 * (2 - high) / 10


def test_theory_whose_error_leaves_nothing_to_measure_does_not_fail():
    def wrong(rows):
        def at(error):
            if abs(error) < 0.2:
                raise Unsettled("nothing is left")
            return make_claim().measure(rows) + 100

        return at

    cell = judge_table(dataclasses.replace(make_claim(), wrong=wrong), table([0.5, 0.9], [2.0, 3.0]))
    assert cell.resolves == pytest.approx(0.2, rel=0.011)


def unsettled(_):
    raise Unsettled("no width is large enough")


@pytest.mark.parametrize("statistic", ["mean", "largest"])
@pytest.mark.parametrize("left_open", [False, True])
@pytest.mark.parametrize(
    ("values", "control", "verdict"),
    [
        ([0.5, 0.51], [2.0, 3.0], "pass"),
        ([0.5, 0.51], [0.5, 3.0], "fail"),
        ([0.5, 0.51], None, "open"),
        ([1.5, 1.51], [2.0, 3.0], "fail"),
        ([1.5, 1.51], [0.5, 3.0], "fail"),
        ([1.5, 1.51], None, "fail"),
        ([1.5, np.nan], None, "fail"),
        (None, [2.0, 3.0], "open"),
        (None, [0.5, 3.0], "open"),
        (None, None, "open"),
    ],
)
def test_claim_that_fails_does_so_whatever_its_control(statistic, left_open, values, control, verdict):
    """None is what a draw cannot settle: a measure says so, or the table of that experiment has been left open."""
    key = ("d", "contrastive", 2)
    tables, reasons = {}, {}
    for experiment, numbers in (("grassmannian", values), ("unconstrained", control)):
        rows = table(numbers or [0.0, 0.0], numbers or [0.0, 0.0], experiment)
        if numbers is None and left_open:
            reasons[experiment, "t"], rows = {key: "no width is large enough"}, rows.iloc[:0]
        tables[experiment, "t"] = rows
    claim = make_claim()
    of_control = unsettled if control is None else claim.control.measure
    claim = dataclasses.replace(
        claim,
        statistic=statistic,
        measure=unsettled if values is None else claim.measure,
        control=Control("", of_control, "unconstrained"),
    )
    (cell,) = judge_claim(claim, tables, {"grassmannian": [key], "unconstrained": [key]}, 2, reasons)
    assert cell.verdict == verdict
    assert cell.claim.reason == ("no width is large enough" if verdict == "open" else "")
    if values is not None and np.isfinite(values).all() and verdict != "open":
        assert cell.claim.value == pytest.approx(np.mean(values) if statistic == "mean" else max(values))


@pytest.mark.parametrize(("values", "met"), [([0.5, 0.5], 1), ([1.5, 1.5], 0), ([0.5, 1.5], 0)])
def test_copies_of_one_value_count_as_one_and_have_no_p_value(values, met):
    cell = judge_table(dataclasses.replace(make_claim(), every_seed=False), table(values, [2.0, 3.0]))
    assert (cell.claim.met, cell.claim.seeds) == (met, 1)
    assert np.isnan([cell.claim.p, cell.claim.least_probability]).all()
    assert cell.verdict == ("pass" if met else "fail")


def test_copies_do_not_count_in_the_correction_of_p_values():
    p = {"a": 0.01, "b": None, "c": 0.02, "d": 0.5}
    found = {record["id"]: record["p"] for record in corrected([{"id": name, "p": value} for name, value in p.items()])}
    assert found == {"a": pytest.approx(0.03), "b": None, "c": pytest.approx(0.04), "d": pytest.approx(0.5)}
    assert corrected([{"id": "b", "p": None}]) == [{"id": "b", "p": None}]


def test_claims_whose_value_is_the_same_on_every_seed_of_the_reference_say_so():
    """Whole numbers aside: those are counts or shares, which agree by chance."""
    reference = json.loads((Path(__file__).parents[1] / "results/reference/full/verdicts.json").read_text())
    same = {
        record["id"]
        for record in reference
        if all(cell["low"] == cell["high"] and cell["value"] != round(cell["value"]) for cell in record["cells"])
    }
    assert same == {claim.id for claim in CLAIMS if not claim.every_seed}


def table(values, control, experiment="grassmannian"):
    """Two seeds, one cell."""
    cell = {"dataset": "d", "loss": "contrastive", "dimension": 2, "dynamics": experiment}
    return pd.DataFrame({**cell, "seed": [0, 1], "time": 0.0, "value": values, "control": control})


def make_claim(criterion=Criterion("<=", 1.0)):  # noqa: B008
    return Claim(
        id="test",
        source="A3",
        statement="",
        formula="",
        quantity="",
        experiment="grassmannian",
        table="t",
        measure=measures.largest_error("value"),
        statistic="largest",
        criterion=criterion,
        control=Control("", measures.largest_error("control")),
        figure="",
    )


def judged(values, control_values):
    return judge_table(make_claim(), table(values, control_values))


def judge_table(claim, rows, *, seeds=2):
    key = ("d", "contrastive", 2)
    (cell,) = judge_claim(claim, {("grassmannian", "t"): rows}, {"grassmannian": [key]}, seeds)
    return cell


@pytest.mark.parametrize(
    ("values", "control", "verdict"),
    [
        ([0.5, 0.9], [2.0, 3.0], "pass"),
        ([0.5, 1.1], [2.0, 3.0], "fail"),  # one seed is enough
        ([0.5, 0.9], [0.2, 0.3], "fail"),  # the control passes: the claim is broken
        ([0.5, np.nan], [2.0, 3.0], "fail"),
        ([0.5, 0.9], [2.0, np.nan], "fail"),  # a control that was not measured proves nothing
        ([0.5, 0.9], [np.nan, np.nan], "fail"),
    ],
)
def test_claim_holds_only_if_it_passes_and_its_control_fails(values, control, verdict):
    assert judged(values, control).verdict == verdict


def test_missing_seed_or_cell_or_moment_fails():
    rows = table([0.5, 0.9], [2.0, 3.0])
    assert judge_table(make_claim(), rows).verdict == "pass"
    assert judge_table(make_claim(), rows, seeds=3).verdict == "fail"
    assert judge_table(make_claim(), rows.assign(dataset="other")).verdict == "fail"
    later = rows.assign(time=1.0)
    for column in ("value", "control"):
        hole = pd.concat([rows, later.assign(**{column: [np.nan, 0.1]})])
        assert judge_table(make_claim(), hole).verdict == "fail"


def test_cells_outside_the_grid_of_the_control_are_left_out():
    claim = make_claim()
    claim = dataclasses.replace(claim, control=dataclasses.replace(claim.control, experiment="unconstrained"))
    rows = {("grassmannian", "t"): table([0.5, 0.9], [2.0, 3.0]), ("unconstrained", "t"): table([1, 1], [2.0, 3.0])}
    both = [("d", "contrastive", 1), ("d", "contrastive", 2)]
    (cell,) = judge_claim(claim, rows, {"grassmannian": both, "unconstrained": both[1:]}, 2)
    assert cell.name == "d/contrastive/2"


def test_failing_cell_decides_whatever_its_margin():
    good, broken = judged([0.999, 0.999], [2.0, 2.0]), judged([0.1, 0.1], [0.5, 0.5])
    assert broken.claim.margin > good.claim.margin
    assert closest_to_failing([good, broken]) is broken


def errors_table(order, *, seeds=3, noise=0.0):
    steps = 0.01 / 2.0 ** np.arange(5)
    generator = np.random.default_rng(0)
    rows = [
        {
            "seed": s,
            "learning_rate": h,
            "extrapolations": 0,
            "time": t,
            "error": t * h**order * np.exp(noise * generator.normal()),
        }
        for s in range(seeds)
        for h in steps
        for t in (0.5, 1.0)
    ]
    return pd.DataFrame(rows)


def test_order_uses_the_finest_steps_and_the_worst_time():
    frame = errors_table(2.0)
    coarse = frame["learning_rate"] > 0.004
    frame.loc[coarse, "error"] = 1.0  # saturated: must not matter
    np.testing.assert_allclose(measures.order("error")(frame), 2.0, atol=1e-10)


def test_order_is_the_leading_one_at_one_time():
    steps = [0.001, 0.002, 0.004]
    rows = [
        {"seed": 0, "time": t, "learning_rate": h, "error": error}
        for h in steps
        # The next term is 10 % of the error at the coarsest step; a jump of the largest error to another time is none.
        for t, error in ((1.0, h * (1 + 25 * h)), (2.0, 400 * h**2))
    ]
    (found,) = measures.order("error")(pd.DataFrame(rows))
    assert found == pytest.approx(1, abs=3e-3)


def test_largest_error_is_that_of_the_finest_steps():
    frame = errors_table(1.0)
    np.testing.assert_allclose(measures.largest_error("error")(frame), frame["learning_rate"].min())


def test_order_of_what_is_zero_is_no_order():
    frame = errors_table(1.0)
    frame.loc[frame["seed"] == 1, "error"] = 0.0
    orders = measures.order("error")(frame)
    assert np.isnan(orders[1])
    np.testing.assert_allclose(orders[[0, 2]], 1.0, atol=1e-10)


def test_rank_at_reads_the_last_checkpoint_that_is_not_later():
    frame = pd.DataFrame({"seed": 0, "time": [2.0, 0.0, 1.0, 3.0], "gap_time": [11.5, 0.0, 5.0, 12.5]})
    frame["effective_rank"] = [1.1, 2.0, 1.5, 1.0]
    assert measures.rank_at(11.5)(frame).tolist() == [1.1]


def test_time_that_training_does_not_reach_is_open_and_one_that_it_reaches_but_for_a_step_is_not():
    frame = pd.DataFrame({"seed": 0, "time": [0.0, 1.0], "gap_time": [0.0, 11.49], "effective_rank": [2.0, 1.0]})
    frame["limit_rank"] = 2.0
    assert measures.rank_at(11.5)(frame).tolist() == [1.0]
    frame.loc[1, "gap_time"] = 9.1
    for measure in (measures.rank_at(11.5), measures.lowest_relative_rank(after=11.5)):
        with pytest.raises(Unsettled, match=r"max_steps ends the training at 9\.1/\(λ_2 − λ_1\), before 11\.5"):
            measure(frame)


@pytest.mark.parametrize(
    ("predicted", "measured_at", "reason"),
    [
        ([2.0, 4.0], [2.0, 4.0], None),
        ([2.0, 11.0], [2.0, np.nan], "direction 2 is to be acquired at t = 11, and max_steps ends the training at 10"),
        ([np.nan, np.nan], [np.nan, np.nan], "the start of seed 0 holds every direction from the first"),
        ([np.nan, 4.0], [np.nan, 4.2], None),
    ],
)
def test_learning_times_that_a_draw_has_not_are_open(predicted, measured_at, reason):
    frame = pd.DataFrame({"seed": 0, "direction": [1.0, 2.0], "end": 10.0})
    frame["predicted"], frame["measured"] = predicted, measured_at
    if reason:
        with pytest.raises(Unsettled, match=reason):
            learning_time_error(frame)
    else:
        assert learning_time_error(frame)(0).iloc[0] == pytest.approx(np.nanmax(measured_at) / 4 - 1)


def test_lowest_relative_rank_leaves_the_start_out():
    frame = pd.DataFrame({"seed": 0, "gap_time": [0.0, 12.0, 13.0], "effective_rank": [1.0, 2.5, 3.0], "limit_rank": 3})
    assert measures.lowest_relative_rank(after=11.5)(frame).tolist() == [0.75]


def test_curve_deviation_is_relative_to_the_change_of_the_curve():
    frame = pd.DataFrame({"seed": 0, "extrapolations": 2, "learning_rate": 0.1, "time": [0.0, 1.0, 2.0]})
    frame["log_ratio"], frame["predicted"] = [-1.0, -11.0, -21.0], [-1.0, -11.2, -21.1]
    assert collapse.curve_deviation("predicted", extrapolations=2)(frame).iloc[0] == pytest.approx(0.01)


def test_curves_and_ranks_are_compared_while_rounding_leaves_them_to_be_told():
    frame = pd.DataFrame({"seed": 0, "extrapolations": 2, "learning_rate": 0.1, "time": [0.0, 1.0, 2.0, 3.0]})
    frame["log_ratio"], frame["predicted"] = [-1.0, -11.0, -21.0, -31.0], [-1.0, -11.2, -21.1, -34.0]
    assert collapse.curve_deviation("predicted", extrapolations=2)(frame).iloc[0] == pytest.approx(0.01)
    frame["gap_time"], frame["excess"] = [0.0, 4.0, 8.0, 11.5], [-1.0, -10.0, -20.0, -29.0]
    frame["excess_predicted"], frame["excess_slow"] = [-1.0, -10.0, -20.2, -30.0], [-1.0, -9.0, -19.0, -28.0]
    at_end = partial(collapse.collapse_deviation, gap_time=11.5, collapsed=1.01)
    assert at_end("excess_predicted")(frame).iloc[0] == pytest.approx(1 - 20 / 20.2)
    assert at_end("excess_slow")(frame).iloc[0] == pytest.approx(20 / 19 - 1)  # at the checkpoint that theory names
    assert at_end("excess_predicted")(frame.assign(excess=[-1.0, -10.0, -20.0, -4.0])).iloc[0] == np.inf


def test_change_by_weight_decay_is_relative_to_that_of_the_curve():
    frame = pd.DataFrame({"seed": 0, "extrapolations": 2, "learning_rate": 0.1, "time": [0.0, 1.0, 2.0]})
    frame["log_ratio"], frame["a"], frame["b"] = [-1.0, -11.0, -21.0], [0.0, 5.0, 9.0], [0.0, 4.0, 10.0]
    frame["predicted"] = frame["log_ratio"]
    assert collapse.changed_by("a", "b", extrapolations=2)(frame).iloc[0] == pytest.approx(1 / 20)


def powers(name, error):
    """The table of a claim on an exponent, or on a size, were that so much larger than theory says, relatively."""
    axes = {"seed": range(3), "width": [64, 128, 256], "learning_rate": [0.01, 0.02, 0.04], "time": [0.0]}
    frame = pd.MultiIndex.from_product(axes.values(), names=axes).to_frame(index=False).assign(**CELL)
    if name == "A3-wide-start":
        frame = frame[frame["learning_rate"] == 0.01]
        ratio = frame["width"] / 64
        return frame.assign(ratio=ratio, singular_value=(1 + error) / np.sqrt(ratio), singular_value_late=1.0)
    frame = frame[frame["width"] == 64]
    defect = frame["learning_rate"] ** (2 * (1 + error))
    return frame.assign(defect=defect, defect_euclidean=frame["learning_rate"])


@pytest.mark.parametrize(("name", "power"), [("A3-wide-start", 0.03), ("A3-horizontal-steps", 0.05)])
def test_exponents_and_sizes_are_told_from_those_wrong_by_the_resolving_power(name, power):
    (claim,) = [claim for claim in CLAIMS if claim.id == name]
    cell = judge_rows(claim, {claim.own_table: powers(name, 0.0)})
    assert cell.verdict == "pass"
    assert power * 0.9 < cell.resolves < power * 1.15
    for sign in (-1, 1):
        assert judge_rows(claim, {claim.own_table: powers(name, 1.02 * sign * cell.resolves)}).verdict == "fail"


def decayed(error):
    """ln σ of two directions of a flow with weight decay and without, of which σ_2 shrinks by so much more than σ_1."""
    times, decay = np.linspace(0, 2, 5), 0.3
    frame = pd.DataFrame({"time": np.tile(times, 2), "seed": np.repeat([0, 1], 5), "kernel": "relu"})
    frame = frame.assign(extrapolations=2, learning_rate=0.1, log_ratio=-1 - 8 * frame["time"], **CELL)
    frame["predicted"], frame["log_largest"] = frame["log_ratio"], 3 * frame["time"]
    frame["log_largest_decay"] = frame["log_largest"] - 2 * decay * frame["time"]
    frame["log_ratio_decay"] = frame["log_ratio"] - 2 * decay * error * frame["time"]
    return {("kernel", "kernel_collapse"): frame}


def test_weight_decay_that_shrinks_one_direction_more_is_noticed_from_the_resolving_power_on():
    (claim,) = [claim for claim in CLAIMS if claim.id == "beyond-weight-decay"]
    cell = judge_rows(claim, decayed(0.0))
    assert cell.verdict == "pass"
    assert cell.resolves == pytest.approx(1e-3 * 16 / 1.2, rel=0.02)  # the criterion over 2δt at the end
    for sign in (-1, 1):
        assert judge_rows(claim, decayed(1.02 * sign * cell.resolves)).verdict == "fail"
        assert judge_rows(claim, decayed(0.9 * sign * cell.resolves)).verdict == "pass"
    # Right or wrong, what a theory says of its own data is zero.
    assert at_error(change_by_decay, 0.4)(decayed(0.4)[claim.own_table]).max() < 1e-12


def test_claims_without_a_resolving_power_are_listed_with_the_reason():
    text = (Path(__file__).parents[1] / "docs/theory.md").read_text(encoding="utf-8")
    listed = text.partition("*Claims without one.*")[2].partition("\n\n*")[0]
    missing = [claim.id for claim in CLAIMS if claim.wrong is None and claim.id not in listed]
    assert missing == []


def test_origin_of_every_criterion_is_stated():
    text = (Path(__file__).parents[1] / "docs/theory.md").read_text(encoding="utf-8")
    stated = text.partition("\n### Criteria\n")[2].partition("\n### ")[0]
    words = set(re.findall(r"[\w-]+", stated))
    assert [claim.id for claim in CLAIMS if claim.id not in words] == []


def test_relative_error_takes_the_worst_row_of_each_seed():
    frame = pd.DataFrame({"seed": [0, 0, 1], "slope": [1.0, 2.2, 3.0], "discrete": [1.0, 2.0, 3.0]})
    np.testing.assert_allclose(measures.relative_error("slope", "discrete")(frame), [0.1, 0.0], atol=1e-15)


def test_parts_of_a_table_are_judged_one_by_one():
    frame = pd.DataFrame({"seed": [0, 0, 1, 1], "kernel": ["a", "b"] * 2, "time": 0.0, "value": [1.0, 4.0, 3.0, 2.0]})
    value = measures.last("value")
    assert measures.largest_over("kernel", value)(frame).tolist() == [4, 3]
    assert measures.smallest_over("kernel", value)(frame).tolist() == [1, 2]
    assert measures.where(value, kernel="b")(frame).tolist() == [4, 2]
    frame["value"] = np.nan  # nothing measured in one part must not be hidden by the other
    assert measures.largest_over("kernel", value)(frame).isna().all()


CELL = {"dataset": "d", "loss": "contrastive", "dimension": 2}


def stated(claim_id):
    (claim,) = [claim for claim in CLAIMS if claim.id == claim_id]
    return claim


@pytest.mark.parametrize(("predicted", "wrong", "verdict"), [(1, 0.01, "pass"), (1.01, 0.01, "fail"), (1, 0, "fail")])
def test_curve_of_the_collapse_can_pass_and_fail(predicted, wrong, verdict):
    rows = pd.DataFrame({"seed": np.repeat([0, 1, 2], 5), "time": np.tile(np.arange(5.0), 3)})
    rows["log_ratio"] = -1 - rows["seed"] / 10 - 4 * rows["time"]
    for column, rate in (("predicted", predicted), ("predicted_slow", 1 - wrong), ("predicted_fast", 1.01)):
        rows[column] = rows["log_ratio"] - (rate - 1) * 4 * rows["time"]
    rows = rows.assign(**CELL, extrapolations=2, learning_rate=0.1)
    assert judge_rows(stated("A1-collapse-curve"), {("unconstrained", "collapse"): rows}).verdict == verdict


@pytest.mark.parametrize(("kept", "lost", "verdict"), [(1.9, 1.0, "pass"), (1.3, 1.0, "fail"), (1.9, 1.9, "fail")])
def test_rank_that_the_constraint_keeps_can_pass_and_fail(kept, lost, verdict):
    rows = pd.DataFrame({"seed": [0, 1], "gap_time": COLLAPSE_TIME, "time": 1.0, "limit_rank": 2.0}).assign(**CELL)
    tables = {
        ("grassmannian", "rank"): rows.assign(effective_rank=kept),
        ("unconstrained", "rank"): rows.assign(effective_rank=lost),
    }
    assert judge_rows(stated("A2-no-collapse"), tables).verdict == verdict


def test_registry_is_complete_and_consistent():
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    for claim in CLAIMS:
        assert claim.table in TABLES[claim.experiment]
        assert claim.table in TABLES[claim.control_table[0]]
        assert set(FIGURES[claim.figure].tables) <= set(TABLES[claim.experiment])
        assert claim.id.startswith(claim.source)


def test_register_of_changes_is_that_of_the_docs_and_names_claims_that_are_or_were():
    page = Path(__file__).parents[1] / "docs/changes-after-results.md"
    assert page.read_text(encoding="utf-8") == register()
    assert {change.kind for change in CHANGES} <= set(KINDS)
    assert [change.date for change in CHANGES] == sorted(change.date for change in CHANGES)
    withdrawn = {name for change in CHANGES if change.kind == "withdrawn" for name in change.claims}
    assert not withdrawn & {claim.id for claim in CLAIMS}
    assert len(withdrawn) == sum(len(change.claims) for change in CHANGES if change.kind == "withdrawn")  # each once
    assert len({(change.claims, change.kind, change.before) for change in CHANGES}) == len(CHANGES)
    named = {name for change in CHANGES for name in change.claims}
    assert named <= withdrawn | {claim.id for claim in CLAIMS}


def test_every_experiment_is_in_a_part_of_the_report_and_the_parts_have_their_order():
    assert all(experiment.part in PARTS for experiment in EXPERIMENTS.values())
    assert list(PARTS) == list(GROUPS)
    assert all(GROUPS.values())


def test_folders_of_experiments_are_those_that_are_listed():
    (path,) = experiments.__path__
    folders = [folder for folder in Path(path).iterdir() if folder.is_dir() and folder.name != "__pycache__"]
    assert sorted(folder.name for folder in folders) == sorted(experiments.FOLDERS)
    assert all((folder / "experiment.py").is_file() for folder in folders)


def test_ratio_leaves_out_the_start_and_what_is_rounding():
    frame = pd.DataFrame({"seed": 0, "time": [0.0, 1.0, 2.0], "tangent": [9.0, 0.5, 1e-13], "bound": [1.0, 1.0, 1e-20]})
    assert measures.largest_ratio("tangent", "bound", floor=1e-12)(frame).tolist() == [0.5]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_formula_is_rendered_without_a_remnant(claim):
    pieces = re.split(r"\\quad\s*", claim.formula)
    assert all(pieces)
    for piece in pieces:  # of which pages make a line each where the screen is narrow
        rendered = ElementTree.fromstring(latex2mathml.converter.convert(piece))
        assert not set("\\&$") & set("".join(rendered.itertext()))
        assert all(re.fullmatch(r".|[a-z]+", name.text) for name in rendered.iter("{*}mi"))


def test_claim_is_stated_where_it_is_said_to_be():
    for claim in CLAIMS:
        text = Path(sys.modules[STATED_IN[claim.id]].__file__).read_text(encoding="utf-8")
        assert f'"{claim.id}"' in text  # the page has a link to that very text


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_texts_are_typeset_to_the_last_mark(claim):
    for text in (claim.statement, claim.quantity, claim.control.description):
        assert not set("_^") & set(re.sub(r"</?su[bp]>", "", typeset(text)))


@pytest.mark.parametrize(
    ("tangent", "bound", "verdict"), [(1e-3, 9e-3, "pass"), (2e-2, 9e-3, "fail"), (1e-3, 1.1e-2, "open")]
)
def test_arrival_is_open_where_the_bound_at_the_end_of_training_does_not_say_it(tangent, bound, verdict):
    rows = [
        {"seed": seed, "time": time, "tangent": t, "bound": b, **CELL}
        for seed in range(3)
        for time, t, b in ((0.0, 50.0, 50.0), (1.0, tangent, bound if seed == 1 else 1e-5))
    ]
    claim = next(claim for claim in CLAIMS if claim.id == "A2-convergence")
    cell = judge_rows(claim, {("grassmannian", "angles"): pd.DataFrame(rows)})
    assert cell.verdict == verdict
    assert ("above 0.01" in cell.claim.reason) == (verdict == "open")


@pytest.mark.parametrize(
    ("excess", "predicted", "wrong", "verdict"),
    [
        (-20.0, -20.001, 0.01, "pass"),
        (-20.0, -20.01, 0.01, "fail"),  # it collapses, but not as predicted
        (-4.0, -4.0, 0.01, "fail"),  # as predicted, but it does not
        (-20.0, -20.0, 5e-5, "fail"),  # and a wrong rate passes
    ],
)
def test_collapse_is_that_of_the_prediction_and_goes_so_far(excess, predicted, wrong, verdict):
    rows = [
        {"seed": seed, "time": time, "gap_time": time, "excess": value, "excess_predicted": expected, **CELL}
        for seed in range(3)
        for time, value, expected in ((0.0, -0.5, -0.4), (COLLAPSE_TIME, excess, predicted), (12.5, -22.0, -25.0))
    ]
    frame = pd.DataFrame(rows)
    for name, sign in (("slow", -1), ("fast", 1)):
        frame[f"excess_predicted_{name}"] = (1 + sign * wrong) * frame["excess_predicted"]
    cell = judge_rows(stated("A1-collapse"), {("unconstrained", "rank"): frame})
    assert cell.verdict == verdict
    if verdict == "pass":
        assert cell.resolves == pytest.approx(1e-4 + 5e-5, rel=0.02)
        fast = frame.assign(excess_predicted=(1 + 1.6e-4) * frame["excess_predicted"])
        assert judge_rows(stated("A1-collapse"), {("unconstrained", "rank"): fast}).claim.verdict == "fail"
    short = frame[frame["gap_time"] < COLLAPSE_TIME]
    assert judge_rows(stated("A1-collapse"), {("unconstrained", "rank"): short}).verdict == "open"


@pytest.mark.parametrize(
    ("error", "control", "moved", "verdict"),
    [(5e-4, 4e-3, 4e-3, "pass"), (2e-3, 4e-3, 4e-3, "fail"), (5e-4, 5e-4, 4e-3, "fail"), (5e-4, 5e-5, 5e-5, "open")],
)
def test_same_span_is_open_where_the_checkpoints_tell_no_rate(error, control, moved, verdict):
    """By theory alone: a control that should fail and does not still breaks the claim."""
    rows = pd.DataFrame({"seed": np.repeat([0, 1], 2), "time": [0.0, 1.0] * 2, "error": [0.0, error] * 2}).assign(
        **CELL, extrapolations=2, learning_rate=0.1, error_slower=control, error_faster=control
    )
    rows["moved_slower"] = rows["moved_faster"] = [0.0, moved, 0.0, moved]
    assert judge_rows(stated("A1-same-span"), {("unconstrained", "spans"): rows}).verdict == verdict


def test_same_span_is_judged_by_the_seeds_whose_checkpoints_tell_the_rate():
    rows = pd.DataFrame({"seed": np.repeat([0, 1], 2), "time": [0.0, 1.0] * 2, "error": [0.0, 5e-4] * 2}).assign(
        **CELL, extrapolations=2, learning_rate=0.1, error_slower=[0, 4e-3, 0, 5e-5], moved_slower=[0, 4e-3, 0, 5e-5]
    )
    rows = rows.assign(error_faster=rows["error_slower"], moved_faster=rows["moved_slower"])
    cell = judge_rows(stated("A1-same-span"), {("unconstrained", "spans"): rows})
    assert (cell.verdict, cell.control.value, cell.control.seeds) == ("pass", 4e-3, 1)
