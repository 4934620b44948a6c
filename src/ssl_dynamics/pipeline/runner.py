"""Runs Snakemake on a configuration, after clearing what a killed run has left behind."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from ssl_dynamics.pipeline.artifacts import leftovers
from ssl_dynamics.pipeline.config import Config

_LOCKS = Path(".snakemake/locks")


class RunError(RuntimeError):
    """The workflow did not finish; the message says what to do."""


def run_workflow(config_file: Path, config: Config, targets: Sequence[str], *, cores: int) -> None:
    """Bring the targets (everything, if none is named) up to date.

    A run that was killed leaves orphaned jobs, a lock and temporary files; they are cleared first, unless another
    Snakemake is alive in this folder. Raises RunError if there is one, or if a job fails.
    """
    if not Path("Snakefile").is_file():
        raise RunError(f"no Snakefile in {Path.cwd()}: run this from the top folder of the project")
    _clear_leftovers(Path("results") / config.name)
    snakemake = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", str(config_file)]
    if subprocess.run([*snakemake, *targets], check=False).returncode != 0:
        raise RunError("the run did not finish; its output above names the job and its log. The same command goes on from here")


def _clear_leftovers(results: Path) -> None:
    """Remove the orphans, the lock and the temporary files of a killed run."""
    running, jobs = _processes_here("snakemake"), _processes_here("ssl_dynamics.pipeline.stages.")
    if running:
        raise RunError(f"another run is at work in this folder (process {running[0].pid}): wait for it, or stop it")
    for job in jobs:
        job.kill()
    psutil.wait_procs(jobs, timeout=10)
    for lock in _LOCKS.glob("*") if _LOCKS.is_dir() else ():
        lock.unlink(missing_ok=True)
    for part in leftovers(results) if results.is_dir() else ():
        part.unlink(missing_ok=True)


def _processes_here(module: str) -> list[psutil.Process]:
    """Live processes of this folder that run a Python module of this name (`snakemake`, or one of the stages)."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd", "status"]):
        words = process.info["cmdline"] or []
        runs = any(word.startswith(module) or word.endswith(f"/bin/{module}") for word in words[1:4])
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if runs and alive and process.info["cwd"] == os.getcwd() and process.pid != os.getpid():
            found.append(process)
    return found
