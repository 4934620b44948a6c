"""Copies of the tree, in which tests run the real workflow."""

import fcntl
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).parents[1]
TREE = ["Snakefile", "workflow", "src", "paper", "config", "profiles", "requirements.lock", "environment.yml"]
KEPT = {".npz", ".csv", ".json", ".svg", ".png", ".ipynb", ".html", ".pdf"}
SMALLEST = "config/smallest.yaml"


def copy_of_the_tree(folder):
    """The sources alone, and the configurations of the tests."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TREE:
        source = TOP / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for path in (TOP / "tests/config").iterdir():
        shutil.copy(path, folder / "config")
    return folder


def copy_of_a_finished(tree, folder):
    """All of a tree, its times kept."""
    return Path(shutil.copytree(tree, folder, copy_function=shutil.copy2))


def environment(tree):
    return {
        **os.environ,
        "PYTHONPATH": str(tree / "src"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def command(*arguments):
    return [sys.executable, "-B", "-m", "ssl_dynamics.cli", *arguments]  # no bytecode, as from `make`


def call(tree, *arguments, variables=None, before=(), **options):
    """The result of the command `ssl-dynamics` in a tree, after other words, under some more environment variables."""
    everything = environment(tree) | (variables or {})
    return subprocess.run(
        [*before, *command(*arguments)],
        cwd=tree,
        env=everything,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def run(tree, *targets, config="config/tiny.yaml", cores=2, **options):
    return call(tree, "run", config, *targets, "--cores", str(cores), **options)


def finish(tree, config="config/tiny.yaml", *targets):
    """Run to the end; anything short of that is the failure of a test."""
    result = run(tree, *targets, config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


@contextmanager
def started(tree, config=SMALLEST):
    """A run under way, in a process group of its own."""
    with subprocess.Popen(
        command("run", config, "--cores", "2"),
        cwd=tree,
        env=environment(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


def contents(tree):
    """Bytes of every artifact."""
    results = tree / "results"
    return {str(p.relative_to(results)): p.read_bytes() for p in results.rglob("*") if p.suffix in KEPT}


def edit(tree, file, old, new):
    path = tree / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def made_once(factory, name, make):
    """A folder that `make` fills, once for all workers of a test session; and what `make` returns, a text."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, said = base / name, base / f"{name}.out"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            said.write_text(make(folder))
    return folder, said.read_text()
