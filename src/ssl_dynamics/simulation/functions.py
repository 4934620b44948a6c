"""Training in function space: the representations U of N points move on a fixed kernel, all seeds side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics import validation
from ssl_dynamics.problem.losses import attraction, pair_loss
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.training import require_run

Array = NDArray[np.float64]
Map = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class FunctionTrajectory:
    """Representations at the checkpoints; S seeds, T checkpoints. They are `functions` · exp(`log_scale`)."""

    functions: Array  # (S, T, N, z)
    log_scale: Array  # (S, T)


def train_triplet_functions(
    kernel: Array,
    start: Array,
    loss: Loss,
    *,
    learning_rate: float,
    checkpoints: Sequence[int],
    decay: Array | None = None,
    on_step: Callable[[int], None] = lambda _: None,
) -> FunctionTrajectory:
    """Gradient descent of a self-supervised loss on a fixed kernel, U ← U − η(K ∇_U L + 2δU).

    This is what steps W ← W − η(∇_W L + 2δW) do to U = ΨW, K = ΨΨᵀ: a model linear in its weights, with weight decay δ.

    kernel K (3n, 3n); start (S, 3n, z): anchors, positives, negatives; `decay` δ, one for each seed (S,), none
    unless given. Checkpoints, callback and errors as in `simulation.training.train`; between checkpoints U is divided
    by its norm, with which the steps commute.
    """
    n = len(validation.symmetric_matrix("kernel", kernel)) // 3
    if start.ndim != 3 or start.shape[1] != len(kernel) or 3 * n != len(kernel):
        raise ValueError(
            f"kernel and start must have shapes (3n, 3n) and (S, 3n, z); got {kernel.shape}, {start.shape}"
        )

    def seen(rows: torch.Tensor) -> torch.Tensor:
        anchor, positive, negative = torch.split(rows, n)
        return torch.cat([anchor, attraction(positive, negative, loss)])

    def objective(V: torch.Tensor) -> torch.Tensor:
        anchor, attracting = (part.transpose(0, 1) for part in torch.split(V, n))
        return pair_loss(anchor, attracting).sum()  # seeds share nothing: the sum separates

    shrinkage = np.zeros(len(start)) if decay is None else 2 * decay
    return _descend(
        kernel,
        start,
        learning_rate,
        checkpoints,
        seen=seen,
        objective=objective,
        on_step=on_step,
        shrinkage=shrinkage,
    )


def train_regression_functions(
    kernel: Array,
    start: Array,
    target: Array,
    *,
    learning_rate: float,
    checkpoints: Sequence[int],
    on_step: Callable[[int], None] = lambda _: None,
) -> FunctionTrajectory:
    """Gradient descent of ½‖U − Y‖² on a fixed kernel, U ← U − ηK ∇_U L: multivariate regression.

    kernel K (N, N); start and target Y (S, N, z); checkpoints, callback and errors as in `train_triplet_functions`.
    """
    validation.symmetric_matrix("kernel", kernel)
    if start.ndim != 3 or start.shape[1] != len(kernel) or target.shape != start.shape:
        raise ValueError(
            f"kernel, start and target must have shapes (N, N), (S, N, z), (S, N, z); got {kernel.shape}, "
            f"{start.shape}, {target.shape}"
        )
    Y = to_tensor(target).transpose(0, 1)

    def all_of(rows: torch.Tensor) -> torch.Tensor:
        return rows

    def objective(U: torch.Tensor) -> torch.Tensor:
        return (U - Y).square().sum() / 2

    return _descend(
        kernel,
        start,
        learning_rate,
        checkpoints,
        seen=all_of,
        objective=objective,
        on_step=on_step,
        shrinkage=None,
    )


def _descend(
    kernel: Array,
    start: Array,
    learning_rate: float,
    checkpoints: Sequence[int],
    *,
    seen: Map,
    objective: Map,
    on_step: Callable[[int], None],
    shrinkage: Array | None,
) -> FunctionTrajectory:
    """Preconditioned gradient descent; with a `shrinkage`, of a homogeneous objective, rescaled at the checkpoints.

    The objective reads V = TU, the linear map `seen` of the rows: (KTᵀ)∇_V = K∇_U takes fewer products the fewer rows
    V has.
    """
    require_run(learning_rate, checkpoints)
    towards = seen(to_tensor(kernel)).mT.contiguous()  # KTᵀ, for K is symmetric
    U = to_tensor(start).transpose(0, 1).contiguous()  # (N, S, z): one product for all seeds
    log_scale = torch.zeros(U.shape[1], dtype=U.dtype)
    kept = None if shrinkage is None else (1 - learning_rate * to_tensor(shrinkage))[:, None]
    saved: list[tuple[torch.Tensor, torch.Tensor]] = []
    step = 0
    for checkpoint in checkpoints:
        while step < checkpoint:
            gradient = _gradient(objective, seen(U))
            moved = learning_rate * (towards @ gradient.reshape(len(gradient), -1)).reshape(U.shape)
            U = (U if kept is None else kept * U) - moved
            step += 1
            on_step(step)
        if not torch.isfinite(U).all():
            raise FloatingPointError(
                f"representations are not finite after step {step}: learning rate {learning_rate:.3g}"
            )
        saved.append((U.transpose(0, 1), log_scale))
        if kept is not None:
            norm = U.square().sum((0, 2)).sqrt()
            U, log_scale = U / norm[:, None], log_scale + torch.log(norm)
    functions, scales = (torch.stack(part, 1).cpu().numpy() for part in zip(*saved, strict=True))
    return FunctionTrajectory(functions, scales)


def _gradient(objective: Map, V: torch.Tensor) -> torch.Tensor:
    variable = V.detach().requires_grad_(True)
    return torch.autograd.grad(objective(variable), variable)[0]
