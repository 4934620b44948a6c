"""`make archive`: what it takes along (fast), and the archive of a finished run (slow)."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
import sklearn

from ssl_dynamics.settings.data import Digits, FashionMnist, GaussianMixture, Npz

TOP = Path(__file__).parents[1]
CONFIG = "config/smallest.yaml"
TYPES = {"triplets": 10, "augmentations": []}
# One more experiment: the figures of two are then made by two rules of one stage.
FINITE_STEPS = """
finite_steps:
  losses: [contrastive]
  dimensions: [2]
  iteration_steps: 1000
  limit_steps: 600
"""


def script(name):
    """A module of archive/, which are no package."""
    spec = importlib.util.spec_from_file_location(name, TOP / f"archive/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def digest(path):
    return sha256(path.read_bytes()).hexdigest()


def test_archive_takes_along_all_that_git_tracks():
    if not (TOP / ".git").exists():
        pytest.skip("no git checkout")
    listing = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True)
    assert {name.partition("/")[0] for name in listing.stdout.splitlines()} == {*script("tree").CODE, "results"}


def test_data_sets_are_named_with_licence_and_checksum(tmp_path, monkeypatch):
    monkeypatch.chdir(TOP)
    inventory = script("inventory")
    shipped = inventory.dataset("fashion", FashionMnist(source="fashion-mnist", **TYPES))
    (file,) = shipped["files"]
    assert file["path"] == "src/ssl_dynamics/problem/data/fashion-mnist-subset.npz"
    assert f"{file['sha256']}  fashion-mnist-subset.npz\n" == Path(file["path"]).with_suffix(".sha256").read_text()
    digits = inventory.dataset("digits", Digits(source="digits", **TYPES))
    assert [file["sha256"] for file in digits["files"]] == [
        digest(Path(sklearn.__file__).parent / "datasets/data/digits.csv.gz")
    ]
    assert (shipped["licence"], digits["licence"]) == ("MIT", "CC-BY-4.0")
    (tmp_path / "mine.npz").write_bytes(b"mine")
    mine = inventory.dataset("mine", Npz(source="npz", path=tmp_path / "mine.npz", **TYPES))
    assert [file["sha256"] for file in mine["files"]] == [sha256(b"mine").hexdigest()]
    mixture = {"dimension": 6, "components": 3, "separation": 2.0, "decay": 0.6, "items": 60, "test_items": 30}
    generated = inventory.dataset("mixture", GaussianMixture(source="gaussian-mixture", **mixture, **TYPES))
    assert generated["files"] == []
    assert generated["settings"]["components"] == 3


def test_times_of_logs_are_in_the_zone_of_their_run(tmp_path):
    inventory = script("inventory")
    last = "2026-03-01 10:00:00,123 WARNING solve results/x/solution: 1.0 s, 0.92 s of CPU, 0.25 s to start\n"
    (tmp_path / "a.log").write_text(last)
    (tmp_path / "failed.log").write_text(f"{last}Traceback\n")
    ((name, (path, found)),) = inventory.logs_of_jobs(tmp_path).items()
    assert (name, path.name, found["cpu"], found["starting"]) == ("results/x/solution", "a.log", "0.92", "0.25")
    time = datetime.strptime(found["time"], "%Y-%m-%d %H:%M:%S")
    run = {"start": "2026-03-01T09:59:00+05:00", "end": "2026-03-01T10:00:00+05:00"}
    assert inventory.in_utc(time, [run]).isoformat() == "2026-03-01T05:00:00+00:00"
    assert inventory.in_utc(time, []) == time.astimezone()


def environment(tree):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PYTHONPATH": str(tree / "src"), "PATH": path}


def command(tree, *words):
    return subprocess.run(words, cwd=tree, env=environment(tree), capture_output=True, text=True, check=False)


def archive(tree):
    """`make archive`, with the Python of these tests in place of .venv."""
    return command(tree, "make", "archive", f"CONFIG={CONFIG}", "READY=", "ARCHIVE=")


def dry_run(tree):
    return command(tree, sys.executable, "-m", "snakemake", "--configfile", CONFIG, "--cores", "1", "--dry-run").stdout


def edit(tree, file, old, new):
    text = (tree / file).read_text()
    assert old in text
    (tree / file).write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def archive_environment():
    """The environment of `make archive`, made if need be."""
    made = command(TOP, "make", "archive-environment")
    if made.returncode != 0:
        pytest.skip(f"the environment of the archive cannot be installed: {made.stderr.splitlines()[-1]}")
    return TOP / ".venv-archive"


@pytest.fixture(scope="module")
def archived(tmp_path_factory, archive_environment):
    """A tree with a finished run and its archive, and what `make archive` said; not to be changed."""
    tree = tmp_path_factory.mktemp("archived")
    for name in script("tree").CODE:
        source, target = TOP / name, tree / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, target)
    (tree / CONFIG).write_text((TOP / "tests/config/smallest.yaml").read_text() + FINITE_STEPS)
    (tree / ".venv-archive").symlink_to(archive_environment)
    run = command(tree, sys.executable, "-m", "ssl_dynamics.cli", "run", CONFIG, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    result = archive(tree)
    assert result.returncode == 0, result.stdout + result.stderr
    return tree, result


@pytest.fixture
def tree(archived, tmp_path):
    """A copy of that tree, its times kept, to be changed at will."""
    shutil.copytree(archived[0], tmp_path / "tree", symlinks=True, copy_function=shutil.copy2)
    return tmp_path / "tree"


@pytest.fixture
def unpacked(archived, tmp_path):
    """The deposit as a reader has it."""
    assert command(tmp_path, "unzip", "-q", str(archived[0] / "archives/smallest.zip"), "-d", "deposit").returncode == 0
    return tmp_path / "deposit"


def entities(folder):
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def of_type(graph, kind):
    return [entity for entity in graph.values() if kind in ([entity["@type"]], entity["@type"])]


def references(value):
    return [item["@id"] for item in (value if isinstance(value, list) else [value])]


@pytest.mark.slow
def test_crate_passes_its_profiles_and_the_validator_would_say_if_not(archived, archive_environment, tmp_path):
    tree, result = archived
    assert "a valid provenance-run-crate" in result.stdout
    shutil.copytree(tree / "archives/smallest", tmp_path / "crate")
    metadata = tmp_path / "crate/ro-crate-metadata.json"
    whole = json.loads(metadata.read_text())
    script = "from pathlib import Path; from validate import problems; print(*problems(Path('crate'))[0], sep='\\n')"

    def complaints(graph):
        metadata.write_text(json.dumps(whole | {"@graph": graph}))
        words = [archive_environment / "bin/python", "-c", script]
        path = {"PYTHONPATH": str(tree / "archive")}
        return subprocess.run(words, cwd=tmp_path, env=path, capture_output=True, text=True, check=True).stdout

    assert complaints(whole["@graph"]).strip() == ""
    without = [
        {key: value for key, value in entity.items() if (entity["@id"], key) != ("#run", "instrument")}
        for entity in whole["@graph"]
    ]
    assert "MUST have an instrument" in complaints(without)
    (tmp_path / "crate/Snakefile").unlink()
    assert "Snakefile" in complaints(whole["@graph"])


@pytest.mark.slow
def test_crate_tells_what_was_made_from_what_by_which_job_at_what_cost(archived):
    tree, _ = archived
    graph = entities(tree / "archives/smallest")
    records = list((tree / "results/smallest").rglob("*.provenance.json"))
    by_rule = defaultdict(set)
    for path in records:
        record = json.loads(path.read_text())
        name = str(path.relative_to(tree)).removesuffix(".provenance.json")
        action = graph[f"#job/{name}"]
        assert references(action["result"]) == [*record["outputs"], f"{name}.provenance.json"]
        assert set(references(action.get("object", []))) == set(record["inputs"])
        (tool,) = references(action["instrument"])
        module, _, function = record["stage"].partition(":")
        assert tool == f"src/{module.replace('.', '/')}.py"
        assert f"def {function}(job: Job[" in (tree / tool).read_text()
        assert action["name"] == f"{record['rule']} {name}"
        by_rule[record["rule"]].add(name)
        assert action["startTime"] <= action["endTime"]
        for file, expected in record["outputs"].items():
            assert graph[file]["sha256"] == expected
    seconds = [graph[f"#job/{name}/s"] for name in ("results/smallest/claims", "results/smallest/paper")]
    assert all(float(used["value"]) > 0 for used in seconds)
    run = graph["#run"]
    assert len(graph["./"]["mentions"]) == len(records) + 1
    assert run["startTime"] == min(graph[job]["startTime"] for job in references(graph["./"]["mentions"]))
    assert "results/smallest/claims.json" in references(run["result"])
    assert references(run["object"]) == [CONFIG, "#data/mixture"]
    assert '"processor"' in run["description"]
    made = defaultdict(set)
    for control in of_type(graph, "ControlAction"):
        made[graph[control["instrument"]["@id"]]["name"]] |= set(references(control["object"]))
    assert made == {rule: {f"#job/{name}" for name in names} for rule, names in by_rule.items()}
    figures = [graph[f"#step/figures_{name}"]["workExample"]["@id"] for name in ("collapse", "grassmannian")]
    assert figures == ["src/ssl_dynamics/report/stages/figures.py"] * 2
    tools = references(graph["Snakefile"]["hasPart"])
    assert sorted(tools) == sorted({references(graph[f"#step/{rule}"]["workExample"])[0] for rule in by_rule})
    places = {step["name"]: int(step["position"]) for step in of_type(graph, "HowToStep")}
    assert places["triplets"] < places["quadratic_form"] < places["solve"] < places["claims"] < places["page"]


@pytest.mark.slow
def test_manifest_covers_every_file(unpacked):
    assert command(unpacked, "sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt").returncode == 0
    listed = {line.split("  ", 1)[1] for line in (unpacked / "manifest-sha256.txt").read_text().splitlines()}
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert files == listed | {"manifest-sha256.txt"}
    described = {entity["name"] for entity in of_type(entities(unpacked), "File") if "name" in entity}
    assert {name for name in files if name.startswith("results/smallest/")} <= described


@pytest.mark.slow
def test_unpacked_archive_is_checked_resumed_and_archived_again(archived, archive_environment, unpacked):
    cli = [sys.executable, "-m", "ssl_dynamics.cli"]
    assert command(unpacked, *cli, "check", CONFIG).returncode == 0
    assert "nothing to do" in command(unpacked, *cli, "plan", CONFIG).stdout
    assert "Nothing to be done" in dry_run(unpacked)
    (unpacked / ".venv-archive").symlink_to(archive_environment)
    assert archive(unpacked).returncode == 0
    packages = [tree / "archives/smallest.zip" for tree in (archived[0], unpacked)]
    assert digest(packages[0]) == digest(packages[1])
    edit(unpacked, "src/ssl_dynamics/theory/solved_flow.py", "rates = 2 * (", "rates = 2.0 * (")
    planned = command(unpacked, *cli, "plan", CONFIG).stdout
    assert "solve" in planned
    assert "simulate" not in planned


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("results/smallest/claims.json", "pass", "Pass", "`make check` finds"),
        ("src/ssl_dynamics/theory/solved_flow.py", "rates = 2 * (", "rates = 2.0 * (", "SolvedFlow"),
        (CONFIG, "checkpoints: 8", "checkpoints: 9", "checkpoints"),
        (CONFIG, "seeds: 4", "seeds: 3", "seeds"),
    ],
)
def test_edited_and_stale_results_are_refused_in_one_line(tree, file, old, new, complaint):
    shutil.rmtree(tree / "archives")
    edit(tree, file, old, new)
    result = archive(tree)
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert complaint in line
    assert not (tree / "archives").exists()
