"""One run at a time in a folder; what killed runs have left there is cleared first."""

import errno
import fcntl
import itertools
import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import psutil

from ssl_dynamics.engine import slurm
from ssl_dynamics.engine.artifacts import leftovers
from ssl_dynamics.errors import RunError

_STARTED_BY = "SSL_DYNAMICS_RUN"  # in the environment of a Snakemake that a run has started: the run's process number
_SNAKEMAKE = Path(".snakemake")
_LOCK = _SNAKEMAKE / "run.lock"
_LOOKS, _BETWEEN_LOOKS = 20, 0.05  # seconds: a second in all
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}  # of some disks on a network


def environment() -> dict[str, str]:
    """That of the Snakemake that this process starts, by which a later run knows an orphan.

    Python leaves a truncated .pyc on a full disk, in which every later process would end: nothing writes bytecode here.
    """
    return {**os.environ, _STARTED_BY: str(os.getpid()), "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def sole_run(snakemake: Sequence[str], folders: Sequence[Path]) -> Iterator[None]:
    """Hold this folder for one run, cleared of what a killed one left: orphans, Snakemake's lock, temporary files.

    The system drops the hold when the process ends, however it ends. Raises RunError if another run has it.
    """
    try:
        _SNAKEMAKE.mkdir(exist_ok=True)
        lock = _LOCK.open("a+", encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"{error.filename}: {error.strerror}; Snakemake must be able to write its records there"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse(_written_by_the_holder(lock))
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise RunError(f"{_LOCK}: cannot be locked: {error.strerror}") from None
            lock.seek(0)
            _refuse_if_alive(lock.read())
            print(
                f"{_LOCK}: this file system has no locks ({error.strerror}), so other machines do not see a run "
                "here: start none there",
                flush=True,
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _clear_leftovers(snakemake, folders)
        yield


def _written_by_the_holder(lock: TextIO) -> str:
    """The process number of the run that holds the lock. A run writes its own right after it has taken the lock.

    Until then the file is empty, or has that of a run before it.
    """
    for _ in range(_LOOKS):
        lock.seek(0)
        process = lock.read()
        if process.isdigit() and psutil.pid_exists(int(process)):
            break
        time.sleep(_BETWEEN_LOOKS)
    return process  # of another machine, maybe: its processes are not seen here


def _refuse(process: str | int) -> None:
    raise RunError(f"another run is at work in this folder (process {process}): wait for it, or stop it")


def _refuse_if_alive(process: str) -> None:
    """Where there are no locks: raise RunError if the process that has written its number there is still a run here."""
    try:
        holder = psutil.Process(int(process))
        if holder.cwd() == str(Path.cwd()) and any(re.search("ssl[-_]dynamics", word) for word in holder.cmdline()):
            _refuse(holder.pid)
    except (ValueError, psutil.NoSuchProcess, psutil.AccessDenied):  # no number, none alive, or one of another user
        return


def _clear_leftovers(snakemake: Sequence[str], folders: Sequence[Path]) -> None:
    """Stop the orphans of a killed run, then remove its lock and its temporary files.

    Since the hold is ours, a Snakemake that a run has started is an orphan; any other was started by hand.
    """
    # Inside a job of Slurm that runs on this machine Snakemake is at work as well, in another mode.
    at_work = _processes_here("snakemake")
    schedulers = [process for process in at_work if not {"--dry-run", "--mode"} & set(process.info["cmdline"])]
    for scheduler in schedulers:
        if not _started_by_a_run(scheduler):
            _refuse(scheduler.pid)
    _kill(schedulers)
    slurm.cancel_jobs_here()
    _kill(_processes_here("ssl_dynamics.engine"))
    if any((_SNAKEMAKE / "locks").glob("*")):
        _unlock(snakemake)
    for part in (part for folder in folders for part in leftovers(folder)):
        part.unlink(missing_ok=True)


def _unlock(snakemake: Sequence[str]) -> None:
    command = [*snakemake, "--unlock", "--quiet", "all"]
    result = subprocess.run(command, check=False, capture_output=True, env=environment())
    if result.returncode != 0:
        raise RunError(
            f"{_SNAKEMAKE / 'locks'}: Snakemake does not take off what a killed run has left there: {last_line(result)}"
        )


def last_line(result: subprocess.CompletedProcess[bytes]) -> str:
    """What a process that has failed said last: the error, below a traceback."""
    return result.stderr.decode(errors="replace").strip().rpartition("\n")[2]


def _started_by_a_run(scheduler: psutil.Process) -> bool:
    try:
        return _STARTED_BY in scheduler.environ()
    except psutil.AccessDenied:
        return False
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return True


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            process.kill()
    _, alive = psutil.wait_procs(processes, timeout=10)
    if alive:
        raise RunError(f"process {alive[0].pid}, left by a run that was killed, does not end: stop it, and run again")


def _processes_here(module: str) -> list[psutil.Process]:
    """Live processes of this folder that run a Python module of this name (`snakemake`, or the engine for a stage)."""
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
