"""Checks, without recomputing, that every artifact is what its provenance says it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssl_dynamics.pipeline.artifacts import sha256
from ssl_dynamics.pipeline.fingerprint import fingerprint
from ssl_dynamics.pipeline.provenance import records_below

AGAIN = "delete it and run the same command again"


def check_artifacts(folder: Path, lock: str, planned: Mapping[Path, Any]) -> list[str]:
    """Problems, one line each: a changed, missing or foreign file, or code, settings or pins that have changed since.

    Every `*.provenance.json` below `folder` must name files that still have the hashes recorded, inputs as well as
    outputs (so they agree along the whole chain), the fingerprint that its stage has now, and that of the lock file;
    those `planned`, by path with the settings that the job is given now, must be there and no others; and every file
    must be the output of one. So edits, stale results, silenced re-runs and files from elsewhere show.
    Logs and benchmarks are left out. Raises ValueError if a provenance is damaged.
    """
    records = dict(records_below(folder))
    if not records:
        return [f"{folder}: no provenance below it; expected a folder that `make` has filled, such as results/full"]
    problems = [f"{path}: missing; run make" for path in sorted(planned.keys() - records.keys())]
    hashes: dict[str, str | None] = {}
    for path, record in records.items():
        if fingerprint(record["stage"], *record["further"]) != record["code"]:
            problems.append(f"{path}: made by code that has changed since; run make")
        if path not in planned:
            problems.append(f"{path}: of a job that this configuration does not have; delete it and what it names")
        elif record.get("settings") != planned[path]:
            problems.append(f"{path}: made with other settings than the configuration gives; {AGAIN}")
        if record["lock"] != lock:
            problems.append(f"{path}: made with other versions than requirements.lock names; run make")
        for name, expected in (record["inputs"] | record["outputs"]).items():
            if name not in hashes:
                hashes[name] = sha256(Path(name)) if Path(name).is_file() else None
            if hashes[name] != expected:
                state = "missing" if hashes[name] is None else "changed"
                problems.append(f"{name}: {state} since {path} was written; {AGAIN}")
    made = {Path(name) for record in records.values() for name in record["outputs"]}
    for path in sorted(folder.rglob("*")):
        known = path in made or path in records or path == Path("results/README.md")
        if path.is_file() and not known and not {"logs", "benchmarks"} & set(path.parts):
            problems.append(f"{path}: no job has left it here; delete it")
    return problems
