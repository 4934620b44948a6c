"""Where the weights live: how a Euclidean gradient becomes a step."""

from dataclasses import dataclass
from typing import Protocol

import torch


@dataclass(frozen=True)
class Step:
    """A step taken: the new weights, and how far the step itself (before it was pulled back) left the manifold."""

    weights: torch.Tensor  # (S, d, z)
    retraction_defect: torch.Tensor  # (S,)


class Manifold(Protocol):
    """Turns weights, Euclidean gradient and learning rate into a step."""

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step: ...


class Euclidean:
    """No constraint: W ← W − η∇L."""

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        return Step(weights - learning_rate * gradient, torch.zeros(len(weights), dtype=weights.dtype))


class Grassmannian:
    """Riemannian gradient descent on Gr(z, d) with QR retraction: W ← qf(W − η(I − WWᵀ)∇L).

    Points are represented by orthonormal W (S, d, z). The projected gradient ξ is horizontal (Wᵀξ = 0), so
    QR = W − ηξ has RᵀR = I + η²ξᵀξ: the defect ‖R − I‖_F is of second order in η. Source: Absil, Mahony and
    Sepulchre (2008), ch. 4; docs/theory.md §3.
    """

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        return retract(weights, -learning_rate * horizontal(weights, gradient))


def horizontal(weights: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """(I − WWᵀ)ξ, the horizontal part of a direction; (S, d, z)."""
    return direction - weights @ (weights.mT @ direction)


def retract(weights: torch.Tensor, direction: torch.Tensor) -> Step:
    """The orthonormal QR factor of W + ξ (diagonal of R positive) and ‖R − I‖_F; (S, d, z), (S,)."""
    Q, R = torch.linalg.qr(weights + direction)
    signs = torch.sign(torch.diagonal(R, dim1=-2, dim2=-1))
    identity = torch.eye(R.shape[-1], dtype=R.dtype)
    return Step(Q * signs[:, None, :], torch.linalg.matrix_norm(signs[:, :, None] * R - identity))
