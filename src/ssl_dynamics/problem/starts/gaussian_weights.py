"""Random weights of nets in the tangent-kernel parameterisation."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.problem.rng import stream


def gaussian_weights(
    sizes: Sequence[int], *, seeds: int, root_seed: int, names: Sequence[str]
) -> list[NDArray[np.float64]]:
    """Weights of every layer of nets with layers of these sizes, all entries independent N(0, 1).

    sizes (d, h, …, z) from input to output. Returns the layers, float64: W_l (seeds, size of its output, size of its
    input), but the last, which is (seeds, h, z). Seed s draws from a stream of its own, named by (`names`, sizes, s).
    Raises ValueError unless there are at least two layers, of sizes of at least 1.
    """
    if len(sizes) < 3 or min(sizes) < 1:
        raise ValueError(f"sizes must be those of at least two layers, each at least 1; got {tuple(sizes)}")
    shapes = [(after, before) for before, after in pairwise(sizes[:-1])]
    shapes.append((sizes[-2], sizes[-1]))
    streams = [stream(root_seed, *names, *sizes, seed) for seed in range(seeds)]
    return [np.stack([random.standard_normal(shape) for random in streams]) for shape in shapes]
