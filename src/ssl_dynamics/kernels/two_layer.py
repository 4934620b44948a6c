"""The tangent kernel of two-layer nets of finite width, in closed form (docs/theory.md §4)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf

from ssl_dynamics.problem.settings import Activation

Array = NDArray[np.float64]
Block = Literal["all", "first", "second"]


def activate(V: Array, activation: Activation) -> tuple[Array, Array]:
    """φ(V) and φ'(V): identity, √2·ReLU or erf."""
    if activation == "identity":
        return V, np.ones_like(V)
    if activation == "relu":
        slope = np.sqrt(2) * (V > 0)
        return V * slope, slope
    return erf(V), 2 / np.sqrt(np.pi) * np.exp(-(V**2))


def two_layer_ntk(X: ArrayLike, W1: ArrayLike, W2: ArrayLike, *, activation: Activation, block: Block = "all") -> Array:
    """Tangent kernel of u = W_2ᵀφ(W_1x/√d)/√h on N points; index i·z + a.

    Θ[(i, a), (j, b)] = (1/h)[δ_ab (ΦΦᵀ)_ij + (x_i·x_j/d)(D_a D_bᵀ)_ij],  Φ = φ(XW_1ᵀ/√d), D_a = W_2[:, a]∘φ'(XW_1ᵀ/√d):
    the `block` "second" (output layer, first term), "first" (first layer) or their sum, "all".

    X (N, d); W1 (..., h, d); W2 (..., h, z); returns (..., Nz, Nz) float64. Source: docs/theory.md §4.
    """
    X, W1, W2 = (np.asarray(array, dtype=np.float64) for array in (X, W1, W2))
    (N, d), (h, z) = X.shape, W2.shape[-2:]
    features, slopes = activate(X @ W1.mT / np.sqrt(d), activation)
    kernel = np.zeros((*W2.shape[:-2], N, z, N, z))
    for a in range(z):
        if block != "first":
            kernel[..., :, a, :, a] += features @ features.mT / h
        if block != "second":
            for b in range(a, z):
                weighted = slopes * (W2[..., a] * W2[..., b])[..., None, :]
                kernel[..., :, a, :, b] += (X @ X.T / d) * (weighted @ slopes.mT) / h
                kernel[..., :, b, :, a] = kernel[..., :, a, :, b]
    return kernel.reshape(*W2.shape[:-2], N * z, N * z)
