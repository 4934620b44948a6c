"""Random starts: weights W(0) or functions U(0), one for each seed."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.problem.rng import stream
from ssl_dynamics.validation import symmetric_matrix

# Directions in which a kernel is smaller than this, relative to its largest eigenvalue, are rounding.
_RANGE = 1e-10


def random_orthonormal_start(d: int, z: int, *, seeds: int, root_seed: int, name: str) -> NDArray[np.float64]:
    """W(0) (seeds, d, z) float64 with W(0)ᵀW(0) = I, its span uniform on the Grassmannian Gr(z, d).

    Seed s draws from a stream of its own, named by (`name`, z, s). Raises ValueError if z > d.
    """
    if not 1 <= z <= d:
        raise ValueError(f"z must lie between 1 and d = {d}; got {z}")
    gaussian = [stream(root_seed, "start", name, z, seed).standard_normal((d, z)) for seed in range(seeds)]
    return np.linalg.qr(np.stack(gaussian))[0]


def constrained_net(
    d: int, z: int, width: int, *, seeds: int, root_seed: int, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """W_1(0) (seeds, h, d) with entries N(0, 1) and W_2(0) (seeds, h, z) with orthonormal columns, uniform; h = width.

    Seed s draws from a stream of its own, named by (`name`, z, h, s). Raises ValueError if z > h or d < 1.
    """
    if not (1 <= z <= width and d >= 1):
        raise ValueError(f"needs 1 <= z <= width and d >= 1; got z = {z}, width = {width}, d = {d}")
    streams = [stream(root_seed, "constrained net", name, z, width, seed) for seed in range(seeds)]
    first = np.stack([random.standard_normal((width, d)) for random in streams])
    second = np.stack([random.standard_normal((width, z)) for random in streams])
    return first, np.linalg.qr(second)[0]


def random_functions(
    K: NDArray[np.float64], z: int, *, seeds: int, root_seed: int, names: tuple[str, ...]
) -> NDArray[np.float64]:
    """U = K^{1/2}Γ (seeds, N, z) float64, Γ standard Gaussian: columns drawn from the Gaussian process of kernel K.

    K (N, N) symmetric, positive semidefinite; U lies in its range. Seed s draws from a stream of its own, named by
    (`names`, z, s). Raises ValueError if K is not square or z < 1.
    """
    if z < 1:
        raise ValueError(f"z must be at least 1; got {z}")
    root = kernel_root(K)
    gaussian = [stream(root_seed, *names, z, seed).standard_normal((len(K), z)) for seed in range(seeds)]
    functions: NDArray[np.float64] = root @ np.stack(gaussian)
    return functions


def kernel_root(K: NDArray[np.float64]) -> NDArray[np.float64]:
    """K^{1/2} (N, N) of a symmetric, positive semidefinite K (N, N), without the directions that are rounding.

    Raises ValueError if K is not a finite, symmetric matrix.
    """
    eigenvalues, Q = np.linalg.eigh(symmetric_matrix("K", K))
    root: NDArray[np.float64] = (Q * np.sqrt(np.where(eigenvalues > _RANGE * eigenvalues[-1], eigenvalues, 0))) @ Q.T
    return root
