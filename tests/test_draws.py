"""Draws: their root seeds, and one run of the workflow over all of them."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from problems import draws_of as draws_of_claims
from ssl_dynamics.config_file import load_config
from ssl_dynamics.draws import KEPT, ROOTS, STOPPED, derived_roots, draws_of, folder_of, listed, told
from ssl_dynamics.engine.artifacts import write_json
from ssl_dynamics.engine.exit_codes import DISAGREES, WRONG_INPUT
from ssl_dynamics.engine.staleness import FOLLOWS, NOT_MADE, PlannedJob
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.report.preregistration import REGISTER, made_with
from ssl_dynamics.sweep import draws_asked_for, stopped
from ssl_dynamics.verify.kept_draws import write_kept
from trees import SMALLEST, call, contents, copy_of_the_tree, edit, run

TOP = Path(__file__).parents[1]
QUICK = TOP / "config/quick.yaml"
RAN = re.compile(r"^\w+ results/([\w-]+)/\S+: [\d.]+ s, ", re.MULTILINE)  # a job, with the run that it is of


def test_roots_of_draws_depend_on_their_numbers_alone():
    """What is registered before a sweep stays what it is: these are the numbers of today."""
    assert derived_roots(7, 3) == [7, 2458086712, 3568015056]
    assert derived_roots(2309, 20)[:5] == derived_roots(2309, 5)
    assert not set(derived_roots(2309, 300)[1:]) & set(derived_roots(7, 300))
    assert len(set(derived_roots(2309, 1000))) == 1000


def test_draws_differ_in_root_and_name_alone():
    config = load_config(QUICK)
    first, second, *others = draws_of(config)
    assert first == config
    assert second == load_config(QUICK, str(second.root_seed))
    assert len(others) == config.draws - 2
    assert [draw.name for draw in draws_of(config, [7, 2309, 11])] == ["quick-root-7", "quick", "quick-root-11"]
    assert draws_of(load_config(QUICK, "11")) == []
    assert folder_of(config) == Path("results/quick-draws")


@pytest.mark.parametrize(
    ("roots", "line"),
    [
        ("7 99", "roots: 2 are not allowed: there must be at least 3"),
        ("7 99 7", "roots: 7 is not allowed twice: draws must be independent"),
        ("  ", "roots: blanks are no root seeds; expected such as '7 99 2024', or none for derived ones"),
        ("registered 7 9", "root seed: 'registered' is not allowed: it must be an integer, 0 or greater"),
        ("7 x 9", "root seed: 'x' is not allowed: it must be an integer, 0 or greater"),
    ],
)
def test_roots_that_are_no_independent_draws_are_refused_in_a_line(roots, line):
    with pytest.raises(ConfigError, match=f"^{line}$"):
        draws_asked_for(QUICK, None, roots, None)


def test_file_that_is_named_like_what_draws_leave_is_refused(tmp_path):
    path = tmp_path / "mine-draws.yaml"
    path.write_text(QUICK.read_text(encoding="utf-8").replace("name: quick", "name: mine-draws"), encoding="utf-8")
    with pytest.raises(ConfigError, match="name: 'mine-draws' is not allowed"):
        load_config(path)


def test_snakemake_is_told_the_draws():
    configuration, config, draws, *_ = draws_asked_for(QUICK, 5, "", None)
    assert configuration.arguments()[2:] == ["--config", "draws=5"]
    assert len(draws) == config.draws == 5
    with pytest.raises(ConfigError, match="draws: 2 is not allowed"):
        draws_asked_for(QUICK, 2, "", None)
    configuration, _, draws, *_ = draws_asked_for(QUICK, None, "7  99 2024", None)
    assert configuration.arguments()[2:] == ["--config", "equation_draws=0", "draw_roots=7,99,2024"]
    assert [draw.root_seed for draw in draws] == [7, 99, 2024]
    # Snakemake makes a number of a word that is one.
    roots, keys = told({"name": "quick", ROOTS: listed([7, 99, 2024]), STOPPED: 7, KEPT: "99,2024"})
    assert (roots, keys) == ({ROOTS: [7, 99, 2024], STOPPED: [7], KEPT: [99, 2024]}, {"name": "quick"})
    assert told({"name": "quick"}) == ({ROOTS: [], STOPPED: [], KEPT: []}, {"name": "quick"})


def test_draws_that_are_shipped_are_not_run_again_if_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reference = tmp_path / "results/reference/quick"
    none = "results/reference/quick/draws: no draw with one of these root seeds is shipped"
    with pytest.raises(ConfigError, match=none):
        draws_asked_for(QUICK, None, "7 99 2024", None, shipped=True)
    config = load_config(QUICK)
    shipped = [{"id": "A1", "verdict": "pass", "cells": []}]
    write_kept(reference, made_with(config), dict.fromkeys((99, 11), shipped))
    asked = draws_asked_for(QUICK, None, "7 99 2024", None, shipped=True)
    assert asked.kept == [99]
    assert [draw.root_seed for draw in asked.to_run] == [7, 2024]
    assert [draw.root_seed for draw in asked.draws] == [7, 99, 2024]
    assert asked.configuration.arguments()[-2:] == ["draw_roots=7,99,2024", "kept_draws=99"]
    assert draws_asked_for(QUICK, None, "7 99 2024", None).kept == []
    with pytest.raises(ConfigError, match=none):
        draws_asked_for(QUICK, None, "7 5 2024", None, shipped=True)
    for name in ("thresholds", "measures", "sizes"):
        write_kept(reference, made_with(config) | {name: "another"}, {})
        with pytest.raises(ConfigError, match=f"the draws that are shipped were made with other {name}: run them"):
            draws_asked_for(QUICK, None, "7 99 2024", None, shipped=True)


@pytest.fixture
def registered(tmp_path, monkeypatch):
    """A register of two sweeps of `quick` and one of another configuration."""
    entries = [
        {"date": "first", "configuration": "quick", "roots": [2309, 1, 2]},  # the first have no equation_draws
        {"date": "second", "configuration": "quick", "roots": [2309, 7, 99], "equation_draws": 40},
        {"date": "third", "configuration": "full", "roots": [2309, 3, 4], "equation_draws": 300},
    ]
    file = tmp_path / REGISTER
    file.parent.mkdir(parents=True)

    def write(number):
        file.write_text(yaml.safe_dump(entries[:number]), encoding="utf-8")

    write(3)
    monkeypatch.chdir(tmp_path)
    return write


def test_registered_sweep_is_redone_by_a_word(registered):
    """Root seeds and draws of the equations are those of the last entry of this configuration."""
    configuration, config, draws, equation_draws, _ = draws_asked_for(QUICK, None, " registered ", None)
    assert [draw.root_seed for draw in draws] == [2309, 7, 99]
    assert (config.equation_draws, equation_draws) == (40, 40)
    assert configuration.arguments()[2:] == ["--config", "equation_draws=40", "draw_roots=2309,7,99"]
    assert draws_asked_for(QUICK, None, "registered", 0).equation_draws == 0
    registered(1)
    asked = draws_asked_for(QUICK, None, "registered", None)
    assert ([draw.root_seed for draw in asked.draws], asked.equation_draws) == ([2309, 1, 2], 0)
    registered(0)
    line = f"roots: registered is not allowed: {re.escape(str(REGISTER))} has no entry of quick"
    with pytest.raises(ConfigError, match=f"^{line}$"):
        draws_asked_for(QUICK, None, "registered", None)


def test_shipped_sweep_is_the_one_registered_last(monkeypatch):
    monkeypatch.chdir(TOP)
    shipped = json.loads((TOP / "results/reference/quick/draws.json").read_text(encoding="utf-8"))
    asked = draws_asked_for(QUICK, None, "registered", None)
    assert [draw.root_seed for draw in asked.draws] == shipped["roots"]
    # Where draws of the equations have been left out, the sweep itself says how many.
    there, left = len(shipped["equation_draws"]), shipped["preregistration"]["run"]
    assert left == (
        [] if there == asked.equation_draws else [f"{there} of {asked.equation_draws} draws of the equations"]
    )


def test_draw_that_has_stopped_is_named_with_its_first_job_left():
    draws = draws_of(load_config(QUICK), [7, 99, 2309])

    def job(rule, run):
        return PlannedJob(rule, "", {}, "", "", frozenset(), frozenset(), f"results/{run}/{rule}.provenance.json")

    plan = [
        (job("design", "quick"), []),
        (job("design", "quick-root-99"), [NOT_MADE]),
        (job("claims", "quick-root-99"), [FOLLOWS]),
        (job("claims", "quick-root-999"), [FOLLOWS]),  # no draw, though named like one
    ]
    assert stopped(draws, plan) == [(99, "design", "results/quick-root-99/design.provenance.json")]


@pytest.mark.parametrize("goal", ["draws", "preregister"])
@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ([], []),
        (["DRAWS=5"], ["--draws=5"]),
        (["ROOTS=7 99 2024"], ["--roots=7 99 2024"]),
        (["ROOTS=registered"], ["--roots=registered"]),
        (["DRAWS=5", "EQUATION_DRAWS=40"], ["--draws=5", "--equation-draws=40"]),
        (["ROOTS=registered", "SHIPPED=yes"], ["--roots=registered", "--shipped"]),
    ],
)
@pytest.mark.parametrize(
    ("where", "told"), [("CORES=2", "--cores=2"), ("PROFILE=profiles/slurm", "--profile=profiles/slurm")]
)
def test_make_hands_the_draws_on(goal, variables, options, where, told):
    command = ["make", "--dry-run", "--no-print-directory", goal, "CONFIG=config/mine.yaml", where, *variables]
    printed = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in printed.splitlines() if " ssl-dynamics " in line]
    expected = [goal, "config/mine.yaml", *(option for option in options if goal == "draws" or option != "--shipped")]
    given = shlex.split(line.partition(" ssl-dynamics ")[2])
    assert given == expected + ([told] if goal == "draws" else [])


@pytest.mark.slow
def test_draws_are_the_runs_of_their_root_seeds_and_one_more_runs_alone(small, tmp_path):
    before = contents(small)
    first, second, third, fourth = ("smallest", *(f"smallest-root-{root}" for root in derived_roots(7, 4)[1:]))
    result = call(small, "draws", SMALLEST, "--draws", "3", "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert set(RAN.findall(result.stdout)) == {second, third, "smallest-draws"}
    after = contents(small)
    assert {name: content for name, content in after.items() if name.startswith(f"{first}/")} == before
    result = call(small, "draws", SMALLEST, "--draws", "4", "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert set(RAN.findall(result.stdout)) == {fourth, "smallest-draws"}

    # The same bytes as of the command that runs this root seed alone, in a tree of its own.
    other = copy_of_the_tree(tmp_path / "other")
    target = f"results/{second}/claims.json"
    assert call(other, "run", SMALLEST, target, "--root-seed", second.split("-")[-1], "--cores", "2").returncode == 0
    assert contents(other) == {name: content for name, content in after.items() if name.startswith(f"{second}/")}
    assert call(small, "check", SMALLEST).returncode == 0
    for name in (second, "smallest-draws"):  # what archives look up
        assert len((small / f"results/{name}/logs/runs.jsonl").read_text(encoding="utf-8").splitlines()) == 2

    # Shipped, a draw need not be run again, and what is said of all is the same.
    assert call(small, "reference", SMALLEST).returncode == 0
    together = small / "results/smallest-draws"
    said = json.loads((together / "draws.json").read_text(encoding="utf-8"))
    for name in (first, second, third, together.name):
        shutil.rmtree(small / f"results/{name}")
    result = call(small, "draws", SMALLEST, "--draws", "4", "--shipped", "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert set(RAN.findall(result.stdout)) == {"smallest-draws"}
    assert "4 draws, 3 of them fresh, 4 run before" in " ".join(result.stdout.split())
    assert json.loads((together / "draws.json").read_text(encoding="utf-8")) == said | {"kept": derived_roots(7, 4)}
    shipped = small / "results/reference/smallest"
    before = {path: path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    assert call(small, "reference", SMALLEST, "--draws-alone").returncode == 0
    after = {path: path.read_bytes() for path in shipped.rglob("*") if path.is_file()}
    assert {path.name for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == {"draws.json"}
    edit(small, SMALLEST, "late_checkpoints: 4", "late_checkpoints: 5")
    result = call(small, "draws", SMALLEST, "--draws", "4", "--shipped", "--cores", "2")
    assert result.returncode == WRONG_INPUT
    assert "the draws that are shipped were made with other sizes: run them" in result.stderr


@pytest.mark.slow
def test_draw_that_stops_stops_no_other_and_is_named(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    line = "    settings = job.settings\n"
    stop = "    if settings.root_seed == 99:\n        raise ValueError('no triplets today')\n"
    edit(tree, "src/ssl_dynamics/experiments/data/triplets.py", line, line + stop)
    result = call(tree, "draws", SMALLEST, "--roots", "7 99 2024 11", "--cores", "2")
    assert result.returncode == DISAGREES
    assert "Traceback" not in result.stdout + result.stderr
    assert "triplets: no triplets today (log: results/smallest-root-99/logs/mixture/triplets.log)" in result.stdout
    assert "the draw with root seed 99 has stopped in triplets" in result.stderr
    found = json.loads((tree / "results/smallest-draws/draws.json").read_text(encoding="utf-8"))
    assert found["stopped"] == [99]
    assert {(claim["passes"], claim["draws"], claim["stopped"]) for claim in found["claims"]} == {(3, 4, 1)}
    for name in ("smallest", "smallest-root-2024", "smallest-root-11"):
        assert (tree / f"results/{name}/claims.json").is_file()
    assert not (tree / "results/smallest-root-99/claims.json").exists()


@pytest.mark.slow
def test_draws_that_the_reference_ships_are_read_by_page_and_paper_of_every_root_seed(small):
    shipped = small / "results/reference/smallest/draws.json"
    write_json(shipped, draws_of_claims("A1-collapse-curve"))
    said = " ".join(call(small, "plan", SMALLEST).stdout.split())
    assert "2 jobs would run" in said
    assert "results/reference/smallest/draws.json: read now 1 page, 1 paper" in said
    assert run(small, config=SMALLEST).returncode == 0
    page = (small / "results/smallest/report.html").read_text(encoding="utf-8")
    assert page.count("Over 20 draws: holds on average") == 1
    assert call(small, "check", SMALLEST).returncode == 0
    said = call(small, "plan", SMALLEST, "results/smallest-root-11/report.html", "--root-seed", "11")
    assert said.returncode == 0, said.stderr
