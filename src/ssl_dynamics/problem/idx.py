"""Reader of IDX files (the format of MNIST and Fashion-MNIST), plain or gzip-compressed."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTE = 0x08


def read_idx(path: Path, *, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes with the given number of dimensions.

    Layout: two zero bytes, a type byte, a dimension byte, one big-endian uint32 per dimension, the data.
    Raises ValueError, in one line that names the file and what was expected, if the file is missing,
    truncated, over-long, not gzip although its name says so, or of another type or number of dimensions.
    """
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except OSError as error:
        reason = error.strerror or "not a gzip file"
        raise ValueError(f"{path}: {reason}; expected an IDX file of unsigned bytes") from None
    except (EOFError, zlib.error):
        raise ValueError(f"{path}: truncated or damaged gzip data; expected a complete IDX file") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise ValueError(f"{path}: starts with {content[:4].hex() or 'nothing'}; expected an IDX header 000008nn")
    if content[3] != dimensions:
        raise ValueError(f"{path}: has {content[3]} dimensions; expected {dimensions}")
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise ValueError(f"{path}: {len(content)} bytes; expected at least the {header} bytes of its header")
    shape = tuple(int(size) for size in np.frombuffer(content[4:header], dtype=">u4"))
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise ValueError(f"{path}: {len(content)} bytes; expected {expected} for shape {shape}")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
