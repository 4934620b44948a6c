"""Self-supervised losses, written on the representations of the triplets; the simulation differentiates them."""

import torch

from ssl_dynamics.problem.settings import Loss


def loss_value(u_anchor: torch.Tensor, u_positive: torch.Tensor, u_negative: torch.Tensor, loss: Loss) -> torch.Tensor:
    """Dot-product loss, averaged over the triplets, one value for every leading index.

    contrastive:      L = (1/n) Σ_i u_iᵀ(u_i⁻ − u_i⁺)
    non-contrastive:  L = −(1/n) Σ_i u_iᵀ u_i⁺

    u_* (..., n, z); returns (...). Raises ValueError for an unknown loss. Knows nothing of the quadratic form C.
    Source: docs/theory.md §1.
    """
    if loss == "contrastive":
        return (u_anchor * (u_negative - u_positive)).sum((-2, -1)) / u_anchor.shape[-2]
    if loss == "non-contrastive":
        return -(u_anchor * u_positive).sum((-2, -1)) / u_anchor.shape[-2]
    raise ValueError(f"loss {loss!r} is unknown; allowed: 'contrastive', 'non-contrastive'")
