"""What the next run costs a user, and an import of the library: elapsed seconds of processes that are started anew."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.pipeline import CORES, DRAWN, FRESH, NOTHING, Measure, in_turn, whole_run, with_targets
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.run_record import FILE, read_runs
from ssl_dynamics.errors import RunError

TURNS = 5
LEFT_OUT = (".*", "archives", "reports", "results", "__pycache__")  # of a copy of the tree
FIGURE = "figures/steps.svg"  # the one whose code changes
SOURCE = Path("src/ssl_dynamics/experiments/dynamics/figures.py")  # where that is
LABEL = r"largest $\|R-I\|_F$"  # what changes there: the label of an axis
OWN, SNAKEMAKE = "ssl_dynamics.commands", "snakemake.cli"  # what a run imports, and what one with jobs to do besides
# What a run with nothing to do does besides: sources, files and code are hashed, and Snakemake's answer is found.
HASHING = """
import sys, time
from pathlib import Path
from ssl_dynamics.engine.run import Configuration, jobs_of
from ssl_dynamics.engine.staleness import plan_of
started = time.monotonic()
plan_of(jobs_of(Configuration(Path(sys.argv[1]))))
print(time.monotonic() - started)
"""
THEORY, MOST_IMPORT = "import ssl_dynamics.theory", 0.25
BOUNDS = {"pass": "Python alone", "import numpy, scipy": "with numpy and scipy, which it needs"}


def reruns(config_file: Path) -> list[Measure]:
    """A run from nothing in a copy of the tree, then 5 turns of runs with nothing to do and after a change of code."""
    config = load_config(config_file)
    run = ["-m", "ssl_dynamics.cli", "run", str(config_file), "--cores", str(CORES)]
    taken: dict[str, list[float]] = {what: [] for what in (OWN, SNAKEMAKE, HASHING, NOTHING, DRAWN)}
    with copied() as tree:
        fresh = elapsed(run, tree)
        first = read_runs(tree / config.results / FILE)[0]
        for turn in range(TURNS):
            for module in (OWN, SNAKEMAKE):
                taken[module].append(elapsed(["-c", f"import {module}"], tree))
            taken[HASHING].append(float(said(["-c", HASHING, str(config_file)], tree)))
            taken[NOTHING].append(elapsed(run, tree))
            before = (tree / config.results / FIGURE).read_bytes()
            change(tree / SOURCE, turn)
            taken[DRAWN].append(elapsed(run, tree))
            if (tree / config.results / FIGURE).read_bytes() == before:
                raise RunError(f"{SOURCE}: it was changed, but {FIGURE} was not drawn anew")
    middle = {what: median(times) for what, times in taken.items()}
    notes = {
        FRESH: "one turn: without results, Snakemake's answers, and caches of matplotlib and Snakemake; packages and "
        f"the project are installed and compiled, as `make` leaves them; at least {first['cpu_seconds'] / CORES:.1f} s "
        f"on {CORES} cores, even if never idle",
        NOTHING: f"{_range(taken[NOTHING])}; imports take {middle[OWN]:.1f} s, hashing all files and code "
        f"{middle[HASHING]:.1f} s; the rest is the start of Python, the verdicts and the record of the run",
        DRAWN: _range(taken[DRAWN]),
    }
    found = whole_run(config_file)
    if not isinstance(found, str) and (chain := in_turn(found[0], (config.results / FIGURE).as_posix())):
        notes[DRAWN] += (
            f"; beside a run with nothing to do, {middle[NOTHING]:.1f} s, Snakemake is imported twice, "
            f"{middle[SNAKEMAKE]:.1f} s each, to be asked for the jobs of the new code and to run them, and it does "
            f"jobs {chain}"
        )
    values = {FRESH: fresh, NOTHING: middle[NOTHING], DRAWN: middle[DRAWN]}
    return with_targets([Measure(what, value, "s", note=notes[what]) for what, value in values.items()], config.name)


def imports() -> Measure:
    """Elapsed seconds of a process that imports the closed forms, next to what bounds them."""
    taken: dict[str, list[float]] = {what: [] for what in (THEORY, *BOUNDS)}
    with copied() as tree:
        for _ in range(TURNS):
            for what, times in taken.items():
                times.append(elapsed(["-c", what], tree))
    of_bounds = "; ".join(f"{words} {median(taken[what]):.2f} s" for what, words in BOUNDS.items())
    note = f"a whole process, {_range(taken[THEORY])}; {of_bounds}"
    return Measure(f"`{THEORY}`, elapsed", median(taken[THEORY]), "s", most=MOST_IMPORT, note=note)


def _range(times: Sequence[float]) -> str:
    return f"{min(times):.3g} to {max(times):.3g} in {len(times)} turns"


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the tree as a clone has it once it is installed: no results but the reference, modules compiled."""
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(Path(), tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        if (reference := Path("results/reference")).is_dir():
            shutil.copytree(reference, tree / reference)
        said(["-m", "compileall", "-q", "src"], tree)
        yield tree


def change(source: Path, turn: int) -> None:
    """Give the figure another label in every turn. Raises RunError if the source does not hold the label once."""
    text = source.read_text(encoding="utf-8")
    if text.count(LABEL) != 1:
        raise RunError(f"{SOURCE}: {LABEL!r} occurs in it {text.count(LABEL)} times, not once: benchmarks/reruns.py")
    source.write_text(text.replace(LABEL, f"{turn + 1}: {LABEL}"), encoding="utf-8")


def elapsed(arguments: list[str], tree: Path) -> float:
    """Seconds of Python with these arguments in a copy, beside which its caches are."""
    started = time.monotonic()
    said(arguments, tree, XDG_CACHE_HOME=str(tree.parent / "cache"))
    return time.monotonic() - started


def said(arguments: list[str], tree: Path, **variables: str) -> str:
    """What Python says with these arguments in a tree, whose code it runs. Raises RunError where it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "PATH": path, **variables},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if result.returncode:
        raise RunError(f"python {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout
