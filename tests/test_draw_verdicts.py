"""What many draws say of the next one: against formulas by hand, a library, and draws that are simulated."""

import dataclasses
import hashlib
import json
import logging
import math
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.proportion import proportion_confint

from problems import equation_draw
from ssl_dynamics.analysis import level_of_extremes, mean_interval, predict, standard_error
from ssl_dynamics.claims.rounding import Rounding
from ssl_dynamics.claims.verdict import Criterion
from ssl_dynamics.config_file import load_config
from ssl_dynamics.draws import sizes_of
from ssl_dynamics.engine import fingerprint
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report import draw_table, preregistration
from ssl_dynamics.report.draw_verdicts import cell_over_draws, over_draws
from ssl_dynamics.report.draws_figure import in_units
from ssl_dynamics.report.formatting import AVERAGE, FAILS, NEXT, OPEN, in_words
from ssl_dynamics.report.settings import DrawsSettings
from ssl_dynamics.report.stages.draws import draws
from ssl_dynamics.report.verdicts import stated
from ssl_dynamics.verify.expectation import DRAWS, REFERENCE, draws_as_expected
from ssl_dynamics.verify.kept_draws import write_kept
from trees import TOP

BAND = Criterion("within", (0.9, 1.1))
RANDOM = stream(5, "draws of draws")


@pytest.mark.parametrize(("draws", "error"), [(3, 0.2), (6, 0.02), (20, 0.05), (20, 0.0)])
def test_prediction_is_that_of_the_formulas(draws, error):
    y = 1 + 0.1 * RANDOM.standard_normal(draws)
    errors = np.full(draws, error)
    got = predict(y, errors)
    s2, sigma2 = sum((y - y.mean()) ** 2) / (draws - 1), error**2
    tau2 = max(s2 - sigma2, 0)
    half = stats.t(draws - 2).ppf(0.975) * math.sqrt(tau2 + (tau2 + sigma2) / draws + sigma2)
    assert (got.low, got.high) == pytest.approx((y.mean() - half, y.mean() + half))
    assert (got.between, got.within) == pytest.approx((math.sqrt(tau2), error))
    assert (got.mean_low, got.mean_high) == pytest.approx(stats.ttest_1samp(y, 0).confidence_interval())


def test_mean_and_interval_are_those_of_statsmodels_by_hartung_and_knapp():
    y, errors = 1 + 0.3 * RANDOM.standard_normal(12), RANDOM.uniform(0.05, 0.15, 12)
    theirs = combine_effects(y, np.full(12, (errors**2).mean()), method_re="dl", use_t=True)
    got = predict(y, errors)
    assert got.mean == pytest.approx(theirs.mean_effect_re)
    assert got.between**2 == pytest.approx(theirs.tau2)
    half = stats.t(11).ppf(0.975) * theirs.sd_eff_w_re_hksj
    assert (got.mean_low, got.mean_high) == pytest.approx((got.mean - half, got.mean + half))


def test_equal_draws_without_error_are_predicted_to_be_equal():
    got = predict([0.3, 0.3, 0.3, 0.3], [0, 0, 0, 0])
    assert (got.mean_low, got.mean_high, got.low, got.high) == pytest.approx((0.3,) * 4)


@pytest.mark.parametrize("seeds", [2, 4, 10])
def test_standard_error_is_that_of_the_interval(seeds):
    sample = RANDOM.standard_normal(seeds)
    assert standard_error(*mean_interval(sample), seeds) == pytest.approx(stats.sem(sample))


@pytest.mark.parametrize(("values", "errors"), [([1, 2], [0, 0]), ([1, 2, 3], [0, 0]), ([1, 2, 3], [0, 0, -1])])
def test_too_few_draws_and_wrong_errors_are_refused(values, errors):
    with pytest.raises(ValueError, match="needs three values or more"):
        predict(values, errors)


@pytest.mark.parametrize("draws", [5, 20])
@pytest.mark.parametrize("seeds", [4, 10])
@pytest.mark.parametrize("between", [0.0, 0.5, 2.0])
def test_intervals_cover(draws, seeds, between):
    """The mean over draws, and what the next draw measures, of seeds that are drawn as a run draws them."""
    repetitions = 4000
    true = between * RANDOM.standard_normal((repetitions, draws + 1, 1))
    seen = true + RANDOM.standard_normal((repetitions, draws + 1, seeds))
    means, errors = seen.mean(axis=2), stats.sem(seen, axis=2)
    got = [predict(m[:-1], e[:-1]) for m, e in zip(means, errors, strict=True)]
    covered = np.mean([p.low <= m[-1] <= p.high for p, m in zip(got, means, strict=True)])
    of_mean = np.mean([p.mean_low <= 0 <= p.mean_high for p in got])
    slack = 4 * math.sqrt(0.95 * 0.05 / repetitions)
    assert of_mean == pytest.approx(0.95, abs=slack)
    # Wider by the degree of freedom that is lost for τ², and where the draws happen to lie closer than their errors: up
    # to what t_{K−2} errors of a normal variable cover.
    assert 0.95 - slack <= covered <= 1 - 2 * stats.norm.sf(stats.t(draws - 2).ppf(0.975) * 1.2) + slack


def test_next_draw_is_the_largest_as_often_as_each():
    drawn = RANDOM.standard_cauchy((20_000, 8))
    assert np.mean(drawn[:, -1] < drawn[:, :-1].max(axis=1)) == pytest.approx(level_of_extremes(7), abs=0.01)
    assert level_of_extremes(18) < 0.95 <= level_of_extremes(19)


def cell(value, *, error=0.01, verdict="pass", control="fail", seeds=4):
    half = error * stats.t(seeds - 1).ppf(0.975)
    low, high = (None, None) if value is None else (value - half, value + half)
    return {
        "cell": "digits/contrastive/2", "value": value, "low": low, "high": high, "seeds": seeds, "verdict": verdict,
        "control": {"value": 9.0, "verdict": control},
    }  # fmt: skip


def means(centre, spread, draws=20):
    """Draws whose values have exactly this mean and standard deviation."""
    shape = stats.zscore(np.arange(draws), ddof=1)
    return [cell(float(value)) for value in centre + spread * shape]


def each(cells, **change):
    return [cell | change for cell in cells]


def edge(draws=20):
    """The standard deviation at which the prediction interval around the middle of BAND just fills it."""
    return 0.1 / (stats.t(draws - 2).ppf(0.975) * math.sqrt(1 + 1 / draws))


@pytest.mark.parametrize(
    ("cells", "verdict", "why"),
    [
        (means(1.0, 0.99 * edge()), NEXT, ""),
        (means(1.0, 1.01 * edge()), AVERAGE, "the prediction interval reaches over a bound"),
        (means(1.1, 0.04), OPEN, "the interval of the mean over draws reaches over a bound"),
        (means(1.2, 0.04), FAILS, "the interval of the mean over draws lies outside"),
        ([*means(1.0, 0.02), None], AVERAGE, "1 draws have no value"),
        ([*means(1.0, 0.02), cell(None, verdict="open")], AVERAGE, "1 draws have no value"),
        ([*means(1.0, 0.02), cell(1.0, verdict="fail", control="pass")], OPEN, "the control meets the criterion in 1"),
        ([cell(1.0), cell(1.0), None, None], OPEN, "2 of 4 draws have a value"),
        ([*means(1.0, 0.001, 3), *[None] * 17], OPEN, "3 of 20 draws have a value, too few"),
        ([*means(1.0, 0.001, 14), *[cell(None, verdict="open")] * 6], OPEN, "14 of 20 draws have a value, too few"),
        ([*means(1.0, 0.001, 15), *[cell(None, verdict="open")] * 5], AVERAGE, "5 draws have no value"),
        (each(means(1.0, 0.001), verdict="open"), OPEN, "no draw holds by itself"),
        ([*each(means(1.0, 0.001, 19), verdict="open"), cell(1.0)], NEXT, ""),
    ],
)
def test_claim_on_a_mean_holds_where_the_next_draw_is_predicted_to(cells, verdict, why):
    got = cell_over_draws(cells, "mean", BAND)
    assert got["verdict"] == verdict
    assert got["reason"].startswith(why)
    assert bool(got["reason"]) == (verdict != NEXT)


@pytest.mark.parametrize(
    ("passes", "fails", "opens", "stopped", "verdict"),
    [
        (19, 0, 0, 0, NEXT),
        (18, 0, 0, 0, AVERAGE),
        (19, 0, 0, 1, AVERAGE),
        (19, 1, 0, 0, AVERAGE),
        (19, 0, 1, 0, AVERAGE),
        (5, 0, 0, 0, AVERAGE),
        (4, 0, 0, 0, OPEN),
        (15, 5, 0, 0, AVERAGE),
        (14, 6, 0, 0, OPEN),
        (6, 14, 0, 0, OPEN),
        (5, 15, 0, 0, FAILS),
        (5, 0, 15, 0, OPEN),
        (0, 0, 0, 20, OPEN),
    ],
)
def test_claim_on_an_extreme_holds_by_the_number_of_its_draws(passes, fails, opens, stopped, verdict):
    of = {"pass": (passes, 0.5), "fail": (fails, 1.5), "open": (opens, None)}
    cells = [cell(value, verdict=name) for name, (count, value) in of.items() for _ in range(count)] + [None] * stopped
    got = cell_over_draws(cells, "largest", Criterion("<=", 1.0))
    assert got["verdict"] == verdict
    assert (got["passes"], got["draws"], got["stopped"]) == (passes, len(cells), stopped)
    # A two-sided interval of Clopper and Pearson at 90 % has the one-sided bound at 95 % as its lower end.
    assert got["least_probability"] == pytest.approx(proportion_confint(passes, len(cells), 0.1, "beta")[0])
    assert got["worst"] == (None if not passes + fails else 1.5 if fails else 0.5)


@pytest.mark.parametrize("statistic", ["mean", "largest"])
@pytest.mark.parametrize(("verdicts", "passes"), [("pass fail pass pass pass", 3), ("fail pass pass pass pass", 4)])
def test_probability_of_a_fresh_draw_leaves_out_that_of_the_own_root_seed(statistic, verdicts, passes):
    cells = [cell(1.0, verdict=verdict) for verdict in verdicts.split()]
    got = cell_over_draws(cells, statistic, BAND, own=0)
    assert (got["passes"], got["draws"], got["fresh"]) == (4, 5, 4)
    assert got["least_probability"] == pytest.approx(proportion_confint(passes, 4, 0.1, "beta")[0])
    assert cell_over_draws(cells, statistic, BAND)["fresh"] == 5


@pytest.mark.parametrize(
    ("draws", "own", "verdict"),
    [
        ("pass " * 20, 0, NEXT),
        ("pass " * 19, 0, AVERAGE),  # 18 fresh ones are too few
        ("fail " + "pass " * 19, 0, AVERAGE),  # but it is a draw in which the claim fails
        ("pass " * 5, 0, OPEN),
        ("pass " * 5, None, AVERAGE),
    ],
)
def test_extreme_is_judged_by_its_fresh_draws(draws, own, verdict):
    cells = [cell(0.5, verdict=each) for each in draws.split()]
    assert cell_over_draws(cells, "largest", Criterion("<=", 1.0), own=own)["verdict"] == verdict


def record(name, *cells, statistic="mean", criterion=(0.9, 1.1), verdict="pass"):
    return {
        "id": name, "source": "A1", "statement": "It is so.", "evidence": "trained", "statistic": statistic,
        "criterion": {"operator": "within", "threshold": list(criterion)}, "cells": list(cells), "verdict": verdict,
    }  # fmt: skip


def other(value):
    return cell(value) | {"cell": "digits/contrastive/8"}


def test_claim_has_the_verdict_of_its_worst_cell():
    records = [
        [record("one", first, other(second["value"]))]
        for first, second in zip(means(1.0, 0.01), means(1.0, 1.01 * edge()), strict=True)
    ]
    (got,) = over_draws([*records, None])
    assert (got["verdict"], got["cell"]) == (AVERAGE, "digits/contrastive/8")
    assert [each["verdict"] for each in got["cells"]] == [AVERAGE, AVERAGE]
    (got,) = over_draws(records)
    assert [each["verdict"] for each in got["cells"]] == [NEXT, AVERAGE]
    assert len(got["cells"][0]["values"]) == 20


@pytest.mark.parametrize(
    ("criterion", "ends"),
    [
        (Criterion("within", (0.9, 1.1)), {0.9: -1, 1.0: 0, 1.1: 1, 1.2: 2}),
        (Criterion("<=", 0.05), {0.0: 0, 0.05: 1, 0.1: 2}),
        (Criterion("<=", -0.4), {-0.8: 0, -0.4: 1, 0.0: 2}),
        (Criterion("<=", 0), {0.0: 1, 1.0: 2}),
        (Criterion(">=", 0), {0.0: 1, -1.0: 2}),
        (Criterion(">=", 0.5), {1.0: 0, 0.5: 1, 0.0: 2}),
    ],
)
def test_units_of_a_criterion_are_such_that_it_is_met_up_to_one(criterion, ends):
    assert [in_units(value, criterion) for value in ends] == pytest.approx(list(ends.values()))


def test_stage_puts_every_draw_in_its_place(tmp_path, capsys):
    register = tmp_path / "register.yaml"
    register.write_text("[]")
    files = []
    for root, each in zip((7, 99, 2024), means(1.0, 0.01, 3), strict=True):
        files.append(tmp_path / f"{root}.json")
        files[-1].write_text(json.dumps([record("one", each, verdict="fail" if root == 2024 else "pass")]))
    made = {name: [tmp_path / f"draws.{name}"] for name in ("json", "csv", "svg", "png")}
    outputs = {"draws": made["json"], "table": made["csv"], "svg": made["svg"], "png": made["png"]}
    settings = DrawsSettings(config_name="mine", roots=[7, 11, 99, 2024], stopped=[11], kept=[], own_root=7, sizes={})
    inputs = {"claims": files, "register": [register]}
    draws(Job(settings, inputs, outputs, logging.getLogger("test"), "test"))
    found = json.loads(made["json"][0].read_text())
    (claim,) = found["claims"]
    values = claim["cells"][0]["values"]
    assert values[1] is None
    assert values[0] < values[2] < values[3]
    assert pd.read_csv(made["csv"][0])["stopped"].tolist() == [1]
    assert made["png"][0].stat().st_size > 1000
    draw_table.print_draws(found)
    said = " ".join(capsys.readouterr().out.split())
    assert "4 draws, 3 of them fresh" in said
    assert "not preregistered" in said
    assert "open: 1 of 1 claims, one" in said  # three of four draws have a value
    assert "root seed 11: stopped root seed 2024: one (fails)" in said
    assert "every claim holds in 2 of 4 draws, P ≥ 0.02 by the 3 fresh ones" in said
    assert "no training" not in said

    # What needs no training rests on more draws, in two jobs' files.
    parts = [tmp_path / "0.json", tmp_path / "1.json"]
    for part, roots in zip(parts, ([7, 11, 99], [2024, 5]), strict=True):
        part.write_text(json.dumps([equation_draw(root, one="fail" if root == 5 else "pass") for root in roots]))
    draws(Job(settings, inputs | {"equations": parts}, outputs, logging.getLogger("test"), "test"))
    found = json.loads(made["json"][0].read_text())
    (claim,) = found["claims"]
    assert claim["cells"][0]["values"] == [0.5, 0.5, 0.5, 0.5, 1.5]
    assert (claim["passes"], claim["draws"], claim["stopped"]) == (4, 5, 0)
    draw_table.print_draws(found)
    said = " ".join(capsys.readouterr().out.split())
    assert "4 draws, 3 of them fresh (5 of what needs no training)" in said
    assert "every claim holds in 2 of 4 draws" in said
    assert "every claim that needs no training holds in 4 of 5 draws, P ≥ 0.25 by the 4 fresh ones" in said


def test_draws_that_are_shipped_count_as_those_that_are_run(tmp_path):
    """Of a draw that is shipped there is what differs between draws, and what is said of all is the same."""
    known = next(claim for claim in CLAIMS if claim.id == "A1-kernel-slope")
    register = tmp_path / "register.yaml"
    register.write_text("[]")
    files = []
    for root, each in zip((7, 99, 2024), means(2.0, 0.01, 3), strict=True):
        files.append(tmp_path / f"{root}.json")
        of_run = {"cells": [each | {"met": 4}], "verdict": "pass", "figure": "f.svg"}
        files[-1].write_text(json.dumps([stated(known) | of_run]))
    made = {name: [tmp_path / f"draws.{name}"] for name in ("json", "csv", "svg", "png")}
    outputs = {"draws": made["json"], "table": made["csv"], "svg": made["svg"], "png": made["png"]}

    def said(kept):
        settings = DrawsSettings(
            config_name="mine", roots=[7, 11, 99, 2024], stopped=[11], kept=kept, own_root=7, sizes={}
        )
        there = [
            tmp_path / f"draws/{root}.json" if root in kept else tmp_path / f"{root}.json" for root in (7, 99, 2024)
        ]
        job = Job(settings, {"claims": there, "register": [register]}, outputs, logging.getLogger("test"), "test")
        draws(job)
        return json.loads(made["json"][0].read_text())

    found = said([])
    assert found["claims"][0]["cells"][0]["values"][2] is not None
    write_kept(tmp_path, found["made_with"], {int(file.stem): json.loads(file.read_text()) for file in files})
    assert "figure" not in json.loads((tmp_path / "draws/99.json").read_text())[0]
    for kept in ([99], [7, 2024], [7, 99, 2024]):
        assert said(kept) == found | {"kept": kept}
    draw_table.print_draws(said([99]))


def test_claim_that_fails_over_draws_is_an_error_unless_the_reference_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found = {"configuration": "mine", "claims": [{"id": "one", "verdict": FAILS}, {"id": "two", "verdict": OPEN}]}
    assert not draws_as_expected(found)
    assert capsys.readouterr().err == "fails over draws: one\n"
    path = REFERENCE / "mine" / DRAWS
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(found))
    assert draws_as_expected(found)
    found["claims"][1]["verdict"] = FAILS
    assert not draws_as_expected(found)
    assert "two" in capsys.readouterr().err


@pytest.fixture
def register(tmp_path):
    path = tmp_path / "preregistered.yaml"
    path.write_text(preregistration.REGISTER.read_text() if preregistration.REGISTER.is_file() else "# of tests\n[]\n")
    return path


def test_register_is_kept_and_says_what_differs(register):
    config = load_config(TOP / "config/quick.yaml")
    roots = [config.root_seed, 7, 99]
    assert preregistration.said_of([], "quick", sizes_of(config), roots, 0)["registered"] is False
    preregistration.register(config, [1, 2, 3], 0, register)
    assert "registered in" in preregistration.register(config, roots, 300, register)
    assert "registered already" in preregistration.register(config, roots, 300, register)
    entries = preregistration.read_register(register)
    assert [entry["roots"] for entry in entries[-2:]] == [[1, 2, 3], roots]
    assert register.read_text().startswith("#")

    def said(sizes=None, of=roots, name="quick", equation_draws=300):
        return in_words(preregistration.said_of(entries, name, sizes or sizes_of(config), of, equation_draws))

    assert said() == f"thresholds, measures, sizes and root seeds are those registered on {entries[-1]['date']}"
    assert said(of=roots[:2]) == f"{said()}; 2 of 3 root seeds were run"
    assert said(equation_draws=20) == f"{said()}; 20 of 300 draws of the equations were run"
    assert said(of=roots[:1], equation_draws=0) == (
        f"{said()}; 1 of 3 root seeds and 0 of 300 draws of the equations were run"
    )
    assert said(of=roots[1:]).endswith("other root seeds")  # none may be chosen
    assert said(of=[*roots, 3]).endswith("other root seeds")
    assert said(sizes_of(config) | {"seeds": 5}).endswith("other sizes")
    assert said(name="never-registered") == "not preregistered"


@pytest.mark.parametrize("change", [{"criterion": Criterion("<=", 0.0011)}, {"statistic": "mean"}, {"statement": "No"}])
def test_moved_threshold_breaks_the_match(register, monkeypatch, change):
    config = load_config(TOP / "config/quick.yaml")
    preregistration.register(config, [7, 8, 9], 0, register)
    (entry, *_) = reversed(preregistration.read_register(register))
    moved = [dataclasses.replace(claim, **change) if claim.id == "A1-collapse-curve" else claim for claim in CLAIMS]
    assert preregistration.thresholds(list(reversed(CLAIMS))) == entry["thresholds"]
    assert preregistration.thresholds(moved) != entry["thresholds"]
    monkeypatch.setattr(preregistration.thresholds, "__defaults__", (moved,))
    said = preregistration.said_of([entry], "quick", sizes_of(config), [7, 8, 9], 0)
    assert (said["registered"], said["differs"]) == (False, ["thresholds"])


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "no"},
        {"formula": "x"},
        {"table": "rank"},
        {"experiment": "grassmannian"},
        {"evidence": "equations"},
        {"every_loss": False},
        {"every_seed": False},
        {"rounding": Rounding(1e-9)},
        {"wrong": None},
        {"source": "A2"},
        {"bears_on": ("A4",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_changed_claim_breaks_the_match(change):
    changed = [dataclasses.replace(claim, **change) if claim.id == "A1-collapse-curve" else claim for claim in CLAIMS]
    assert preregistration.measures(changed) != preregistration.measures()
    assert preregistration.measures(list(reversed(CLAIMS))) == preregistration.measures()


def forget():
    fingerprint._READ.clear()
    fingerprint._module.cache_clear()
    fingerprint._unit.cache_clear()


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A copy of the package whose code is that of fingerprints."""
    copy = tmp_path / "ssl_dynamics"
    shutil.copytree(fingerprint._ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "_ROOT", copy)
    forget()
    yield copy
    forget()


@pytest.mark.parametrize(
    ("module", "old", "new", "same"),
    [
        ("claims/measures/collapse.py", "Largest |measured − predicted| of", "The largest of", True),
        ("claims/verdict.py", "\n\n@dataclass", "\n# A remark.\n\n@dataclass", True),
        ("theory/noise.py", "import numpy as np", "import numpy as np\nUNUSED = 1", True),  # no measure reads it
        ("problem/levels.py", "RATE_ERROR = 0.01, 0.1", "RATE_ERROR = 0.02, 0.1", False),
        ("claims/common.py", "wrong by {RATE_ERROR:.0%}", "off by {RATE_ERROR:.0%}", False),
        ("claims/measures/rates.py", ".abs() <= (second", ".abs() >= (second", False),
        ("experiments/downstream/measures.py", "1 / (ridge[", "2 / (ridge[", False),
        ("claims/verdict.py", "if high < least or", "if high < most or", False),
        ("report/draw_verdicts.py", "<= 1 / 2", "<= 1 / 3", False),
        ("analysis/inference.py", "INTERVAL_LEVEL = 0.95", "INTERVAL_LEVEL = 0.9", False),
        # What makes the numbers: data, designs, training, theory, comparisons. Figures and reports do not.
        ("problem/mixture.py", "random.standard_normal", "2 * random.standard_normal", False),
        ("experiments/dynamics/step_control.py", "import numpy as np", "import numpy as np\nprint()", False),
        ("simulation/training.py", "W = manifold.step(", "W = +manifold.step(", False),
        ("theory/grassmann.py", "np.exp(", "np.expm1(", False),
        ("experiments/drift/compare.py", "DEPARTURE)", "2 * DEPARTURE)", False),
        ("experiments/drift/figures.py", "import numpy as np", "import numpy as np\nprint()", True),
        ("report/page.py", "import base64", "import base64\nprint()", True),
    ],
)
def test_changed_code_of_measures_breaks_the_match_and_a_comment_does_not(tree, module, old, new, same):
    before, file = preregistration.measures(), tree / module
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    forget()
    assert (preregistration.measures() == before) == same


def test_entry_from_before_measures_were_registered_says_so(register):
    config = load_config(TOP / "config/quick.yaml")
    preregistration.register(config, [7, 8, 9], 0, register)
    *_, entry = preregistration.read_register(register)
    said = preregistration.said_of([entry | {"measures": "other"}], "quick", sizes_of(config), [7, 8, 9], 0)
    assert (said["registered"], said["differs"]) == (False, ["measures"])
    del entry["measures"]
    said = preregistration.said_of([entry], "quick", sizes_of(config), [7, 8, 9], 0)
    assert (
        in_words(said) == f"thresholds, sizes and root seeds, but not measures, are those registered on {entry['date']}"
    )


def test_register_in_the_tree_can_be_read():
    entries = preregistration.read_register(TOP / preregistration.REGISTER)
    keys = {"date", "configuration", "thresholds", "sizes", "roots"}
    assert all(set(entry) - {"equation_draws", "measures"} == keys for entry in entries)
    assert yaml.safe_dump(entries)


def test_register_only_grows():
    """What has been registered stays as it was; after a new entry both numbers may be raised to cover it."""
    entries = preregistration.read_register(TOP / preregistration.REGISTER)[:38]
    digest = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
    assert digest == "21627333e03ed5dfdf667718cc64f47287291f43ce2f5f5f3c1a5364734def7f"
