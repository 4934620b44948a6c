"""Comparison with the shipped reference: what may differ, and what is caught."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.claims.rounding import EPSILON, LATE_SLOPE, SPREAD, spreads_apart
from ssl_dynamics.claims.verdict import judge_claim
from ssl_dynamics.config_file import load_config
from ssl_dynamics.draws import folder_of
from ssl_dynamics.engine.artifacts import sha256, write_json, write_table
from ssl_dynamics.engine.provenance import SUFFIX
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report import verdicts
from ssl_dynamics.theory import grassmann_flow, integrate_grassmann_flow
from ssl_dynamics.verify import reference, verification
from ssl_dynamics.verify.expectation import DRAWS
from ssl_dynamics.verify.kept_draws import FOLDER, MADE_WITH, write_kept
from ssl_dynamics.verify.reference import (
    Compared,
    claims_left_out,
    compare_claims,
    compare_tables,
    write_draws,
    write_reference,
)

TOP = Path(__file__).parents[1]
CONFIG = load_config(TOP / "tests/config/smallest.yaml")


def record(**changes):
    cell = {"cell": "a/b/2", "value": 0.1, "low": 0.05, "high": 0.12, "seeds": 4, "verdict": "pass"}
    cell |= {"control": {"value": 0.5, "verdict": "fail"}}
    return {
        "id": "A1-one",
        "verdict": "pass",
        "criterion": {"operator": "<=", "threshold": 0.2},
        "cells": [cell | changes],
    }


TABLE = pd.DataFrame({"seed": [0, 1, 2], "error": [1e-3, 1.0, 10.0], "rounding": [1e-15, 2e-15, np.nan]})


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder with a reference made from one record and one table."""
    monkeypatch.chdir(tmp_path)
    write_table(CONFIG.results / "mixture/x.csv", TABLE)
    write_table(CONFIG.results / "tables/for_readers.csv", TABLE)
    write_table(CONFIG.results / "mixture/large.csv", pd.concat([TABLE] * 1000))
    return write_reference(CONFIG, [record()])


def differing(compared):
    return [(each.claim, each.place) for each in compared if not each.agrees]


def test_reference_holds_verdicts_small_tables_and_versions(shipped):
    files = sorted(path.relative_to(shipped).as_posix() for path in shipped.rglob("*") if path.is_file())
    assert files == ["mixture/x.csv", "verdicts.json", "versions.json"]
    versions = json.loads((shipped / "versions.json").read_text(encoding="utf-8"))
    assert {"python", "processor", "numpy", "torch"} <= versions.keys()
    assert versions["numpy"] == np.__version__


def test_draws_are_shipped_without_their_values_if_they_are_as_they_were_made(shipped):
    claims = CONFIG.results / "claims.json"
    claims.write_text("[]", encoding="utf-8")
    made = folder_of(CONFIG) / "draws.json"
    cells = [{"cell": "a/b/2", "values": [0.1, 0.2], "verdict": "open"}]
    made_with = {"thresholds": "a", "measures": "b", "sizes": "c"}
    of_draws = {"roots": [CONFIG.root_seed, 11, 99, 2024], "stopped": [11], "kept": [99], "made_with": made_with}
    write_json(made, {"claims": [{"id": "A1-one", "verdict": "open", "cells": cells}], **of_draws})
    write_kept(shipped, made_with, {root: [record(value=0.01 * root)] for root in (5, 99)})
    write_json(CONFIG.results.with_name("smallest-root-2024") / "claims.json", [record(value=0.3)])
    hashes = {"inputs": {claims.as_posix(): sha256(claims)}, "outputs": {made.as_posix(): sha256(made)}}
    write_json(made.with_suffix(SUFFIX), {"stage": "", "extra_roots": [], "code": "", "lock": "", **hashes})
    write_reference(CONFIG, [record()])
    found = json.loads((shipped / DRAWS).read_text(encoding="utf-8"))
    assert found["claims"][0]["cells"] == [{"cell": "a/b/2", "verdict": "open"}]
    # With those that are not of the sweep any more gone, those that it took from the reference still there.
    kept = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (shipped / FOLDER).iterdir()}
    values = {name: [claim["cells"][0]["value"] for claim in of] for name, of in kept.items() if name != MADE_WITH}
    assert values == {f"{CONFIG.root_seed}.json": [], "99.json": [0.99], "2024.json": [0.3]}
    assert kept[MADE_WITH] == made_with
    claims.write_text("[1]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"claims\.json: other than when .* was made; run make draws again"):
        write_reference(CONFIG, [record()])


def test_draws_alone_are_replaced_if_they_are_of_the_same_claims(shipped):
    with pytest.raises(ConfigError, match=r"smallest-draws/draws\.json: there are no draws; run make draws"):
        write_draws(CONFIG)
    made = folder_of(CONFIG) / "draws.json"
    root_seeds = [CONFIG.root_seed, 11, 99]
    for name in ("smallest", "smallest-root-11", "smallest-root-99"):
        write_json(CONFIG.results.with_name(name) / "claims.json", [record()])

    def sweep(criterion):
        claims = [{"id": "A1-one", "criterion": criterion, "cells": []}]
        write_json(made, {"claims": claims, "roots": root_seeds, "stopped": [], "kept": [], "made_with": {}})
        hashes = {"inputs": {}, "outputs": {made.as_posix(): sha256(made)}}
        write_json(made.with_suffix(SUFFIX), {"stage": "", "extra_roots": [], "code": "", "lock": "", **hashes})

    before = {path.name: path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    sweep(record()["criterion"])
    assert write_draws(CONFIG) == shipped
    after = {path.name: path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    assert after.keys() - before.keys() == {DRAWS, MADE_WITH, *(f"{root}.json" for root in root_seeds)}
    assert {name: after[name] for name in before} == before
    sweep({"operator": "<=", "threshold": 0.3})
    with pytest.raises(ValueError, match="of other claims or criteria than the draws; run make reference"):
        write_draws(CONFIG)
    assert {path.name: path.read_bytes() for path in shipped.rglob("*") if path.is_file()} == after


@pytest.mark.parametrize(
    ("change", "kept"),
    [({}, True), ({"verdict": "fail"}, True), ({"id": "A1-two"}, False), ({"criterion": {"threshold": 0.3}}, False)],
)
def test_shipped_draws_stay_while_they_are_of_the_same_claims(shipped, capsys, change, kept):
    draws = {"claims": [{"id": "A1-one", "criterion": record()["criterion"], "cells": [{"values": [0.1]}]}]}
    write_json(shipped / DRAWS, draws)
    write_kept(shipped, {}, {99: []})
    write_reference(CONFIG, [record() | change])
    assert (shipped / FOLDER / "99.json").is_file() == kept
    assert (shipped / DRAWS).is_file() == kept
    dropped = "results/reference/smallest/draws.json: dropped, it is of other claims or criteria; "
    assert capsys.readouterr().out == ("" if kept else f"{dropped}to ship draws: make draws, then make reference\n")
    assert not kept or json.loads((shipped / DRAWS).read_text(encoding="utf-8")) == draws


def test_reference_that_cannot_be_written_leaves_the_old_one(shipped, monkeypatch):
    before = (shipped / "verdicts.json").read_bytes()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(reference, "write_table", full)
    for _ in range(2):
        with pytest.raises(OSError, match="no space left"):
            write_reference(CONFIG, [record() | {"verdict": "fail"}])
        assert (shipped / "verdicts.json").read_bytes() == before


@pytest.mark.usefixtures("shipped")
def test_equal_results_agree():
    compared = [*compare_claims(CONFIG, [record()]), *compare_tables(CONFIG)]
    assert differing(compared) == []
    assert len(compared) == 6 + 3
    assert all(each.excess() == 0 for each in compared)


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"value": 0.1 + 0.002}, []),  # 1e−3 of itself and a hundredth of the threshold 0.2
        ({"value": 0.1 + 0.0022}, ["a/b/2 value"]),
        ({"value": None}, ["a/b/2 value"]),
        ({"low": 0.04, "high": 0.13}, ["a/b/2 low", "a/b/2 high"]),
        ({"verdict": "fail"}, ["a/b/2 verdict"]),
        ({"verdict": "open"}, ["a/b/2 verdict"]),
        ({"control": {"value": 0.4, "verdict": "fail"}}, ["a/b/2 control"]),
        ({"control": {"value": 0.5, "verdict": "pass"}}, ["a/b/2 control fails"]),
        ({"cell": "a/b/3"}, [f"a/b/{z} {name}" for z in (3, 2) for name in
                             ("value", "low", "high", "verdict", "control", "control fails")]),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("shipped")
def test_numbers_of_a_claim(changes, places):
    assert differing(compare_claims(CONFIG, [record(**changes)])) == [("A1-one", place) for place in places]


@pytest.mark.usefixtures("shipped")
def test_claim_that_the_reference_lacks_differs():
    assert len(differing(compare_claims(CONFIG, [record() | {"id": "A1-new"}]))) == 6


@pytest.mark.usefixtures("shipped")
def test_claim_that_a_whole_run_lacks_differs(tmp_path):
    assert list(claims_left_out(CONFIG, [record()])) == []
    missing = list(claims_left_out(CONFIG, [record() | {"id": "A1-new"}]))
    problems = verification.report([], missing, tmp_path / "report.json")
    assert problems == ["A1-one: number of cells differs from the reference"]


def test_tolerance_follows_the_criterion():
    wide, narrow = (record() | {"criterion": {"operator": "within", "threshold": t}} for t in ([0, 2], [0.9, 1.1]))
    assert reference._tolerance(wide, 0.0) == pytest.approx(0.01)
    assert reference._tolerance(narrow, 0.0) == pytest.approx(0.001)
    assert reference._tolerance(narrow, -3.0) == pytest.approx(0.001 + 0.003)


ITEMS = 355
ROWS = {"dataset": "digits", "loss": "contrastive", "dimension": 2, "seed": [0, 1], "time": 1.0, "probe": "ridge"}


def probes(name, more):
    """The table of a claim on accuracies; by `more` test items its numbers are others than in the reference."""
    share = (101 + more) / ITEMS
    if name in ("A5-accuracy", "beyond-soft-accuracy"):
        others = ("predicted_control", "predicted_slower", "predicted_faster", "predicted_half")
        known = {"predicted": 101 / ITEMS} | dict.fromkeys(others, 141 / ITEMS)
        return pd.DataFrame(ROWS | known | {"trained": share, "extrapolated": share, "strength": 1.0})
    accuracies = {"collapsed": (60 + more) / ITEMS, "items": (300 + more) / ITEMS, "two_largest": 0.2, "tested": ITEMS}
    changed = {"gained_over_collapsed": 14, "lost_to_collapsed": more, "gained_over_before": more, "lost_to_before": 0}
    return pd.DataFrame(ROWS | accuracies | changed)


def judged(name, more):
    """The record of that claim."""
    (claim,) = [claim for claim in CLAIMS if claim.id == name]
    key = ("digits", "contrastive", 2)
    tables = dict.fromkeys((claim.own_table, claim.control_table), probes(name, more))
    cells = verdicts._cells(judge_claim(claim, tables, {claim.experiment: [key]}, 2))
    criterion = verdicts._criterion(claim.criterion)
    return {"id": name, "verdict": cells[0]["verdict"], "criterion": criterion, "cells": cells}


@pytest.mark.parametrize(
    "name", ["A5-accuracy", "beyond-soft-accuracy", "A5-collapsed-accuracy", "A5-cost-of-collapse"]
)
def test_one_test_item_may_differ_and_two_may_not(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_reference(CONFIG, [judged(name, 0)])
    differ = [{place for _, place in differing(compare_claims(CONFIG, [judged(name, more)]))} for more in (0, 1, 2)]
    numbers = {f"digits/contrastive/2 {number}" for number in ("value", "low", "high", "control")}
    assert differ[:2] == [set(), set()]
    assert numbers <= differ[2]


@pytest.mark.parametrize(
    ("column", "row", "value", "agrees"),
    [
        ("error", 1, 1.0009, True),
        ("error", 1, 1.002, False),
        ("error", 0, 1.009e-3, True),  # small beside the largest of its column
        ("error", 0, 1.02e-3, False),
        ("rounding", 0, 9e-15, True),
        ("rounding", 0, 1e-11, False),
        ("rounding", 2, 1e-15, False),  # where there was no number
        ("error", 2, math.inf, False),
        ("seed", 2, 3, False),
    ],
)
@pytest.mark.usefixtures("shipped")
def test_numbers_of_a_table(column, row, value, agrees):
    table = TABLE.copy()
    table.loc[row, column] = value
    write_table(CONFIG.results / "mixture/x.csv", table)
    assert differing(compare_tables(CONFIG)) == ([] if agrees else [("mixture/x.csv", column)])


@pytest.mark.parametrize("first", [np.nan, np.inf])
@pytest.mark.usefixtures("shipped")
def test_equal_tables_agree_and_are_reported_where_they_begin_without_a_finite_number(tmp_path, capsys, first):
    write_table(CONFIG.results / "mixture/x.csv", pd.DataFrame({"error": [first, 1.0]}))
    write_reference(CONFIG, [record()])
    compared = list(compare_tables(CONFIG))
    assert verification.report([record()], compared, tmp_path / "report.json") == []
    assert "0 differ" in capsys.readouterr().out
    (column,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["compared"]
    assert (column["here"], column["reference"], column["agrees"]) == (None, None, True)


@pytest.mark.usefixtures("shipped")
def test_where_an_optimiser_stops_is_not_compared():
    write_table(CONFIG.results / "mixture/x.csv", TABLE.assign(iterations=[5, 6, 7], gradient_left=1e-7))
    write_reference(CONFIG, [record()])
    write_table(CONFIG.results / "mixture/x.csv", TABLE.assign(iterations=[5, 16, 7], gradient_left=1e-8))
    assert differing(compare_tables(CONFIG)) == []


@pytest.mark.parametrize("table", [TABLE.iloc[:2], TABLE.rename(columns={"error": "distance"})])
@pytest.mark.usefixtures("shipped")
def test_tables_of_another_form_differ(table):
    write_table(CONFIG.results / "mixture/x.csv", table)
    assert differing(compare_tables(CONFIG)) == [("mixture/x.csv", "rows and columns")]


@pytest.mark.usefixtures("shipped")
def test_missing_table_differs():
    (CONFIG.results / "mixture/x.csv").unlink()
    assert differing(compare_tables(CONFIG)) == [("mixture/x.csv", "rows and columns")]


def test_configuration_without_reference_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"verdicts\.json: no reference is shipped for 'smallest'"):
        list(compare_claims(CONFIG, [record()]))


def rounding_record(**changes):
    """A claim that measures rounding alone."""
    cell = {"value": 1e-10, "low": 3e-11, "high": 1e-10} | changes
    return record(**cell) | {"id": "A3-integration", "criterion": {"operator": "<=", "threshold": 1e-9}}


@pytest.fixture
def shipped_rounding(tmp_path, monkeypatch):
    """A reference of a claim and of a column that hold rounding alone."""
    monkeypatch.chdir(tmp_path)
    distance = np.array([1e-15, 3e-12, 1e-10])
    table = TABLE.assign(distance=distance, distance_control=0.3 + distance)
    write_table(CONFIG.results / "mixture/contrastive/grassmannian/z2/integration.csv", table)
    write_reference(CONFIG, [rounding_record()])
    return table


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"value": 3e-10, "high": 3e-10, "low": 1e-11}, []),  # a factor of 3 in both directions
        ({"value": 2e-12, "high": 2e-12, "low": 4e-13}, []),
        ({"value": 1e-7, "high": 1e-7, "low": 3e-8}, ["value", "low", "high"]),  # a factor of 1000
        ({"value": 0.9e-12}, ["value"]),  # more exact than it can be
        ({"value": 0.0}, ["value"]),
        ({"value": None}, ["value"]),
        ({"value": 1.1e-9, "verdict": "fail"}, ["verdict"]),  # over the threshold
        ({"control": {"value": 0.5 * 1.015, "verdict": "fail"}}, ["control"]),  # a number that is not rounding
    ],
)
@pytest.mark.usefixtures("shipped_rounding")
def test_rounding_is_compared_by_its_verdict_and_its_size(changes, places):
    assert differing(compare_claims(CONFIG, [rounding_record(**changes)])) == [
        ("A3-integration", f"a/b/2 {place}") for place in places
    ]


@pytest.mark.parametrize(
    ("column", "values", "agrees"),
    [
        ("distance", [3e-15, 1e-12, 3e-11], True),
        ("distance", [1e-10, 1e-15, 1e-15], True),  # wherever its largest is
        ("distance", [1e-15, 3e-12, 1.1e-8], False),
        ("distance", [1e-15, 3e-12, np.nan], False),
        ("distance", [1e-15, 3e-12, np.inf], False),
        ("distance_control", [0.3, 0.3, 0.3045], False),  # 1.5 %, of a number that is not rounding
    ],
)
def test_column_of_rounding_is_compared_by_its_largest(shipped_rounding, column, values, agrees):
    name = "mixture/contrastive/grassmannian/z2/integration.csv"
    write_table(CONFIG.results / name, shipped_rounding.assign(**{column: values}))
    assert differing(compare_tables(CONFIG)) == ([] if agrees else [(name, column)])


def test_numbers_below_the_floor_agree_and_above_it_by_their_ratio():
    assert spreads_apart(0.0, 1e-13, floor=1e-13) == 0
    assert spreads_apart(0.0, 1.1e-13, floor=1e-13) == math.inf
    assert spreads_apart(1e-15, 1e-12, floor=1e-13) == pytest.approx(1.5)
    assert spreads_apart(1e-10, 1e-12, floor=1e-13) == pytest.approx(1)


def test_floor_of_rounding_lies_below_its_threshold():
    """What float64 leaves at best must pass, and be told from what fails."""
    measured = [claim for claim in CLAIMS if claim.rounding]
    assert measured
    for claim in measured:
        assert claim.criterion.operator == "<="
        assert EPSILON < claim.rounding.floor < claim.criterion.threshold / 2, claim.id


def test_floor_of_a_late_slope_is_rounding_over_the_ratio_that_is_left():
    """σ_2/σ_1 = e^{−23} = 1e−10 at the end, and a fall of its logarithm by 11."""
    assert pytest.approx(EPSILON / 1e-10 / 11, rel=0.05) == LATE_SLOPE


def test_every_claim_of_a_threshold_near_rounding_says_so():
    """Nothing else that is measured can be as small as a threshold of 1e−9."""
    small = [claim for claim in CLAIMS if claim.criterion.operator == "<=" and 0 < claim.criterion.threshold <= 1e-9]
    assert small
    assert all(claim.rounding for claim in small)


def test_two_machines_are_so_far_apart():
    """Another basis is another order of additions: a start near the saddle, whose error the flow amplifies, draws anew.

    Their ratio is often beyond 3, and seldom beyond SPREAD.
    """
    random = np.random.default_rng(0)
    d, draws = 8, 80
    C, start = np.diag(np.linspace(-1, 1, d)), np.zeros((d, 1))
    start[0], start[3] = 1e-3, np.sqrt(1 - 1e-6)
    times = np.linspace(0, 12, 5)
    found = []
    for _ in range(draws):
        Q = np.linalg.qr(random.standard_normal((d, d)))[0]
        turned = Q.T @ C @ Q
        turned, here = (turned + turned.T) / 2, Q.T @ start
        difference = projector_distance(
            integrate_grassmann_flow(turned, here, times), grassmann_flow(turned, here, times)
        )
        found.append(difference.max())
    logs = np.log(found)
    apart = np.abs(logs[:, None] - logs)[~np.eye(draws, dtype=bool)]
    assert (apart > np.log(SPREAD)).mean() < 0.03
    assert (apart > np.log(3)).mean() > 0.1


def test_numbers_of_another_root_seed_have_no_reference_but_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "smallest.yaml"
    path.write_text((TOP / "tests/config/smallest.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    other = load_config(path, "11")
    with pytest.raises(
        ConfigError, match=r"root seed 11 are not shipped; .* `make run CONFIG=.*smallest\.yaml ROOT_SEED=11`"
    ):
        reference.require_shipped(other)
    write_reference(other, [record()])
    reference.require_shipped(other)


def test_report_prints_the_worst_and_names_what_differs_or_fails(tmp_path, capsys):
    compared = [
        Compared("A1-one", "a value", 1.0, 1.0, 0.1),
        Compared("A1-one", "a control", 1.5, 1.0, 0.1),
        Compared("A1-two", "b value", None, None, 0.1),
        Compared("A3-integration", "a value", 1e-10, 2e-10, 1e-14, rounding=True),
    ]
    problems = verification.report([record() | {"verdict": "fail"}], compared, tmp_path / "reports/verify.json")
    assert problems == ["A1-one: a control differs from the reference"]  # that it fails is not for here
    printed = capsys.readouterr().out
    assert "a control" in printed
    assert "× 100" in printed
    assert "4 numbers compared, 1 differ" in printed
    assert "does not hold here: A1-one" in printed
    written = json.loads((tmp_path / "reports/verify.json").read_text(encoding="utf-8"))
    assert (written["claims"], written["failed"], written["differing"]) == (1, ["A1-one"], 1)
    assert [each["agrees"] for each in written["compared"]] == [True, False, True, True]


def test_misspelt_claim_is_refused_with_its_neighbours():
    with pytest.raises(ConfigError, match=r"'A3-order-9' is no claim; expected one of A3-order-1, "):
        verification.claim_named("A3-order-9")


def test_claim_whose_experiment_is_not_configured_is_refused():
    claim = verification.claim_named("A4-kernel-limit")
    with pytest.raises(ConfigError, match="the configuration 'smallest' has no experiment 'kernel_limit'"):
        verification.tables_of(claim, CONFIG)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_tables_of_a_claim_are_its_own_and_those_of_its_control(claim):
    config = load_config(TOP / "config/full.yaml")
    ((name, files),) = verification.tables_of(claim, config).items()
    assert name == claim.table
    folders = {path.parts[4] for path in files}
    assert folders == {claim.experiment, claim.control.experiment or claim.experiment}
