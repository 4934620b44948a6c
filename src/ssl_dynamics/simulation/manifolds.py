"""Where the weights live: how a Euclidean gradient becomes a step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch


@dataclass(frozen=True)
class Step:
    """A step taken: the new weights, and how far the step itself (before it was pulled back) left the manifold."""

    weights: torch.Tensor  # (S, d, z)
    retraction_defect: torch.Tensor  # (S,)


class Manifold(Protocol):
    """Turns weights, Euclidean gradient and learning rate into a step; `bounded` if weights cannot grow."""

    bounded: ClassVar[bool]

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step: ...


class Euclidean:
    """No constraint: W ← W − η∇L."""

    bounded: ClassVar[bool] = False

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        return Step(weights - learning_rate * gradient, torch.zeros(len(weights), dtype=weights.dtype))


def horizontal(weights: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """(I − WWᵀ)ξ, the horizontal part of a direction; (S, d, z)."""
    return direction - weights @ (weights.mT @ direction)


def qr_retraction(weights: torch.Tensor, direction: torch.Tensor) -> Step:
    """Q of W + ξ = QR (diagonal of R positive); defect ‖R − I‖_F. Shapes (S, d, z), (S,)."""
    Q, R = torch.linalg.qr(weights + direction)
    signs = torch.sign(torch.diagonal(R, dim1=-2, dim2=-1))
    identity = torch.eye(R.shape[-1], dtype=R.dtype)
    return Step(Q * signs[:, None, :], torch.linalg.matrix_norm(signs[:, :, None] * R - identity))


def polar_retraction(weights: torch.Tensor, direction: torch.Tensor) -> Step:
    """Orthonormal factor UVᵀ of W + ξ = UΣVᵀ, the nearest orthonormal matrix; defect ‖Σ − I‖_F."""
    U, sigma, Vt = torch.linalg.svd(weights + direction, full_matrices=False)
    return Step(U @ Vt, torch.linalg.vector_norm(sigma - 1, dim=-1))


def geodesic(weights: torch.Tensor, direction: torch.Tensor) -> Step:
    """Exponential map: W V cos(Σ) Vᵀ + U sin(Σ) Vᵀ for a horizontal ξ = UΣVᵀ; it never leaves the manifold.

    Source: Edelman, Arias and Smith (1998), eq. 2.65. A QR removes the rounding that thousands of steps would pile up.
    """
    U, sigma, Vt = torch.linalg.svd(direction, full_matrices=False)
    moved = (weights @ Vt.mT * torch.cos(sigma)[:, None, :] + U * torch.sin(sigma)[:, None, :]) @ Vt
    clean = qr_retraction(moved, torch.zeros_like(moved)).weights
    return Step(clean, torch.zeros(len(weights), dtype=weights.dtype))


@dataclass(frozen=True)
class Grassmannian:
    """Riemannian gradient descent on Gr(z, d): W ← R_W(−η(I − WWᵀ)∇L) with a retraction R, by default QR.

    Points are represented by orthonormal W (S, d, z). The projected gradient ξ is horizontal (Wᵀξ = 0), so
    QR = W − ηξ has RᵀR = I + η²ξᵀξ: the defect ‖R − I‖_F is of second order in η. Source: Absil, Mahony and
    Sepulchre (2008), ch. 4; docs/theory.md §3.
    """

    bounded: ClassVar[bool] = True
    retraction: Callable[[torch.Tensor, torch.Tensor], Step] = qr_retraction

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        return self.retraction(weights, -learning_rate * horizontal(weights, gradient))


@dataclass(frozen=True)
class SideBySide:
    """Starts with a step size each: `factors` (S,) in units of the learning rate; the steps are those of `manifold`."""

    bounded: ClassVar[bool] = True
    manifold: Grassmannian
    factors: torch.Tensor

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        return self.manifold.step(weights, self.factors[:, None, None] * gradient, learning_rate)


class OrthogonalIteration:
    """The Euclidean gradient step pulled back by QR, without the horizontal projection: W ← qf(W − η∇L)."""

    bounded: ClassVar[bool] = True

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        return qr_retraction(weights, -learning_rate * gradient)


class Unretracted:
    """The horizontal step never pulled back, W ← W − η(I − WWᵀ)∇L: what the retraction is needed for."""

    bounded: ClassVar[bool] = True  # near WᵀW = I, which attracts where WᵀCW is negative

    def step(self, weights: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> Step:
        moved = weights - learning_rate * horizontal(weights, gradient)
        return Step(moved, torch.zeros(len(weights), dtype=weights.dtype))
