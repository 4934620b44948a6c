"""What every stage shares: its command line, its log and progress, its provenance, its errors."""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ssl_dynamics.pipeline.artifacts import sha256, write_json
from ssl_dynamics.pipeline.fingerprint import definitions, fingerprint, forget
from ssl_dynamics.pipeline.provenance import SUFFIX, require_as_made
from ssl_dynamics.problem.settings import Settings

DEBUG = "SSL_DYNAMICS_DEBUG"
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


def main(
    module: str,
    settings_type: type[S],
    compute: Callable[[Job[S]], None],
    *,
    further: Callable[[S], list[str]] = lambda _: [],
) -> None:
    """Run a stage from the command line that its rule gives.

    `further` lists the definitions that its settings make it use (see `fingerprint`).
    The code fingerprint must be the planned one before and after `compute`, so that no artifact carries the
    fingerprint of code that did not make it; every input that another job made must be as that job left it. Errors
    end in one line and exit code 1; the traceback goes to the log, and to the screen if the variable
    SSL_DYNAMICS_DEBUG is set. The provenance (settings, code, lock, hashes of inputs and outputs) is
    written last.
    """
    parser = argparse.ArgumentParser(prog=module)
    for name in ("--settings", "--code", "--lock"):
        parser.add_argument(name, required=True)
    for name in ("--inputs", "--outputs"):
        parser.add_argument(name, nargs="*", default=[], metavar="NAME=PATH")
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_args()

    outputs = _by_name(arguments.outputs)
    (provenance,) = outputs.pop("provenance")
    inputs = _by_name(arguments.inputs)
    settings = settings_type.model_validate_json(arguments.settings)
    try:
        log = _logger(module, arguments.log)
        _require_same_code(arguments.code, module, further(settings))
        read = _hashes(inputs)
        require_as_made(read)
        started = time.monotonic()
        title = f"{module.rpartition('.')[2]} {provenance.as_posix().removesuffix(SUFFIX)}"
        job = Job(settings, inputs, outputs, log, title)
        compute(job)
        log.warning("%s: %.1f s", job.title, time.monotonic() - started)
        forget()
        _require_same_code(arguments.code, module, further(settings))
        write_json(
            provenance,
            {
                "stage": module,
                "further": further(settings),
                "settings": json.loads(arguments.settings),
                "code": arguments.code,
                "definitions": definitions(module, *further(settings)),
                "lock": arguments.lock,
                "inputs": read,
                "outputs": _hashes(outputs),
            },
        )
    except Exception as error:
        logging.getLogger(module).debug("traceback", exc_info=True)
        expected = isinstance(error, ValueError | ArithmeticError | OSError | RuntimeError)
        what = error if expected else f"{type(error).__name__}: {error}"
        sys.exit(f"{module.rpartition('.')[2]}: {what} (log: {arguments.log})")


def _by_name(pairs: list[str]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for pair in pairs:
        name, _, path = pair.partition("=")
        files.setdefault(name, []).append(Path(path))
    return files


def _hashes(files: dict[str, list[Path]]) -> dict[str, str]:
    return {path.as_posix(): sha256(path) for paths in files.values() for path in paths}


def _require_same_code(planned: str, module: str, further: list[str]) -> None:
    if fingerprint(module, *further) != planned:
        raise RuntimeError("the code changed after this run was planned; run the same command again")


def _logger(module: str, path: Path) -> logging.Logger:
    log = logging.getLogger(module)
    log.setLevel(logging.DEBUG)
    path.parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(path, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_screen = logging.StreamHandler()
    to_screen.setLevel(logging.DEBUG if os.environ.get(DEBUG) else logging.WARNING)
    log.addHandler(to_file)
    log.addHandler(to_screen)
    return log
