"""Angles and distances between subspaces; the span of Richardson-extrapolated projectors."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import real

Array = NDArray[np.float64]


def principal_angles(A: ArrayLike, B: ArrayLike) -> Array:
    """Principal angles between span A and span B in radians, largest first.

    A (..., d, z), B (..., d, z) of full column rank, leading axes broadcast; returns (..., z) float64. Accurate
    near 0 and near π/2 (scipy.linalg.subspace_angles: Knyazev and Argentati 2002). Raises ValueError on
    shapes that do not match, and on bases of deficient rank.
    """
    a, b = _pair(A, B)
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
    that has left the constraint shows as distance. Raises ValueError on shapes that do not match.
    Source: docs/theory.md §6.
    """
    a, b = _pair(A, B)
    return combined_projector_norm([a, b], [1.0, -1.0])


def combined_projector_norm(bases: Sequence[Array], weights: Sequence[float]) -> Array:
    """‖Σ_i c_i W_i W_iᵀ‖_F / √(2z) without forming a d × d matrix or subtracting squares.

    One QR of the stacked bases, [W_1 … W_k] = QR, leaves ‖R D Rᵀ‖_F with D = diag(c_i I_z), accurate to rounding
    however small it is. bases: k arrays (..., d, z); returns (...) float64.
    """
    z = bases[0].shape[-1]
    R = _triangular_factor(bases)
    D = np.repeat(np.asarray(weights), z)
    norm: Array = np.linalg.norm((R * D) @ R.mT, axis=(-2, -1)) / np.sqrt(2 * z)
    return norm


def common_coordinates(bases: Sequence[Array]) -> list[Array]:
    """Coordinates of bases W_1 … W_k in one orthonormal basis of their joint span: all angles and norms are kept.

    [W_1 … W_k] = QR; returns the blocks of R, each (..., min(d, kz), z). Many small problems instead of d-sized ones.
    """
    R = _triangular_factor(bases)
    return np.split(R, len(bases), axis=-1)


def graph_over(V: ArrayLike, W: ArrayLike) -> Array:
    """G with span W = span V[I; G], the graph of W over the z leading columns of V.

    V (d, d) orthonormal; W (..., d, z); returns (..., d − z, z) float64. Raises ValueError on shapes that do not match,
    Unsettled where W has no component along one of these columns.
    """
    basis, span = real("V", V), real("W", W)
    if basis.ndim != 2 or span.ndim < 2 or basis.shape[0] != span.shape[-2]:
        raise ValueError(f"needs V (d, d) and W (..., d, z); got {basis.shape} and {span.shape}")
    X, z = basis.T @ span, span.shape[-1]
    try:
        return np.linalg.solve(X[..., :z, :].mT, X[..., z:, :].mT).mT.astype(np.float64)
    except np.linalg.LinAlgError:
        raise Unsettled("a span has no component along one of the leading eigenvectors") from None


def gram_distance(U: ArrayLike, V: ArrayLike) -> Array:
    """‖UUᵀ/‖UUᵀ‖_F − VVᵀ/‖VVᵀ‖_F‖_F: scale-free, unchanged by rotations of either; its square is 2(1 − cos).

    Taken in common coordinates without subtracting cosines, so that it is accurate near 0. U, V (..., n, z), not
    zero, leading axes broadcast; returns (...) float64. Raises ValueError otherwise.
    """
    grams = [R @ R.mT for R in common_coordinates(_scaled_pair(U, V))]
    first, second = (G / np.linalg.norm(G, axis=(-2, -1), keepdims=True) for G in grams)
    distance: Array = np.linalg.norm(first - second, axis=(-2, -1))
    return distance


def span_distance(U: ArrayLike, V: ArrayLike) -> Array:
    """Projector distance of span U and span V, for bases that need not be orthonormal; as `gram_distance` otherwise."""
    first, second = (np.linalg.qr(R)[0] for R in common_coordinates(_scaled_pair(U, V)))
    return projector_distance(first, second)


def sines_to(U: ArrayLike, f: ArrayLike) -> Array:
    """Sine of the angle between each column of U and the vector f: |u − (fᵀu)f|/|u| for |f| = 1, accurate near 0.

    U (..., n, z), no column zero; f (n,), not zero; returns (..., z) float64. Raises ValueError otherwise.
    """
    columns, vector = real("U", U), real("f", f)
    if columns.ndim < 2 or vector.shape != columns.shape[-2:-1]:
        raise ValueError(f"needs U (..., n, z) and f (n,); got {columns.shape} and {vector.shape}")
    lengths, length = np.linalg.norm(columns, axis=-2), np.linalg.norm(vector)
    if length == 0 or (lengths == 0).any():
        raise Unsettled("an angle to a zero vector is not defined")
    unit = vector / length
    rest = columns - unit[:, None] * (unit @ columns)[..., None, :]
    sines: Array = np.linalg.norm(rest, axis=-2) / lengths
    return sines


def richardson_weights(ratio: float, extrapolations: int) -> Array:
    """Weights, coarsest step first, that cancel the error terms η, …, η^m of values at steps η, η/r, …, η/r^m.

    They solve Σ_i c_i = 1, Σ_i c_i r^{−ij} = 0 for j = 1 … m; m = 0 gives [1]. Raises ValueError unless
    ratio > 1 and m >= 0. Source: Richardson's deferred approach to the limit, error expansion in integer powers.
    """
    if not ratio > 1 or extrapolations < 0 or extrapolations != int(extrapolations):
        raise ValueError(f"needs ratio > 1 and a whole number of extrapolations >= 0; got {ratio} and {extrapolations}")
    powers = np.arange(extrapolations + 1)
    matrix = float(ratio) ** -np.outer(powers, powers)
    return np.linalg.solve(matrix, (powers == 0).astype(np.float64))


def _triangular_factor(bases: Sequence[Array]) -> Array:
    """R of [W_1 … W_k] = QR."""
    return np.asarray(np.linalg.qr(np.concatenate(bases, axis=-1), mode="r"), dtype=np.float64)


def _scaled_pair(U: ArrayLike, V: ArrayLike) -> list[Array]:
    """Both, divided by their norms."""
    pair = _pair(U, V)
    norms = [np.linalg.norm(matrix, axis=(-2, -1), keepdims=True) for matrix in pair]
    if not all((norm > 0).all() for norm in norms):
        raise Unsettled("a Gram matrix that is zero or not finite has no direction")
    return [matrix / norm for matrix, norm in zip(pair, norms, strict=True)]


def _pair(A: ArrayLike, B: ArrayLike) -> tuple[Array, Array]:
    a, b = real("A", A), real("B", B)
    if a.ndim < 2 or b.ndim < 2 or a.shape[-2:] != b.shape[-2:] or 0 in a.shape[-2:]:
        raise ValueError(f"A and B must be bases of one shape (..., d, z); got {a.shape} and {b.shape}")
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.broadcast_to(a, (*lead, *a.shape[-2:])), np.broadcast_to(b, (*lead, *b.shape[-2:]))


def combined_span(bases: Sequence[Array], weights: Sequence[float]) -> Array:
    """Orthonormal basis of the z leading eigenvectors of Σ_i c_i W_i W_iᵀ: the span that an extrapolation names.

    [W_1 … W_k] = QR as in `combined_projector_norm`, then the eigenvectors of R D Rᵀ. bases: k arrays (..., d, z);
    returns (..., d, z) float64.
    """
    z = bases[0].shape[-1]
    Q, R = np.linalg.qr(np.concatenate(bases, axis=-1))
    D = np.repeat(np.asarray(weights), z)
    span: Array = Q @ np.linalg.eigh((R * D) @ R.mT)[1][..., -z:]
    return span
