"""What Snakemake's executor for Slurm leaves to do: refused jobs, jobs of a killed run, reasons of failed jobs."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

# Resources that say where a job may run, and the options of sbatch for them.
_SITE = {"slurm_partition": "partition", "slurm_account": "account", "constraint": "constraint"}

_PROFILES = ("profile.v9+.yaml", "config.v9+.yaml", "config.v8+.yaml", "profile.yaml", "config.yaml")

_LOGS = Path(".snakemake/slurm_logs")  # of jobs that failed or were killed; those of the others are deleted

# How a stage ends in an error (see `stage.main`), and how Slurm says that it has ended a job itself.
_CAUSE = re.compile(r"\w+: .* \(log: .*\)$|(slurmstepd|srun): error: ")


def require_submission(profile: Path) -> None:
    """Raise ValueError if there is no such profile, or if it is one for Slurm and Slurm would take no job as it says.

    Asked before a run, because Snakemake keeps Slurm's answer to itself where a group of jobs is refused.
    """
    file, settings = _read_profile(profile)
    if settings.get("executor") != "slurm":
        return
    if shutil.which("sbatch") is None:
        raise ValueError(f"{file}: there is no Slurm on this machine (sbatch)")
    defaults = _mapping(settings.get("default-resources", {}), f"{file}: default-resources")
    options = [f"--{option}={defaults[name]}" for name, option in _SITE.items() if name in defaults]
    tried = subprocess.run(
        ["sbatch", "--test-only", *options, "--wrap=true"], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        said = [line.strip() for line in tried.stderr.splitlines() if line.strip()]
        raise ValueError(f"{file}: Slurm takes no jobs as default-resources say: {'; '.join(said)}")


def _read_profile(profile: Path) -> tuple[Path, dict[str, Any]]:
    """The file of a profile, under the names that Snakemake knows, and what it says."""
    expected = "expected a folder with a profile.yaml, such as profiles/slurm"
    candidates = [profile, *(profile / name for name in _PROFILES)]
    file = next(filter(Path.is_file, candidates), None)
    if file is None:
        raise ValueError(f"profile: {profile}: {'holds none' if profile.is_dir() else 'no such folder'}; {expected}")
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{file}: {' '.join(str(error).split())}") from None
    return file, _mapping(settings, str(file))


def _mapping(value: object, where: str) -> dict[str, Any]:
    match value:
        case dict():
            return value
        case _:
            raise ValueError(f"{where}: holds no keys; expected some, as in profiles/slurm/profile.yaml")


def cancel_jobs_here(timeout: float = 120) -> None:
    """Cancel the jobs that a killed run of this folder has left in Slurm, and wait until they have ended.

    Raises TimeoutError if they have not after `timeout` seconds.
    """
    if not _LOGS.is_dir() or shutil.which("squeue") is None:
        return
    end = time.monotonic() + timeout
    while jobs := _jobs_here():
        if time.monotonic() > end:
            raise TimeoutError(f"jobs of a killed run are still in Slurm: {' '.join(jobs)}; cancel them (scancel)")
        subprocess.run(["scancel", *jobs], check=False, capture_output=True)
        time.sleep(1)


def causes(since: float) -> Iterator[str]:
    """Why jobs failed that wrote to their logs after the time `since`: lines of the logs, and where these are."""
    for log in sorted(_LOGS.rglob("*.log")):
        if log.stat().st_mtime >= since:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            yield from (line for line in lines if _CAUSE.match(line))
            yield f"all that this job has written: {log}"


def _jobs_here() -> list[str]:
    """Numbers of the user's jobs that Snakemake has submitted from this folder; none if Slurm cannot be reached."""
    command = ["squeue", "--me", "--noheader", "--format=%i|%k|%Z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    jobs = (line.split("|", maxsplit=2) for line in listed)
    return [number for number, comment, folder in jobs if comment.startswith("rule_") and folder == str(Path.cwd())]
