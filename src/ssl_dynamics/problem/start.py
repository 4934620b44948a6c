"""Random starts W(0), one for each seed."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.problem.streams import stream


def random_orthonormal_start(d: int, z: int, *, seeds: int, root_seed: int, name: str) -> NDArray[np.float64]:
    """W(0) (seeds, d, z) float64 with W(0)ᵀW(0) = I, its span uniform on the Grassmannian Gr(z, d).

    Seed s draws from a stream of its own, named by (`name`, z, s). Raises ValueError if z > d.
    """
    if not 1 <= z <= d:
        raise ValueError(f"z must lie between 1 and d = {d}; got {z}")
    gaussian = [stream(root_seed, "start", name, z, seed).standard_normal((d, z)) for seed in range(seeds)]
    return np.linalg.qr(np.stack(gaussian))[0]
