"""Files that a run is asked to make, instead of everything."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from ssl_dynamics.engine.staleness import PlannedJob


def known_targets(jobs: Sequence[PlannedJob], targets: Sequence[str]) -> list[str]:
    """The targets as Snakemake knows them: files, relative to this folder; of the name of a rule, what its jobs leave.

    `jobs` are all that the configuration has. Raises ValueError in one line if no job makes a target.
    """
    made = {path for job in jobs for path in (*job.outputs, job.provenance)}
    left = {rule: [job.provenance for job in jobs if rule in (job.rule, "all")] for rule in targets}
    return [file for target in targets for file in left[target] or [_file(made, target)]]


def behind(jobs: Sequence[PlannedJob], files: Sequence[str]) -> list[PlannedJob]:
    """Those of the jobs, in their order, that make files or what these are made from."""
    maker = {path: job for job in jobs for path in (*job.outputs, job.provenance)}
    needed: dict[str, PlannedJob] = {}
    pending = [*files]
    while pending:
        job = maker.get(pending.pop())
        if job and job.provenance not in needed:
            needed[job.provenance] = job
            pending += job.inputs
    return [job for job in jobs if job.provenance in needed]


def _file(made: set[str], target: str) -> str:
    path = Path(os.path.relpath(target)).as_posix() if target else target
    if path in made:
        return path
    below = sorted(file for file in made if file.startswith(f"{path}/"))
    if below:
        raise ValueError(f"target: {target!r} is a folder; expected a file, such as {below[0]}")
    near = difflib.get_close_matches(path, sorted(made), n=1) or sorted(made)[:1]
    raise ValueError(f"target: no job makes {target!r}; expected a file that one makes, such as {near[0]}")
