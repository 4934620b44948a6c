"""Which stages a run would run now, and why each: what code, setting, pin or file has changed."""

import json
import os
import shlex
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from ssl_dynamics.engine.console import console_of
from ssl_dynamics.engine.digests import digest
from ssl_dynamics.engine.fingerprint import definitions
from ssl_dynamics.engine.provenance import Record, record_if_any
from ssl_dynamics.engine.stage import MODULE, by_name, parser_of_jobs, units_of

NOT_MADE = "not made yet"
FOLLOWS = "reads what these make"
_SHOWN = 4  # definitions, or values, that a reason lists by name


@dataclass(frozen=True)
class PlannedJob:
    """A job of the workflow: its rule, its stage, and what its command line gives it."""

    rule: str
    stage: str
    settings: dict[str, Any]
    code: str
    lock: str
    inputs: frozenset[str]
    outputs: frozenset[str]
    provenance: str


Plan = list[
    tuple[PlannedJob, list[str]]
]  # every job, what it reads before it, with the reasons to run it; none if it is done


def jobs_in(commands: Iterable[str]) -> list[PlannedJob]:
    """The jobs that these commands of a shell do, what a job reads before it."""
    parser = parser_of_jobs()
    jobs = [_job(parser, command) for command in commands]
    maker = {path: i for i, job in enumerate(jobs) for path in job.outputs}
    needs = {i: {maker[path] for path in job.inputs if path in maker} for i, job in enumerate(jobs)}
    return [jobs[i] for i in TopologicalSorter(needs).static_order()]


def read_from_outside(jobs: Sequence[PlannedJob]) -> set[str]:
    """The files that jobs read and that none of them makes: sources, and the user's own data."""
    made = {path for job in jobs for path in job.outputs}
    return {path for job in jobs for path in job.inputs} - made


def plan_of(jobs: Sequence[PlannedJob]) -> Plan:
    """Each job with the reasons for it, by its provenance alone: times of files do not count, nor other records.

    A job is done if its provenance has the present settings, code and pins, and the hashes that its inputs and outputs
    have now. The reason is FOLLOWS, alone or at the end, where it reads what another job is to make.
    """
    plan: Plan = []
    to_be_made: set[str] = set()
    for job in jobs:
        why = list(_reasons(job, to_be_made))
        if why:
            to_be_made |= job.outputs
        plan.append((job, why))
    return plan


def to_run(plan: Plan) -> Plan:
    """The jobs that are not done."""
    return [(job, why) for job, why in plan if why]


def of_its_own(why: list[str]) -> list[str]:
    """The reasons other than that a job follows others."""
    return [reason for reason in why if reason != FOLLOWS]


def own_work(plan: Plan) -> list[str]:
    """A file of each job that is to run for a reason of its own, not only because it follows others."""
    return [job.provenance for job, why in plan if of_its_own(why)]


def put_in_order(plan: Plan, benchmarks: Sequence[Path]) -> None:
    """Give the files of what is done times in the order of the jobs, for Snakemake, which goes by times.

    Nothing that is done then seems older than what it was made from, nor do the records of what it cost.
    """
    now = time.time()
    for benchmark in (file for folder in benchmarks for file in folder.rglob("*.tsv")):
        os.utime(benchmark, (now, now))
    for i, (job, why) in enumerate(plan):
        if not why:
            moment = now - 1e-3 * (len(plan) - i)
            for path in (*job.outputs, job.provenance):
                os.utime(path, (moment, moment))
        elif _damaged(job) in why:  # jobs that look there for what made their inputs would stop
            Path(job.provenance).unlink()


def print_plan(config: object, plan: Plan) -> None:
    """Print every reason with the jobs that it concerns, counted by stage; `config` says of what configuration."""
    jobs = to_run(plan)
    if not jobs:
        print(f"{config}: nothing to do; every artifact is made, of the present code, settings and pins")
        return
    stages: dict[str, Counter[str]] = {}
    for job, why in jobs:
        for reason in of_its_own(why) or why:
            stages.setdefault(reason, Counter())[job.rule] += 1
    table = Table(
        box=box.SIMPLE_HEAD, title=f"{config}: {len(jobs)} jobs would run", title_style="", padding=(0, 1, 0, 0)
    )
    table.add_column("why", overflow="fold")
    table.add_column("stages")
    for reason in sorted(stages, key=[FOLLOWS].__contains__):
        table.add_row(reason, ", ".join(f"{count} {stage}" for stage, count in stages[reason].items()))
    console_of(120).print(table)


def _job(parser: ArgumentParser, command: str) -> PlannedJob:
    words = shlex.split(command)
    arguments = parser.parse_args(words[words.index(MODULE) + 1 :])
    rule, _, stage = arguments.stage.partition("=")
    outputs = by_name(arguments.outputs)
    (provenance,) = outputs.pop("provenance")
    return PlannedJob(
        rule,
        stage,
        json.loads(arguments.settings),
        arguments.code,
        arguments.lock,
        _paths(by_name(arguments.inputs)),
        _paths(outputs),
        provenance.as_posix(),
    )


def _paths(files: dict[str, list[Path]]) -> frozenset[str]:
    return frozenset(path.as_posix() for paths in files.values() for path in paths)


def _reasons(job: PlannedJob, to_be_made: set[str]) -> Iterator[str]:
    """Why a job would run, given what those before it are to make."""
    follows = [FOLLOWS] if job.inputs & to_be_made else []
    try:
        record = record_if_any(Path(job.provenance))
    except ValueError:
        yield _damaged(job)
        return
    if record is None:
        yield from follows or [NOT_MADE]
        return
    if job.code != record["code"]:
        yield from _code(record)
    yield from _settings(job.settings, record.get("settings", {}))
    if job.lock != record["lock"]:
        yield "requirements.lock: other pins"
    yield from _files("read", record["inputs"], job.inputs, to_be_made)
    yield from _files("made", record["outputs"], job.outputs, to_be_made)
    yield from follows


def _damaged(job: PlannedJob) -> str:
    return f"{job.provenance}: damaged"


def _files(verb: str, recorded: dict[str, str], now: frozenset[str], to_be_made: set[str]) -> Iterator[str]:
    """The files that are others than those recorded, but for what is about to be made again."""
    for path in sorted(now ^ recorded.keys()):
        yield f"{path}: {f'{verb} now' if path in now else f'no longer {verb}'}"
    for path in sorted((now & recorded.keys()) - to_be_made):
        found = digest(path)
        if found != recorded[path]:
            yield f"{path}: {f'changed since it was {verb}' if found else 'missing'}"


def _code(record: Record) -> Iterator[str]:
    """The definitions that have changed, by module; the function to call, where it is another."""
    try:
        now = definitions(*units_of(record["stage"], record["extra_roots"]))
    except ValueError as error:  # a module or definition that is no more
        yield str(error)
        return
    then = record.get("definitions", {})
    changed: dict[str, list[str]] = {}
    for unit in sorted(now.keys() | then.keys()):
        if now.get(unit) != then.get(unit):
            module, _, what = unit.partition(":")
            changed.setdefault(module, []).append(what or "what runs when it is loaded")
    if not changed:
        yield "another function is to be called"
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
