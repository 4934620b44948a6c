"""What a run of the whole pipeline cost, from the files that its jobs and its record left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from archive.inventory import in_run, jobs_below
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.run_record import FILE, read_runs

Job = dict[str, Any]

CORES = 2  # for which times are asked for
CPU_SECONDS, ELAPSED, BUSY = "CPU seconds", "elapsed", "busy share"
FRESH, NOTHING = "a run from nothing", "a run with nothing to do"
DRAWN = "a run after the code of one figure has changed"
# By configuration and measure: what there is to be at least and at most.
LEAST = {"full": {BUSY: 0.9}}
MOST = {
    "full": {
        CPU_SECONDS: 2200.0,
        "longest job's share of them": 0.2,
        "largest peak memory of a job": 2.0,
        ELAPSED: 1200.0,
    },
    "quick": {ELAPSED: 45.0, FRESH: 110.0, NOTHING: 2.5, DRAWN: 10.0},
}
SHOWING = ("figures", "triplet_figure", "notebook")  # how the names of rules begin that draw or show
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
    found = whole_run(config_file)
    if isinstance(found, str):
        return [], found
    jobs, run = found
    line = f"{config_file}, {run['start']}, {run['hardware']['processor']}"
    return with_targets([*of_jobs(jobs), *of_run(jobs, run)], load_config(config_file).name, run.get("cores")), line


def whole_run(config_file: Path) -> tuple[list[Job], dict[str, Any]] | str:
    """All jobs of a configuration and the run that did them, or why there is none."""
    results = load_config(config_file).results
    if not (results / FILE).is_file():
        return f"{results}: no finished run here, so nothing is said of the pipeline"
    try:
        runs = read_runs(results / FILE)
        jobs = jobs_below(results, runs)
    except (OSError, ValueError) as error:  # a log or a file of Snakemake's that is gone, or cut short
        return f"nothing is said of the pipeline: {error}"
    inside = [sum(in_run(job, run) for job in jobs) for run in runs]
    most = max(inside, default=0)
    if most < len(jobs) or not jobs:
        return (
            f"{results}: no run did all of its {len(jobs)} jobs, the fullest {most}, so nothing is said of the "
            "pipeline; remove that folder and run it whole"
        )
    return jobs, runs[inside.index(most)]


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
    cores, whole = run.get("cores"), run.get("cpu_seconds")
    found = [Measure(ELAPSED, elapsed, "s", note=never_idle(jobs, whole, cores) if cores and whole else "")]
    if cores:
        cpu, inside = (sum(number(job, column) for job in jobs) for column in ("cpu_time", "s"))
        found += [
            Measure(BUSY, cpu / elapsed / cores, note=f"CPU seconds of the jobs over {cores} cores × elapsed"),
            Measure("share in no job", 1 - inside / elapsed / cores, note="of cores × elapsed"),
        ]
        if whole:
            note = "of all CPU seconds of the run, those of no job: Snakemake's own"
            found += [Measure(CPU_SECONDS, whole, "s"), Measure("overhead share", 1 - cpu / whole, note=note)]
    return found


def never_idle(jobs: Sequence[Job], whole: float, cores: int) -> str:
    """What bounds the elapsed time from below: the CPU seconds over the cores, and those that compute nothing."""
    starting = sum(job["starting"] for job in jobs) / cores
    own = (whole - sum(number(job, "cpu_time") for job in jobs)) / cores
    shown = [job for job in jobs if job["rule"].startswith(SHOWING)]
    drawing = sum(number(job, "cpu_time") - job["starting"] for job in shown) / cores
    return (
        f"at least {whole / cores:,.1f} s on {cores} cores, even if never idle; of these, starting the jobs "
        f"{starting:.1f}, Snakemake's own {own:.1f}, figures and notebooks {drawing:.1f}: "
        f"{starting + own + drawing:.1f} s without training, solving or comparing"
    )


def in_turn(jobs: Sequence[Job], path: str) -> str:
    """The longest chain of jobs that a run does one after the other where this file is missing, with their seconds."""
    makers = [job for job in jobs if path in job["outputs"]]
    made = {each for job in makers for each in job["outputs"]}
    after = makers
    while more := [job for job in jobs if job not in after and made.intersection(job["inputs"])]:
        after = [*after, *more]
        made |= {each for job in more for each in job["outputs"]}
    if not after:
        return ""
    seconds, chain = critical_path(after)
    takes = {job["name"]: number(job, "s") for job in after}
    return f"one after the other {seconds:.1f} s: " + ", ".join(f"{Path(job).name} {takes[job]:.1f}" for job in chain)


def with_targets(found: Sequence[Measure], name: str, cores: int | None = CORES) -> list[Measure]:
    """What the run of a configuration is to stay within; on other cores than those, nothing is asked of its times."""
    others = () if cores == CORES else (ELAPSED, BUSY)
    least, most = (
        {what: bound for what, bound in bounds.get(name, {}).items() if what not in others} for bounds in (LEAST, MOST)
    )
    return [replace(each, least=least.get(each.what), most=most.get(each.what)) for each in found]


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
