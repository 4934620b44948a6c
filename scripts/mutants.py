"""Mutation run (`make mutants`): every wrong formula of scripts/mutants.yaml must turn a test to fail.

Each mutant is put into a copy of the tree and met by the tests that it names, with -x, in a process of its own that is
forked from one in which libraries alone are loaded. One that they do not notice is met by the whole fast suite before
it counts as a survivor. Unchanged code must pass the same tests first. Exit code 0 only if no mutant survives.
"""

import argparse
import contextlib
import gc
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import Phase, settings
from rich.console import Console
from rich.progress import track
from rich.table import Table

TOP = Path(__file__).parents[1]
CATALOGUE = TOP / "scripts/mutants.yaml"
REPORT = TOP / "reports/mutants.json"
SOURCE = Path("src/ssl_dynamics")

AT_ONCE = 2
GIT = ("git", "-c", f"core.excludesFile={os.devnull}")  # what the user ignores may be a file of the project
LIBRARIES = ("hypothesis", "matplotlib.pyplot", "mpmath", "pandas", "pydantic", "scipy.stats", "torch")
# One BLAS thread a process. No bytecode: it is told stale by size and second of a file, in which mutants may agree.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
# Of the whole suite: tests that look at the text of the source would notice any change of it.
LOOK_AT_THE_TEXT = ("test_mutants.py", "test_fingerprint.py")
LONGEST = 900  # seconds that the tests of one mutant may take: a loop that a mutant keeps from its end is an error


@dataclass(frozen=True)
class Mutant:
    """A wrong formula: `old` of `file`, which occurs there once, becomes `new`; `tests` should fail."""

    file: str
    name: str
    wrong: str
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Met:
    """How tests met a tree: the first that failed, if one did, and the seconds that it took."""

    failed: str | None
    seconds: float


def read_mutants(catalogue: Path = CATALOGUE, source: Path = TOP / SOURCE) -> list[Mutant]:
    """The mutants of a catalogue. Raises ValueError, in a line that names it, where one cannot be what it says."""
    mutants = [
        Mutant(file, entry["name"], entry["wrong"], entry["old"], entry["new"], tuple(entry["tests"]))
        for file, entries in yaml.safe_load(catalogue.read_text(encoding="utf-8")).items()
        for entry in entries
    ]
    names = [mutant.name for mutant in mutants]
    for mutant in mutants:
        where = f"{catalogue.name}: {mutant.name}"
        found = (source / mutant.file).read_text(encoding="utf-8").count(mutant.old)
        if found != 1:
            raise ValueError(f"{where}: its old text occurs {found} times in {mutant.file}; it must occur once")
        if mutant.new == mutant.old:
            raise ValueError(f"{where}: its new text is the old one")
        if names.count(mutant.name) > 1:
            raise ValueError(f"{where}: {names.count(mutant.name)} mutants have this name")
        if not mutant.tests:
            raise ValueError(f"{where}: it names no test that should fail")
    return mutants


def chosen(mutants: Sequence[Mutant], names: Sequence[str]) -> list[Mutant]:
    """Those of these names, or all where no name is given. Raises ValueError on a name that is none."""
    unknown = sorted(set(names) - {mutant.name for mutant in mutants})
    if unknown:
        raise ValueError(f"no mutant is named {', '.join(unknown)}; {CATALOGUE.name} lists all")
    return [mutant for mutant in mutants if not names or mutant.name in names]


def copy_of_the_tree(folder: Path) -> None:
    """Every file that git tracks or would track, as it is in the working tree."""
    listed = subprocess.run(
        [*GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (TOP / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, folder / name)


class FirstFailure:
    """Plugin of pytest: keeps the name of the first test that fails, and has hypothesis seek no simpler failure."""

    def __init__(self) -> None:
        self.name: str | None = None

    def pytest_configure(self) -> None:
        settings.register_profile("mutants", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.name is None:
            self.name = report.nodeid.removeprefix("tests/")


def meet(mutant: Mutant | None, tests: Iterable[str]) -> Met:
    """Run these tests, or the whole fast suite where there are none, on a copy of the tree with a mutant or without.

    To be called in a process that has imported nothing of the project. Raises RuntimeError where pytest ends otherwise
    than with tests that passed or failed: at a test that does not exist, an import that fails, or the time limit.
    """
    started = time.monotonic()
    gc.freeze()  # pytest collects garbage thrice, and what the libraries hold is none
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        tree = Path(name).resolve()
        copy_of_the_tree(tree)
        if mutant is not None:
            path = tree / SOURCE / mutant.file
            path.write_text(path.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
        failure = run_pytest(tree, [f"tests/{test}" for test in tests])
    return Met(failure, time.monotonic() - started)


def run_pytest(tree: Path, tests: Sequence[str]) -> str | None:
    """The first fast test that fails in a tree; None where all pass."""
    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree / "src")
    sys.path.insert(0, str(tree / "src"))
    signal.signal(signal.SIGALRM, lambda *_: pytest.exit(f"not at its end after {LONGEST} s", returncode=2))
    signal.alarm(LONGEST)
    ignored = [] if tests else [f"--ignore=tests/{name}" for name in LOOK_AT_THE_TEXT]
    options = ["-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", "--assert=plain", "--tb=line"]
    first = FirstFailure()
    with (tree / "output.txt").open("w") as output, contextlib.redirect_stdout(output):
        code = pytest.main([*options, *ignored, *tests], plugins=[first])
    signal.alarm(0)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        said = " | ".join((tree / "output.txt").read_text().splitlines()[-3:])
        raise RuntimeError(f"pytest ended with code {int(code)}: {said}")
    imported = Path(str(sys.modules["ssl_dynamics"].__file__))
    if not imported.is_relative_to(tree):
        raise RuntimeError(f"the tests imported {imported}, which is not of the copied tree")
    return first.name


def meet_all(mutants: Sequence[Mutant]) -> dict[str, Met]:
    """Every mutant by name, as its own tests met it, or the whole fast suite where these did not notice it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LIBRARIES))
    with ProcessPoolExecutor(AT_ONCE, mp_context=context, max_tasks_per_child=1) as pool:
        named = sorted({test for mutant in mutants for test in mutant.tests})
        require_pass(pool.submit(meet, None, named).result())
        met = in_parallel(pool, mutants, "mutants")
        unnoticed = [mutant for mutant in mutants if met[mutant.name].failed is None]
        if unnoticed:
            print(f"their own tests did not notice {', '.join(m.name for m in unnoticed)}", file=sys.stderr)
            require_pass(pool.submit(meet, None, ()).result())
            met |= in_parallel(pool, unnoticed, "unnoticed mutants, by the whole suite", whole=True)
    return met


def require_pass(unchanged: Met) -> None:
    """Raise RuntimeError where the tests fail without any mutant."""
    if unchanged.failed:
        raise RuntimeError(f"{unchanged.failed} fails on the code as it is: nothing can be said of mutants")


def in_parallel(
    pool: ProcessPoolExecutor, mutants: Sequence[Mutant], what: str, *, whole: bool = False
) -> dict[str, Met]:
    """Mutants by name as their own tests met them, or the whole suite."""
    tasks = {pool.submit(meet, mutant, () if whole else mutant.tests): mutant for mutant in mutants}
    met = {}
    for task in track(as_completed(tasks), what, total=len(tasks), console=Console(stderr=True)):
        try:
            met[tasks[task].name] = task.result()
        except RuntimeError as error:
            raise RuntimeError(f"{tasks[task].name}: {error}") from None
    return met


def table_of(mutants: Sequence[Mutant], met: dict[str, Met]) -> Table:
    """A row for each mutant."""
    table = Table(box=None)
    for column in ("mutant", "file", "noticed by", "s"):
        table.add_column(column, overflow="fold")
    for mutant in mutants:
        how = met[mutant.name]
        table.add_row(mutant.name, mutant.file, how.failed or "[bold red]nothing", f"{how.seconds:.1f}")
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description="Does every wrong formula of scripts/mutants.yaml fail a test?")
    parser.add_argument("names", nargs="*", help="mutants to run; all unless given")
    started = time.monotonic()
    os.environ |= ENVIRONMENT
    try:
        mutants = chosen(read_mutants(), parser.parse_args().names)
        met = meet_all(mutants)
    except (ValueError, RuntimeError) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    Console().print(table_of(mutants, met))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(m) | asdict(met[m.name]) for m in mutants], indent=1, ensure_ascii=False))
    survivors = [mutant.name for mutant in mutants if met[mutant.name].failed is None]
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} mutants noticed, in {time.monotonic() - started:.0f} s")
    if survivors:
        print(f"survivors: {', '.join(survivors)}", file=sys.stderr)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
