"""Checks, without recomputing, that every artifact is what its provenance says it is."""

from collections.abc import Iterable
from pathlib import Path

from ssl_dynamics.engine.staleness import Plan, PlannedJob, of_its_own

AGAIN = "make it anew: run make"


def check_plan(folder: Path, plan: Plan) -> list[str]:
    """What keeps a run from being finished and sound, one line each: reasons to run a job, and files of none.

    Every job must have left a provenance with its present settings, code and pins, and with the hashes that its inputs
    and outputs have now, so that they agree along the whole chain; and no other file may be there. Logs and benchmarks
    are left out.
    """
    return [*undone(plan), *_foreign(folder, (path for job, _ in plan for path in _left_by(job)))]


def undone(plan: Plan) -> list[str]:
    """The reasons of jobs to run, one line each, with the file that it is a reason to make."""
    return [
        f"{reason if reason.partition(': ')[0] in _left_by(job) else f'{job.provenance}: {reason}'}; {AGAIN}"
        for job, why in plan
        for reason in of_its_own(why)
    ]


def _left_by(job: PlannedJob) -> set[str]:
    return {*job.outputs, job.provenance}


def _foreign(folder: Path, made: Iterable[str]) -> list[str]:
    known = {Path(path) for path in made} | {Path("results/README.md")}
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in known]
    return [
        f"{path}: no job leaves it here; delete it" for path in found if not {"logs", "benchmarks"} & set(path.parts)
    ]
