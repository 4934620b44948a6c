"""Draws of what needs no training: from the data to the verdict in one process."""

import json
import logging

import pytest

from problems import equation_draw
from ssl_dynamics import equations
from ssl_dynamics.catalogue import EXPERIMENTS, edges
from ssl_dynamics.config import parse_config
from ssl_dynamics.config_file import load_config
from ssl_dynamics.draws import chunks, derived_roots, equation_roots, sizes_of
from ssl_dynamics.engine.fingerprint import definitions, fingerprint
from ssl_dynamics.engine.stage import Job, units_of
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.experiments.departure import solve as departure
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report import preregistration
from ssl_dynamics.report.configured import equations_settings
from ssl_dynamics.report.draw_verdicts import equations_by_draw, over_equation_draws
from ssl_dynamics.report.formatting import NEXT, OPEN
from ssl_dynamics.report.stages import equations as stage
from ssl_dynamics.sweep import draws_asked_for
from ssl_dynamics.unsettled import Unsettled
from trees import TOP, call, copy_of_the_tree

SMALL = "config/equations.yaml"
OF_DEPARTURE = {"A4-departure-law", "A4-fixed-time", "beyond-departure-time", "beyond-blow-up"}
# What it says of the equations has a control of trained nets.
OF_NETS = {"beyond-linearised-limit"}
SHIPPED = [load_config(TOP / f"config/{name}.yaml") for name in ("quick", "full")]


@pytest.fixture(scope="module")
def small():
    return load_config(TOP / "tests" / SMALL)


def drawn(config, roots, folder):
    """What the stage leaves, of settings as its command line has them."""
    settings = equations_settings(config, roots)
    settings = type(settings).model_validate_json(settings.model_dump_json())
    path = folder / "0.json"
    stage.equations(Job(settings, {}, {"equations": [path]}, logging.getLogger("test"), "equations"))
    return json.loads(path.read_text(encoding="utf-8"))


def test_claims_without_training_are_those_that_say_so():
    expected = {claim.id for claim in CLAIMS if claim.evidence != "trained"} - OF_NETS
    for config in SHIPPED:
        assert {claim.id for claim in stage.claims_without_training(config)} == expected
    assert len(expected) == 10


@pytest.mark.parametrize("config", SHIPPED, ids=lambda config: config.name)
def test_steps_are_in_order_and_make_every_table_without_training(config):
    made = set()
    for step in equations.steps_of(config):
        assert set(step.reads.values()) <= made
        assert made.isdisjoint(step.writes.values())
        made.update(step.writes.values())
        assert "device" not in step.stage.settings.model_fields
        assert not any("simulation" in name for name in definitions(step.function)), step.function
    for experiment, table in equations.equation_tables():
        for dataset, loss, z in config.cells(experiment):
            assert f"{dataset}/{loss}/{experiment}/z{z}/{table}.csv" in made


def test_stages_of_the_equations_are_no_jobs_of_a_run():
    rules = {stage.rule for _, _, stage in equations.equation_stages()}
    assert {rule for rule in rules if rule in edges()} == {"compare_finite_sample", "compare_kernel_limit"}


def test_wildcards_are_those_of_the_rule_that_writes_a_file(small):
    by_file = {path: step for step in equations.steps_of(small) for path in step.writes.values()}
    step = by_file["mixture/narrow/triplets.npz"]
    assert (step.stage.rule, step.cell) == ("net_triplets", {"dataset": "mixture", "net": "narrow"})
    step = by_file["mixture/contrastive/grassmannian/z1/solution.npz"]
    assert (step.stage.rule, step.cell["dynamics"]) == ("solve", "grassmannian")


def test_fingerprint_reaches_all_that_a_draw_runs(small):
    roots = equations.code_roots(small)
    reached = definitions(*units_of("ssl_dynamics.report.stages.equations:equations", roots))
    assert {
        "ssl_dynamics.theory.gram:gram_curve",  # of a stage
        "ssl_dynamics.problem.sampling:draw_triplets",  # of the data
        "ssl_dynamics.experiments.departure.config:DesignSettings",  # what a stage reads of the configuration
        "ssl_dynamics.experiments.departure.measures:slope_in_log_width",  # of a claim
        "ssl_dynamics.claims.verdict:judge",
    } <= set(reached)
    assert not any("ssl_dynamics.simulation" in name or "experiments.drift" in name for name in reached)
    assert fingerprint(*roots) != fingerprint(*roots[:-1])


def test_what_no_step_reads_of_the_configuration_is_not_in_the_settings(small):
    tiny = load_config(TOP / "tests/config/tiny-all.yaml")
    of = {name for name in EXPERIMENTS if equations_settings(tiny, [7]).config.get(name)}
    assert of == {*equations.experiments_of(tiny), "unconstrained"}  # which no configuration may leave out
    more = small.model_copy(update={"draws": 99, "equation_draws": 999, "device": "cuda"})
    assert equations_settings(more, [7]) == equations_settings(small, [7])


def test_draws_of_the_equations_have_the_root_seeds_of_whole_runs_first(small):
    for config in SHIPPED:
        assert config.equation_draws == 300
        roots = equation_roots(config)
        assert roots[: config.draws] == derived_roots(config.root_seed, config.draws)
        assert len(set(roots)) == 300
        of_others = equation_roots(config, [7, 8, 9])
        assert of_others == [7, *derived_roots(8, 300)[1:]] == equation_roots(config, [7, 8, 9, 10])
        assert not set(of_others) & set(roots)  # fresh, as the given ones are
        assert equation_roots(config.model_copy(update={"equation_draws": 0}), [7, 8, 9]) == []
        assert equation_roots(config.model_copy(update={"equation_draws": config.draws})) == []
    assert equation_roots(load_config(TOP / "config/quick.yaml", "11")) == []
    assert equation_roots(small.model_copy(update={"equation_draws": 0})) == []


def test_more_draws_leave_the_jobs_as_they_are():
    roots = derived_roots(7, 120)
    assert [root for chunk in chunks(roots) for root in chunk] == roots
    full = [chunk for chunk in chunks(roots[:115]) if len(chunk) == len(chunks(roots)[0])]
    assert len(full) > 1
    assert chunks(roots)[: len(full)] == full
    assert chunks([]) == []


def test_register_says_how_many_draws_there_are_of_the_equations():
    """An entry of before there were any matches still; their number is no size."""
    config, roots = SHIPPED[0], [7, 8, 9]
    assert sizes_of(config.model_copy(update={"equation_draws": 7})) == sizes_of(config)
    before = {
        "date": "2026-11-29",
        "configuration": "quick",
        "thresholds": preregistration.thresholds(),
        "sizes": preregistration.sizes_hash(sizes_of(config)),
        "roots": roots,
    }

    def differs(number, entry):
        return preregistration.said_of([entry], "quick", sizes_of(config), roots, number)["differs"]

    assert differs(0, before) == []
    assert differs(300, before) == ["draws of the equations"]
    assert differs(300, before | {"equation_draws": 300}) == []
    assert differs(301, before | {"equation_draws": 300}) == ["draws of the equations"]


def test_command_line_takes_a_number_of_them_which_beside_root_seeds_has_to_be_asked_for():
    quick = TOP / "config/quick.yaml"
    asked = draws_asked_for(quick, None, "", 40)
    assert asked.configuration.arguments()[2:] == ["--config", "equation_draws=40"]
    assert asked.equation_draws == 40
    assert draws_asked_for(quick, 5, "", None).equation_draws == 300
    assert draws_asked_for(quick, None, "7 8 9", None).equation_draws == 0
    beside = draws_asked_for(quick, None, "7 8 9", 40)
    assert [draw.root_seed for draw in beside.draws] == [7, 8, 9]
    assert equation_roots(beside.config, [7, 8, 9]) == [7, *derived_roots(8, 40)[1:]]
    assert draws_asked_for(quick, None, "7 8 9", 3).equation_draws == 0
    with pytest.raises(ConfigError, match="equation_draws: -1 is not allowed"):
        draws_asked_for(quick, None, "", -1)


def test_draw_judges_every_claim_and_depends_on_no_other(small, tmp_path):
    both = drawn(small, [7, 8], tmp_path)
    assert drawn(small, [8], tmp_path) == both[1:]
    assert [draw["root_seed"] for draw in both] == [7, 8]
    for draw in both:
        assert draw["failed"] == []
        assert set(draw["claims"]) == {claim.id for claim in stage.claims_without_training(small)}
        for claim in stage.claims_without_training(small):
            cells = draw["claims"][claim.id]
            assert [cell["cell"].split("/")[-1] for cell in cells] == [
                str(z) for _, _, z in small.cells(claim.experiment)
            ]
    assert [cell["value"] for cell in both[0]["claims"]["A3-integration"]] != [
        cell["value"] for cell in both[1]["claims"]["A3-integration"]
    ]
    for name in ("A3-integration", "A3-narrow-integration", "A3-wide-integration"):  # exact at any size
        for draw in both:
            assert {(cell["verdict"], cell["control"]["verdict"]) for cell in draw["claims"][name]} == {
                ("pass", "fail")
            }


def of_departure_alone(config):
    """The configuration without what is slow to draw."""
    left_out = dict.fromkeys(("narrow", "wide", "finite_sample", "kernel_limit"))
    return parse_config(config.model_dump(mode="json") | left_out, "test")


def stopping(root, error, what=departure.gram_curve):
    """The Gram equations, which raise an error where the draw has a start of this root seed."""
    calls = []

    def curve(*arguments, **named):
        calls.append(1)
        if root is None or len(calls) == root:
            raise error
        return what(*arguments, **named)

    return curve


def test_error_in_a_draw_stops_no_other_and_counts_as_not_passing(small, tmp_path, monkeypatch):
    config = of_departure_alone(small)
    monkeypatch.setattr(departure, "gram_curve", stopping(1, ArithmeticError("no curve today")))
    first, second = drawn(config, [7, 8], tmp_path)
    assert first["failed"] == ["solve_departure: no curve today"]
    assert {name for name, cells in first["claims"].items() if cells is None} == OF_DEPARTURE
    assert first["claims"]["A3-integration"]
    assert second["failed"] == []
    assert all(second["claims"].values())


def test_draw_that_settles_nothing_leaves_cells_open(small, tmp_path, monkeypatch):
    monkeypatch.setattr(departure, "gram_curve", stopping(None, Unsettled("a saddle")))
    (draw,) = drawn(of_departure_alone(small), [7], tmp_path)
    assert draw["failed"] == []
    for name in OF_DEPARTURE:
        assert [(cell["verdict"], cell["reason"]) for cell in draw["claims"][name]] == [("open", "a saddle")]


def test_full_disk_is_no_matter_of_a_draw(small, tmp_path, monkeypatch):
    monkeypatch.setattr(departure, "gram_curve", stopping(1, OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        drawn(of_departure_alone(small), [7], tmp_path)


def test_draws_are_counted_with_those_that_stopped():
    stated = [{
        "id": "one", "source": "A1", "statement": "It is so.", "evidence": "equations", "statistic": "largest",
        "criterion": {"operator": "<=", "threshold": 1.0}, "cells": [{"cell": "digits/contrastive/2"}],
    }]  # fmt: skip
    every = [equation_draw(root, one="pass") for root in range(59)]
    (claim,) = over_equation_draws(every, stated)
    assert (claim["verdict"], claim["passes"], claim["draws"]) == (NEXT, 59, 59)
    assert claim["least_probability"] == pytest.approx(0.95, abs=1e-3)  # 0.05^(1/59)
    worse = [*every[:20], equation_draw(98, one="fail"), equation_draw(99, one=None)]
    (claim,) = over_equation_draws(worse, stated)
    assert (claim["passes"], claim["draws"], claim["stopped"]) == (20, 22, 1)
    below = [draw["below"] for draw in equations_by_draw(worse)]
    assert below == [*({} for _ in range(20)), {"one": "fail"}, {"one": "stopped"}]
    # That every draw has stopped says nothing of the claim: it is no failure of it.
    (claim,) = over_equation_draws([equation_draw(root, one=None) for root in range(20)], stated)
    assert (claim["verdict"], claim["passes"], claim["draws"], claim["stopped"]) == (OPEN, 0, 20, 20)
    assert claim["cells"][0]["values"] == [None] * 20
    assert claim["reason"] == "it holds in 0 of 20 fresh draws, too few to say that more than half of all do"
    assert over_equation_draws([], stated) == []


@pytest.mark.slow
def test_draws_of_the_equations_are_those_of_whole_runs_to_the_last_digit(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    result = call(tree, "draws", SMALL, "--cores", "2")
    assert "Traceback" not in result.stdout + result.stderr
    found = json.loads((tree / "results/equations-draws/draws.json").read_text(encoding="utf-8"))
    draws = json.loads((tree / "results/equations-draws/equations/0.json").read_text(encoding="utf-8"))
    assert [draw["root_seed"] for draw in draws] == derived_roots(7, 5)
    assert [draw["root_seed"] for draw in found["equation_draws"]] == derived_roots(7, 5)
    for draw in draws[:3]:
        name = "equations" if draw["root_seed"] == 7 else f"equations-root-{draw['root_seed']}"
        records = json.loads((tree / f"results/{name}/claims.json").read_text(encoding="utf-8"))
        whole = {record["id"]: record["cells"] for record in records}
        for claim, cells in draw["claims"].items():
            assert cells == [cell | {"resolves": None} for cell in whole[claim]], claim
    rests_on = {claim["id"]: (claim["draws"], len(claim["cells"][0]["values"])) for claim in found["claims"]}
    assert {rests_on[name] for name in draws[0]["claims"]} == {(5, 5)}
    assert {of for name, of in rests_on.items() if name not in draws[0]["claims"]} == {(3, 3)}
    assert "equations, 3 draws, 2 of them fresh (5 of what needs no training)" in " ".join(result.stdout.split())

    # A second time there is nothing to do.
    assert "jobs done" not in call(tree, "draws", SMALL, "--cores", "2").stdout
