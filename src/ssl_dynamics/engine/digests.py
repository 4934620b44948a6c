"""Hashes of files, taken once while they do not change."""

from functools import cache
from pathlib import Path

from ssl_dynamics.engine.artifacts import sha256


def digest(name: str) -> str | None:
    """Hexadecimal SHA-256 of a file, None if there is none; one that nothing has been done to is not read again."""
    path = Path(name)
    if not path.is_file():
        return None
    status = path.stat()
    return _digest(path.absolute(), status.st_ino, status.st_ctime_ns)


@cache
def _digest(path: Path, file: int, change: int) -> str:  # noqa: ARG001 -- of the cache
    return sha256(path)
