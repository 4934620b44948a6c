"""What the CPU seconds of a run are: training by its stages, each with the shares of its operations, and the rest.

The longest job of each stage of training is done again from its own inputs, for some seconds under torch's profiler, on
one thread. The profiler slows down everything but the operations themselves, so their shares are lower bounds.
"""

import json
import logging
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import torch
from threadpoolctl import threadpool_limits
from torch.profiler import ProfilerActivity, profile

from benchmarks.pipeline import Job, number, whole_run
from ssl_dynamics.catalogue import stages
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine import stage as engine

SECONDS = 10.0  # of CPU, of a stage under the profiler
LEAST = 0.01  # of the run: stages below it are summed up
TRAINING, SOLVING = "simulate", "solve"  # how the names of their rules begin
PRODUCTS = {f"aten::{name}" for name in ("mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "dot", "vdot")}
FACTORISATIONS = re.compile(
    r"aten::_?(linalg_(qr|svd\w*|eig\w*|inv\w*|pinv|solve\w*|lu\w*|lstsq|householder_product)|(linalg_)?cholesky\w*)"
)


@dataclass(frozen=True)
class Shares:
    """Of the time of a stage; what is left is Python, what is outside torch, and the profiler itself."""

    products: float
    factorisations: float
    others: float  # other operations of torch: elementwise passes, copies, and handing out operations

    @property
    def rest(self) -> float:
        return 1 - self.products - self.factorisations - self.others


@dataclass(frozen=True)
class Part:
    """Some of the CPU seconds of a run; `shares` where it is training."""

    what: str
    seconds: float
    jobs: int | None = None
    shares: Shares | None = None


def parts(config_file: Path, say: Callable[[str], None]) -> tuple[Part, ...]:
    """Of the run of a configuration, the largest first; none where there is no whole run that knows its CPU seconds."""
    found = whole_run(config_file)
    if isinstance(found, str) or not found[1].get("cpu_seconds"):
        return ()
    jobs, run = found
    shares = {}
    for job in longest(jobs):
        say(f"profile of {job['name']}")
        shares[job["rule"]] = shares_of_stage(job, load_config(config_file).results)
    return parts_of(jobs, run["cpu_seconds"], shares)


def longest(jobs: Sequence[Job]) -> list[Job]:
    """The longest job of each stage of training."""
    ordered = sorted(jobs, key=lambda job: number(job, "cpu_time"))
    return list({job["rule"]: job for job in ordered if job["rule"].startswith(TRAINING)}.values())


def parts_of(jobs: Sequence[Job], whole: float, shares: dict[str, Shares]) -> tuple[Part, ...]:
    """The CPU seconds of a run: what jobs took beyond their start, all starts, and Snakemake's own."""

    def part(what: str, chosen: Iterable[Job], shares: Shares | None = None) -> Part:
        members = list(chosen)
        return Part(what, sum(number(job, "cpu_time") - job["starting"] for job in members), len(members), shares)

    training = [part(rule, (job for job in jobs if job["rule"] == rule), shares[rule]) for rule in shares]
    large = [each for each in training if each.seconds >= LEAST * whole]
    small = [each for each in training if each.seconds < LEAST * whole]
    rest = [job for job in jobs if job["rule"] not in shares]
    found = [
        *large,
        *([_together(small)] if small else []),
        part("solving", (job for job in rest if job["rule"].startswith(SOLVING))),
        part("all other jobs", (job for job in rest if not job["rule"].startswith(SOLVING))),
        Part("starting the jobs", sum(job["starting"] for job in jobs)),
        Part("Snakemake's own", whole - sum(number(job, "cpu_time") for job in jobs)),
    ]
    return tuple(sorted(found, key=lambda each: -each.seconds))


def _together(training: Sequence[Part]) -> Part:
    """Several stages of training as one, their shares weighted by their seconds."""
    seconds = sum(part.seconds for part in training)

    def mean(share: str) -> float:
        return sum(part.seconds * getattr(part.shares, share) for part in training) / seconds if seconds else 0.0

    jobs = sum(part.jobs or 0 for part in training)
    what = f"{len(training)} more stages of training"
    return Part(what, seconds, jobs, Shares(mean("products"), mean("factorisations"), mean("others")))


def least(found: Sequence[Part]) -> float:
    """CPU seconds of the run if training took no longer than its products."""
    return sum(part.seconds * (part.shares.products if part.shares else 1) for part in found)


def limit(found: Sequence[Part], most: float | None) -> str:
    """The least that the run could take so, and what this says of a target."""
    whole, floor = sum(part.seconds for part in found), least(found)
    training = _of_training(found, lambda _: 1.0)
    products = _of_training(found, lambda shares: shares.products)
    words = (
        f"Training takes {training:,.0f} s of {whole:,.0f}, of which matrix products take at least {products:,.0f}; at "
        f"the rate of these products alone, without any other operation, the run would take at least {floor:,.0f} s"
    )
    if most is None or whole <= most:
        return f"{words}."
    if floor > most:
        return (
            f"{words}. This is above the target of {most:,.0f} s: with the same products, in their present shapes, "
            "faster training alone cannot reach it."
        )
    factorisations = _of_training(found, lambda shares: shares.factorisations)
    both = f"{words}. Its factorisations take at least {factorisations:,.0f} s more, {floor + factorisations:,.0f} s"
    if floor + factorisations > most:
        return (
            f"{both} in all. This is above the target of {most:,.0f} s: with the same products and factorisations, "
            "faster training alone cannot reach it."
        )
    left = {
        "other operations of torch": _of_training(found, lambda shares: shares.others),
        "Python and the profiler": _of_training(found, lambda shares: shares.rest),
        **{part.what: part.seconds for part in found if not part.shares},
    }
    named = ", ".join(f"{what} {seconds:,.0f}" for what, seconds in left.items())
    return (
        f"{both} in all. This is below the target of {most:,.0f} s, which neither of them stops, but what is done "
        f"beside them: {whole - most:,.0f} s would have to go of {named}. Of these, all that is not training takes "
        f"{whole - training:,.0f} s."
    )


def _of_training(found: Sequence[Part], share: Callable[[Shares], float]) -> float:
    """CPU seconds of training that are some share of each of its parts."""
    return sum(part.seconds * share(part.shares) for part in found if part.shares)


def shares_of_stage(job: Job, results: Path, seconds: float = SECONDS) -> Shares:
    """Of the first seconds of a job that is done again, into a folder that is then removed."""
    function, _ = engine.stage_named(job["stage"])
    with TemporaryDirectory() as folder, threadpool_limits(1):
        again = job_again(job, results, Path(folder))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.enable_grad():  # a stage that was stopped within `no_grad` may have left it on
                return shares_of(lambda: engine.run(function, again), seconds)
        finally:
            torch.set_num_threads(threads)


def job_again(job: Job, results: Path, folder: Path) -> engine.Job[Any]:
    """A job with its settings and inputs, and outputs in a folder.

    Its provenance names no inputs: their names are those of the stage, with the wildcards of the job.
    """
    stage = next(each for _, each in stages() if each.rule == job["rule"])
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", stage.provenance_path)
    match = re.fullmatch(pattern, Path(job["name"]).relative_to(results).as_posix())
    if not match:
        raise ValueError(f"{job['name']}: not made by the present stage {stage.rule}")
    _, settings = engine.stage_named(job["stage"])
    log = logging.getLogger(__name__)
    log.setLevel(logging.CRITICAL)
    return engine.Job(
        settings.model_validate(job["settings"]),
        {name: [results / path.format(**match.groupdict())] for name, path in stage.reads.items()},
        {name: [folder / Path(path).name.format(**match.groupdict())] for name, path in stage.writes.items()},
        log,
        job["name"],
    )


def shares_of(function: Callable[[], object], seconds: float) -> Shares:
    """Of a call, or of what it does in so many CPU seconds."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        started = time.perf_counter()
        with _stopped_after(seconds):
            function()
        elapsed = time.perf_counter() - started
    with TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_bytes())["traceEvents"]
    return shares_of_events((event for event in events if event.get("cat") == "cpu_op"), elapsed * 1e6)


def shares_of_events(events: Iterable[dict[str, Any]], elapsed: float) -> Shares:
    """Of operations on one thread, with start `ts` and duration `dur`; what runs inside another counts once."""
    products = factorisations = operations = 0.0
    end = end_of_counted = 0.0
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        start, taken = event["ts"], event["dur"]
        if start >= end:
            operations += taken
            end = start + taken
        product = event["name"] in PRODUCTS
        if start >= end_of_counted and (product or FACTORISATIONS.fullmatch(event["name"])):
            products += taken * product
            factorisations += taken * (not product)
            end_of_counted = start + taken
    return Shares(products / elapsed, factorisations / elapsed, (operations - products - factorisations) / elapsed)


class _Stop(BaseException):
    """Not an error: no stage catches it."""


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    """Leave the block after so many CPU seconds of this process."""
    armed = True

    def stop(_: int, __: FrameType | None) -> None:
        if armed:
            raise _Stop

    before = signal.signal(signal.SIGPROF, stop)
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        yield
    except _Stop:
        pass
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)  # drops one on its way, which would end the process
        signal.signal(signal.SIGPROF, before)
