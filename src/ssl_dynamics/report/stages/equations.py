"""Draws of what needs no training: every stage from the data to the verdict, for many root seeds in one process."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ssl_dynamics.claims.verdict import Claim
from ssl_dynamics.config import Config, parse_config, with_root_seed
from ssl_dynamics.engine.artifacts import write_json
from ssl_dynamics.engine.stage import Job, Progress, run, stage_named
from ssl_dynamics.equations import Step, equation_tables, steps_of
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.configured import claims_settings, tables_of
from ssl_dynamics.report.formatting import Record
from ssl_dynamics.report.settings import EquationsSettings
from ssl_dynamics.report.verdicts import cells_of

_OF_A_DRAW = (ValueError, ArithmeticError, RuntimeError)  # errors that its numbers may bring about; no full disk
# What steps say of their progress is of no draw; why they have left cells open stands in those.
_SILENT = logging.Logger("steps", logging.CRITICAL)


def equations(job: Job[EquationsSettings]) -> None:
    """Stage `equations`: of each root seed the cells of every claim; None, and the reason, where a step has failed."""
    config = parse_config(job.settings.config, job.title)
    steps, claims = steps_of(config), claims_without_training(config)
    progress = Progress(job, len(job.settings.roots))
    found = []
    for root in job.settings.roots:
        with TemporaryDirectory(suffix=f"-{root}") as folder:  # of a name of its own: tables are read once
            found.append(draw(with_root_seed(config, root), steps, claims, Path(folder)))
        for reason in found[-1]["failed"]:
            job.log.warning("the draw with root seed %d: %s", root, reason)
        progress.advance()
    write_json(job.output("equations"), found)


def claims_without_training(config: Config) -> list[Claim]:
    """The claims of a configuration that read nothing of trained nets, nor do their controls."""
    tables = equation_tables()
    return [
        replace(claim, wrong=None)  # how well a claim resolves costs more than its verdict, and is no part of it
        for claim in CLAIMS
        if {claim.own_table, claim.control_table} <= tables and config.cells(claim.experiment)
    ]


def draw(config: Config, steps: Sequence[Step], claims: Sequence[Claim], folder: Path) -> Record:
    """One draw, its files in a folder. A step that fails stops those that read what it has not made, and no others."""
    lost: dict[str, str] = {}  # files that are not made, with the reason
    for step in steps:
        if reason := _missing(step.reads.values(), lost) or _failure(step, config, folder):
            lost |= dict.fromkeys(step.writes.values(), reason)
    settings, failed = claims_settings(config), set(lost.values())
    cells: dict[str, list[Record] | None] = {}
    for claim in claims:
        files, cells[claim.id] = tables_of(claim, config), None
        if not _missing(files, lost):
            try:
                cells[claim.id] = cells_of(claim, {claim.table: [folder / path for path in files]}, settings)
            except _OF_A_DRAW as error:
                failed.add(f"{claim.id}: {error}")
    return {"root_seed": config.root_seed, "failed": sorted(failed), "claims": cells}


def _missing(paths: Iterable[str], lost: Mapping[str, str]) -> str:
    """Why one of these files is not made; nothing if all are."""
    return next((lost[path] for path in paths if path in lost), "")


def _failure(step: Step, config: Config, folder: Path) -> str:
    """Do a step; why it has failed, if it has."""
    inputs, outputs = ({name: [folder / path] for name, path in files.items()} for files in (step.reads, step.writes))
    settings = config.settings_of(step.stage, step.cell)
    try:
        run(stage_named(step.function)[0], Job(settings, inputs, outputs, _SILENT, step.stage.rule))
    except _OF_A_DRAW as error:
        return f"{step.stage.rule}: {error}"
    return ""
