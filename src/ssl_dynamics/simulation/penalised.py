"""Training of the linear model with a penalty in place of the constraint, and on the spectral contrastive loss."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics import validation
from ssl_dynamics.problem.losses import pair_loss
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.objective_functions import spectral_contrastive
from ssl_dynamics.simulation.training import pairs, representations, require_run

Array = NDArray[np.float64]


def penalised_gradient(
    weights: torch.Tensor, views: tuple[torch.Tensor, torch.Tensor], strengths: torch.Tensor, decay: float = 0.0
) -> torch.Tensor:
    """∇_W of L + (β/2)‖WᵀW − I‖_F² + ω‖W‖_F² by automatic differentiation, for every penalty and seed; ω the `decay`.

    weights (B, S, d, z), views (n, d) the `pairs` of the triplets, strengths β (B,); returns (B, S, d, z) float64.
    """
    W = weights.detach().requires_grad_(True)
    loss = pair_loss(*representations(W.flatten(0, 1), views))
    identity = torch.eye(W.shape[-1], dtype=W.dtype)
    penalty = strengths[:, None] / 2 * (W.mT @ W - identity).square().sum((-2, -1))
    if decay:
        penalty = penalty + decay * W.square().sum((-2, -1))
    total = loss.sum() + penalty.sum()  # penalties and seeds share no weight: the sum separates
    return torch.autograd.grad(total, W)[0]


def train_penalised(
    triplets: Triplets,
    start: Array,
    loss: Loss,
    strengths: Array,
    *,
    learning_rate: float,
    checkpoints: Sequence[int],
    decay: float = 0.0,
    on_step: Callable[[], None] = lambda: None,
) -> Array:
    """W (B, S, T, d, z) of gradient descent on L + (β/2)‖WᵀW − I‖_F² at every β of `strengths` (B,), in units of C.

    With weight decay ω, in units of C, on that loss + ω‖W‖_F².
    `start` (S, d, z) float64; `checkpoints` (T,) are step counts, increasing, 0 allowed; step k is flow time kη;
    `on_step()` is called after every step. Raises ValueError on bad shapes or values, FloatingPointError if the weights
    cease to be finite (learning rate too large). Source: docs/theory.md §8.
    """
    require_run(learning_rate, checkpoints)
    validation.start("start", start, triplets.anchor.shape[1], orthonormal=False)
    views, beta = pairs(triplets, loss), to_tensor(np.asarray(strengths, dtype=np.float64))
    W = to_tensor(np.ascontiguousarray(start)).expand(len(beta), *start.shape)
    return _descend(W, lambda W: penalised_gradient(W, views, beta, decay), learning_rate, checkpoints, on_step)


def train_spectral_contrastive(
    first: Array,
    second: Array,
    start: Array,
    *,
    learning_rate: float,
    checkpoints: Sequence[int],
    on_step: Callable[[], None] = lambda: None,
) -> Array:
    """W (S, T, d, z) of gradient descent on the spectral contrastive loss of two views (n, d), all pairs of them.

    By automatic differentiation of the loss on the representations; `start` (S, d, z) float64, `checkpoints` and errors
    as in `train_penalised`. Source: docs/theory.md §8.
    """
    require_run(learning_rate, checkpoints)
    validation.start("start", start, first.shape[1], orthonormal=False)
    views = [to_tensor(np.ascontiguousarray(view)) for view in (first, second)]

    def gradient(weights: torch.Tensor) -> torch.Tensor:
        W = weights.detach().requires_grad_(True)
        total = spectral_contrastive(*representations(W, views)).sum()  # seeds share no weight: the sum separates
        return torch.autograd.grad(total, W)[0]

    return _descend(to_tensor(np.ascontiguousarray(start)), gradient, learning_rate, checkpoints, on_step)


def _descend(
    W: torch.Tensor,
    gradient: Callable[[torch.Tensor], torch.Tensor],
    learning_rate: float,
    checkpoints: Sequence[int],
    on_step: Callable[[], None],
) -> Array:
    """Weights (..., T, d, z) at the checkpoints. Raises FloatingPointError if they cease to be finite."""
    saved, step = [], 0
    for checkpoint in checkpoints:
        while step < checkpoint:
            W = W - learning_rate * gradient(W)
            step += 1
            on_step()
        if not torch.isfinite(W).all():
            raise FloatingPointError(f"weights are not finite after step {step}: learning rate {learning_rate:.3g}")
        saved.append(W)
    return torch.stack(saved, -3).cpu().numpy()
