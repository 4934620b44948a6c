"""Artifacts: whole files with reproducible bytes, and the provenance of each job."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.unsettled import REASON, Unsettled

if TYPE_CHECKING:  # many stages read no table: they start sooner without pandas
    import pandas as pd

Arrays = dict[str, NDArray[Any]]

PART = ".part"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name in the folder of `path`, renamed to `path` if the block succeeds, else removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def leftovers(folder: Path) -> list[Path]:
    """Temporary files in `folder` that killed jobs have left."""
    return [path for path in folder.rglob(f".*{PART}*") if path.is_file()]


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as .npz; names are sorted and the archive holds no time, so that equal arrays give equal bytes."""
    with whole_file(path) as part:
        np.savez(part, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})


def read_arrays(path: Path) -> Arrays:
    """Read every array of an .npz file. Raises Unsettled, with the reason, if a draw has left it open."""
    with np.load(path, allow_pickle=False) as stored:
        if REASON in stored.files:
            raise Unsettled(str(stored[REASON]))
        return {name: stored[name] for name in stored.files}


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a tidy table as .csv with the shortest decimals that read back to the same float64."""
    with whole_file(path) as part:
        table.to_csv(part, index=False, lineterminator="\n")


def read_table(path: Path) -> "pd.DataFrame":
    """Read a table that `write_table` wrote, to the same float64."""
    import pandas as pd  # noqa: PLC0415 -- see above

    return pd.read_csv(path)


def read_tables(paths: Iterable[Path]) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """The rows of several tables, and those that stand in for a table that a draw has left open; either may be none."""
    import pandas as pd  # noqa: PLC0415 -- see above

    tables = [read_table(path) for path in paths]
    parts = ([table for table in tables if (REASON in table) == left_open] for left_open in (False, True))
    rows, reasons = (pd.concat(part, ignore_index=True) if part else pd.DataFrame() for part in parts)
    return rows, reasons


def leave_open(path: Path, reason: str, labels: Mapping[str, str | int]) -> None:
    """Write why a draw has left open what an .npz file of arrays or a .csv table, its rows labelled so, would hold.

    Raises ValueError for a file of another kind.
    """
    import pandas as pd  # noqa: PLC0415 -- see above

    if path.suffix == ".npz":
        write_arrays(path, {REASON: np.array(reason)})
    elif path.suffix == ".csv":
        write_table(path, pd.DataFrame([{**labels, REASON: reason}]))
    else:
        raise ValueError(f"{path}: neither arrays nor a table; it cannot be left open: {reason}")


def write_json(path: Path, value: object) -> None:
    """Write JSON, indented; not-a-number is refused."""
    with whole_file(path) as part:
        part.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
