"""Checks, without recomputing, that every artifact is what its provenance says it is."""

from pathlib import Path

from ssl_dynamics.pipeline.digests import digest
from ssl_dynamics.pipeline.fingerprint import fingerprint
from ssl_dynamics.pipeline.provenance import records_below

AGAIN = "make it anew: run make"


def check_artifacts(folder: Path, lock: str) -> list[str]:
    """Problems, one line each: a changed, missing or foreign file, or code or pins that have changed since.

    Every `*.provenance.json` below `folder` must name files that still have the hashes recorded, inputs as well as
    outputs (so they agree along the whole chain), the fingerprint that its stage has now, and that of the lock file;
    and every file must be the output of one. So edits, stale results, silenced re-runs and files from elsewhere show.
    Logs and benchmarks are left out. Raises ValueError if a provenance is damaged.
    """
    records = dict(records_below(folder))
    if not records:
        return [f"{folder}: no provenance below it; expected a folder that `make` has filled, such as results/full"]
    problems = []
    for path, record in records.items():
        if fingerprint(record["stage"], *record["further"]) != record["code"]:
            problems.append(f"{path}: made by code that has changed since; run make")
        if record["lock"] != lock:
            problems.append(f"{path}: made with other versions than requirements.lock names; run make")
        for name, expected in (record["inputs"] | record["outputs"]).items():
            found = digest(name)
            if found != expected:
                problems.append(f"{name}: {'changed' if found else 'missing'} since {path} was written; {AGAIN}")
    made = {Path(name) for record in records.values() for name in record["outputs"]}
    for path in sorted(folder.rglob("*")):
        known = path in made or path in records or path == Path("results/README.md")
        if path.is_file() and not known and not {"logs", "benchmarks"} & set(path.parts):
            problems.append(f"{path}: no job has left it here; delete it")
    return problems
