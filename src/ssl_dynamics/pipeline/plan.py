"""Which stages a run would run now, and why each: what code, setting, pin or file has changed."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from ssl_dynamics.pipeline.artifacts import sha256
from ssl_dynamics.pipeline.fingerprint import definitions
from ssl_dynamics.pipeline.provenance import Record, read_record

NOT_MADE = "not made yet"
FOLLOWS = "reads what these make"
_COMMAND = re.compile(r"Shell command: exec python -m (\S+) (.*)")
_SHOWN = 4  # definitions, or values, that a reason lists by name


@dataclass(frozen=True)
class Planned:
    """A job that would run: its stage, and what its command line gives it."""

    stage: str
    settings: dict[str, Any]
    lock: str
    inputs: frozenset[str]
    outputs: frozenset[str]
    provenance: str

    @property
    def name(self) -> str:
        return self.stage.rpartition(".")[2]


def planned_jobs(dry_run: str) -> list[Planned]:
    """The jobs in what `snakemake --dry-run --printshellcmds` prints."""
    return [_job(stage, shlex.split(words)) for stage, words in _COMMAND.findall(dry_run)]


def reasons(jobs: Sequence[Planned]) -> list[tuple[Planned, list[str]]]:
    """Each job with the reasons for it, those of its own first; FOLLOWS alone if it only reads what others make."""
    made = {path for job in jobs for path in job.outputs}
    return [(job, list(_reasons(job, made))) for job in jobs]


def print_plan(config: Path, jobs: Sequence[Planned]) -> None:
    """Print every reason with the jobs that it concerns, counted by stage."""
    if not jobs:
        print(f"{config}: nothing to do; every artifact is made, of the present code, settings and pins")
        return
    stages: dict[str, Counter[str]] = {}
    for job, why in reasons(jobs):
        for reason in why if why == [FOLLOWS] else [each for each in why if each != FOLLOWS]:
            stages.setdefault(reason, Counter())[job.name] += 1
    table = Table(
        box=box.SIMPLE_HEAD, title=f"{config}: {len(jobs)} jobs would run", title_style="", padding=(0, 1, 0, 0)
    )
    table.add_column("why", overflow="fold")
    table.add_column("stages")
    for reason in sorted(stages, key=[FOLLOWS].__contains__):
        table.add_row(reason, ", ".join(f"{count} {stage}" for stage, count in stages[reason].items()))
    Console(width=None if Console().is_terminal else 120).print(table)


def _job(stage: str, words: list[str]) -> Planned:
    options: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            values = options.setdefault(word, [])
        else:
            values.append(word)
    outputs = dict(pair.split("=", 1) for pair in options["--outputs"])
    provenance = outputs.pop("provenance")
    return Planned(
        stage,
        json.loads(options["--settings"][0]),
        options["--lock"][0],
        frozenset(pair.split("=", 1)[1] for pair in options["--inputs"]),
        frozenset(outputs.values()),
        provenance,
    )


def _reasons(job: Planned, made: set[str]) -> Iterator[str]:
    """Why a job would run; `made` holds what the jobs of this plan make."""
    if not Path(job.provenance).is_file():
        yield NOT_MADE
        return
    try:
        record = read_record(Path(job.provenance))
    except ValueError:
        yield "its provenance is damaged"
        return
    yield from _code(record)
    yield from _settings(job.settings, record["settings"])
    if job.lock != record["lock"]:
        yield "requirements.lock: other pins"
    for path in sorted(job.inputs ^ record["inputs"].keys()):
        yield f"{path}: {'read now' if path in job.inputs else 'no longer read'}"
    for path in sorted(job.inputs - made):
        if path in record["inputs"] and (not Path(path).is_file() or sha256(Path(path)) != record["inputs"][path]):
            yield f"{path}: changed since it was read"
    for path in sorted(job.outputs):
        if not Path(path).is_file():
            yield f"{path}: missing"
    if job.inputs & made:
        yield FOLLOWS


def _code(record: Record) -> Iterator[str]:
    """The definitions that have changed, by module."""
    try:
        now = definitions(record["stage"], *record["further"])
    except ValueError as error:  # a module or definition that is no more
        yield str(error)
        return
    then = record["definitions"]
    changed: dict[str, list[str]] = {}
    for unit in sorted(now.keys() | then.keys()):
        if now.get(unit) != then.get(unit):
            module, _, what = unit.partition(":")
            changed.setdefault(module, []).append(what or "what runs when it is loaded")
    for module, names in changed.items():
        yield f"{module.replace('ssl_dynamics.', '')}: {_listed(names)}"


def _settings(now: dict[str, Any], then: dict[str, Any]) -> Iterator[str]:
    """The settings that have other values, by their path in the configuration."""
    flat_now, flat_then = dict(_flat(now)), dict(_flat(then))
    for key in sorted(flat_now.keys() | flat_then.keys()):
        if flat_now.get(key) != flat_then.get(key):
            yield f"{key}: {flat_then.get(key, 'nothing')} → {flat_now.get(key, 'nothing')}"


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
