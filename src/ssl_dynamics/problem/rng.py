"""Random streams derived from one root seed by name, never by position."""

import hashlib

import numpy as np


def stream(root_seed: int, *names: str | int) -> np.random.Generator:
    """Generator that depends on the root seed and on the names alone.

    The spawn key of `numpy.random.SeedSequence` is the SHA-256 of the names, so that adding, dropping or
    reordering seeds, dimensions or data sets never changes another stream.
    """
    digest = hashlib.sha256("\0".join(str(name) for name in names).encode()).digest()
    key = tuple(int(word) for word in np.frombuffer(digest, dtype="<u4"))
    return np.random.default_rng(np.random.SeedSequence(root_seed, spawn_key=key))
