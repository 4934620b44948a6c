"""Checks, without recomputing, that every artifact is what its provenance says it is."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ssl_dynamics.pipeline.artifacts import sha256
from ssl_dynamics.pipeline.fingerprint import fingerprint
from ssl_dynamics.pipeline.provenance import Record, sound_records_below
from ssl_dynamics.pipeline.runner import PlannedJob

AGAIN = "delete it and run the same command again"


def check_artifacts(folder: Path, lock: str, planned: Sequence[PlannedJob]) -> list[str]:
    """Problems, one line a file: what is changed, missing or foreign, or of other code, settings or pins than now.

    The jobs `planned` must have left a provenance each below `folder`, and no others. It must name the settings that
    the job is given now, the fingerprint that its stage has now and that of the lock file, and files that still have
    the hashes recorded, inputs as well as outputs (so they agree along the whole chain); and every file must be the
    output of one. So edits, stale results, silenced re-runs and files from elsewhere show. Logs and benchmarks are
    left out.
    """
    records = sound_records_below(folder)
    if not records:
        return [f"{folder}: no provenance below it; expected a folder that `make` has filled, such as results/full"]
    problems: dict[str, str] = {}
    for job in planned:
        problems |= _against_plan(job, records.get(job.provenance), lock)
    for provenance in sorted(records.keys() - {job.provenance for job in planned}):
        names = [provenance, *records[provenance]["outputs"]]
        problems |= dict.fromkeys(names, "of a job that is not planned; delete it")
    for name, problem in _hash_problems(records):
        problems.setdefault(name, problem)
    left = {job.provenance for job in planned}.union(records, *(record["outputs"] for record in records.values()))
    for path in sorted(folder.rglob("*")):
        known = path.as_posix() in left or path == Path("results/README.md")
        if path.is_file() and not known and not {"logs", "benchmarks"} & set(path.parts):
            problems.setdefault(path.as_posix(), "no job has left it here; delete it")
    return [f"{name}: {problem}" for name, problem in problems.items()]


def _against_plan(job: PlannedJob, record: Record | None, lock: str) -> dict[str, str]:
    """What is wrong with all that a job has left."""
    if record is None:
        left = [name for name in job.outputs if Path(name).is_file()]
        found = dict.fromkeys(left, f"{job.provenance}, which should name it, is missing or damaged; {AGAIN}")
        if Path(job.provenance).is_file():
            return {job.provenance: f"damaged; {AGAIN}"} | found
        return found or {job.provenance: "missing; run the same command again"}
    if record.get("settings") != job.settings:
        return dict.fromkeys(job.outputs, f"made with other settings than the configuration gives; {AGAIN}")
    if _code_now(record) != record["code"]:
        return {job.provenance: "made by code that has changed since; run make"}
    if record["lock"] != lock:
        return {job.provenance: "made with other versions than requirements.lock names; run make"}
    return {}


def _code_now(record: Record) -> str:
    try:
        return fingerprint(record["stage"], *record["further"])
    except ValueError:  # a module or definition that is no more
        return ""


def _hash_problems(records: Mapping[str, Record]) -> Iterator[tuple[str, str]]:
    """The files that are not what a record says they were, each once for every record."""
    hashes: dict[str, str | None] = {}
    for path, record in records.items():
        for name, expected in (record["inputs"] | record["outputs"]).items():
            if name not in hashes:
                hashes[name] = sha256(Path(name)) if Path(name).is_file() else None
            if hashes[name] is None:
                yield name, f"missing since {path} was written; run the same command again"
            elif hashes[name] != expected:
                yield name, f"changed since {path} was written; {AGAIN}"
