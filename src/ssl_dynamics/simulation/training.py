"""Full-batch training of the linear model u = Wᵀx, all seeds side by side in one matrix product."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics import validation
from ssl_dynamics.problem.losses import attraction, pair_loss
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.manifolds import Manifold, horizontal, qr_retraction

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Trajectory:
    """What training passed through at the checkpoints; S seeds, T checkpoints.

    The weights are `weights` · exp(`log_scale`): unconstrained weights grow without bound.
    """

    weights: Array  # (S, T, d, z)
    log_scale: Array  # (S, T)
    retraction_defect: Array  # (S, T) ‖R − I‖_F of the step that leaves the checkpoint (0 where unconstrained)
    euclidean_defect: Array  # (S, T) the same, had that step not been projected to the horizontal space


@dataclass(frozen=True)
class Run:
    """Gradient descent by the steps of a manifold, with a step size, to checkpoints: step counts, increasing."""

    manifold: Manifold
    learning_rate: float
    checkpoints: Sequence[int]


def pairs(triplets: Triplets, loss: Loss) -> tuple[torch.Tensor, torch.Tensor]:
    """Anchors and what attracts them, x⁺ − x⁻ or x⁺, each (n, d): all that a linear model need see of the triplets.

    The model is linear (which says nothing of the solution), so that u⁺ − u⁻ = Wᵀ(x⁺ − x⁻): a step takes four products
    with the data instead of six.
    """
    anchor, positive, negative = (to_tensor(part) for part in (triplets.anchor, triplets.positive, triplets.negative))
    return anchor, attraction(positive, negative, loss)


def representations(W: torch.Tensor, views: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """U = XW of every view X (n, d) for every seed; W (S, d, z); each (S, n, z)."""
    S, d, z = W.shape
    # One product for all seeds; UᵀXᵀ, since BLAS likes few rows better than few columns. Of one seed reshape is a view:
    # its gradient would be laid out as W is, in products three times as slow.
    rows = W.mT.reshape(S * z, d).contiguous()
    return [(rows @ x.mT).reshape(S, z, -1).mT for x in views]


def loss_gradient(weights: torch.Tensor, views: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """∇_W L for every seed by automatic differentiation of the loss on the `pairs` (n, d) of the triplets.

    weights (S, d, z); returns (S, d, z) float64.
    """
    W = weights.detach().requires_grad_(True)
    u_anchor, u_attraction = representations(W, views)
    total = pair_loss(u_anchor, u_attraction).sum()  # seeds share no weight: the sum separates
    return torch.autograd.grad(total, W)[0]


def require_run(learning_rate: float, checkpoints: Sequence[int]) -> None:
    """Raise ValueError unless the learning rate is positive and the checkpoints are step counts that increase."""
    if not 0 < learning_rate < float("inf"):
        raise ValueError(f"learning_rate must be a positive number; got {learning_rate}")
    counts = validation.step_counts("checkpoints", checkpoints)
    if (np.diff(counts) == 0).any():
        raise ValueError(f"checkpoints must increase; got {list(checkpoints)}")


def train(
    triplets: Triplets,
    start: Array,
    loss: Loss,
    manifold: Manifold,
    *,
    learning_rate: float,
    checkpoints: Sequence[int],
    on_step: Callable[[int], None] = lambda _: None,
) -> Trajectory:
    """Gradient descent from `start` (S, d, z) float64; step k is gradient-flow time kη.

    `checkpoints` are step counts, strictly increasing, 0 allowed; `on_step(k)` is called after every step.
    Between checkpoints unconstrained weights are divided by their norm, which is kept in `log_scale`: the
    losses are homogeneous of degree two, so steps commute with scaling and only overflow is avoided.
    Raises ValueError on bad shapes or values, and FloatingPointError if the weights cease to be finite (learning rate
    too large).
    """
    runs = [Run(manifold, learning_rate, checkpoints)]
    return train_side_by_side(triplets, start, loss, runs, on_step=on_step)[0]


def train_side_by_side(
    triplets: Triplets,
    start: Array,
    loss: Loss,
    runs: Sequence[Run],
    *,
    on_step: Callable[[int], None] = lambda _: None,
) -> list[Trajectory]:
    """`train` of several runs from one start, which share the products with the data for as long as each lasts.

    `on_step(k)` is called after every step k of every run. Errors as in `train`.
    """
    for run in runs:
        require_run(run.learning_rate, run.checkpoints)
        validation.start("start", start, triplets.anchor.shape[1], orthonormal=run.manifold.bounded)
    views, W = pairs(triplets, loss), to_tensor(np.ascontiguousarray(start))
    courses = [_course(W, run, on_step) for run in runs]
    ahead = {index: next(course) for index, course in enumerate(courses)}
    trajectories: dict[int, Trajectory] = {}
    while ahead:
        gradients = torch.split(loss_gradient(torch.cat(list(ahead.values())), views), len(W))
        for index, gradient in zip(list(ahead), gradients, strict=True):
            try:
                ahead[index] = courses[index].send(gradient)
            except StopIteration as end:
                trajectories[index] = end.value
                del ahead[index]
    return [trajectories[index] for index in range(len(runs))]


def _course(
    start: torch.Tensor, run: Run, on_step: Callable[[int], None]
) -> Generator[torch.Tensor, torch.Tensor, Trajectory]:
    """The trajectory of a run, which yields weights and is sent the gradient of the loss there."""
    W, manifold, learning_rate = start, run.manifold, run.learning_rate
    log_scale = torch.zeros(len(W), dtype=W.dtype)
    saved: list[tuple[torch.Tensor, ...]] = []
    gradient = yield W
    step = 0
    for checkpoint in run.checkpoints:
        while step < checkpoint:
            W = manifold.step(W, gradient, learning_rate).weights
            gradient = yield W
            step += 1
            on_step(step)
        if not torch.isfinite(W).all():
            raise FloatingPointError(f"weights are not finite after step {step}: learning rate {learning_rate:.3g}")
        leaving = manifold.step(W, gradient, learning_rate).retraction_defect
        euclidean = qr_retraction(W, -learning_rate * gradient).retraction_defect if manifold.bounded else leaving
        saved.append((W, log_scale, leaving, euclidean))
        if not manifold.bounded:
            norm = torch.linalg.matrix_norm(W)
            W, gradient = (part / norm[:, None, None] for part in (W, gradient))
            log_scale = log_scale + torch.log(norm)
    weights, scales, leaving_defects, euclidean_defects = (
        torch.stack(part, 1).cpu().numpy() for part in zip(*saved, strict=True)
    )
    return Trajectory(weights, scales, leaving_defects, euclidean_defects)


def follow(
    downhill: Callable[[torch.Tensor], torch.Tensor],
    move: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    start: torch.Tensor,
    *,
    largest_step: float,
    times: Sequence[float],
    on_segment: Callable[[], None],
) -> torch.Tensor:
    """W (..., T, d, z) of the flow Ẇ = `downhill`(W) at `times`, by Runge-Kutta steps of order 4.

    `move`(W, ξ) takes a step ξ. Between `times` (T,), from 0 on, increasing, the fewest equal steps not above
    `largest_step` are taken; `on_segment()` is called at each. Raises ValueError on other times.
    """
    segments = np.diff(np.asarray(times, dtype=np.float64), prepend=0.0)
    if not (segments[:1] >= 0).all() or not (segments[1:] > 0).all():
        raise ValueError(f"times must start at 0 or later and increase; got {list(times)}")
    W, saved = start, []
    for segment in segments:
        steps = math.ceil(segment / largest_step * (1 - 1e-12))
        for _ in range(steps):
            step = segment / steps
            k1 = downhill(W)
            k2 = downhill(W + step / 2 * k1)
            k3 = downhill(W + step / 2 * k2)
            k4 = downhill(W + step * k3)
            W = move(W, step / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        saved.append(W)
        on_segment()
    return torch.stack(saved, -3)


def train_flow(
    triplets: Triplets,
    start: Array,
    loss: Loss,
    *,
    largest_step: float,
    times: Sequence[float],
    on_segment: Callable[[], None] = lambda: None,
) -> Array:
    """W (S, T, d, z) of the flow Ẇ = −(I − WWᵀ)∇L under WᵀW = I, by Runge-Kutta steps of order 4, each ended by QR.

    `start` (S, d, z) float64 orthonormal; `times` (T,) from 0 on, increasing, between which the fewest equal steps not
    above `largest_step` are taken; `on_segment()` is called at each. Stable up to a step of 2.78/(fastest rate, at most
    4‖C‖). Raises ValueError on bad shapes or values. Source: docs/theory.md §3.
    """
    validation.start("start", start, triplets.anchor.shape[1], orthonormal=True)
    views = pairs(triplets, loss)
    return (
        follow(
            lambda W: -horizontal(W, loss_gradient(W, views)),
            lambda W, step: qr_retraction(W, step).weights,
            to_tensor(np.ascontiguousarray(start)),
            largest_step=largest_step,
            times=times,
            on_segment=on_segment,
        )
        .cpu()
        .numpy()
    )
