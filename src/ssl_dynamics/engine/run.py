"""Runs Snakemake on a configuration, and shows what it says in lines."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import psutil

from ssl_dynamics.engine import answers, slurm
from ssl_dynamics.engine.digests import digest
from ssl_dynamics.engine.integrity import undone
from ssl_dynamics.engine.provenance import SUFFIX
from ssl_dynamics.engine.run_lock import environment, last_line, sole_run
from ssl_dynamics.engine.staleness import (
    PlannedJob,
    jobs_in,
    own_work,
    plan_of,
    put_in_order,
    read_from_outside,
    to_run,
)
from ssl_dynamics.errors import DEBUG, RunError

_QUIET = ("--quiet", "host", "reason")
_PATIENCE = 10  # seconds that Snakemake may take to end without a job at work
_GOES_ON = "The same command goes on from where it stopped"

# Snakemake's progress line, and lines of its that say nothing to the user (all are in .snakemake/log).
_PROGRESS = re.compile(r"(\d+) of (\d+) steps \(([\d.]+)%\) done")
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


# What Snakemake says of a job that did not end by itself, and so had no last word.
_KILLED = re.compile(r"Command '.* -m ssl_dynamics\.engine --stage (\w+)=.* --log (.+)' died with <Signals\.(\w+)")

# How a traceback begins, what belongs to it, and its last line, which names the error.
_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\):|--- Logging error ---|Call stack:|During handling of|The above exception was"
)
_OF_A_TRACEBACK = re.compile(r"\s|Message: |Arguments: |$")
_ERROR = re.compile(r"[\w.]+(Error|Exception|Exit|Interrupt)(: |$)")


class JobFailed(RunError):  # noqa: N818 -- named as what has happened
    """A job failed; the lines above say which, and why."""


class Configuration(NamedTuple):
    """What Snakemake is told: a file, and keys whose values take the place of those in there."""

    file: Path
    changed: Mapping[str, object] = MappingProxyType({})

    def __str__(self) -> str:
        return " ".join([str(self.file), *self._changes()])

    def arguments(self) -> list[str]:
        """Of the command line of Snakemake, which may run in another folder."""
        return ["--configfile", str(self.file.absolute()), *(["--config", *self._changes()] if self.changed else [])]

    def _changes(self) -> list[str]:
        return [f"{key}={value}" for key, value in self.changed.items()]


def require_top_folder() -> None:
    """Raise RunError if the workflow is not in this folder."""
    if not Path("Snakefile").is_file():
        raise RunError(f"no Snakefile in {Path.cwd()}: run this from the top folder of the project")
    if set("{}") & set(str(Path.cwd())):
        raise RunError(f"{Path.cwd()}: Snakemake cannot work below a folder with braces in its name: rename it")


def run_workflow(
    configuration: Configuration,
    folders: Sequence[Path],
    targets: Sequence[str],
    *,
    where: int | Path,
    keep_going: bool = False,
    jobs: Sequence[PlannedJob] = (),
) -> None:
    """Bring the targets (everything, if none is named) up to date: on so many cores of this machine, or by a profile.

    `folders` are those that the configuration makes them in. `keep_going`: where a job fails, the others go on. `jobs`
    are those behind the targets, if they are known already.

    A run that was killed leaves orphaned jobs, a lock and temporary files; they are cleared first, unless another
    Snakemake is alive in this folder. What is to run, the provenance of the artifacts decides (see `plan`), since
    Snakemake goes by times and by records of its own, which a clone or a copy does not keep. Raises JobFailed if a job
    fails, RunError if another run is at work here or if in the end something is not as the jobs should have left it.
    """
    command = _snakemake(configuration)
    if isinstance(where, Path):
        try:
            slurm.require_submission(where)
        except ValueError as error:
            raise RunError(str(error)) from None
    try:
        with sole_run(command, folders):
            command += ["--keep-going"] if keep_going else []
            _bring_up_to_date(command, configuration, folders, targets, where=where, jobs=jobs)
    except OSError as error:  # a full disk, above all
        raise RunError(f"{error}\n{_GOES_ON}") from None


def _bring_up_to_date(
    command: list[str],
    configuration: Configuration,
    folders: Sequence[Path],
    targets: Sequence[str],
    *,
    where: int | Path,
    jobs: Sequence[PlannedJob],
) -> None:
    started = time.time()
    if any(any(folder.rglob(f"*{SUFFIX}")) for folder in folders):
        jobs = jobs or jobs_of(configuration, targets)
        plan = plan_of(jobs)
        if not to_run(plan):
            return
        put_in_order(plan, [folder / "benchmarks" for folder in folders])
        command = [*command, "--forcerun", *own_work(plan)]
    if _run([*command, "--rerun-triggers", "mtime"], targets, where) != 0:
        for line in slurm.causes(since=started):
            print(line, flush=True)
        raise JobFailed(f"the run of {configuration} did not finish: see above. {_GOES_ON}")
    if problems := undone(plan_of(jobs or jobs_of(configuration, targets))):
        raise RunError("\n".join(problems))


def _run(command: list[str], targets: Sequence[str], where: int | Path) -> int:
    if isinstance(where, int):
        return _follow([*command, "--cores", str(where), *_QUIET, "rules", "--", *targets], _NOISE)
    return _follow([*command, "--profile", str(where), *_QUIET, "--", *targets], _CLUSTER_NOISE)


def jobs_of(configuration: Configuration, targets: Sequence[str] = ()) -> list[PlannedJob]:
    """The jobs behind the targets (everything, if none is named), done or not.

    Raises RunError, in a line, if Snakemake cannot name them. It is not asked again while its last answer holds.
    """
    require_top_folder()
    about = json.dumps([str(configuration), *targets])
    asked = answers.question(about, configuration.file)
    commands = answers.remembered(asked, about)
    if commands is not None:
        return jobs_in(commands)
    commands = _ask(configuration, targets)
    jobs = jobs_in(commands)
    answers.remember(asked, about, commands, {file: digest(file) for file in read_from_outside(jobs)})
    return jobs


def _ask(configuration: Configuration, targets: Sequence[str]) -> list[str]:
    """The commands of the jobs behind the targets, from Snakemake.

    It is asked in a folder that has all of this one, the reference included, but what runs leave: files there that may
    not be written would keep it from planning.
    """
    with tempfile.TemporaryDirectory() as temporary:
        answer, folder = Path(temporary) / "answer.json", Path(temporary) / "folder"
        folder.mkdir()
        link_sources(Path.cwd(), folder)
        asked = [answer, Path("Snakefile").absolute(), folder, configuration.file.absolute()]
        command = [sys.executable, "-m", "ssl_dynamics.engine.snakemake_commands", *map(str, asked)]
        command += [json.dumps(dict(configuration.changed)), "--", *targets]
        result = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment())
        if not answer.is_file():
            raise RunError(f"{configuration}: Snakemake does not start: {last_line(result)}")
        said = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in said:
        raise RunError(f"{configuration}: {' '.join(said['error'].split())}")
    commands: list[str] = said["commands"]
    return commands


def link_sources(top: Path, folder: Path) -> None:
    """Make an empty folder one with all that runs read, and nothing that they leave."""
    reference = top / "results/reference"
    for path in [*top.iterdir(), *([reference] if reference.is_dir() else [])]:
        if path.name not in ("results", ".snakemake"):
            link = folder / path.relative_to(top)
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(path)


def _snakemake(configuration: Configuration) -> list[str]:
    require_top_folder()
    return [sys.executable, "-m", "snakemake", *configuration.arguments()]


def _follow(command: list[str], noise: re.Pattern[str]) -> int:
    """Run Snakemake, show its output line by line but the noise, return its exit code.

    An interrupt lets it end in order.
    """
    started = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # not by SIGINT: nohup and & may have it ignored
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
                    print(
                        f"[{done} of {total} jobs done, {float(percent):.0f} %, {time.monotonic() - started:.0f} s]",
                        flush=True,
                    )
                elif killed := _KILLED.match(line):
                    rule, log, name = killed.groups()
                    print(f"{rule}: killed by {name}, perhaps because memory ran out (log: {log})", flush=True)
                elif failure := _FAILURE.match(line):
                    print(failure[1], flush=True)
                elif not noise.match(line.rstrip("\n")):
                    print(line, end="", flush=True)
        except KeyboardInterrupt:
            _end(process)
            raise RunError(f"interrupted. {_GOES_ON}") from None
    return process.returncode


def _end(process: subprocess.Popen[str]) -> None:
    """Let Snakemake end in order: it waits for the jobs at work.

    Its handler of SIGTERM takes a lock that the thread which it interrupts may hold, and then waits for ever: one that
    has no job left and does not end is killed. The next run clears what it leaves.
    """
    process.terminate()
    while process.poll() is None:
        try:
            process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            if not any(_at_work(job) for job in psutil.Process(process.pid).children()):
                process.kill()


def _at_work(job: psutil.Process) -> bool:
    try:
        return job.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return False


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
                yield f"{line.strip()}: must be made anew, but is not writable: make it writable, or delete it\n"
            affected = affected or "affected files:" in line
        else:
            inside = False
            yield line
