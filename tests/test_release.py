"""The version and what the files at the top say of it and of each other."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from ssl_dynamics import __version__
from ssl_dynamics.catalogue import function_of, stages
from ssl_dynamics.engine.fingerprint import definitions
from ssl_dynamics.engine.stage import units_of

TOP = Path(__file__).parents[1]


def read(name):
    return (TOP / name).read_text(encoding="utf-8")


PYPROJECT = tomllib.loads(read("pyproject.toml"))
CITATION = yaml.safe_load(read("CITATION.cff"))
ZENODO = json.loads(read(".zenodo.json"))
PINS = dict(line.split("==") for line in read("requirements.lock").splitlines() if not line.startswith("#"))


def test_the_version_is_in_one_place_and_everything_else_agrees():
    assert "version" not in PYPROJECT["project"]
    assert PYPROJECT["project"]["dynamic"] == ["version"]
    source = ast.parse(read(PYPROJECT["tool"]["hatch"]["version"]["path"]))
    assert [node.value.value for node in source.body if isinstance(node, ast.Assign)] == [__version__]
    assert CITATION["version"] == ZENODO["version"] == __version__
    newest, *older = re.findall(r"^## \[(.+?)\] - \d{4}-\d{2}-\d{2}$", read("CHANGELOG.md"), re.MULTILINE)
    assert newest == __version__
    assert older == sorted(older, reverse=True)
    said = subprocess.run(
        [sys.executable, "-m", "ssl_dynamics", "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith(f"ssl-dynamics {__version__}, the code in ")


def test_a_new_version_runs_no_stage_of_an_experiment():
    for folder, stage in stages():
        assert "ssl_dynamics:__version__" not in definitions(*units_of(function_of(folder, stage)))
    report = {path.stem for path in (TOP / "src/ssl_dynamics/report/stages").glob("[a-z]*.py")}
    versioned = {
        name
        for name in report
        if "ssl_dynamics:__version__" in definitions(*units_of(f"ssl_dynamics.report.stages.{name}:{name}"))
    }
    assert versioned == {"page", "explorer", "paper"}


def test_what_is_deposited_is_cited_alike():
    assert ZENODO["title"] == CITATION["title"] == PYPROJECT["project"]["name"]
    assert ZENODO["license"] == CITATION["license"] == PYPROJECT["project"]["license"]
    assert ZENODO["description"] == CITATION["abstract"]
    assert ZENODO["upload_type"] == CITATION["type"]
    assert [author["name"] for author in ZENODO["creators"]] == [author["name"] for author in CITATION["authors"]]
    cited = [reference["identifiers"][0]["value"] for reference in CITATION["references"]]
    assert [related["identifier"] for related in ZENODO["related_identifiers"]] == cited
    assert cited == ["arXiv:2309.02011", "arXiv:2403.08673"]


def test_linters_of_pre_commit_are_those_of_the_lock_and_of_make_lint():
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    pinned = {repo["repo"].rpartition("/")[2]: repo["rev"] for repo in repos if repo["repo"] != "local"}
    packages = {name.removesuffix("-pre-commit"): revision.removeprefix("v") for name, revision in pinned.items()}
    assert packages == {name: PINS[name] for name in ("ruff", "snakefmt", "nbstripout")}
    ids = {hook["id"] for repo in repos for hook in repo["hooks"]}
    linted = re.search(r"^lint:.*\n((?:\t.*\n)+)", read("Makefile"), re.MULTILINE)[1]
    run = re.findall(r"\$\(CLEAN\) (\S+(?: check| format)?)", linted)
    assert ids == {name.replace(" ", "-") for name in run} - {"snakemake"}


def test_github_runs_what_lands_and_the_fast_tests_on_every_supported_python():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))
    assert PYPROJECT["project"]["requires-python"] == f">={supported[0]}"
    commands = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert commands["everything"] == ["bash .ci/run"]
    assert jobs["fast"]["strategy"]["matrix"]["python"] == supported
    assert commands["fast"] == ["make test PYTHON=python"]
    offered = next(step["with"] for step in jobs["library"]["steps"] if "with" in step)["python-version"]
    assert sorted(offered.split()) == supported


@pytest.mark.slow
def test_the_catalog_of_workflows_finds_this_one():
    # Its conditions: a README that names both words, workflow/Snakefile, config/README.md, and the file itself.
    assert {"snakemake", "workflow"} <= set(re.findall(r"\w+", read("README.md").lower()))
    assert read("config/README.md")
    usage = yaml.safe_load(read(".snakemake-workflow-catalog.yml"))["usage"]
    assert usage["report"] is True
    assert usage["software-stack-deployment"] == {"conda": True, "apptainer": False, "apptainer+conda": False}
    command = [Path(sys.executable).with_name("snakemake"), "-s", "workflow/Snakefile", "--dry-run", "--cores", "1"]
    planned = subprocess.run(
        [*command, *usage["mandatory-flags"]["flags"].split()], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert planned.returncode == 0, planned.stderr
