"""Training of the linear model on a loss like that of Barlow Twins, all seeds side by side."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics import validation
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.training import follow, pairs, representations

Array = NDArray[np.float64]


def cross_moment(weights: torch.Tensor, views: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """(1/n) Σ ½(u_i a_iᵀ + a_i u_iᵀ) (S, z, z) of the representations of the `pairs`; weights (S, d, z)."""
    u, a = representations(weights, views)
    moment = u.mT @ a / u.shape[-2]
    return (moment + moment.mT) / 2


def whitening_gradient(weights: torch.Tensor, views: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """∇_W ‖M − I‖_F², M the `cross_moment`, for every seed by automatic differentiation; shapes (S, d, z)."""
    W = weights.detach().requires_grad_(True)
    moment = cross_moment(W, views)
    identity = torch.eye(W.shape[-1], dtype=W.dtype)
    total = (moment - identity).square().sum()  # seeds share no weight: the sum separates
    return torch.autograd.grad(total, W)[0]


def train_stepwise(
    triplets: Triplets,
    start: Array,
    loss: Loss,
    *,
    largest_step: float,
    times: Sequence[float],
    on_segment: Callable[[], None] = lambda: None,
) -> tuple[Array, Array]:
    """W (S, T, d, z) of the flow Ẇ = −∇‖M − I‖_F² by Runge-Kutta steps of order 4, and M (S, T, z, z) on the triplets.

    M is the cross-moment of the anchors' representations and of what attracts them in `loss`: their positives, or
    positives less negatives, which centres them. `start` (S, d, z) float64; `times` (T,) from 0 on, increasing, between
    which the fewest equal steps not above `largest_step` are taken; `on_segment()` is called at each. Stable up to a
    step of 2.78/(fastest rate, 8‖Γ‖ once learned). Raises ValueError on bad shapes or values, FloatingPointError if the
    weights cease to be finite. Source: docs/theory.md §12.
    """
    validation.start("start", start, triplets.anchor.shape[1], orthonormal=False)
    views = pairs(triplets, loss)
    weights = follow(
        lambda W: -whitening_gradient(W, views),
        torch.add,
        to_tensor(np.ascontiguousarray(start)),
        largest_step=largest_step,
        times=times,
        on_segment=on_segment,
    )
    if not torch.isfinite(weights).all():
        raise FloatingPointError(f"weights are not finite: largest step {largest_step:.3g}")
    moments = torch.stack([cross_moment(W, views) for W in weights.unbind(1)], 1)
    return weights.cpu().numpy(), moments.cpu().numpy()
