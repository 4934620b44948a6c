"""Angles and distances between subspaces; the span of Richardson-extrapolated projectors."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.analysis.scales import brought_back, exponent, number
from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import real, start, unit

Array = NDArray[np.float64]


def principal_angles(A: ArrayLike, B: ArrayLike) -> Array:
    """Principal angles between span A and span B in radians, largest first.

    A (..., d, z), B (..., d, z) of full column rank, leading axes broadcast; returns (..., z) float64. Accurate
    near 0 and near π/2 (scipy.linalg.subspace_angles: Knyazev and Argentati 2002). Raises ValueError on
    shapes that do not match, and on bases of deficient rank.
    """
    a, b = (basis / unit(basis, axis=(-2, -1)) for basis in _pair(A, B))
    angles = np.empty((*a.shape[:-2], a.shape[-1]))
    for index in np.ndindex(*a.shape[:-2]):
        found = scipy.linalg.subspace_angles(a[index], b[index])
        if len(found) < angles.shape[-1]:
            raise ValueError(f"A and B must have full column rank; one has rank {len(found)} of {angles.shape[-1]}")
        angles[index] = found
    return angles


def projector_distance(A: ArrayLike, B: ArrayLike) -> Array:
    """‖AAᵀ − BBᵀ‖_F / √(2z), between 0 and 1 for orthonormal A and B.

    A (..., d, z), B (..., d, z), leading axes broadcast; returns (...) float64. Nothing is orthonormalised: a basis
    that has left the constraint shows as distance. Raises ValueError on shapes that do not match, and where squares of
    the bases over- or underflow.
    Source: docs/theory.md §6.
    """
    return _projector_norm(list(_pair(A, B)), np.array([1.0, -1.0]))


def combined_projector_norm(bases: Sequence[ArrayLike], weights: ArrayLike) -> Array:
    """‖Σ_i c_i W_i W_iᵀ‖_F / √(2z) without forming a d × d matrix or subtracting squares.

    One QR of the stacked bases, [W_1 … W_k] = QR, leaves ‖R D Rᵀ‖_F with D = diag(c_i I_z), accurate to rounding
    however small it is. bases: k arrays (..., d, z), leading axes broadcast; weights (k,); returns (...) float64.
    Raises ValueError on other shapes, and where the norm over- or underflows.
    """
    return _projector_norm(*_combination(bases, weights))


def common_coordinates(bases: Sequence[ArrayLike]) -> list[Array]:
    """Coordinates of bases W_1 … W_k in one orthonormal basis of their joint span: all angles and norms are kept.

    [W_1 … W_k] = QR; returns the blocks of R, each (..., min(d, kz), z). Many small problems instead of d-sized ones.
    bases: k arrays (..., d, z), leading axes broadcast. Raises ValueError on other shapes, and where a norm overflows.
    """
    arrays = _bases(bases)
    R, scale = _triangular_factor(arrays)
    coordinates = brought_back("a norm of the bases", R, exponent(scale), "them", axis=(-2, -1))
    return np.split(coordinates, len(arrays), axis=-1)


def graph_over(V: ArrayLike, W: ArrayLike) -> Array:
    """G with span W = span V[I; G], the graph of W over the z leading columns of V.

    V (d, d) orthonormal; W (..., d, z); returns (..., d − z, z) float64. Raises ValueError on shapes that do not match,
    Unsettled where W has no component along one of these columns that float64 tells from none.
    """
    basis, span = real("V", V), real("W", W)
    if basis.ndim != 2 or span.ndim < 2 or basis.shape != 2 * span.shape[-2:-1] or 0 in span.shape[-2:]:
        raise ValueError(f"needs V (d, d) and W (..., d, z); got {basis.shape} and {span.shape}")
    basis = start("V", V, len(basis), orthonormal=True)
    X, z = basis.T @ (span / unit(span, axis=(-2, -1))), span.shape[-1]
    try:
        graph: Array = np.linalg.solve(X[..., :z, :].mT, X[..., z:, :].mT).mT.astype(np.float64)
    except np.linalg.LinAlgError:
        graph = np.full((*X.shape[:-2], 1, z), np.nan)
    if not np.isfinite(graph).all():
        raise Unsettled("a span has no component along one of the leading eigenvectors")
    return graph


def gram_distance(U: ArrayLike, V: ArrayLike) -> Array:
    """‖UUᵀ/‖UUᵀ‖_F − VVᵀ/‖VVᵀ‖_F‖_F: scale-free, unchanged by rotations of either; its square is 2(1 − cos).

    Taken in common coordinates without subtracting cosines, so that it is accurate near 0. U, V (..., n, z), not
    zero, leading axes broadcast; returns (...) float64. Raises ValueError otherwise.
    """
    factor = _triangular_factor(_normed_pair(U, V, axis=(-2, -1)))[0]
    grams = [R @ R.mT for R in np.split(factor, 2, axis=-1)]
    first, second = (G / np.linalg.norm(G, axis=(-2, -1), keepdims=True) for G in grams)
    distance: Array = np.linalg.norm(first - second, axis=(-2, -1))
    return distance


def span_distance(U: ArrayLike, V: ArrayLike) -> Array:
    """Projector distance of span U and span V, for bases that need not be orthonormal; as `gram_distance` otherwise."""
    R = np.linalg.qr(np.concatenate(_normed_pair(U, V, axis=-2), axis=-1), mode="r")
    return _projector_norm([np.linalg.qr(block)[0] for block in np.split(R, 2, axis=-1)], np.array([1.0, -1.0]))


def sines_to(U: ArrayLike, f: ArrayLike) -> Array:
    """Sine of the angle between each column of U and the vector f: |u − (fᵀu)f|/|u| for |f| = 1, accurate near 0.

    U (..., n, z), no column zero; f (n,), not zero; returns (..., z) float64. Raises ValueError otherwise.
    """
    columns, vector = real("U", U), real("f", f)
    if columns.ndim < 2 or vector.shape != columns.shape[-2:-1] or not vector.size:
        raise ValueError(f"needs U (..., n, z) and f (n,); got {columns.shape} and {vector.shape}")
    columns, vector = columns / unit(columns, axis=-2), vector / unit(vector)
    lengths, length = np.linalg.norm(columns, axis=-2), np.linalg.norm(vector)
    if length == 0 or (lengths == 0).any():
        raise Unsettled("an angle to a zero vector is not defined")
    direction = vector / length
    rest = columns - direction[:, None] * (direction @ columns)[..., None, :]
    sines: Array = np.linalg.norm(rest, axis=-2) / lengths
    return sines


def richardson_weights(ratio: float, extrapolations: int) -> Array:
    """Weights, coarsest step first, that cancel the error terms η, …, η^m of values at steps η, η/r, …, η/r^m.

    They solve Σ_i c_i = 1, Σ_i c_i r^{−ij} = 0 for j = 1 … m; m = 0 gives [1]. Raises ValueError unless
    ratio > 1 and m >= 0, and where float64 does not tell the steps apart. Source: Richardson's deferred approach to the
    limit, error expansion in integer powers.
    """
    r, m = number("ratio", ratio), number("extrapolations", extrapolations)
    if not r > 1 or m < 0 or not m.is_integer():
        raise ValueError(f"needs ratio > 1 and a whole number of extrapolations >= 0; got {ratio} and {extrapolations}")
    powers = np.arange(int(m) + 1)
    matrix = float(ratio) ** -np.outer(powers, powers)
    try:
        weights = np.linalg.solve(matrix, (powers == 0).astype(np.float64))
    except np.linalg.LinAlgError:
        raise ValueError(f"float64 does not tell {len(powers)} steps of ratio {r:.6g} apart: take fewer") from None
    return weights.astype(np.float64)


def combined_span(bases: Sequence[ArrayLike], weights: ArrayLike) -> Array:
    """Orthonormal basis of the z leading eigenvectors of Σ_i c_i W_i W_iᵀ: the span that an extrapolation names.

    [W_1 … W_k] = QR as in `combined_projector_norm`, then the eigenvectors of R D Rᵀ. bases: k arrays (..., d, z),
    leading axes broadcast; weights (k,); returns (..., d, z) float64. Raises ValueError on other shapes.
    """
    arrays, coefficients = _combination(bases, weights)
    z = arrays[0].shape[-1]
    Q, R = np.linalg.qr(_side_by_side(arrays)[0])
    D = np.repeat(coefficients / unit(coefficients), z)
    span: Array = Q @ np.linalg.eigh((R * D) @ R.mT)[1][..., -z:]
    return span


def _bases(bases: Sequence[ArrayLike]) -> list[Array]:
    """Bases of one shape (..., d, z), leading axes broadcast."""
    arrays = [real(f"basis {i}", basis) for i, basis in enumerate(bases)]
    shapes = {array.shape[-2:] for array in arrays}
    if len(shapes) != 1 or min(array.ndim for array in arrays) < 2 or 0 in min(shapes):
        found = ", ".join(str(array.shape) for array in arrays) or "none"
        raise ValueError(f"needs bases of one shape (..., d, z); got {found}")
    lead = np.broadcast_shapes(*(array.shape[:-2] for array in arrays))
    return [np.broadcast_to(array, lead + array.shape[-2:]) for array in arrays]


def _combination(bases: Sequence[ArrayLike], weights: ArrayLike) -> tuple[list[Array], Array]:
    arrays, coefficients = _bases(bases), real("weights", weights)
    if coefficients.shape != (len(arrays),):
        raise ValueError(f"needs a weight for each of {len(arrays)} bases; got shape {coefficients.shape}")
    return arrays, coefficients


def _side_by_side(arrays: Sequence[Array]) -> tuple[Array, Array]:
    """[W_1 … W_k], divided by a power of two for each of the leading indices, and this power."""
    stack = np.concatenate(arrays, axis=-1)
    scale = unit(stack, axis=(-2, -1))
    stack /= scale
    return stack, scale


def _triangular_factor(arrays: Sequence[Array]) -> tuple[Array, Array]:
    """R of [W_1 … W_k] = QR, divided by a power of two, and this power."""
    stack, scale = _side_by_side(arrays)
    return np.asarray(np.linalg.qr(stack, mode="r"), dtype=np.float64), scale


def _projector_norm(arrays: Sequence[Array], weights: Array) -> Array:
    z = arrays[0].shape[-1]
    R, scale = _triangular_factor(arrays)
    of_weights = unit(weights)
    D = np.repeat(weights / of_weights, z)
    norm: Array = np.linalg.norm((R * D) @ R.mT, axis=(-2, -1)) / np.sqrt(2 * z)
    return brought_back("a norm of projectors", norm, 2 * exponent(scale)[..., 0, 0] + exponent(of_weights)[0], "bases")


def _normed_pair(U: ArrayLike, V: ArrayLike, *, axis: int | tuple[int, ...]) -> list[Array]:
    """Both, divided by their norms, but for the powers of two of the largest entries along axes."""
    normed = []
    for matrix in _pair(U, V):
        norm = np.linalg.norm(matrix / unit(matrix, axis=(-2, -1)), axis=(-2, -1), keepdims=True)
        if not (norm > 0).all():
            raise Unsettled("a Gram matrix that is zero has no direction")
        normed.append(matrix / unit(matrix, axis=axis) / norm)
    return normed


def _pair(A: ArrayLike, B: ArrayLike) -> tuple[Array, Array]:
    a, b = real("A", A), real("B", B)
    if a.ndim < 2 or b.ndim < 2 or a.shape[-2:] != b.shape[-2:] or 0 in a.shape[-2:]:
        raise ValueError(f"A and B must be bases of one shape (..., d, z); got {a.shape} and {b.shape}")
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.broadcast_to(a, (*lead, *a.shape[-2:])), np.broadcast_to(b, (*lead, *b.shape[-2:]))
