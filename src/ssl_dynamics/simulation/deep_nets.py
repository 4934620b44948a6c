"""Three-layer ReLU nets u = W_3ᵀφ(W_2φ(W_1x/√d)/√h)/√h, many seeds side by side, and their empirical kernels."""

import math
from typing import Any

import torch

from ssl_dynamics.simulation.stacked import Objective

Layers = tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # first (S, h, d), second (S, h, h), third (S, h, z)


def features(layers: Layers, X: torch.Tensor) -> torch.Tensor:
    """Ψ (S, N, h) on the points X (N, d). As φ(cv) = cφ(v) for c > 0, all factors are taken once, on the points."""
    W1, W2, _ = layers
    h, d = W1.shape[1:]
    hidden = torch.relu(X * (2 / (h * math.sqrt(d))) @ W1.mT)
    return torch.relu(hidden @ W2.mT)


def outputs(layers: Layers, X: torch.Tensor) -> torch.Tensor:
    """U = ΨW_3 (S, N, z)."""
    return features(layers, X) @ layers[2]


def gradients(layers: Layers, X: torch.Tensor, value: Objective) -> tuple[torch.Tensor, torch.Tensor, Layers]:
    """Outputs (S, N, z), losses (S,) and ∇L of every layer, by automatic differentiation of the loss on the data."""
    W1, W2, W3 = (W.detach().requires_grad_(True) for W in layers)
    U = outputs((W1, W2, W3), X)
    losses = value(U)
    first, second, third = torch.autograd.grad(losses.sum(), (W1, W2, W3))  # seeds share no weight: the sum separates
    return U.detach(), losses.detach(), (first, second, third)


def tangent_kernel(layers: Layers, X: torch.Tensor) -> torch.Tensor:
    """Θ (S, Nz, Nz) on the points X (N, d), index i·z + a, from the derivatives that torch.func takes.

    A layer's weights meet its inputs in products alone: with v the products that enter the activations, the block of a
    layer is (inputs_i · inputs_j) (∂u_ia/∂v_i · ∂u_jb/∂v_j). The ∂u/∂v of all samples and seeds come from one pullback
    for each output, with respect to something added to v, at zero.
    """
    W1, W2, W3 = layers
    (S, h, d), N, z = W1.shape, len(X), W3.shape[-1]

    def net(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        hidden = _phi(X @ W1.mT / math.sqrt(d) + first) / math.sqrt(h)
        psi = _phi(hidden @ W2.mT + second) / math.sqrt(h)
        return psi @ W3, (hidden, psi)

    zero = torch.zeros(S, N, h, dtype=X.dtype)
    result: Any = torch.func.vjp(net, zero, zero, has_aux=True)  # typed as if it had no auxiliary part
    _, pullback, (hidden, psi) = result
    each_output = torch.eye(z, dtype=X.dtype)[:, None, None, :].expand(z, S, N, z)
    of_layers = torch.func.vmap(pullback)(each_output)  # twice (z, S, N, h)
    kernel = torch.einsum("snm,ab->snamb", psi @ psi.mT, torch.eye(z, dtype=X.dtype))
    for inputs, derivatives in zip((X / math.sqrt(d), hidden), of_layers, strict=True):
        rows = derivatives.permute(1, 2, 0, 3).reshape(S, N * z, h)
        products = (rows @ rows.mT).reshape(S, N, z, N, z)
        kernel = kernel + (inputs @ inputs.mT)[..., :, None, :, None] * products
    return kernel.reshape(S, N * z, N * z)


def moved(layers: Layers, velocity: Layers, times: torch.Tensor) -> Layers:
    """W + tẆ of every layer; times (S,)."""
    t = times[:, None, None]
    first, second, third = (W + t * V for W, V in zip(layers, velocity, strict=True))
    return first, second, third


def _phi(v: torch.Tensor) -> torch.Tensor:
    return math.sqrt(2) * torch.relu(v)
