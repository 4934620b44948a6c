"""What Snakemake is told, of files and targets, is seen to be right before; every terminal can show what it says."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from ssl_dynamics.config import parse_config
from ssl_dynamics.engine.run import Configuration, jobs_of
from ssl_dynamics.engine.staleness import PlannedJob
from ssl_dynamics.engine.targets import behind, known_targets
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.preflight import check_data
from trees import TOP, call, copy_of_the_tree

SMALLEST = yaml.safe_load((TOP / "tests/config/smallest.yaml").read_text())


def of_data_at(path):
    noise = {"kind": "noise", "standard_deviation": 0.3}
    own = {"source": "npz", "path": str(path), "triplets": 10, "augmentations": [noise]}
    return parse_config({**SMALLEST, "datasets": {"own": own}}, "own.yaml")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("a{b}.npz", r"Snakemake reads no path with '\{' '\}'"),
        ("a\nb.npz", r"Snakemake reads no path with '\\n'"),
        ("a\r\x07.npz", r"Snakemake reads no path with '\\x07' '\\r'"),
        ("results/a.npz", "results/ is for what runs make"),
        ("./x/../results/mine/a.npz", "results/ is for what runs make"),
        (str(TOP / "results/a.npz"), "results/ is for what runs make"),
        (".snakemake/a.npz", r"\.snakemake/ is for what runs make"),
    ],
)
def test_places_of_data_that_a_run_could_not_read_are_refused_before_it(path, message, monkeypatch):
    monkeypatch.chdir(TOP)
    with pytest.raises(ConfigError, match=message) as refused:
        check_data(of_data_at(path), "own.yaml")
    assert str(refused.value).startswith("own.yaml: datasets.own: ")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["with a blank.npz", "it's.npz", "é, ü\u00a0und 数.npz", "results.npz", "a$b;c&d*?.npz"]
)
def test_other_names_are_accepted(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / name, train=np.random.default_rng(0).standard_normal((20, 6)))
    check_data(of_data_at(tmp_path / name), "own.yaml")
    check_data(of_data_at(name), "own.yaml")


JOB = PlannedJob(
    "claims", "m:f", {}, "", "", frozenset(), frozenset({"results/a/claims.json"}), "results/a/c.provenance.json"
)
PAGE = replace(
    JOB,
    rule="page",
    inputs=frozenset({"results/a/claims.json", "environment.yml"}),
    outputs=frozenset({"results/a/report.html"}),
    provenance="results/a/r.json",
)
FIGURE = replace(
    JOB, rule="figures", outputs=frozenset({"results/a/a.svg", "results/a/a.png"}), provenance="results/a/f"
)
JOBS = [JOB, FIGURE, PAGE]


def test_targets_are_found_however_they_are_written(monkeypatch):
    monkeypatch.chdir(TOP)
    written = [
        "results/a/claims.json",
        "./results//a/report.html",
        str(Path("results/a/r.json").absolute()),
        "page",
    ]
    known = ["results/a/claims.json", "results/a/report.html", "results/a/r.json", "results/a/r.json"]
    assert known_targets(JOBS, written) == known
    assert known_targets(JOBS, ["all"]) == [job.provenance for job in JOBS]
    assert known_targets(JOBS, []) == []


@pytest.mark.parametrize(
    ("files", "needed"),
    [
        (["results/a/report.html"], [JOB, PAGE]),
        (["results/a/r.json", "results/a/a.png"], JOBS),
        (["results/a/a.svg"], [FIGURE]),
        (["results/a/c.provenance.json"], [JOB]),
    ],
)
def test_jobs_behind_files_are_those_that_make_them_and_what_they_read(files, needed):
    assert behind(JOBS, files) == needed


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("results/a/claim.json", "no job makes 'results/a/claim.json'; .* such as results/a/claims.json"),
        ("results/a", "is a folder; expected a file, such as results/a/a.png"),
        ("results/", "is a folder"),
        ("/nowhere/x", "no job makes '/nowhere/x'"),
        ("", "no job makes ''"),
        ("{dataset}", "no job makes"),
        ("--forceall", "no job makes"),
    ],
)
def test_unknown_targets_are_refused_in_one_line(target, message, monkeypatch):
    monkeypatch.chdir(TOP)
    with pytest.raises(ValueError, match=message) as refused:
        known_targets(JOBS, [target])
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "iso-8859-1"},
        {"PYTHONIOENCODING": "euc-jp"},
        {"LC_ALL": "POSIX"},
    ],
)
@pytest.mark.parametrize("words", [["--help"], ["solve", "--help"], ["schema"]])
def test_every_terminal_can_show_what_is_said(words, variables):
    code = [sys.executable, "-m", "ssl_dynamics", *words]
    environment = {**os.environ, **variables}
    result = subprocess.run(code, cwd=TOP, env=environment, capture_output=True, check=False)
    assert result.returncode == 0
    assert result.stderr == b""
    assert len(result.stdout) > 500


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """A folder of locales that few machines have."""
    folder = tmp_path_factory.mktemp("locales")
    for language, letters in (("de_DE", "ISO-8859-1"), ("ja_JP", "EUC-JP")):
        command = ["localedef", "-i", language, "-f", letters, folder / f"{language}.{letters}"]
        if shutil.which("localedef") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no locales can be made here")
    return folder


@pytest.mark.parametrize("name", ["de_DE.ISO-8859-1", "ja_JP.EUC-JP"])
@pytest.mark.parametrize("option", [[], ["-X", "utf8"]], ids=["as is", "as installed"])
def test_terminals_of_other_letters_are_written_in_them(locales, name, option):
    environment = {"LOCPATH": str(locales), "LC_ALL": name, "PYTHONPATH": str(TOP / "src")}
    code = [sys.executable, *option, "-m", "ssl_dynamics", "solve", "--help"]
    result = subprocess.run(code, cwd=TOP, env=environment, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    said = " ".join(result.stdout.decode(name.partition(".")[2]).split())
    assert "of a net with orthonormal layers, h ? d" in said  # neither has a ≥


@pytest.mark.slow
@pytest.mark.parametrize("name", ["de_DE.ISO-8859-1", "ja_JP.EUC-JP"])
def test_own_data_of_any_name_and_place_are_planned_run_and_checked_in_every_locale(tmp_path, locales, name):
    tree = copy_of_the_tree(tmp_path / "a tree" / "é 数")
    place = tmp_path / "a tree/data ü/it's 数.npz"
    place.parent.mkdir()
    np.savez(place, train=np.random.default_rng(0).standard_normal((20, 6)))
    own = {"source": "npz", "path": f"../{place.parent.name}/{place.name}", "triplets": 10}
    noise = {"kind": "noise", "standard_deviation": 0.3}
    config = {**SMALLEST, "name": "own", "datasets": {"own": {**own, "augmentations": [noise]}}}
    (tree / "config/own.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    variables = {"LOCPATH": str(locales), "LC_ALL": name, "PYTHONUTF8": "1"}
    target = "results/own/own/triplets.npz"
    for words, said in (
        (["plan", "config/own.yaml", target], "1 jobs would run"),
        (["run", "config/own.yaml", target, "--cores", "1"], "triplets"),
        (["plan", "config/own.yaml", str(tree / target)], "nothing to do"),
        (["plan", "config/own.yaml", "triplets"], "nothing to do"),
    ):
        result = call(tree, *words, variables=variables)
        assert result.returncode == 0, result.stderr
        assert said in " ".join(result.stdout.split())
    provenance = json.loads((tree / target).with_suffix(".provenance.json").read_text(encoding="utf-8"))
    assert own["path"] in provenance["inputs"]
    checked = call(tree, "check", "config/own.yaml", variables=variables)
    assert checked.returncode == 1
    assert "own/own/triplets" not in checked.stderr
    assert "quadratic_form.provenance.json: not made yet" in checked.stderr


@pytest.mark.slow
def test_labels_and_draws_of_data_beside_the_folder_are_planned(tmp_path, monkeypatch):
    """Plans are made in another folder, from which such a path leads elsewhere."""
    tree = copy_of_the_tree(tmp_path / "tree")
    random, labels = np.random.default_rng(0), np.arange(40) % 2
    items = {name: random.standard_normal((40, 6)) for name in ("train", "test")}
    np.savez(tmp_path / "own.npz", **items, train_labels=labels, test_labels=labels)
    noise = {"kind": "noise", "standard_deviation": 0.3}
    own = {"source": "npz", "path": "../own.npz", "triplets": 60, "augmentations": [noise]}
    config = yaml.safe_load((tree / "config/equations.yaml").read_text(encoding="utf-8"))
    config |= {"name": "own", "datasets": {"own": own}, "points": config["points"] | {"datasets": ["own"]}}
    (tree / "config/own.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    monkeypatch.chdir(tree)
    explorer, equations = "results/own/explorer.html", "results/own-draws/equations/0.json"
    jobs = jobs_of(Configuration(Path("config/own.yaml")), [explorer, equations])
    reads = {job.rule: job.inputs for job in jobs}
    assert {rule for rule, read in reads.items() if own["path"] in read} == {"triplets", "labelled", "equations"}
    assert "results/own/own/labelled.npz" in reads["explorer"]


@pytest.mark.slow
def test_plan_is_shown_in_ascii(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    planned = call(tree, "plan", "config/smallest.yaml", variables={"PYTHONIOENCODING": "ascii"})
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.isascii()
    assert "not made yet" in planned.stdout
    for target in ("results/smallest", "results/smallest/claim.json"):
        for command in (["plan"], ["run", "--cores", "1"]):
            refused = call(tree, *command, "config/smallest.yaml", target)
            assert refused.returncode == 2
            assert len(refused.stderr.splitlines()) == 1
            assert refused.stdout == ""


@pytest.mark.slow
def test_what_snakemake_cannot_plan_is_said_in_one_line(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    (tree / "paper/paper.typ").unlink()
    for words in (["plan"], ["check"]):
        refused = call(tree, *words, "config/smallest.yaml")
        assert refused.returncode == 3
        assert refused.stderr.startswith("config/smallest.yaml: ")
        assert "paper/paper.typ" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert len(refused.stderr) < 500
