"""What the jobs have recorded of their work, and whether the files still are what they recorded."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]
SUFFIX = ".provenance.json"


def records_below(folder: Path) -> Iterator[tuple[Path, Record]]:
    """Every provenance below a folder, with its path, in order."""
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        yield path, read_record(path)


def read_record(path: Path) -> Record:
    """A provenance. Raises ValueError if the file holds none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        record = None
    if (
        not isinstance(record, dict)
        or not {"stage", "extra_roots", "code", "lock", "inputs", "outputs"} <= record.keys()
    ):
        raise ValueError(f"{path}: holds no provenance; delete it and run the same command again")
    return record


def record_if_any(path: Path) -> Record | None:
    """A provenance; None if there is none. Snakemake may remove it at any moment, to do that job again beside this one.

    Raises ValueError if the file holds none.
    """
    try:
        return read_record(path)
    except FileNotFoundError:
        return None


def require_as_made(hashes: Mapping[str, str]) -> None:
    """Raise ValueError if a file, of those given with their hashes, is not what the job that made it has recorded.

    A job records its outputs in a provenance in their folder. Files in folders without one (data, sources) pass.
    """
    recorded = {
        name: (digest, path)
        for folder in {Path(name).parent for name in hashes}
        for path in folder.glob(f"*{SUFFIX}")
        for name, digest in (record_if_any(path) or {"outputs": {}})["outputs"].items()
    }
    for name, digest in hashes.items():
        expected, path = recorded.get(name, (digest, None))
        if digest != expected:
            raise ValueError(f"{name} is not what {path} says was made; delete it and run the same command again")
