"""Each command that `make help` lists, through `make`, for a user who has set up every other program to their taste.

In a clone that is installed from nothing, with short inputs: the smallest configuration, few tests, one mutant.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from chromium import CHROMIUM
from hostile import hostile
from problems import record
from ssl_dynamics.registry import GROUPS
from test_hostile_environment import install_script
from test_mutants import script as mutants
from trees import SMALLEST, TOP, contents, edit

install = install_script()
PYTHON = Path(sys.base_prefix, f"bin/python3.{sys.version_info.minor}")
QUICK = "CONFIG=config/quick.yaml"
TRIPLETS = "results/smallest/mixture/triplets.npz"
TESTS = {"conftest", "trees", "problems", "chromium", "dry_run", "test_streams", "test_theory_grassmann"}


class Command(NamedTuple):
    """Words after the goal; files that it makes or removes; what it prints; how it ends."""

    words: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    says: str = ""
    code: int = 0


NO_CHROMIUM = Command(says="^no chromium on this machine: install it, and try again$", code=2)
NO_WHEELS = Command(says=r"^Python 3\.11 or 3\.12 is needed; ", code=2)
PEERS = sys.version_info < (3, 13)  # neural-tangents needs an old jax and numpy

# In this order: some read what others have left.
COMMANDS = {
    "help": Command(says="^make quick "),
    "test": Command(says=r"\d+ passed"),
    "test-all": Command(says=r"\d+ passed"),
    "lint": Command(says="Contracts: .* 0 broken"),
    "quick": Command(makes=("results/quick/claims.json", "results/quick/report.html", "results/quick/paper.pdf")),
    "full": Command(makes=("results/full/claims.json", "results/full/explorer.html")),
    "run": Command((f"CONFIG={SMALLEST}", f"TARGET={TRIPLETS}"), (TRIPLETS,)),
    "strict": Command((QUICK,), says="15 of 15 claims hold"),
    "plan": Command((QUICK,), says="nothing to do; every artifact is made"),
    "check": Command((QUICK,), says="every artifact is there, unchanged"),
    "report": Command((QUICK,), ("reports/quick.zip",)),
    "preregister": Command((QUICK, "DRAWS=3"), ("src/ssl_dynamics/claims/preregistered.yaml",)),
    "draws": Command((QUICK, "DRAWS=3"), ("results/quick-draws/draws.json",)),
    "reference": Command((QUICK,), ("results/reference/quick/verdicts.json",)),
    "reference-draws": Command((QUICK,), ("results/reference/quick/draws/made-with.json",)),
    "verify": Command((QUICK,), ("reports/verify-quick.json",)),
    "schema": Command(makes=("workflow/schemas/config.schema.json",)),
    "snapshot": Command(makes=("tests/snapshots/quick.txt", "tests/snapshots/full.txt")),
    "changes": Command(makes=("docs/changes-after-results.md",)),
    "picture": Command(makes=("docs/figures/explorer.png",)) if CHROMIUM else NO_CHROMIUM,
    "readme": Command(makes=("README.md", "docs/claims.md", "docs/figures/story.png", "docs/figures/draws.svg")),
    "mutants": Command(makes=("reports/mutants.json",), says="1 of 1 mutants noticed"),
    # From here on in environments of their own.
    "docs": Command(makes=("reports/docs/index.html",)),
    "archive": Command((QUICK,), ("archives/quick.zip",)),
    "crosscheck": Command(says="^all within ") if PEERS else NO_WHEELS,
    "benchmark": Command(makes=("results/benchmark/benchmark.json", "docs/benchmark.md")) if PEERS else NO_WHEELS,
    "benchmark-baseline": Command(makes=("benchmarks/baseline.json",)),
    "benchmark-check": Command(says=r"none of \d+ ratios has left its margin") if PEERS else NO_WHEELS,
    "try-pythons": Command(says="and its tests pass$"),
    "lock": Command(makes=("requirements.lock", "environment.yml")),
    "clean": Command(removes=(".venv", ".venv-docs", "results/quick", "archives")),
}


def test_every_command_of_the_help_is_tried():
    listed = subprocess.run(["make", "help"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    assert sorted(re.findall(r"^make ([a-z-]+)", listed, re.MULTILINE)) == sorted(COMMANDS)


def git(folder, *words):
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def clone(folder):
    """A clone, with the files as they are in the working tree and with short inputs, committed."""
    git(TOP, "clone", "--quiet", "--no-checkout", ".", str(folder))
    mutants.copy_of_the_tree(folder)
    shorten(folder)
    shorten_benchmarks(folder)
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "--quiet", "--message=short inputs")
    return folder


def shorten(tree):
    smallest = (TOP / "tests" / SMALLEST).read_text(encoding="utf-8")
    for name in ("quick", "full", "smallest"):
        (tree / f"config/{name}.yaml").write_text(smallest.replace("name: smallest", f"name: {name}"), encoding="utf-8")
    for path in (tree / "tests").glob("*.py"):
        if path.stem not in TESTS:
            path.unlink()
    listed = (tree / "scripts/mutants.yaml").read_text(encoding="utf-8")
    first = re.match(r".*?- name:.*?(?=  - name:)", listed, re.DOTALL)[0]
    (tree / "scripts/mutants.yaml").write_text(first, encoding="utf-8")
    edit(tree, "scripts/try_pythons.py", '"test_analysis.py", "test_solved_flow.py", ', "")
    project = (tree / "pyproject.toml").read_text(encoding="utf-8")
    others = rf'    "Programming Language :: Python :: 3\.(?!{sys.version_info.minor}")\d+",\n'
    (tree / "pyproject.toml").write_text(re.sub(others, "", project), encoding="utf-8")


def shorten_benchmarks(tree):
    for file, old, new in (
        ("problems", '"fashion-mnist"', '"mixture"'),
        ("problems", "SEEDS, Z, TIMES = 10, 8, 500", "SEEDS, Z, TIMES = 2, 2, 10"),
        ("problems", "= 1000, 784, 4096, 10", "= 20, 6, 16, 2"),
        ("kernel", "POINTS = (200, 1000)", "POINTS = (5, 10)"),
        ("training", "COMPONENTS, OUTPUTS = 50, 50, 2", "COMPONENTS, OUTPUTS = 50, 6, 2"),
        ("turns", "TURNS = 5", "TURNS = 1"),
        ("turns", "LEAST_SECONDS = 0.2", "LEAST_SECONDS = 0.001"),
    ):
        edit(tree, f"benchmarks/{file}.py", old, new)


def finish_in_place_of_the_full_run(tree):
    """What `make readme` reads of a full run: every claim, and the figure of all of them."""
    records = [record(claim, part) | {"artifacts": []} for part, claims in GROUPS.items() for claim in claims]
    (tree / "results/full/claims.json").write_text(json.dumps(records), encoding="utf-8")
    figures = tree / "results/full/figures"
    shutil.copy(figures / "collapse.png", figures / "story.png")


def allow_any_ratio(tree):
    """Ratios of a millisecond, on a machine that does other work, say nothing: turns far apart allow all of them."""
    path = tree / "benchmarks/baseline.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    for row in report["rows"]:
        row["ours"] = [factor * seconds for factor in (1e6, 1e-6) for seconds in row["ours"]]
        row["peers"], row["limits"] = 2 * row["peers"], 2 * row["limits"]
    path.write_text(json.dumps(report), encoding="utf-8")


BEFORE = {"readme": finish_in_place_of_the_full_run, "benchmark-check": allow_any_ratio}


def index_of_packages():
    """How whoever runs this test reaches an index, as a file of pip's says it; what was downloaded once is kept."""
    pip = [sys.executable, "-I", "-m", "pip"]
    options = {install.variable(option): option for option in install.REACHING}
    kept = install.kept_settings(pip, os.environ)
    cache = subprocess.run([*pip, "cache", "dir"], capture_output=True, text=True, check=False)
    found = {"cache-dir": cache.stdout.strip()} if cache.returncode == 0 else {}
    return found | {options[name]: value.replace("\n", "\n    ") for name, value in kept.items() if name in options}


def without_own_python(variables):
    own = str(Path(sys.executable).parent)
    folders = [folder for folder in variables["PATH"].split(os.pathsep) if folder != own]
    return variables | {"PATH": os.pathsep.join(folders)}


def failures(tree, variables, commands):
    """What is wrong with what commands have done, of those with which something is."""
    found = []
    for goal, command in commands.items():
        BEFORE.get(goal, lambda _: None)(tree)
        started = time.time()
        words = ["make", goal, f"PYTHON={PYTHON}", *command.words]
        result = subprocess.run(words, cwd=tree, env=variables, capture_output=True, text=True, check=False)
        print(f"{goal}: {time.time() - started:.0f} s, code {result.returncode}", flush=True)
        said = result.stdout + result.stderr
        wrong = [f"{name} is not made" for name in command.makes if not made_since(tree / name, started)]
        wrong += [f"{name} is left" for name in command.removes if (tree / name).exists()]
        wrong += [] if re.search(command.says, said, re.MULTILINE) else [f"{command.says!r} is not said"]
        wrong += [] if result.returncode == command.code else [f"code {result.returncode}"]
        if wrong:
            found.append(f"{' '.join(words)}: {', '.join(wrong)}\n{said}")
    return found


def made_since(path, started):
    return path.is_file() and path.stat().st_mtime > started - 1


@pytest.mark.slow
@pytest.mark.skipif(not (TOP / ".git").exists(), reason="no git checkout")
def test_commands_survive_the_settings_of_a_user_and_leave_the_same_bytes(tmp_path):
    tree, others = clone(tmp_path / "clone"), dict(COMMANDS)
    plain = without_own_python(dict(os.environ))
    user = plain | hostile(tmp_path / "home", index_of_packages())
    first = {goal: others.pop(goal) for goal in ("test", "quick")}
    found = failures(tree, user, first)
    left = contents(tree)
    shutil.rmtree(tree / "results/quick")
    found += failures(tree, plain, {"quick": first["quick"]})
    same = contents(tree) == left
    found += failures(tree, user, others)
    assert not found, "\n\n".join(found)
    assert same
