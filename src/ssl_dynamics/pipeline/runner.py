"""Runs Snakemake on a configuration, and shows what it says in lines."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_dynamics.pipeline.config import Config
from ssl_dynamics.pipeline.provenance import sound_records_below
from ssl_dynamics.pipeline.sole_run import RunError, environment, sole_run
from ssl_dynamics.pipeline.stage import DEBUG

# Snakemake's progress line, and lines of its that say nothing to the user (all are in .snakemake/log).
_PROGRESS = re.compile(r"(\d+) of (\d+) steps \((\d+)%\) done")
_NOISE = re.compile(
    r"Building DAG|\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]$|Finished jobid|Select jobs|Execute \d+ jobs|Using workflow|"
    r"Using shell|Provided cores|Rules claiming|Conda environments: ignored|"
    r"Assuming unrestricted|Nothing to be done|Complete log|Elapsed time|Shutting down|Exiting because|RuleException:|"
    r"CalledProcessError in file|Command '|WorkflowError:|At least one job|\[IPKernelApp\]|$"
)

# What Snakemake says of a job that did not end by itself, and so had no last word.
_KILLED = re.compile(r"Command '.* -m ssl_dynamics\.pipeline\.stages\.(\w+) .* --log (.+)' died with <Signals\.(\w+)")

# How a traceback begins, what belongs to it, and its last line, which names the error.
_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):|--- Logging error ---|Call stack:|During handling of|The above exception was"
)
_OF_A_TRACEBACK = re.compile(r"\s|Message: |Arguments: |$")
_ERROR = re.compile(r"[\w.]+(Error|Exception|Exit|Interrupt)(: |$)")


@dataclass(frozen=True)
class PlannedJob:
    """A job of a configuration: the provenance that it leaves, the settings that it is given, its other outputs."""

    provenance: str
    settings: Any
    outputs: frozenset[str]


def run_workflow(config_file: Path, config: Config, targets: Sequence[str], *, cores: int) -> None:
    """Bring the targets (everything, if none is named) up to date.

    A run that was killed leaves orphaned jobs, a lock and temporary files; they are cleared first, unless another
    Snakemake is alive in this folder. Raises RunError if there is one, or if a job fails.
    """
    command = _snakemake(config_file)
    with sole_run(command, config.results):
        wanted = targets or _targets(config_file, config.results)
        code = _follow([*command, "--cores", str(cores), "--quiet", "rules", "host", "reason", "--", *wanted])
    if code != 0:
        raise RunError(
            f"the run of {config_file} did not finish: see above. The same command goes on from where it stopped"
        )


def planned_jobs(config_file: Path) -> list[PlannedJob]:
    """Every job of a configuration, whether it is to run or not; nothing is run.

    Snakemake is asked in a folder that has all of this one but its results: what is there, as files that may not be
    written, could keep it from planning.
    """
    command = [*_snakemake(config_file.absolute()), "--snakefile", str(Path("Snakefile").absolute())]
    with tempfile.TemporaryDirectory() as folder:
        for path in Path.cwd().iterdir():
            if path.name not in ("results", ".snakemake"):
                Path(folder, path.name).symlink_to(path)
        command += ["--directory", folder, "--dry-run", "--printshellcmds", "--nolock", "--cores", "1"]
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
        )
    if result.returncode != 0:
        said = without_tracebacks(line for line in result.stdout.splitlines() if not _NOISE.match(line))
        raise RunError(f"{config_file}: {' '.join(' '.join(said).split())}")
    return [_job(shlex.split(words)) for words in re.findall(r"(?m)^Shell command: (exec .*)", result.stdout)]


def _job(words: list[str]) -> PlannedJob:
    settings = json.loads(words[words.index("--settings") + 1])
    named = [word.split("=", 1) for word in words[words.index("--outputs") + 1 : words.index("--log")]]
    (provenance,) = (path for name, path in named if name == "provenance")
    return PlannedJob(provenance, settings, frozenset(path for _, path in named) - {provenance})


def _targets(config_file: Path, results: Path) -> list[str]:
    """`all`, and the files that were there once and are not now: Snakemake makes none that nothing newer asks for."""
    records = sound_records_below(results).values()
    named = {name for record in records for name in (*record["inputs"], *record["outputs"])}
    gone = {name for name in named if not Path(name).exists()}
    if not gone:
        return ["all"]
    return ["all", *sorted(gone & {path for job in planned_jobs(config_file) for path in job.outputs})]


def _snakemake(config_file: Path) -> list[str]:
    if not Path("Snakefile").is_file():
        raise RunError(f"no Snakefile in {Path.cwd()}: run this from the top folder of the project")
    if set("{}") & set(str(Path.cwd())):
        raise RunError(f"{Path.cwd()}: Snakemake cannot work below a folder with braces in its name: rename it")
    return [sys.executable, "-m", "snakemake", "--configfile", str(config_file)]


def _follow(command: list[str]) -> int:
    """Run Snakemake, show its output line by line, return its exit code. An interrupt lets it end in order."""
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment(),
    ) as process:
        assert process.stdout is not None
        lines = process.stdout if os.environ.get(DEBUG) else protected_files(without_tracebacks(process.stdout))
        try:
            for line in lines:
                if progress := _PROGRESS.match(line):
                    done, total, percent = progress.groups()
                    print(f"[{done} of {total} jobs done, {percent} %, {time.monotonic() - started:.0f} s]", flush=True)
                elif killed := _KILLED.match(line):
                    stage, log, name = killed.groups()
                    print(f"{stage}: killed by {name}; by the system, if memory ran out (log: {log})", flush=True)
                elif not _NOISE.match(line.rstrip("\n")):
                    print(line, end="", flush=True)
        except KeyboardInterrupt:
            process.terminate()
            process.communicate()
            raise RunError("interrupted. The same command goes on from where it stopped") from None
    return process.returncode


def without_tracebacks(lines: Iterable[str]) -> Iterator[str]:
    """The lines, but of every traceback the last one alone: the error. Other jobs may write theirs in between."""
    inside = False
    for line in lines:
        if _TRACEBACK.match(line):
            inside = True
        elif not (inside and _OF_A_TRACEBACK.match(line)):
            inside = inside and not _ERROR.match(line)
            yield line


def protected_files(lines: Iterable[str]) -> Iterator[str]:
    """The lines, but in place of what Snakemake says of files that it may not write, one for each of them."""
    inside = affected = False
    for line in lines:
        if line.startswith(("ProtectedOutputException", "Write-protected output files")):
            inside, affected = True, False
        elif inside and line.startswith(" "):
            if affected:
                yield f"{line.strip()}: to be made anew, but not writable; make it so, or delete it\n"
            affected = affected or "affected files:" in line
        else:
            inside = False
            yield line
