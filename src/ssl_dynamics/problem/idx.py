"""Reader of IDX files (the format of MNIST and Fashion-MNIST), plain or gzip-compressed, whatever they are called."""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_EXPECTED = "expected an IDX file, plain or gzip-compressed"


def read_idx(path: Path, *, dimensions: int) -> NDArray[Any]:
    """Read an IDX file with the given number of dimensions; its numbers have the type that it says.

    Layout: two zero bytes, a type byte, a dimension byte, one big-endian uint32 per dimension, the data, big-endian.
    Raises ValueError, in one line that names the file and what was expected, if the file is missing, none of IDX,
    truncated, over-long, or of another number of dimensions.
    """
    content = _content(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        what = "empty" if not content else "not an IDX file, by its first bytes"
        raise ValueError(f"{path}: {what}; {_EXPECTED}")
    if content[3] != dimensions:
        raise ValueError(f"{path}: has {content[3]} dimensions; expected {dimensions}")
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise ValueError(f"{path}: {len(content)} bytes; expected at least the {header} bytes of its header")
    kind = np.dtype(_TYPES[content[2]])
    shape = tuple(int(size) for size in np.frombuffer(content[4:header], dtype=">u4"))
    expected = header + math.prod(shape) * kind.itemsize
    if len(content) != expected:
        raise ValueError(f"{path}: {len(content)} bytes; expected {expected} for {kind.name} of shape {shape}")
    numbers = np.frombuffer(content, dtype=kind, offset=header).reshape(shape)
    return numbers.astype(kind.newbyteorder("="), copy=False)


def _content(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ValueError(f"{path}: no file; {_EXPECTED}")
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw.startswith(_GZIP) else raw
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ValueError(f"{path}: truncated or damaged gzip data; {_EXPECTED}") from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; {_EXPECTED}") from None
