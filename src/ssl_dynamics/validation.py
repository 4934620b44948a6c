"""Checks of arguments, shared by all rooms: each raises ValueError with the offending shape or value."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_SYMMETRY = 1e-10  # largest asymmetry, relative to the largest entry
_ORTHONORMALITY = 1e-8  # largest entry of WᵀW − I


def symmetric_matrix(name: str, matrix: ArrayLike) -> Array:
    """`matrix` as a real, finite, symmetric float64 (d, d)."""
    array = real(name, matrix)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.size == 0:
        raise ValueError(f"{name} must be a square matrix (d, d); got shape {array.shape}")
    asymmetry = np.abs(array - array.T).max()
    if asymmetry > _SYMMETRY * np.abs(array).max():
        raise ValueError(f"{name} must be symmetric; |{name} − {name}ᵀ| reaches {asymmetry:.3g}")
    return array


def start(name: str, matrix: ArrayLike, d: int, *, orthonormal: bool) -> Array:
    """`matrix` as a real, finite start (..., d, z) with 1 <= z <= d, with orthonormal columns where asked."""
    array = real(name, matrix)
    if array.ndim < 2 or array.shape[-2] != d or not 1 <= array.shape[-1] <= d:
        raise ValueError(f"{name} must have shape (..., d, z) with d = {d} and 1 <= z <= d; got {array.shape}")
    if orthonormal:
        defect = np.abs(array.mT @ array - np.eye(array.shape[-1])).max()
        if defect > _ORTHONORMALITY:
            raise ValueError(f"{name} must have orthonormal columns; |{name}ᵀ{name} − I| reaches {defect:.3g}")
    return array


def time_grid(name: str, times: ArrayLike) -> Array:
    """`times` as real, finite, non-negative, non-decreasing float64 (T,)."""
    array = real(name, times)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a non-empty list of numbers (T,); got shape {array.shape}")
    if array.min() < 0:
        raise ValueError(f"{name} must not be negative; got {array.min():.6g}")
    falls = np.flatnonzero(np.diff(array) < 0)
    if falls.size:
        i = int(falls[0])
        raise ValueError(f"{name} must not decrease; entry {i + 1} is {array[i + 1]:.6g} after {array[i]:.6g}")
    return array


def step_counts(name: str, steps: ArrayLike) -> NDArray[np.int64]:
    """`steps` as whole, non-negative, non-decreasing numbers (T,)."""
    counts = time_grid(name, steps)
    if (counts != np.round(counts)).any():
        raise ValueError(f"{name} must be whole numbers; got {counts[counts != np.round(counts)][0]:.6g}")
    return counts.astype(np.int64)


def real(name: str, values: ArrayLike) -> Array:
    """`values` as real, finite float64."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds {np.count_nonzero(~np.isfinite(array))} values that are not finite")
    return array.astype(np.float64)
