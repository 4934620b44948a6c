"""Nets whose weights are pulled by slopes ∂L/∂U that are given, whatever their outputs (docs/theory.md §4)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.kernels.two_layer import activate
from ssl_dynamics.problem.names import Activation

Array = NDArray[np.float64]


def pulled_layers(
    X: Array, layers: Sequence[Array], slopes: Array, steps: Array, *, activation: Activation
) -> list[Array]:
    """Weights after W ← W − η_k (∂U/∂W)ᵀG_k for k = 1 … K, with G_k the given ∂L/∂U.

    Of the net u = W_Lᵀh_{L−1}, h_l = φ(W_l h_{l−1})/√(width), h_0 = x/√d: the chain rule, layer by layer from the last.
    With the slopes of a descent on the kernel of the start this gives the change of the weights to the next order in
    the width, and with it that of the kernel.

    X (N, d); layers W_1 (h, d), W_2 (h, h), …, W_L (h, z); slopes (K, N, z); steps η (K,). Raises ValueError where they
    do not fit. Source: docs/theory.md §4.
    """
    if slopes.ndim != 3 or slopes.shape[1:] != (len(X), layers[-1].shape[1]) or steps.shape != slopes.shape[:1]:
        raise ValueError(f"needs slopes (K, N, z) and steps (K,); got {slopes.shape} and {steps.shape}")
    at = list(layers)
    for G, eta in zip(slopes, steps, strict=True):
        at = [W - eta * gradient for W, gradient in zip(at, _gradients(X, at, G, activation), strict=True)]
    return at


def _gradients(X: Array, layers: Sequence[Array], G: Array, activation: Activation) -> list[Array]:
    inputs, derivatives = [X / np.sqrt(X.shape[1])], []
    for W in layers[:-1]:
        values, slopes = activate(inputs[-1] @ W.T, activation)
        inputs.append(values / np.sqrt(len(W)))
        derivatives.append(slopes / np.sqrt(len(W)))
    gradients, back = [inputs[-1].T @ G], G @ layers[-1].T
    for W, below, slopes in zip(layers[-2::-1], inputs[-2::-1], derivatives[::-1], strict=True):
        back = back * slopes
        gradients.append(back.T @ below)
        back = back @ W
    return gradients[::-1]
