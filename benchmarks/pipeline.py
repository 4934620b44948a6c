"""What a run of the whole pipeline cost, from the files that its jobs and its record left; what the next one costs."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from archive.inventory import in_run, jobs_below
from ssl_dynamics.config import load_config
from ssl_dynamics.engine.run_record import FILE, read_runs

Job = dict[str, Any]

TURNS = 5
FIGURE = "figures/steps.svg"  # the one that is drawn anew
NOTHING, DRAWN = "a run with nothing to do", "a run in which one figure is missing"
# By configuration and measure: what there is to be at least and at most, on 2 cores.
LEAST = {"full": {"busy share": 0.9}}
MOST = {
    "full": {
        "CPU seconds": 2200.0,
        "longest job's share of them": 0.2,
        "largest peak memory of a job": 2.0,
        "elapsed": 1200.0,
    },
    "quick": {"elapsed": 45.0, NOTHING: 2.5, DRAWN: 10.0},
}
MEGABYTES = 1024**2 / 1e9  # of Snakemake's benchmarks, in GB


@dataclass(frozen=True)
class Measure:
    """A number of a run, and between what it is to lie."""

    what: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """None where nothing is asked for."""
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


def measures(config_file: Path) -> tuple[list[Measure], str]:
    """The numbers of the run of a configuration, and a line that says what run it is, or why there are none."""
    config = load_config(config_file)
    if not (config.results / FILE).is_file():
        return [], f"{config.results}: no finished run here, so nothing is said of the pipeline"
    runs = read_runs(config.results / FILE)
    jobs = jobs_below(config.results, runs)
    inside = [sum(in_run(job, run) for job in jobs) for run in runs]
    most = max(inside, default=0)
    if most < len(jobs) or not jobs:
        return [], (
            f"{config.results}: no run did all of its {len(jobs)} jobs, the fullest {most}, so nothing is said of the "
            "pipeline; remove that folder and run it whole"
        )
    run = runs[inside.index(most)]
    found = [*of_jobs(jobs), *of_run(jobs, run)]
    return with_targets(found, config.name), f"{config_file}, {run['start']}, {run['hardware']['processor']}"


def reruns(config_file: Path) -> list[Measure]:
    """Elapsed seconds of runs after a whole one, in a copy of the tree: medians of 5 turns."""
    config = load_config(config_file)
    taken: dict[str, list[float]] = {NOTHING: [], DRAWN: []}
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(Path(), tree, ignore=shutil.ignore_patterns(".*", "archives", "reports", "results"))
        shutil.copytree(config.results, tree / config.results)
        for _ in range(TURNS):
            taken[NOTHING].append(_elapsed(config_file, tree))
            (tree / config.results / FIGURE).unlink()
            taken[DRAWN].append(_elapsed(config_file, tree))
    spread = {what: f"{min(times):.3g} to {max(times):.3g} in {TURNS} turns" for what, times in taken.items()}
    return with_targets([Measure(what, median(taken[what]), "s", note=spread[what]) for what in taken], config.name)


def _elapsed(config_file: Path, tree: Path) -> float:
    """Seconds of a run in a tree."""
    command = [sys.executable, "-B", "-m", "ssl_dynamics.cli", "run", str(config_file), "--cores", "2"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = time.monotonic()
    subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "PATH": path},
        check=True,
        capture_output=True,
    )
    return time.monotonic() - started


def of_jobs(jobs: Sequence[Job]) -> list[Measure]:
    """What the jobs took, from their logs and benchmark files."""
    cpu = [number(job, "cpu_time") for job in jobs]
    longest = max(range(len(jobs)), key=cpu.__getitem__)
    memory = [number(job, "max_rss") * MEGABYTES for job in jobs]
    largest = max(range(len(jobs)), key=memory.__getitem__)
    path, chain = critical_path(jobs)
    starting = sum(job["starting"] for job in jobs)
    return [
        Measure("jobs", len(jobs)),
        Measure("CPU seconds of the jobs", sum(cpu), "s"),
        Measure("starting them", starting, "s", note="of these CPU seconds, until what each of them imports is there"),
        Measure("longest job's share of them", cpu[longest] / sum(cpu), note=jobs[longest]["name"]),
        Measure("largest peak memory of a job", memory[largest], "GB", note=jobs[largest]["name"]),
        Measure("critical path", path, "s", note=f"{len(chain)} jobs one after the other, the last {chain[-1]}"),
    ]


def of_run(jobs: Sequence[Job], run: dict[str, Any]) -> list[Measure]:
    """What they took of the time, the cores and the CPU of the run; of a cluster's cores nothing is known."""
    elapsed = (datetime.fromisoformat(run["end"]) - datetime.fromisoformat(run["start"])).total_seconds()
    found = [Measure("elapsed", elapsed, "s")]
    if cores := run.get("cores"):
        cpu, inside = (sum(number(job, column) for job in jobs) for column in ("cpu_time", "s"))
        found += [
            Measure("busy share", cpu / elapsed / cores, note=f"CPU seconds of the jobs over {cores} cores × elapsed"),
            Measure("share in no job", 1 - inside / elapsed / cores, note="of cores × elapsed"),
        ]
        if whole := run.get("cpu_seconds"):
            note = "of all CPU seconds of the run, those of no job: Snakemake's own"
            found += [Measure("CPU seconds", whole, "s"), Measure("overhead share", 1 - cpu / whole, note=note)]
    return found


def with_targets(found: Sequence[Measure], name: str) -> list[Measure]:
    """What the run of a configuration is to stay within."""
    least, most = LEAST.get(name, {}), MOST.get(name, {})
    return [
        Measure(each.what, each.value, each.unit, least.get(each.what), most.get(each.what), each.note)
        for each in found
    ]


def critical_path(jobs: Sequence[Job]) -> tuple[float, list[str]]:
    """Seconds and jobs of the longest chain of jobs of which each reads what the one before has written."""
    maker = {path: job["name"] for job in jobs for path in job["outputs"]}
    takes = {job["name"]: number(job, "s") for job in jobs}
    reads = {job["name"]: {maker[path] for path in job["inputs"] if path in maker} for job in jobs}
    best: dict[str, tuple[float, list[str]]] = {}
    for name in TopologicalSorter(reads).static_order():
        before = max((best[read] for read in reads[name]), default=(0.0, []))
        best[name] = before[0] + takes[name], [*before[1], name]
    return max(best.values())


def number(job: Job, column: str) -> float:
    """A column of a benchmark of Snakemake, which has none for what ended before it was looked at: then 0."""
    try:
        return float(job["usage"][column])
    except ValueError:
        return 0.0
