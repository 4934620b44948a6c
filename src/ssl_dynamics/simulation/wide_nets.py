"""Two-layer nets u = W_2ᵀφ(W_1x/√d)/√h of any width, all seeds side by side, and the drift of their kernels."""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.kernels import two_layer_ntk
from ssl_dynamics.problem.settings import Activation

Array = NDArray[np.float64]
Layers = tuple[torch.Tensor, torch.Tensor]  # W_1 (S, h, d), W_2 (S, h, z)
Value = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # outputs (S, N, z) and seeds (S,) to losses (S,)

ACTIVATIONS: dict[Activation, Callable[[torch.Tensor], torch.Tensor]] = {
    "identity": lambda a: a,
    "relu": lambda a: math.sqrt(2) * torch.relu(a),
    "erf": torch.erf,
}


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
        self.layers: Layers = (torch.from_numpy(W1), torch.from_numpy(W2))
        self.seeds = torch.arange(len(W1))
        self.times = torch.zeros(len(W1), dtype=torch.float64)
        self.activation: Activation = activation
        self._anchors = X[:anchors]
        self._points = torch.from_numpy(X / math.sqrt(X.shape[1]))
        self._start = self._kernels()

    def outputs(self, layers: Layers) -> torch.Tensor:
        """U (S, N, z) on the points."""
        W1, W2 = layers
        return ACTIVATIONS[self.activation](self._points @ W1.mT) @ W2 / math.sqrt(W1.shape[1])

    def gradient(self, layers: Layers, value: Value) -> tuple[torch.Tensor, torch.Tensor, Layers]:
        """Outputs (S, N, z), losses (S,), and the gradients of both layers, by automatic differentiation."""
        W1, W2 = (W.detach().requires_grad_(True) for W in layers)
        U = self.outputs((W1, W2))
        losses = value(U, self.seeds)
        first, second = torch.autograd.grad(losses.sum(), (W1, W2))  # seeds share no weight: the sum separates
        return U.detach(), losses.detach(), (first, second)

    def drift(self) -> dict[str, Array]:
        """‖Θ(t) − Θ(0)‖_F/‖Θ(0)‖_F on the anchors (S,): of the whole kernel and of each layer's block."""
        return {
            name: _norm(now - self._start[name]) / _norm(self._start[name]) for name, now in self._kernels().items()
        }

    def keep(self, kept: torch.Tensor) -> None:
        """Go on with these nets alone; kept (S,) boolean."""
        self.layers = (self.layers[0][kept], self.layers[1][kept])
        self.seeds, self.times = self.seeds[kept], self.times[kept]
        self._start = {name: kernels[kept.numpy()] for name, kernels in self._start.items()}

    def _kernels(self) -> dict[str, Array]:
        W1, W2 = (W.numpy() for W in self.layers)
        first = two_layer_ntk(self._anchors, W1, W2, activation=self.activation, block="first")
        second = two_layer_ntk(self._anchors, W1, W2, activation=self.activation, block="second")
        return {"drift": first + second, "drift_first": first, "drift_second": second}


def moved(layers: Layers, gradients: Layers, rates: torch.Tensor) -> Layers:
    """W − ηg of both layers; η (S,)."""
    eta = rates[:, None, None]
    return layers[0] - eta * gradients[0], layers[1] - eta * gradients[1]


def size(layers: Layers) -> torch.Tensor:
    """√(‖W_1‖² + ‖W_2‖²) of every net (S,)."""
    return torch.sqrt(layers[0].square().sum((1, 2)) + layers[1].square().sum((1, 2)))


def _norm(matrices: Array) -> Array:
    return np.asarray(np.linalg.norm(matrices, axis=(-2, -1)))
