"""From comparison tables to the record of a claim."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Cell, Claim, Criterion, Key, closest_to_failing, judge_claim
from ssl_dynamics.engine.artifacts import read_tables, sha256
from ssl_dynamics.registry import STATED_IN
from ssl_dynamics.report.settings import ClaimsSettings
from ssl_dynamics.root_seed import variables
from ssl_dynamics.unsettled import REASON


def record_of(
    claim: Claim, group: str, files: Mapping[str, Sequence[Path]], settings: ClaimsSettings
) -> dict[str, object] | None:
    """The record of a claim, judged on the tables that it reads; none if no data set has the labels that it needs.

    `files` maps the name of a table to the files that hold it, which lie below a folder of their experiment.
    """
    if not settings.grid[claim.experiment]:
        return None
    sources = _sources(claim, files)
    read = sorted({path for paths in sources.values() for path in paths})
    return {"group": group, **_record(claim, _judged(claim, sources, settings), read, settings.config_name)}


def cells_of(claim: Claim, files: Mapping[str, Sequence[Path]], settings: ClaimsSettings) -> list[dict[str, object]]:
    """What the record of a claim says of its cells; `files` as there."""
    return _cells(_judged(claim, _sources(claim, files), settings))


def _sources(claim: Claim, files: Mapping[str, Sequence[Path]]) -> dict[tuple[str, str], tuple[Path, ...]]:
    """The files that a claim and its control read, by experiment and table."""
    return {
        (experiment, name): tuple(path for path in files[name] if f"/{experiment}/" in path.as_posix())
        for experiment, name in (claim.own_table, claim.control_table)
    }


def _judged(claim: Claim, sources: Mapping[tuple[str, str], tuple[Path, ...]], settings: ClaimsSettings) -> list[Cell]:
    tables = {key: _tables(paths) for key, paths in sources.items()}
    rows, reasons = ({key: of[part] for key, of in tables.items()} for part in (0, 1))
    left_open = {key: _by_cell(table) for key, table in reasons.items()}
    return judge_claim(claim, rows, settings.grid, settings.seeds[claim.experiment], left_open)


@cache  # many claims read the same one
def _tables(paths: tuple[Path, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    return read_tables(paths)


def _by_cell(reasons: pd.DataFrame) -> dict[Key, str]:
    """Why a draw has left cells open, from the rows that stand in for theirs."""
    if reasons.empty:
        return {}
    cells = reasons[["dataset", "loss", "dimension", REASON]].itertuples(index=False, name=None)
    return {(dataset, loss, dimension): reason for dataset, loss, dimension, reason in cells}


def stated(claim: Claim) -> dict[str, object]:
    """What a record says of a claim in every run."""
    return {
        "id": claim.id,
        "statement": claim.statement,
        "source": claim.source,
        "evidence": claim.evidence,
        "statistic": claim.statistic,
        "criterion": _criterion(claim.criterion),
    }


def _record(claim: Claim, cells: list[Cell], sources: list[Path], config_name: str) -> dict[str, object]:
    decisive = closest_to_failing(cells)
    return {
        **stated(claim),
        "formula": claim.formula,
        "abstracts": list(claim.abstracts),
        "quantity": f"{claim.quantity}; {claim.statistic} over seeds, in the cell closest to failing ({decisive.name})",
        **_numbers(decisive),
        # A theory that is wrong fails where it fails in one cell.
        "resolves": min((cell.resolves for cell in cells if np.isfinite(cell.resolves)), default=None),
        "verdict": decisive.verdict,
        # Every cell must meet the criterion: that one does not has the largest of their p-values.
        "p": max(cell.claim.p for cell in cells) if claim.every_seed else None,
        "control": {
            "description": _described(claim, decisive),
            "value": _finite(decisive.control.value),
            # The controls of all cells must fail; one that passes is named in its cell.
            "verdict": "pass" if any(cell.control.verdict == "pass" for cell in cells) else "fail",
        },
        "figure": f"results/{config_name}/figures/{claim.figure}.svg",
        "command": f"make run {variables(config_name)} TARGET='{' '.join(map(Path.as_posix, sources))}'",
        "code": f"src/{STATED_IN[claim.id].replace('.', '/')}.py",
        "artifacts": [{"path": path.as_posix(), "sha256": sha256(path)} for path in sources],
        "cells": _cells(cells),
    }


def _described(claim: Claim, cell: Cell) -> str:
    """What the control is, and on how many seeds, where theory alone could not tell it on all."""
    used, seeds = cell.control.seeds, cell.claim.seeds
    left = used < seeds and np.isfinite(cell.control.value)
    return claim.control.description + (f" ({used} of {seeds} seeds can tell it)" if left else "")


def _cells(cells: Sequence[Cell]) -> list[dict[str, object]]:
    return [
        {
            "cell": cell.name,
            **_numbers(cell),
            "verdict": cell.verdict,
            **_by_one_item(cell.one_item[0]),
            "control": {
                "value": _finite(cell.control.value),
                "seeds": cell.control.seeds,
                "verdict": cell.control.verdict,
                **_by_one_item(cell.one_item[1]),
            },
        }
        for cell in cells
    ]


def _numbers(cell: Cell) -> dict[str, object]:
    """What was measured: a value; the 95 % interval of a mean, or the range of an extreme; how many seeds meet it."""
    judged = cell.claim
    numbers: dict[str, object] = {name: _finite(getattr(judged, name)) for name in ("value", "low", "high")}
    counts = {"met": judged.met, "seeds": judged.seeds, "least_probability": _finite(judged.least_probability)}
    return (
        numbers | counts | {"resolves": _finite(cell.resolves)} | ({"reason": judged.reason} if judged.reason else {})
    )


def _by_one_item(change: float) -> dict[str, float]:
    """By how much one test item changes a number, where it counts them: `make verify` allows for one."""
    return {"one_item": change} if change else {}


def _finite(value: float) -> float | None:
    """JSON has no word for a number that is not finite."""
    return value if np.isfinite(value) else None


def _criterion(criterion: Criterion) -> dict[str, object]:
    threshold = criterion.threshold
    return {"operator": criterion.operator, "threshold": list(threshold) if isinstance(threshold, tuple) else threshold}
