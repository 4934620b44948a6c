"""Gradient steps put back to the nearest point of a set of weights: constraints on norms, and orthogonality."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch

from ssl_dynamics.simulation.manifolds import Step, polar_retraction


def to_frobenius_norm(weights: torch.Tensor) -> torch.Tensor:
    """Nearest W (S, d, z) with ‖W‖_F = √z, the norm of orthonormal columns."""
    nearest: torch.Tensor = weights * (weights.shape[-1] ** 0.5 / torch.linalg.matrix_norm(weights, keepdim=True))
    return nearest


def to_unit_columns(weights: torch.Tensor) -> torch.Tensor:
    """Nearest W (S, d, z) with columns of length 1."""
    nearest: torch.Tensor = weights / torch.linalg.vector_norm(weights, dim=-2, keepdim=True)
    return nearest


def to_spectral_norm(weights: torch.Tensor) -> torch.Tensor:
    """Nearest W (S, d, z) with ‖W‖₂ ≤ 1: singular values above 1 are cut.

    W ← WV min(1, 1/Σ)Vᵀ by the eigenvectors of WᵀW = VΣ²Vᵀ: what is small is not touched, and loses no digit.
    """
    squares, V = torch.linalg.eigh(weights.mT @ weights)
    nearest: torch.Tensor = weights @ ((V * squares.clamp(min=1).rsqrt()[..., None, :]) @ V.mT)
    return nearest


def to_orthonormal(weights: torch.Tensor) -> torch.Tensor:
    """Nearest W (S, d, z) with WᵀW = I, the polar factor."""
    return polar_retraction(weights, torch.zeros_like(weights)).weights


@dataclass(frozen=True)
class Projected:
    """W ← Π(W − η∇L), Π the nearest point of a set that orthonormal W (S, d, z) belong to; defect ‖Π(S) − S‖_F."""

    bounded: ClassVar[bool] = True
    nearest: Callable[[torch.Tensor], torch.Tensor]

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        moved = weights - learning_rate * gradient
        nearest = self.nearest(moved)
        return Step(nearest, torch.linalg.matrix_norm(nearest - moved))
