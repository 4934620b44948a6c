"""Checks that every artifact is what its provenance says it is."""

import json
from pathlib import Path

from ssl_dynamics.pipeline.artifacts import sha256
from ssl_dynamics.pipeline.fingerprint import fingerprint


def verify_artifacts(folder: Path) -> list[str]:
    """Problems, one line each: a changed, missing or foreign file, or code that has changed since.

    Every `*.provenance.json` below `folder` must name files that still have the hashes recorded, inputs as well as
    outputs, and the fingerprint that its stage has now, and every file must be the output of one; so edits, stale
    results, silenced re-runs and files from elsewhere show. Logs and benchmarks are left out.
    """
    records = sorted(folder.rglob("*.provenance.json"))
    if not records:
        return [f"{folder}: no provenance below it; expected a folder that `make` has filled, such as results/full"]
    problems = []
    hashes: dict[str, str | None] = {}
    for path in records:
        record = json.loads(path.read_text(encoding="utf-8"))
        if fingerprint(record["stage"], *record.get("further", [])) != record["code"]:
            problems.append(
                f"{path}: made by code that has changed since; run make, or delete it if no longer asked for"
            )
        for name, expected in (record["inputs"] | record["outputs"]).items():
            if name not in hashes:
                hashes[name] = sha256(Path(name)) if Path(name).is_file() else None
            if hashes[name] != expected:
                state = "missing" if hashes[name] is None else "changed"
                problems.append(f"{name}: {state} since {path} was written; delete it and run make")
    made = {Path(name) for path in records for name in json.loads(path.read_text(encoding="utf-8"))["outputs"]}
    for path in sorted(folder.rglob("*")):
        known = path in made or path in records or path == Path("results/README.md")
        if path.is_file() and not known and not {"logs", "benchmarks"} & set(path.parts):
            problems.append(f"{path}: no job has left it here; delete it")
    return problems
