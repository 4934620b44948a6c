"""Checks of arguments, shared by all rooms: each raises ValueError with the offending shape or value."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_SYMMETRY = 1e-10  # largest asymmetry, relative to the largest entry
_ORTHONORMALITY = 1e-8  # largest entry of WᵀW − I
_CONTRACTION = 1e-8  # how far the largest singular value of a contraction may exceed 1
# A form outside of these is refused: its eigenvalues, or their differences, may be none that float64 holds.
_SMALLEST, _LARGEST = 1e-290, 1e290
_MOST_STEPS = 2**53  # up to which float64 holds every whole number


def symmetric_matrix(name: str, matrix: ArrayLike) -> Array:
    """`matrix` as a real, finite, symmetric float64 (d, d); its size, if not zero, between 1e−290 and 1e290.

    Symmetric to 1e−10 of the largest entry; one of float32 or float16 to 4√d roundings of its own, and then exactly so.
    """
    array, rounding = _with_rounding(name, matrix)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.size == 0:
        raise ValueError(f"{name} must be a square matrix (d, d); got shape {array.shape}")
    largest = np.abs(array).max()
    if largest > _LARGEST or 0 < largest < _SMALLEST:
        raise ValueError(f"{name} reaches {largest:.3g}, near the limits of float64: scale it, and times inversely")
    asymmetry = np.abs(array - array.T).max()
    if asymmetry > max(_SYMMETRY, _accumulated(rounding, len(array))) * largest:
        raise ValueError(f"{name} must be symmetric; |{name} − {name}ᵀ| reaches {asymmetry:.3g}")
    return (array + array.T) / 2 if rounding else array


def start(name: str, matrix: ArrayLike, d: int, *, orthonormal: bool, shape: tuple[str, str] = ("d", "z")) -> Array:
    """`matrix` as a real, finite start (..., d, z) with 1 <= z <= d, with orthonormal columns where asked.

    Orthonormal to 1e−8; one of float32 or float16 to 4√d roundings of its own, and then the nearest that is so.
    Messages call its sizes by the letters of `shape`.
    """
    array, rounding = _with_rounding(name, matrix)
    if array.ndim < 2 or array.shape[-2] != d or not 1 <= array.shape[-1] <= d:
        rows, columns = shape
        raise ValueError(
            f"{name} must have shape (..., {rows}, {columns}) with {rows} = {d} and 1 <= {columns} <= {rows}; "
            f"got {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"{name} holds no start: its shape is {array.shape}")
    if orthonormal:
        with np.errstate(over="ignore", invalid="ignore"):
            defect = np.abs(array.mT @ array - np.eye(array.shape[-1])).max()
        if not defect <= max(_ORTHONORMALITY, _accumulated(rounding, d)):
            raise ValueError(
                f"{name} must have orthonormal columns; |{name}ᵀ{name} − I| reaches {defect:.3g} "
                f"(np.linalg.qr({name})[0], in float64, has such columns and the same span)"
            )
        if rounding:
            left, _, right = np.linalg.svd(array, full_matrices=False)
            array = left @ right
    return array


def contraction(name: str, matrix: ArrayLike, d: int) -> Array:
    """`matrix` as a start whose singular values are at most 1: those above by rounding, or by 1e−8, are made 1.

    Of float32 or float16, all within 4√d roundings of 1 are, as in an orthonormal start of that type.
    """
    array, rounding = start(name, matrix, d, orthonormal=False), _with_rounding(name, matrix)[1]
    left, sigma, right = np.linalg.svd(array, full_matrices=False)
    slack = _accumulated(rounding, d)
    if sigma.max() > 1 + max(_CONTRACTION, slack):
        raise ValueError(f"{name} must have singular values at most 1; got {sigma.max():.6g}")
    if rounding or sigma.max() > 1 + d * np.finfo(np.float64).eps:
        nearly = sigma > 1 - slack
        return np.asarray(left * np.where(nearly, 1, sigma)[..., None, :] @ right)
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
    """`steps` as whole, non-negative, non-decreasing numbers (T,), at most 2⁵³."""
    counts = time_grid(name, steps)
    if counts[-1] > _MOST_STEPS:
        raise ValueError(f"{name} must be at most 2⁵³ = {_MOST_STEPS:.3g}; got {counts[-1]:.6g}")
    if (counts != np.round(counts)).any():
        raise ValueError(f"{name} must be whole numbers; got {counts[counts != np.round(counts)][0]:.6g}")
    return counts.astype(np.int64)


def real(name: str, values: ArrayLike, *, allowed: float = 0.0) -> Array:
    """`values` as real, finite float64: arrays, lists, and what NumPy reads as an array, such as tensors on the CPU.

    Masked values are refused: what a mask hides would count as data. `allowed` may be an infinity that counts as one.
    """
    return _with_rounding(name, values, allowed)[0]


def positive(name: str, value: float) -> float:
    """`value` as a positive finite number."""
    number = _number(value)
    if number is None or number <= 0:
        raise ValueError(f"{name} must be a positive number; got {_in_a_line(value)}")
    return number


def count(name: str, value: float, most: int | None = None, of: str = "") -> int:
    """`value` as a whole number of at least 1, and at most `most`, which the message calls `of`."""
    number = _number(value)
    if number is None or number != np.round(number) or number < 1 or (most is not None and number > most):
        allowed = "of at least 1" if most is None else f"between 1 and {of} = {most}"
        raise ValueError(f"{name} must be a whole number {allowed}; got {_in_a_line(value)}")
    return int(number)


def unit(array: Array, axis: int | tuple[int, ...] | None = None) -> Array:
    """The power of two next below the largest |entry| along axes, which are kept; 1 where all are zero.

    Division by it is exact, and leaves entries whose squares float64 holds.
    """
    largest = np.abs(array).max(axis=axis, keepdims=True)
    return np.where(largest > 0, np.ldexp(1.0, np.frexp(largest)[1] - 1), 1.0)


def finite(name: str, values: Array, instead: str) -> Array:
    """The result `values`, if float64 holds it. Raises ValueError otherwise, and says what to do `instead`."""
    if not np.isfinite(values).all():
        raise ValueError(f"{name} overflows float64: {instead}")
    return values


def _with_rounding(name: str, values: ArrayLike, allowed: float = 0.0) -> tuple[Array, float]:
    """`values` as float64, and the rounding of their own type where that is coarser (0 otherwise)."""
    if _is_masked(values):
        raise ValueError(f"{name} has masked values: leave them out, or fill them with numbers that may count")
    try:
        array = np.asarray(values)
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{name} cannot be read as an array: {str(error).splitlines()[0]}") from None
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}")
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float64)
    if not np.isfinite(numbers).all():
        wrong = np.count_nonzero(~np.isfinite(numbers) & (numbers != allowed))
        if wrong:
            raise ValueError(f"{name} holds {wrong} values that are not finite")
    coarse = array.dtype.kind == "f" and array.dtype.itemsize < numbers.dtype.itemsize
    return numbers, float(np.finfo(array.dtype).eps) if coarse else 0.0


def _number(value: float) -> float | None:
    """A single real and finite number, or None."""
    try:
        number = real("number", value)
    except ValueError:
        return None
    return None if number.ndim else float(number)


def _in_a_line(value: object) -> str:
    return " ".join(repr(value).split())


def _accumulated(rounding: float, d: int) -> float:
    """What sums of d products of a type with this rounding may be off by; QR in float32 stays within √d/4 of it."""
    return float(4 * np.sqrt(d) * rounding)


def _is_masked(values: ArrayLike) -> bool:
    if isinstance(values, list | tuple):
        return any(map(_is_masked, values))
    return bool(np.ma.is_masked(values))
