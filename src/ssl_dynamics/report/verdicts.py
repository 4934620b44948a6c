"""From comparison tables to the record of a claim."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Cell, Claim, Criterion, closest_to_failing, judge_claim
from ssl_dynamics.engine.artifacts import read_table, sha256
from ssl_dynamics.registry import STATED_IN
from ssl_dynamics.report.settings import ClaimsSettings
from ssl_dynamics.root_seed import variables


def record_of(
    claim: Claim, group: str, files: Mapping[str, Sequence[Path]], settings: ClaimsSettings
) -> dict[str, object] | None:
    """The record of a claim, judged on the tables that it reads; none if no data set has the labels that it needs.

    `files` maps the name of a table to the files that hold it, which lie below a folder of their experiment.
    """
    if not settings.grid[claim.experiment]:
        return None
    sources = {
        (experiment, name): tuple(path for path in files[name] if f"/{experiment}/" in path.as_posix())
        for experiment, name in (claim.own_table, claim.control_table)
    }
    tables = {key: _table(paths) for key, paths in sources.items()}
    cells = judge_claim(claim, tables, settings.grid, settings.seeds[claim.experiment])
    read = sorted({path for paths in sources.values() for path in paths})
    return {"group": group, **_record(claim, cells, read, settings.config_name)}


@cache  # many claims read the same one
def _table(paths: tuple[Path, ...]) -> pd.DataFrame:
    return pd.concat(map(read_table, paths))


def _record(claim: Claim, cells: list[Cell], sources: list[Path], config_name: str) -> dict[str, object]:
    decisive = closest_to_failing(cells)
    return {
        "id": claim.id,
        "statement": claim.statement,
        "formula": claim.formula,
        "source": claim.source,
        "evidence": claim.evidence,
        "quantity": f"{claim.quantity}; {claim.statistic} over seeds, in the cell closest to failing ({decisive.name})",
        "statistic": claim.statistic,
        **_numbers(decisive),
        # A theory that is wrong fails where it fails in one cell.
        "resolves": min((cell.resolves for cell in cells if np.isfinite(cell.resolves)), default=None),
        "criterion": _criterion(claim.criterion),
        "verdict": decisive.verdict,
        # Every cell must meet the criterion: that one does not has the largest of their p-values.
        "p": max(cell.claim.p for cell in cells),
        "control": {
            "description": claim.control.description,
            "value": _finite(decisive.control),
            # The controls of all cells must fail; one that passes is named in its cell.
            "verdict": "pass" if any(cell.control_verdict == "pass" for cell in cells) else "fail",
        },
        "figure": f"results/{config_name}/figures/{claim.figure}.svg",
        "command": f"make run {variables(config_name)} TARGET='{' '.join(map(Path.as_posix, sources))}'",
        "code": f"src/{STATED_IN[claim.id].replace('.', '/')}.py",
        "artifacts": [{"path": path.as_posix(), "sha256": sha256(path)} for path in sources],
        "cells": [
            {
                "cell": cell.name,
                **_numbers(cell),
                "verdict": cell.verdict,
                "control": {"value": _finite(cell.control), "verdict": cell.control_verdict},
            }
            for cell in cells
        ],
    }


def _numbers(cell: Cell) -> dict[str, object]:
    """What was measured: a value; the 95 % interval of a mean, or the range of an extreme; how many seeds meet it."""
    judged = cell.claim
    numbers: dict[str, object] = {name: _finite(getattr(judged, name)) for name in ("value", "low", "high")}
    counts = {"met": judged.met, "seeds": judged.seeds, "least_probability": judged.least_probability}
    return (
        numbers | counts | {"resolves": _finite(cell.resolves)} | ({"reason": judged.reason} if judged.reason else {})
    )


def _finite(value: float) -> float | None:
    """JSON has no word for a number that is not finite."""
    return value if np.isfinite(value) else None


def _criterion(criterion: Criterion) -> dict[str, object]:
    threshold = criterion.threshold
    return {"operator": criterion.operator, "threshold": list(threshold) if isinstance(threshold, tuple) else threshold}
