"""Training of the linear model under WᵀW = I on any objective, every seed with a step size of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.names import Objective
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.manifolds import qr_retraction
from ssl_dynamics.simulation.objective_functions import OBJECTIVES, info_nce
from ssl_dynamics.simulation.training import Array, representations
from ssl_dynamics.unsettled import Unsettled

# A step is accepted if the loss falls by this share of what its slope promises: on a quadratic, if the step is at most
# 0.4 of the inverse curvature along it, so that steps follow the flow. Growth and shrinkage keep steps near that.
SUFFICIENT_DECREASE = 0.8
GROWTH, SHRINKAGE = 1.25, 0.5
FIRST_MOVE = 0.01  # length of the first step that is tried, ‖ηξ‖_F

Value = Callable[..., torch.Tensor]


@dataclass(frozen=True)
class Descent:
    """Descent on one objective; S seeds, K iterations, T checkpoints. Times are gradient-flow times Σ η."""

    checkpoints: NDArray[np.int64]  # (T,) iterations, from 0 to K
    weights: Array  # (S, T, d, z)
    times: Array  # (S, K + 1)
    losses: Array  # (S, K + 1)
    gradient_norms: Array  # (S, K + 1) ‖ξ‖_F of the Riemannian gradient


def stiefel_gradient(W: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """∇ − W sym(Wᵀ∇): the Riemannian gradient on the Stiefel manifold, Euclidean metric; (S, d, z).

    It differs from the Grassmannian (I − WWᵀ)∇ by the rotation W skew(Wᵀ∇) within the span, which vanishes where the
    objective is unchanged by rotations of the representation: the two descents are one then. Source: docs/theory.md §7.
    """
    inner = W.mT @ gradient
    return gradient - W @ (inner + inner.mT) / 2


def value_and_gradient(
    weights: torch.Tensor, views: Sequence[torch.Tensor], value: Value
) -> tuple[torch.Tensor, torch.Tensor]:
    """Objective (S,) and its Riemannian gradient (S, d, z), by automatic differentiation on the representations."""
    W = weights.detach().requires_grad_(True)
    losses = value(*representations(W, views))
    gradient = torch.autograd.grad(losses.sum(), W)[0]  # seeds share no weight: the sum separates
    return losses.detach(), stiefel_gradient(weights, gradient)


def descend(
    triplets: Triplets,
    start: Array,
    objective: Objective,
    *,
    checkpoints: Sequence[int],
    tolerance: float,
    on_step: Callable[[], None] = lambda: None,
) -> Descent:
    """Riemannian gradient descent with QR retraction from `start` (S, d, z), a step size for each seed.

    An iteration tries W ← qf(W − ηξ). Where the loss falls by at least 0.8 η‖ξ‖² the seed moves, its time advances by η
    and its η grows by 1.25; where not, it stays and its η is halved. No constant depends on the scale of an objective.
    `checkpoints` are iterations, ascending from 0; the last is the end, unless ‖ξ‖_F of every seed has before fallen to
    `tolerance` times its start, which ends the descent and is a checkpoint then. `on_step()` is called after each.
    Source: Armijo's rule; Absil, Mahony and Sepulchre (2008), ch. 4.
    """
    data = _views(triplets, negatives=objective == "dot-product")
    W = to_tensor(np.ascontiguousarray(start))
    losses, xi = value_and_gradient(W, data, OBJECTIVES[objective])
    norms = first = _norm(xi)
    times, rates = torch.zeros_like(losses), FIRST_MOVE / first
    trace, saved = [(times, losses, norms)], {0: W}
    for iteration in range(1, checkpoints[-1] + 1):
        tried = qr_retraction(W, -rates[:, None, None] * xi).weights
        tried_losses, tried_xi = value_and_gradient(tried, data, OBJECTIVES[objective])
        moves = tried_losses <= losses - SUFFICIENT_DECREASE * rates * norms.square()
        W, xi = (torch.where(moves[:, None, None], new, old) for new, old in ((tried, W), (tried_xi, xi)))
        losses = torch.where(moves, tried_losses, losses)
        times = torch.where(moves, times + rates, times)
        rates = torch.where(moves, GROWTH * rates, SHRINKAGE * rates)
        norms = _norm(xi)
        trace.append((times, losses, norms))
        on_step()
        converged = bool((norms <= tolerance * first).all())
        if converged or iteration in checkpoints:
            saved[iteration] = W
        if converged:
            break
    columns = [torch.stack(part, 1).cpu().numpy() for part in zip(*trace, strict=True)]
    return Descent(np.array(list(saved)), torch.stack(list(saved.values()), 1).cpu().numpy(), *columns)


def info_nce_solutions(
    triplets: Triplets,
    start: Array,
    temperatures: Array,
    *,
    tolerance: float,
    max_iterations: int,
    on_step: Callable[[], None] = lambda: None,
) -> Array:
    """Minimisers (S, K, d, z) of InfoNCE with dot-product similarity, from `start` (S, d, z), at K temperatures.

    Barzilai-Borwein steps η = |⟨ΔW, Δξ⟩|/‖Δξ‖², all seeds and temperatures side by side, until ‖ξ‖_F of every one is
    below `tolerance` times its start. Raises Unsettled if that takes more than `max_iterations`.
    Source: Wen and Yin (2013), §3.2 (steps without line search).
    """
    data = _views(triplets, negatives=False)
    S, K = len(start), len(temperatures)
    W = to_tensor(np.repeat(start, K, axis=0))
    tau = to_tensor(np.tile(temperatures, S))

    def value(u: torch.Tensor, u_positive: torch.Tensor) -> torch.Tensor:
        return tau * info_nce(u, u_positive, tau)  # τL: its gradient has one size at every temperature

    _, xi = value_and_gradient(W, data, value)
    first = _norm(xi)
    rates = FIRST_MOVE / first
    for _ in range(max_iterations):
        moved = qr_retraction(W, -rates[:, None, None] * xi).weights
        _, new_xi = value_and_gradient(moved, data, value)
        dW, dxi = moved - W, new_xi - xi
        rates = (dW * dxi).sum((-2, -1)).abs() / dxi.square().sum((-2, -1)).clamp_min(torch.finfo(W.dtype).tiny)
        W, xi = moved, new_xi
        on_step()
        if bool((_norm(xi) <= tolerance * first).all()):
            return W.cpu().numpy().reshape(S, K, *W.shape[1:])
    left = float((_norm(xi) / first).max())
    raise Unsettled(f"InfoNCE: {left:.3g} of the first gradient is left after {max_iterations} iterations")


def _views(triplets: Triplets, *, negatives: bool) -> list[torch.Tensor]:
    """Anchors, positives and, where the objective reads them, negatives (n, d): each is a product of every step."""
    views = [triplets.anchor, triplets.positive, *([triplets.negative] if negatives else [])]
    return [to_tensor(view) for view in views]


def _norm(xi: torch.Tensor) -> torch.Tensor:
    norm: torch.Tensor = torch.linalg.matrix_norm(xi)
    return norm
