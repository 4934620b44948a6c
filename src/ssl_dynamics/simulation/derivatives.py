"""Functions with a derivative of their own, where that of torch takes more passes over large arrays."""

import math
from collections.abc import Callable
from typing import Any

import torch

from ssl_dynamics.problem.names import Activation


class _Erf(torch.autograd.Function):
    """erf(a), differentiated in the memory of one array: torch takes five passes, each with an array of its own."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(a)
        return torch.erf(a)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (a,) = ctx.saved_tensors
        slopes: torch.Tensor = a.square().neg_().exp_().mul_(2 / math.sqrt(math.pi))
        return slopes.mul_(gradient)


class _Readout(torch.autograd.Function):
    """FVᵀ: the derivative in V is a product with few rows, where torch takes its transpose, with few columns."""

    @staticmethod
    def forward(ctx: Any, F: torch.Tensor, V: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(F, V)
        return F @ V.mT

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        F, V = ctx.saved_tensors
        return gradient @ V, gradient.mT @ F


# The error function of each entry.
erf: Callable[[torch.Tensor], torch.Tensor] = _Erf.apply
# φ, in the memory of its argument, and its factor, which is kept with the 1/√h: passes over all features fewer.
ACTIVATIONS: dict[Activation, tuple[Callable[[torch.Tensor], torch.Tensor], float]] = {
    "identity": (lambda a: a, 1.0),
    "relu": (torch.relu_, math.sqrt(2)),
    "erf": (erf, 1.0),
}
# U = FVᵀ (S, N, z) of features F (S, N, h) and weights V (S, z, h).
readout: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = _Readout.apply
