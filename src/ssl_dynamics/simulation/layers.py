"""Full-batch training of two-layer linear nets, layer by layer; nets of all widths share the products with the data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics import validation
from ssl_dynamics.problem.losses import pair_loss
from ssl_dynamics.problem.names import Loss, Metric
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import qr_retraction
from ssl_dynamics.simulation.training import pairs, require_run

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Net:
    """u = W_2ᵀW_1ᵀx (narrow: `first` = W_1 (S, d, h)) or u = W_2ᵀVx (wide: `first` = V (S, h, d)), and how it moves."""

    first: torch.Tensor
    second: torch.Tensor  # W_2 (S, h, z)
    wide: bool
    metric: Metric

    @property
    def end_to_end(self) -> torch.Tensor:
        """W = W_1W_2 or VᵀW_2, u = Wᵀx; (S, d, z)."""
        return (self.first.mT if self.wide else self.first) @ self.second


@dataclass(frozen=True)
class LowRank:
    """The matrix left · rightᵀ; left (S, m, r), right (S, k, r)."""

    left: torch.Tensor
    right: torch.Tensor


def layer_gradients(nets: Sequence[Net], views: tuple[torch.Tensor, torch.Tensor]) -> list[tuple[LowRank, LowRank]]:
    """∇L of both layers of every net, by automatic differentiation of the loss on the `pairs` (n, d) of the triplets.

    The loss sees the first layer through W_1W_2 only, so that ∇_1 = (∇_1W_2)W_2ᵀ; of autograd we ask ∇_1W_2 alone, as
    the derivative with respect to A, at A = 0, of the loss of the first layer W_1 + AW_2ᵀ (V + W_2Aᵀ where wide).
    """
    leaves, end_to_end = [], []
    for net in nets:
        second = net.second.detach().requires_grad_(True)
        first = net.first.mT if net.wide else net.first
        A = torch.zeros_like(first[..., : second.shape[-1]]).requires_grad_(True)
        end_to_end.append(first @ second + A @ (net.second.mT @ second))
        leaves += [A, second]
    W = torch.cat(end_to_end)
    N, d, z = W.shape
    columns = W.transpose(0, 1).reshape(d, N * z)  # one product for all nets and seeds
    u_anchor, u_attraction = ((x @ columns).reshape(-1, N, z).transpose(0, 1) for x in views)
    gradients = torch.autograd.grad(pair_loss(u_anchor, u_attraction).sum(), leaves)
    of_layers = []
    for net, along_second, of_second in zip(nets, gradients[::2], gradients[1::2], strict=True):
        of_first = LowRank(net.second, along_second) if net.wide else LowRank(along_second, net.second)
        identity = torch.eye(z, dtype=W.dtype).expand(len(of_second), z, z)
        of_layers.append((of_first, LowRank(of_second, identity)))
    return of_layers


def riemannian_gradient(weights: torch.Tensor, gradient: LowRank, metric: Metric) -> LowRank:
    """The Riemannian gradient ξ for ∇ = left · rightᵀ at W (S, m, k) with orthonormal columns.

    grassmann: (I − WWᵀ)∇;  stiefel: ∇ − W sym(Wᵀ∇), Euclidean metric;  canonical: ∇ − W∇ᵀW.
    Source: Edelman, Arias and Smith (1998), §2.4-2.5; docs/theory.md §3.
    """
    left, right = gradient.left, gradient.right
    M = weights.mT @ left
    if metric == "grassmann":
        return LowRank(left - weights @ M, right)
    both_right = torch.cat([right, M], -1)
    if metric not in get_args(Metric):
        raise ValueError(f"metric {metric!r} is unknown; allowed: {', '.join(map(repr, get_args(Metric)))}")
    if metric == "stiefel":
        return LowRank(torch.cat([left - weights @ M / 2, -(weights @ right) / 2], -1), both_right)
    return LowRank(torch.cat([left, -(weights @ right)], -1), both_right)


def retract_low_rank(weights: torch.Tensor, direction: LowRank) -> torch.Tensor:
    """QR retraction of W + ξ, ξ = left · rightᵀ tangent, in a basis of the hidden layer whose first axes span `right`.

    With right = BR, B orthonormal, only the columns WB move, and W + ξ keeps them orthogonal to the others, because
    WᵀW = I and Wᵀξ is skew or zero: qf(WB + left · Rᵀ) takes their place. The span is that of qf(W + ξ), at the cost of
    the rank of ξ. Source: docs/theory.md §3.
    """
    B, R = torch.linalg.qr(direction.right)
    moved = weights @ B
    turned = qr_retraction(moved, direction.left @ R.mT).weights
    return torch.baddbmm(weights, turned - moved, B.mT)


def descend(net: Net, gradients: tuple[LowRank, LowRank], learning_rate: float) -> Net:
    """One step of Riemannian gradient descent of both layers."""
    first, second = (
        retract_low_rank(weights, LowRank(-learning_rate * xi.left, xi.right))
        for weights, gradient in zip((net.first, net.second), gradients, strict=True)
        for xi in [riemannian_gradient(weights, gradient, net.metric)]
    )
    return Net(first, second, net.wide, net.metric)


@dataclass(frozen=True)
class LayerTrajectory:
    """What one net passed through at the checkpoints; S seeds, T checkpoints."""

    weights: Array  # (S, T, d, z) end to end
    orthonormality: Array  # (S,) ‖W_1ᵀW_1 − I‖_F + ‖W_2ᵀW_2 − I‖_F at the end


def train_layers(
    triplets: Triplets,
    nets: Sequence[Net],
    loss: Loss,
    *,
    learning_rate: float,
    checkpoints: Sequence[int],
    on_step: Callable[[int], None] = lambda _: None,
) -> list[LayerTrajectory]:
    """Train nets side by side, in float64; step k is gradient-flow time kη, `checkpoints` are step counts.

    `on_step(k)` is called after every step. Raises ValueError on bad shapes or values, and FloatingPointError if
    weights cease to be finite.
    """
    require_run(learning_rate, checkpoints)
    for net in nets:
        for name, layer in (("first", net.first), ("second", net.second)):
            validation.start(name, layer.cpu().numpy(), layer.shape[-2], orthonormal=True)
    views = pairs(triplets, loss)
    saved: list[list[torch.Tensor]] = []
    current = list(nets)
    step = 0
    for checkpoint in checkpoints:
        while step < checkpoint:
            gradients = layer_gradients(current, views)
            current = [descend(net, pair, learning_rate) for net, pair in zip(current, gradients, strict=True)]
            step += 1
            on_step(step)
        saved.append([net.end_to_end for net in current])
        if not all(torch.isfinite(W).all() for W in saved[-1]):
            raise FloatingPointError(f"weights are not finite after step {step}: learning rate {learning_rate:.3g}")
    return [
        LayerTrajectory(torch.stack(weights, 1).cpu().numpy(), _defect(net).cpu().numpy())
        for weights, net in zip(zip(*saved, strict=True), current, strict=True)
    ]


def _defect(net: Net) -> torch.Tensor:
    """‖W_1ᵀW_1 − I‖_F + ‖W_2ᵀW_2 − I‖_F (S,)."""
    return sum(
        (torch.linalg.matrix_norm(W.mT @ W - torch.eye(W.shape[-1], dtype=W.dtype)) for W in (net.first, net.second)),
        torch.zeros(len(net.first), dtype=net.first.dtype),
    )
