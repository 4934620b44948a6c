"""Draws that are shipped with a reference, which a sweep can take in place of running them again.

A sweep whose draws take half an hour each need not be run at one time or in one place. `make reference` keeps of every
draw what a sweep reads of it. `make draws SHIPPED=yes` takes these, as long as all that makes their numbers and judges
them is as it was: thresholds, measures and sizes, as the register hashes them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ssl_dynamics.config import Config
from ssl_dynamics.engine.artifacts import whole_file, write_json
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.report.formatting import Record
from ssl_dynamics.report.preregistration import made_with
from ssl_dynamics.verify.expectation import REFERENCE

FOLDER = "draws"  # below the reference of a configuration: a file for each root seed, and what they were made with
MADE_WITH = "made-with.json"
_OF_CELL = ("cell", "value", "low", "high", "seeds", "verdict")


def kept_among(config: Config, roots: Sequence[int]) -> list[int]:
    """Those of these root seeds whose draws are shipped.

    Raises ConfigError where none is, or where thresholds, measures or sizes are others now.
    """
    folder = REFERENCE / config.name / FOLDER
    kept = [root for root in roots if (folder / f"{root}.json").is_file()]
    if not kept:
        raise ConfigError(f"{folder}: no draw with one of these root seeds is shipped")
    then, now = json.loads((folder / MADE_WITH).read_text(encoding="utf-8")), made_with(config)
    if changed := [name for name in now if then[name] != now[name]]:
        raise ConfigError(f"{folder}: the draws that are shipped were made with other {', '.join(changed)}: run them")
    return kept


def write_kept(folder: Path, made_by: Mapping[str, str], draws: Mapping[int, Sequence[Record]]) -> None:
    """Keep draws, by root seed the records of their claims, in the folder of a new reference."""
    write_json(folder / FOLDER / MADE_WITH, made_by)
    for root, records in draws.items():
        lines = [json.dumps(_of_claim(record), ensure_ascii=False, allow_nan=False) for record in records]
        with whole_file(folder / FOLDER / f"{root}.json") as part:
            part.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def _of_claim(record: Record) -> Record:
    cells = [
        {name: cell[name] for name in _OF_CELL} | {"control": {"verdict": cell["control"]["verdict"]}}
        for cell in record["cells"]
    ]
    return {"id": record["id"], "verdict": record["verdict"], "cells": cells}
