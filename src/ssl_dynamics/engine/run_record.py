"""The record of a run: when, by what command, of what code, on what machine, with what versions, and how it ended.

One JSON object a line in `logs/runs.jsonl` of the results. It is kept out of the artifacts, whose bytes are the same
wherever they are made.
"""

import json
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from ssl_dynamics.engine.commit import commit_here
from ssl_dynamics.engine.cpu_time import cpu_seconds
from ssl_dynamics.engine.exit_codes import STOPPED
from ssl_dynamics.engine.fingerprint import lock_fingerprint

LOCK = Path("requirements.lock")
FILE = Path("logs/runs.jsonl")

# What computes, draws or typesets an artifact; requirements.lock, whose fingerprint is recorded too, has the rest.
LIBRARIES = (
    "snakemake",
    "numpy",
    "scipy",
    "torch",
    "pandas",
    "scikit-learn",
    "pydantic",
    "matplotlib",
    "seaborn",
    "papermill",
    "nbconvert",
    "typst",
)


@contextmanager
def recorded(*results: Path, where: int | Path) -> Iterator[None]:
    """Append the record of what runs in the block, however it ends, to the runs of each of these folders of results.

    The record is a by-product: if it cannot be written, the run says so in a line and stands as it is.
    """
    placed = {"cores": where} if isinstance(where, int) else {"profile": where.as_posix()}
    record: dict[str, Any] = {"start": _now(), "command": ["ssl-dynamics", *sys.argv[1:]], **placed}
    ending: dict[str, Any] = {"status": 0}
    before = cpu_seconds()
    try:
        yield
    except SystemExit as exit_:
        ending = {"status": exit_.code or 0}
        raise
    except BaseException as error:
        ending = {"status": STOPPED, "error": f"{error}".partition("\n")[0] or type(error).__name__}
        raise
    finally:
        record |= {"end": _now(), "cpu_seconds": round(cpu_seconds() - before, 2)} | ending
        around: dict[str, Any] | None = None
        for file in (folder / FILE for folder in results):
            try:
                around = around or surroundings()
                _append(file, record | around)
            except Exception as error:
                print(f"{file}: this run is not recorded: {error}", file=sys.stderr)


def read_runs(path: Path) -> list[dict[str, Any]]:
    """The records of runs in order. Raises ValueError if a line is none."""
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [json.loads(line) for line in lines]
    except ValueError:
        raise ValueError(f"{path}: holds a line that is not the record of a run; delete that line") from None


def surroundings() -> dict[str, Any]:
    """Code, machine, system and versions; null is what cannot be found out."""
    return {
        "code": commit_here(),
        "lock": lock_fingerprint(LOCK) if LOCK.is_file() else None,
        "hardware": _hardware(),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": versions(),
        "blas": _blas(),
    }


def _hardware() -> dict[str, Any]:
    import psutil  # noqa: PLC0415 -- only the end of a run needs it, as all that is imported below

    return {
        "processor": processor(),
        "machine": platform.machine(),
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def processor() -> str | None:
    """Model of the processor: /proc/cpuinfo names it on Linux, where the platform module does not."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or None


def versions() -> dict[str, str | None]:
    """Of the libraries that compute; null is one that is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _blas() -> list[dict[str, Any]]:
    """The BLAS that numpy and scipy bring. Torch links its own, which only its version tells."""
    import scipy.linalg  # noqa: F401, PLC0415 -- loads the BLAS of scipy, which is not that of numpy
    from threadpoolctl import threadpool_info  # noqa: PLC0415

    wanted = ("internal_api", "version", "architecture", "threading_layer")
    found = [{"of": Path(pool["filepath"]).parent.name.partition(".")[0]} | pool for pool in threadpool_info()]
    return [{key: pool.get(key) for key in ("of", *wanted)} for pool in found if pool["user_api"] == "blas"]


def _append(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _now() -> str:
    """Local time with its zone, which the times in the logs of the jobs do not name."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
