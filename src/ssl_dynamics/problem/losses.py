"""Self-supervised losses, written on the representations of the triplets; the simulation differentiates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssl_dynamics.problem.names import Loss

if TYPE_CHECKING:  # what stands here works on any arrays
    import torch


def attraction(positive: torch.Tensor, negative: torch.Tensor, loss: Loss) -> torch.Tensor:
    """What an anchor is drawn to: u⁺ − u⁻ in the contrastive loss, u⁺ in the non-contrastive one; shapes (..., n, z).

    Raises ValueError for an unknown loss.
    """
    if loss == "contrastive":
        return positive - negative
    if loss == "non-contrastive":
        return positive
    raise ValueError(f"loss {loss!r} is unknown; allowed: 'contrastive', 'non-contrastive'")


def pair_loss(u_anchor: torch.Tensor, u_attraction: torch.Tensor) -> torch.Tensor:
    """−(1/n) Σ_i u_iᵀ a_i, averaged over the pairs, one value for every leading index; u_* (..., n, z) to (...)."""
    return -(u_anchor * u_attraction).sum((-2, -1)) / u_anchor.shape[-2]


def loss_value(u_anchor: torch.Tensor, u_positive: torch.Tensor, u_negative: torch.Tensor, loss: Loss) -> torch.Tensor:
    """Dot-product loss, averaged over the triplets, one value for every leading index.

    contrastive:      L = (1/n) Σ_i u_iᵀ(u_i⁻ − u_i⁺)
    non-contrastive:  L = −(1/n) Σ_i u_iᵀ u_i⁺

    u_* (..., n, z); returns (...). Raises ValueError for an unknown loss. Knows nothing of the quadratic form C.
    Source: docs/theory.md §1.
    """
    return pair_loss(u_anchor, attraction(u_positive, u_negative, loss))
