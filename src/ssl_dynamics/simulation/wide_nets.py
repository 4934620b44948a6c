"""Two-layer nets u = W_2ᵀφ(W_1x/√d)/√h of any width, all seeds side by side, and the drift of their kernels."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.names import Activation
from ssl_dynamics.simulation.derivatives import ACTIVATIONS, readout
from ssl_dynamics.simulation.device import to_tensor

Array = NDArray[np.float64]
Layers = tuple[torch.Tensor, torch.Tensor]  # W_1 (S, h, d), W_2 (S, h, z)
Value = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # outputs (S, N, z) and seeds (S,) to losses (S,)

# Hidden units of the nets that are worked on at one time: what is between their layers stays in the cache, and in
# memory that is used again. Whole batches of wide nets would take new pages from the system at every step.
UNITS = 2048


class Nets:
    """The nets that are still in training, on the points X (N, d): layers, seeds and times, one for each net.

    Both layers learn at unit rate in the NTK parameterisation; times are gradient-flow times. Drift is that of the
    kernel on the anchors, the first `anchors` points. Source: docs/theory.md §4.
    """

    def __init__(self, X: Array, W1: Array, W2: Array, activation: Activation, *, anchors: int) -> None:
        shapes = (X.shape, W1.shape, W2.shape)
        if not (X.ndim == 2 and W1.ndim == W2.ndim == 3 and W1.shape[:2] == W2.shape[:2] and W1.shape[2] == X.shape[1]):
            raise ValueError(f"X, W1, W2 must have shapes (N, d), (S, h, d), (S, h, z); got {shapes}")
        if not 1 <= anchors <= len(X):
            raise ValueError(f"anchors must lie between 1 and the number of points, {len(X)}; got {anchors}")
        # W_1 in the order in which its gradients lie in memory: sums of both need no change of order.
        self.layers: Layers = (to_tensor(W1).mT.contiguous().mT, to_tensor(W2))
        self.seeds = torch.arange(len(W1))
        self.times = torch.zeros(len(W1), dtype=torch.float64)
        self._phi, self._factor = ACTIVATIONS[activation]
        self._points = to_tensor(X / math.sqrt(X.shape[1]))
        self._anchors = self._points[:anchors]
        self._start = self._kernels()

    def outputs(self, layers: Layers) -> torch.Tensor:
        """U (S, N, z) on the points."""
        W1, W2 = layers
        return self._factor / math.sqrt(W1.shape[1]) * readout(self._phi(self._points @ W1.mT), W2.mT)

    def gradient(self, layers: Layers, value: Value) -> tuple[torch.Tensor, torch.Tensor, Layers]:
        """Outputs (S, N, z), losses (S,), and the gradients of both layers, by automatic differentiation."""
        parts = [self._gradient(group, seeds, value) for group, seeds in self._groups(layers)]
        U, losses, first, second = zip(*parts, strict=True)
        whole_first = torch.cat([part.mT for part in first]).mT  # in the order in which they lie in memory
        return torch.cat(U), torch.cat(losses), (whole_first, torch.cat(second))

    def drift(self) -> dict[str, Array]:
        """‖Θ(t) − Θ(0)‖_F/‖Θ(0)‖_F on the anchors (S,): of the whole kernel and of each layer's block."""
        return {
            name: (_norm(now - self._start[name]) / _norm(self._start[name])).cpu().numpy()
            for name, now in self._kernels().items()
        }

    def keep(self, kept: torch.Tensor) -> None:
        """Go on with these nets alone; kept (S,) boolean."""
        self.layers = (self.layers[0][kept], self.layers[1][kept])
        self.seeds, self.times = self.seeds[kept], self.times[kept]
        self._start = {name: kernels[kept] for name, kernels in self._start.items()}

    def _groups(self, layers: Layers) -> Iterator[tuple[Layers, torch.Tensor]]:
        """The layers and seeds of a few nets after the other."""
        together = max(1, UNITS // layers[0].shape[1])
        first, second, seeds = (torch.split(part, together) for part in (*layers, self.seeds))
        return zip(zip(first, second, strict=True), seeds, strict=True)

    def _gradient(self, layers: Layers, seeds: torch.Tensor, value: Value) -> tuple[torch.Tensor, ...]:
        W1, W2 = (W.detach().requires_grad_(True) for W in layers)
        U = self.outputs((W1, W2))
        losses = value(U, seeds)
        first, second = torch.autograd.grad(losses.sum(), (W1, W2))  # seeds share no weight: the sum separates
        return U.detach(), losses.detach(), first, second

    def _kernels(self) -> dict[str, torch.Tensor]:
        """Θ on the n anchors and the block of each layer, as their parts (a, b) of outputs a ≤ b: (S, p, n, n)."""
        parts = [self._blocks(group) for group, _ in self._groups(self.layers)]
        first, second = (torch.cat(part) for part in zip(*parts, strict=True))
        return {"drift": first + second, "drift_first": first, "drift_second": second}

    def _blocks(self, layers: Layers) -> Layers:
        """(x_i·x_j/d)(Σ_k w_ka w_kb φ'_ik φ'_jk)/h, w of W_2 and φ' = φ'(W_1x/√d), and δ_ab φ_i·φ_j/h."""
        W1, W2 = layers
        h, z = W2.shape[1:]
        a, b = torch.triu_indices(z, z)
        similarity = self._anchors @ self._anchors.mT
        V = (W1 @ self._anchors.mT).requires_grad_(True)  # (S, h, n)
        hidden = self._phi(V.clone())
        (slopes,) = torch.autograd.grad(hidden.sum(), V)
        hidden, scale = hidden.detach(), self._factor**2 / h
        weighted = ((W2[..., a] * W2[..., b])[..., None] * slopes[:, :, None]).flatten(2)  # (S, h, pn)
        products = (weighted.mT @ slopes).reshape(len(W1), len(a), *similarity.shape)
        first = scale * similarity * products
        second = scale * (hidden.mT @ hidden)
        return first, (a == b)[:, None, None] * second[:, None]


def moved(layers: Layers, gradients: Layers, rates: torch.Tensor) -> Layers:
    """W − ηg of both layers; η (S,)."""
    back = -rates[:, None, None]
    return torch.addcmul(layers[0], back, gradients[0]), torch.addcmul(layers[1], back, gradients[1])


def size(layers: Layers) -> torch.Tensor:
    """√(‖W_1‖² + ‖W_2‖²) of every net (S,)."""
    return torch.sqrt(layers[0].square().sum((1, 2)) + layers[1].square().sum((1, 2)))


def _norm(parts: torch.Tensor) -> torch.Tensor:
    """‖Θ‖_F (S,) of its parts (a, b), a ≤ b, on z outputs; part (b, a) is part (a, b)."""
    z = math.isqrt(2 * parts.shape[1])
    a, b = torch.triu_indices(z, z)
    return torch.sqrt(parts.square().sum((-2, -1)) @ torch.where(a == b, 1.0, 2.0).to(parts.dtype))
