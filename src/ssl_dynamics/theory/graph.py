"""Graph coordinates of subspaces over the span of leading eigenvectors (docs/theory.md §3)."""

import numpy as np

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array


def graph_coordinates(V: Array, W: Array, leading: str) -> Array:
    """G = X_2 X_1⁻¹ with VᵀW = X = [X_1; X_2], so that span W = span V[I; G].

    V (d, d) orthonormal, its z leading columns first; W (..., d, z); returns (..., d − z, z). Raises Unsettled where
    X_1 is singular; `leading` names in the message what the leading directions are the eigenvectors of.
    """
    z = W.shape[-1]
    X = V.T @ W
    smallest = np.linalg.svd(X[..., :z, :], compute_uv=False).min()
    if smallest < len(V) * np.finfo(np.float64).eps:
        raise Unsettled(
            f"W0 has no component along some direction in the span of the {z} leading eigenvectors of C, those of "
            f"{leading}: its own span does not tend to theirs"
        )
    # Solved as X_1ᵀ Gᵀ = X_2ᵀ.
    return np.linalg.solve(X[..., :z, :].mT, X[..., z:, :].mT).mT.astype(np.float64)


def decay(rates: Array, times: Array | float) -> Array:
    """e^{−rt} for rates r >= 0 and times that broadcast; 0 where rt is more than float64 holds."""
    with np.errstate(over="ignore"):
        decayed: Array = np.exp(-rates * times)
    return decayed


def basis_of_graph(V: Array, G: Array) -> Array:
    """Orthonormal basis (..., d, z) of span V[I; G], by QR: the Gram matrix I + GᵀG would square the condition."""
    z = G.shape[-1]
    identity = np.broadcast_to(np.eye(z), (*G.shape[:-2], z, z))
    Q = np.linalg.qr(np.concatenate([identity, G], axis=-2))[0]
    return from_eigenbasis(V, Q)


def from_eigenbasis(V: Array, X: Array) -> Array:
    """VX (..., d, z), as one product of all columns, as rows: many with z columns each would read V as often."""
    product: Array = (X.mT.reshape(-1, len(V)) @ V.T).reshape(X.mT.shape).mT
    return product
