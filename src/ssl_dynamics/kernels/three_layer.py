"""Three-layer ReLU nets: their features, their tangent kernel, and the features' kernel of infinite width (§4)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.kernels.infinite_width import finite_array, infinite_width_ntk
from ssl_dynamics.kernels.two_layer import SCALE_DOWN, activate
from ssl_dynamics.problem.starts.orthonormal import kernel_root
from ssl_dynamics.validation import finite

Array = NDArray[np.float64]


@np.errstate(over="ignore", invalid="ignore")
def three_layer_features(X: ArrayLike, W1: ArrayLike, W2: ArrayLike) -> Array:
    """Ψ = φ(φ(XW_1ᵀ/√d)W_2ᵀ/√h)/√h with φ = √2·ReLU, so that the net is u = W_3ᵀψ.

    X (N, d); W1 (..., h, d); W2 (..., h, h), with the same leading dimensions; returns (..., N, h) float64. Raises
    ValueError on bad shapes or values. Source: docs/theory.md §4.
    """
    points, first, second = _layers(X, W1, W2)
    (h, d) = first.shape[-2:]
    hidden, _ = activate(points @ first.mT / np.sqrt(d), "relu")
    features: Array = activate(hidden @ second.mT / np.sqrt(h), "relu")[0] / np.sqrt(h)
    return finite("a feature", features, SCALE_DOWN)


@np.errstate(over="ignore", invalid="ignore")
def three_layer_ntk(X: ArrayLike, W1: ArrayLike, W2: ArrayLike, W3: ArrayLike) -> Array:
    """Tangent kernel of u = W_3ᵀφ(W_2φ(W_1x/√d)/√h)/√h, φ = √2·ReLU; index i·z + a.

    Θ[(i, a), (j, b)] = δ_ab ψ_i·ψ_j + (φ_i·φ_j/h) E_ia·E_jb + (x_i·x_j/d) D_ia·D_jb, with the derivatives by what
    enters the activations, E_ia = W_3[:, a]∘φ'/√h in the second layer and D_ia = (W_2ᵀE_ia/√h)∘φ' in the first.

    X (N, d); W1 (..., h, d); W2 (..., h, h); W3 (..., h, z), with the same leading dimensions; returns
    (..., Nz, Nz) float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §4.
    """
    points, first, second = _layers(X, W1, W2)
    lead, (h, d) = first.shape[:-2], first.shape[-2:]
    third = finite_array("W3", W3, f"(..., h, z) with (..., h) = {(*lead, h)}", lambda shape: shape[:-1] == (*lead, h))
    N, z = len(points), third.shape[-1]
    hidden, slopes = activate(points @ first.mT / np.sqrt(d), "relu")
    output, late_slopes = activate(hidden @ second.mT / np.sqrt(h), "relu")
    E = third.mT[..., None, :, :] * late_slopes[..., None, :] / np.sqrt(h)  # (..., N, z, h)
    D = (E.reshape(*lead, N * z, h) @ second / np.sqrt(h)).reshape(E.shape) * slopes[..., None, :]
    kernel = np.zeros((*lead, N, z, N, z))
    for inputs, derivatives in ((hidden / np.sqrt(h), E), (points / np.sqrt(d), D)):
        rows = derivatives.reshape(*lead, N * z, h)
        kernel += (inputs @ inputs.mT)[..., :, None, :, None] * (rows @ rows.mT).reshape(kernel.shape)
    for a in range(z):
        kernel[..., :, a, :, a] += output @ output.mT / h
    return finite("the tangent kernel", kernel.reshape(*lead, N * z, N * z), SCALE_DOWN)


def infinite_width_features(X: ArrayLike) -> Array:
    """K∞ = lim ΨΨᵀ of three-layer ReLU nets as h → ∞: the map s ↦ Σ of the first layer, taken twice.

    X (N, d), real and finite; returns (N, N) float64. Raises ValueError otherwise. Source: docs/theory.md §4.
    """
    first = infinite_width_ntk(X, activation="relu", block="second")
    # Points with the inner products N·first, so that s = first.
    return infinite_width_ntk(np.sqrt(len(first)) * kernel_root(first), activation="relu", block="second")


def _layers(X: ArrayLike, W1: ArrayLike, W2: ArrayLike) -> tuple[Array, Array, Array]:
    points = finite_array("X", X, "(N, d) with N, d >= 1", lambda shape: len(shape) == 2)
    d = points.shape[1]
    first = finite_array("W1", W1, f"(..., h, d) with d = {d}", lambda shape: shape[-1:] == (d,) and len(shape) > 1)
    square = (*first.shape[:-1], first.shape[-2])
    second = finite_array("W2", W2, f"{square}, as W1 has", lambda shape: shape == square)
    return points, first, second
