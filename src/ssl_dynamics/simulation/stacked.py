"""Objectives of representations U (S, N, z) of stacked points, as functions of U alone."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.simulation.device import to_tensor

Array = NDArray[np.float64]
Objective = Callable[[torch.Tensor], torch.Tensor]  # representations (S, N, z) to one value a seed


def triplet_objective(loss: Loss, n: int) -> Objective:
    """The self-supervised loss on n anchors, then n positives, then (where it has them) n negatives."""

    def objective(U: torch.Tensor) -> torch.Tensor:
        anchor, positive, *negative = torch.split(U, n, dim=1)
        return loss_value(anchor, positive, negative[0] if negative else positive, loss)

    return objective


def regression_objective(target: Array) -> Objective:
    """Mean squared error (1/2N) Σ |u_i − y_i|²; target Y (S, N, z), or (N, z), one for all seeds."""
    Y = to_tensor(target)
    return lambda U: (U - Y).square().sum((-2, -1)) / (2 * U.shape[-2])
