"""Starts of two-layer linear nets: layers with orthonormal columns, one pair for each seed."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics import validation
from ssl_dynamics.problem.rng import stream

Array = NDArray[np.float64]


def narrow_layers(start: Array, width: int, *, root_seed: int, name: str) -> tuple[Array, Array]:
    """W_1 (S, d, h), W_2 (S, h, z) with orthonormal columns and W_1W_2 = W(0): the same net end to end at every width.

    span W_1 is a random h-dimensional subspace that contains span W(0), and the basis of the hidden layer is random.
    start (S, d, z) orthonormal; z <= width <= d, else ValueError. Source: docs/theory.md §3.
    """
    if start.ndim != 3:
        raise ValueError(f"start must have shape (S, d, z); got {start.shape}")
    seeds, d, z = validation.start("start", start, start.shape[1], orthonormal=True).shape
    if not z <= width <= d:
        raise ValueError(f"width must lie between z = {z} and d = {d}; got {width}")
    streams = [stream(root_seed, "narrow layers", name, z, width, seed) for seed in range(seeds)]
    others = np.stack([random.standard_normal((d, width - z)) for random in streams])
    basis = np.linalg.qr(np.concatenate([start, others], axis=-1))[0]
    basis[..., :z] = start  # QR may have turned signs
    rotation = np.linalg.qr(np.stack([random.standard_normal((width, width)) for random in streams]))[0]
    return basis @ rotation.mT, rotation[..., :z].copy()


def wide_layers(d: int, z: int, width: int, *, seeds: int, root_seed: int, name: str) -> tuple[Array, Array]:
    """V (S, h, d), W_2 (S, h, z) with orthonormal columns, both uniform on their Stiefel manifolds.

    d <= width and z <= width, else ValueError. Source: docs/theory.md §3.
    """
    _require_wide(d, z, width)
    streams = [stream(root_seed, "wide layers", name, z, width, seed) for seed in range(seeds)]
    parts = [np.stack([random.standard_normal((width, k)) for random in streams]) for k in (d, z)]
    V, second = (np.linalg.qr(part)[0] for part in parts)
    return V, second


def wide_starts(d: int, z: int, width: int, *, draws: int, seeds: int, root_seed: int, name: str) -> Array:
    """W(0) = VᵀW_2 (S, draws, d, z) as `wide_layers` distributes it; by invariance V may be the first d axes.

    Arguments and errors of `wide_layers`, from streams of its own. Source: docs/theory.md §3.
    """
    _require_wide(d, z, width)
    streams = [stream(root_seed, "wide starts", name, z, width, seed) for seed in range(seeds)]
    return np.stack([np.linalg.qr(random.standard_normal((draws, width, z)))[0][:, :d] for random in streams])


def _require_wide(d: int, z: int, width: int) -> None:
    if not 1 <= z <= d:
        raise ValueError(f"z must lie between 1 and d = {d}; got {z}")
    if width < d:
        raise ValueError(f"width must be at least d = {d}; got {width}")


def gaussian_layers(
    d: int, z: int, width: int, *, seeds: int, root_seed: int, name: str, first: int = 0
) -> tuple[Array, Array]:
    """W_1 (S, h, d), W_2 (S, h, z) float64 with independent entries N(0, 1), for nets in the NTK parameterisation.

    u = W_2ᵀφ(W_1x/√d)/√h. Seed s, from `first` on, draws from a stream of its own, named by (`name`, z, width, s).
    Raises ValueError where d, z, width or seeds is below 1. Source: docs/theory.md §4.
    """
    if min(d, z, width, seeds) < 1:
        raise ValueError(f"d, z, width and seeds must be at least 1; got {d}, {z}, {width}, {seeds}")
    drawn = [
        stream(root_seed, "gaussian layers", name, z, width, seed).standard_normal((width, d + z))
        for seed in range(first, first + seeds)
    ]
    layers = np.stack(drawn)
    return np.ascontiguousarray(layers[..., :d]), np.ascontiguousarray(layers[..., d:])
