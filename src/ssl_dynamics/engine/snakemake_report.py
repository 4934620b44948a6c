"""Snakemake's own report of a finished run."""

import subprocess
import sys
from pathlib import Path

from ssl_dynamics.engine.run import Configuration, jobs_of
from ssl_dynamics.engine.run_lock import environment
from ssl_dynamics.engine.staleness import plan_of, to_run
from ssl_dynamics.errors import RunError


def write_report(configuration: Configuration, path: Path) -> None:
    """Write the report, a .zip, of the results of a configuration. Raises RunError if they are not all made."""
    if left := to_run(plan_of(jobs_of(configuration))):
        raise RunError(f"{configuration}: there is no finished run to report: {len(left)} jobs are to run (make plan)")
    path.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "snakemake", *configuration.arguments(), "--report", str(path), "--quiet", "all"]
    if subprocess.run(command, env=environment(), check=False).returncode != 0:
        raise RunError(f"{configuration}: the report could not be written: see above")
