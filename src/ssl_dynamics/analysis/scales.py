"""Numbers as arguments, and results that are taken in a unit of their own and brought back from it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.validation import real

Array = NDArray[np.float64]


def number(name: str, value: ArrayLike) -> float:
    """`value` as one real, finite number."""
    array = real(name, value)
    if array.ndim:
        raise ValueError(f"{name} must be one number; got shape {array.shape}")
    return float(array)


def probability(name: str, value: ArrayLike) -> float:
    """`value` as a number between 0 and 1, further from both than the rounding of 1."""
    level = number(name, value)
    if not 1 < 1 + level < 2:
        raise ValueError(f"{name} must lie between 0 and 1, by more than rounding; got {level}")
    return level


def exponent(power: Array) -> NDArray[np.intp]:
    """k of powers of two 2^k."""
    return np.asarray(np.frexp(power)[1] - 1, dtype=np.intp)


def brought_back(name: str, values: Array, power: NDArray[np.intp], what: str, *, axis: tuple[int, ...] = ()) -> Array:
    """`values`·2^power, of which float64 holds every bit, or all that count beside the largest entry along axes.

    Raises ValueError otherwise: `what` must be scaled, and the message says whether up or down.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        result = np.ldexp(values, power)
        lost = np.abs(np.ldexp(result, -power) - values).max(axis=axis)
    if (lost > np.finfo(np.float64).eps * np.abs(values).max(axis=axis)).any():
        over = not np.isfinite(result).all()
        flows, way = ("overflows", "down") if over else ("underflows", "up")
        raise ValueError(f"{name} {flows} float64: scale {what} {way}")
    return np.asarray(result, dtype=np.float64)
