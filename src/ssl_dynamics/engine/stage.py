"""What every stage shares: its command line, its log and progress, its provenance, its errors."""

import argparse
import gc
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from ssl_dynamics.engine.artifacts import leave_open, sha256, write_json
from ssl_dynamics.engine.cpu_time import cpu_seconds
from ssl_dynamics.engine.fingerprint import definitions, fingerprint, forget
from ssl_dynamics.engine.provenance import SUFFIX, require_as_made
from ssl_dynamics.errors import DEBUG
from ssl_dynamics.settings import Settings
from ssl_dynamics.unsettled import Unsettled

MODULE = "ssl_dynamics.engine"  # that rules run
_SECONDS_BETWEEN_LINES = 5.0

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Job(Generic[S]):
    """What a stage is given: its settings, its files by name, a logger."""

    settings: S
    inputs: dict[str, list[Path]]
    outputs: dict[str, list[Path]]
    log: logging.Logger
    title: str

    def input(self, name: str) -> Path:
        return self.inputs[name][0]

    def output(self, name: str) -> Path:
        return self.outputs[name][0]


class Progress:
    """Prints a line every few seconds: what, steps done of how many, time gone and to go."""

    def __init__(self, job: Job[S], total: int) -> None:
        self._log, self._what, self._total = job.log, job.title, total
        self._done = 0
        self._started = self._printed = time.monotonic()

    def advance(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._printed >= _SECONDS_BETWEEN_LINES:
            self._printed = now
            gone = now - self._started
            to_go = gone / self._done * (self._total - self._done)
            self._log.warning(
                "%s: step %d of %d (%d %%), %.0f s gone, about %.0f s to go",
                self._what, self._done, self._total, 100 * self._done // self._total, gone, to_go,
            )  # fmt: skip


def units_of(stage: str, extra_roots: Sequence[str] = ()) -> list[str]:
    """The definitions from which the fingerprint of a stage, "module:function", sets out."""
    return [f"{__name__}:main", stage, *extra_roots]


def stage_named(stage: str) -> tuple[Callable[[Job[Any]], None], type[Settings]]:
    """The function "module:function" and the type of its settings, of which its parameter is a job."""
    module, _, name = stage.partition(":")
    function: Callable[[Job[Any]], None] = getattr(import_module(module), name)
    (settings_type,) = get_args(get_type_hints(function)["job"])
    return function, settings_type


def run(stage: Callable[[Job[S]], None], job: Job[S]) -> None:
    """Do a job. Where its draw has nothing to say, its files say why: what reads them is then left open as well."""
    try:
        stage(job)
    except Unsettled as why:
        job.log.warning("%s: left open by this draw: %s", job.title, why)
        for path in (path for paths in job.outputs.values() for path in paths):
            leave_open(path, str(why), job.settings.cell_labels())


def main() -> None:
    """Run a stage from the command line that its rule gives.

    The stage is a function of a job, given with the name of its rule; `--roots` lists what else its settings make it
    use (see `fingerprint`). The code fingerprint must be the planned one before and after the work, so that no artifact
    carries the fingerprint of code that did not make it; every input that another job made must be as that job left it.
    Errors end in one line and exit code 1; the traceback goes to the log, and to the screen if the variable
    SSL_DYNAMICS_DEBUG is set. The provenance (settings, code, lock, hashes of inputs and outputs) is written last.
    """
    started = time.monotonic()
    arguments = parser_of_jobs().parse_args()
    rule, _, stage = arguments.stage.partition("=")
    outputs = by_name(arguments.outputs)
    (provenance,) = outputs.pop("provenance")
    inputs = by_name(arguments.inputs)
    try:
        log = _logger(rule, arguments.log)
        _require_same_code(arguments.code, units_of(stage, arguments.roots))
        gc.disable()  # what is imported stays: it is searched for cycles neither now nor, frozen, at the end
        function, settings_type = stage_named(stage)
        gc.freeze()
        gc.enable()
        settings = settings_type.model_validate_json(arguments.settings)
        read = _hashes(inputs)
        require_as_made(read)
        title = f"{rule} {provenance.as_posix().removesuffix(SUFFIX)}"
        job = Job(settings, inputs, outputs, log, title)
        starting = cpu_seconds()
        run(function, job)
        log.warning(
            "%s: %.1f s, %.2f s of CPU, %.2f s to start", title, time.monotonic() - started, cpu_seconds(), starting
        )
        forget()
        _require_same_code(arguments.code, units_of(stage, arguments.roots))
        write_json(
            provenance,
            {
                "rule": rule,
                "stage": stage,
                "extra_roots": arguments.roots,
                "settings": json.loads(arguments.settings),
                "code": arguments.code,
                "definitions": definitions(*units_of(stage, arguments.roots)),
                "lock": arguments.lock,
                "inputs": read,
                "outputs": _hashes(outputs),
            },
        )
    except Exception as error:
        logging.getLogger(rule).debug("traceback", exc_info=True)
        expected = isinstance(error, ValueError | ArithmeticError | OSError | RuntimeError)
        what = error if expected else f"{type(error).__name__}: {error}"
        sys.exit(f"{rule}: {what} (log: {arguments.log})")


def parser_of_jobs() -> argparse.ArgumentParser:
    """Of the command line that a rule gives."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}")
    parser.add_argument("--stage", required=True, metavar="RULE=MODULE:FUNCTION")
    for name in ("--settings", "--code", "--lock"):
        parser.add_argument(name, required=True)
    parser.add_argument("--roots", nargs="*", default=[], metavar="MODULE:DEFINITION")
    for name in ("--inputs", "--outputs"):
        parser.add_argument(name, nargs="*", default=[], metavar="NAME=PATH")
    parser.add_argument("--log", type=Path, required=True)
    return parser


def by_name(pairs: list[str]) -> dict[str, list[Path]]:
    """Files of NAME=PATH."""
    files: dict[str, list[Path]] = {}
    for pair in pairs:
        name, _, path = pair.partition("=")
        files.setdefault(name, []).append(Path(path))
    return files


def _hashes(files: dict[str, list[Path]]) -> dict[str, str]:
    return {path.as_posix(): sha256(path) for paths in files.values() for path in paths}


def _require_same_code(planned: str, units: list[str]) -> None:
    if fingerprint(*units) != planned:
        raise RuntimeError("the code changed after this run was planned; run the same command again")


def _logger(rule: str, path: Path) -> logging.Logger:
    log = logging.getLogger(rule)
    log.setLevel(logging.DEBUG)
    path.parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_screen = logging.StreamHandler()
    to_screen.setLevel(logging.DEBUG if os.environ.get(DEBUG) else logging.WARNING)
    log.addHandler(to_file)
    log.addHandler(to_screen)
    return log
