"""Runs Snakemake on a configuration, after clearing what a killed run has left behind."""

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from ssl_dynamics.pipeline import slurm
from ssl_dynamics.pipeline.artifacts import leftovers
from ssl_dynamics.pipeline.config import Config
from ssl_dynamics.pipeline.plan import Job, jobs_in, own_work, plan_of, put_in_order, to_run
from ssl_dynamics.pipeline.provenance import SUFFIX

_LOCKS = Path(".snakemake/locks")
_QUIET = ("--quiet", "host", "reason")

# Snakemake's progress line, and lines of its that say nothing to the user (all are in .snakemake/log).
_PROGRESS = re.compile(r"(\d+) of (\d+) steps \((\d+)%\) done")
_NOISE = re.compile(
    r"Building DAG|\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]$|Finished jobid|Select jobs|Execute \d+ jobs|Using workflow|"
    r"Using shell|Provided cores|Rules claiming|Conda environments: ignored|"
    r"Assuming unrestricted|Nothing to be done|Complete log|Elapsed time|Shutting down|Exiting because|RuleException:|"
    r"CalledProcessError in file|Command '|WorkflowError:|At least one job|\[IPKernelApp\]|$"
)

# On a cluster Snakemake says why a job failed among much else, all of it indented.
_FAILURE = re.compile(r"\s+message: (?!None|Error in group)(.*)")
_CLUSTER_NOISE = re.compile(
    r"\s|Job \d+: |localrule |\[.*\] Group job |Error in rule |SLURM run ID|Cleaning up SLURM|No SLURM account|"
    rf"No account was given|Unable to guess SLURM|sacct: |Provided remote nodes|Using profiles|{_NOISE.pattern}"
)


class RunError(RuntimeError):
    """The workflow did not finish; the message says what to do."""


def require_top_folder() -> None:
    """Raise RunError if the workflow is not in this folder."""
    if not Path("Snakefile").is_file():
        raise RunError(f"no Snakefile in {Path.cwd()}: run this from the top folder of the project")


def run_workflow(config_file: Path, config: Config, targets: Sequence[str], *, where: int | Path) -> None:
    """Bring the targets (everything, if none is named) up to date: on so many cores of this machine, or by a profile.

    A run that was killed leaves orphaned jobs, a lock and temporary files; they are cleared first, unless another
    Snakemake is alive in this folder. What is to run, the provenance of the artifacts decides (see `plan`), since
    Snakemake goes by times and by records of its own, which a clone or a copy does not keep. Raises RunError if another
    run is at work here, or if a job fails.
    """
    command = _snakemake(config_file)
    if isinstance(where, Path):
        try:
            slurm.require_submission(where)
        except ValueError as error:
            raise RunError(str(error)) from None
    _clear_leftovers(command, config.results)
    if any(config.results.rglob(f"*{SUFFIX}")):
        plan = plan_of(jobs_of(config_file, targets))
        if not to_run(plan):
            return
        put_in_order(plan, config.results / "benchmarks")
        command += ["--forcerun", *own_work(plan)]
    command += ["--rerun-triggers", "mtime"]
    started = time.time()
    if isinstance(where, int):
        code = _follow([*command, "--cores", str(where), *_QUIET, "rules", "--", *targets], _NOISE)
    else:
        code = _follow([*command, "--profile", str(where), *_QUIET, "--", *targets], _CLUSTER_NOISE)
    if code != 0:
        for line in slurm.causes(since=started):
            print(line, flush=True)
        raise RunError(
            f"the run of {config_file} did not finish: see above. The same command goes on from where it stopped"
        )


def jobs_of(config_file: Path, targets: Sequence[str]) -> list[Job]:
    """The jobs behind the targets, done or not. Raises RunError if Snakemake cannot name them."""
    command = [
        *_snakemake(config_file),
        "--dry-run",
        "--forceall",
        "--printshellcmds",
        "--nolock",
        "--cores",
        "1",
        "--",
    ]
    result = subprocess.run([*command, *targets], capture_output=True, text=True, check=False)
    printed = result.stdout + result.stderr
    if result.returncode != 0:
        raise RunError(f"{config_file}: {_last_line(printed)}")
    return jobs_in(printed)


def _last_line(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if not _NOISE.match(line)]
    return lines[-1] if lines else "Snakemake failed and said nothing"


def _snakemake(config_file: Path) -> list[str]:
    require_top_folder()
    return [sys.executable, "-m", "snakemake", "--configfile", str(config_file)]


def _follow(command: list[str], noise: re.Pattern[str]) -> int:
    """Run Snakemake, show its output line by line but the noise, return its exit code.

    An interrupt lets it end in order.
    """
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if progress := _PROGRESS.match(line):
                    done, total, percent = progress.groups()
                    print(f"[{done} of {total} jobs done, {percent} %, {time.monotonic() - started:.0f} s]", flush=True)
                elif failure := _FAILURE.match(line):
                    print(failure[1], flush=True)
                elif not noise.match(line.rstrip("\n")):
                    print(line, end="", flush=True)
        except KeyboardInterrupt:
            process.terminate()
            process.communicate()
            raise RunError("interrupted. The same command goes on from where it stopped") from None
    return process.returncode


def _clear_leftovers(snakemake: list[str], results: Path) -> None:
    """Remove the orphans, the lock and the temporary files of a killed run."""
    # Inside a job of Slurm that runs on this machine Snakemake is at work as well, in another mode.
    running = [process for process in _processes_here("snakemake") if "--mode" not in process.info["cmdline"]]
    if running:
        raise RunError(f"another run is at work in this folder (process {running[0].pid}): wait for it, or stop it")
    slurm.cancel_jobs_here()
    jobs = _processes_here("ssl_dynamics.pipeline.stages.")
    for job in jobs:
        job.kill()
    psutil.wait_procs(jobs, timeout=10)
    if _LOCKS.is_dir() and any(_LOCKS.iterdir()):
        subprocess.run([*snakemake, "--unlock", "--quiet", "all"], check=True, capture_output=True)
    for part in leftovers(results):
        part.unlink(missing_ok=True)


def _processes_here(module: str) -> list[psutil.Process]:
    """Live processes of this folder that run a Python module of this name (`snakemake`, or one of the stages)."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd", "status"]):
        words = process.info["cmdline"] or []
        pairs = itertools.pairwise(words[:4])
        runs = any(
            (flag == "-m" and word.startswith(module)) or word.endswith(f"/bin/{module}") for flag, word in pairs
        )
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if runs and alive and process.info["cwd"] == str(Path.cwd()) and process.pid != os.getpid():
            found.append(process)
    return found
