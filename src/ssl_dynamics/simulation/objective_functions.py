"""Objectives beyond the dot product, on the representations of the triplets; the simulation differentiates them.

All but VICReg and Barlow Twins are unchanged by a rotation u → Qᵀu of the representation (docs/theory.md §7).
"""

import math
from collections.abc import Callable

import torch
from torch.nn.functional import normalize, relu

from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.problem.names import Loss, Objective

NT_XENT_TEMPERATURE = 0.5
INFO_NCE_TEMPERATURE = 1.0

# Weights of the terms as their authors chose them.
VICREG_INVARIANCE, VICREG_VARIANCE, VICREG_COVARIANCE = 25.0, 25.0, 1.0
VICREG_TARGET, VICREG_EPSILON = 1.0, 1e-4  # standard deviation to reach; keeps the root smooth
BARLOW_REDUNDANCY = 5e-3


def dot_product(u: torch.Tensor, u_positive: torch.Tensor, u_negative: torch.Tensor) -> torch.Tensor:
    """(1/n) Σ_i u_iᵀ(u_i⁻ − u_i⁺): the contrastive loss of `problem.losses`. u_* (..., n, z); returns (...)."""
    return loss_value(u, u_positive, u_negative, "contrastive")


def cosine(u: torch.Tensor, u_positive: torch.Tensor, u_negative: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The losses of `problem.losses` with cosine similarity, on u/|u|: bounded by −2 (−1 without negatives).

    u_* (..., n, z), z ≥ 2 and no row zero; returns (...). Raises ValueError for z = 1, where a cosine is a sign.
    """
    if u.shape[-1] < 2:
        raise ValueError(f"cosine similarity needs z >= 2; got representations of shape {tuple(u.shape)}")
    anchor, positive, negative = (normalize(part, dim=-1, eps=0) for part in (u, u_positive, u_negative))
    return loss_value(anchor, positive, negative, loss)


def info_nce(u: torch.Tensor, u_positive: torch.Tensor, temperature: torch.Tensor | float) -> torch.Tensor:
    """−(1/n) Σ_i ln[e^{s_ii/τ} / Σ_j e^{s_ij/τ}], s_ij = u_iᵀu_j⁺: dot-product similarity, in-batch negatives.

    u, u_positive (..., n, z); temperature τ one number, or one for every leading index; returns (...).
    Source: van den Oord, Li and Vinyals (2018), eq. 4; docs/theory.md §7 for its limit τ → ∞.
    """
    scale = torch.as_tensor(temperature, dtype=u.dtype)[..., None, None]
    similarity = u @ (u_positive / scale).mT
    own = (u * u_positive / scale).sum(-1)
    return (torch.logsumexp(similarity, -1) - own).mean(-1)


def spectral_contrastive(u: torch.Tensor, u_positive: torch.Tensor) -> torch.Tensor:
    """−(2/n) Σ_i u_iᵀu_i⁺ + mean over all pairs of the 2n views of (u_aᵀu_b)². u_* (..., n, z); returns (...).

    Source: HaoChen, Wei, Gaidon and Ma (2021), eq. 6; docs/theory.md §8 for linear representations of whitened views.
    """
    views = torch.cat([u, u_positive], dim=-2)
    attraction = (u * u_positive).sum(-1).mean(-1)
    return (views @ views.mT).square().mean((-2, -1)) - 2 * attraction


def nt_xent(u: torch.Tensor, u_positive: torch.Tensor, temperature: float) -> torch.Tensor:
    """SimCLR's loss: cosine similarity; each of 2n views has its partner as positive, the 2n − 2 others as negatives.

    u, u_positive (..., n, z), no row zero; returns (...). Source: Chen, Kornblith, Norouzi and Hinton (2020), eq. 1.
    """
    views, views_positive = normalize(u, dim=-1), normalize(u_positive, dim=-1)
    both = torch.cat([views, views_positive], dim=-2)
    # |similarity| ≤ 1/τ cannot overflow, and every view's similarity with itself, 1/τ, is taken out of its sum.
    similarity = both @ (both / temperature).mT
    others = torch.exp(similarity).sum(-1) - math.exp(1 / temperature)
    return torch.log(others).mean(-1) - (views * views_positive).sum(-1).mean(-1) / temperature


def vicreg(u: torch.Tensor, u_positive: torch.Tensor) -> torch.Tensor:
    """25 · invariance + 25 · variance + 1 · covariance.

    invariance (1/n) Σ_i |u_i − u_i⁺|²; variance (1/z) Σ_k max(0, 1 − √(Var u_k + ε)) and covariance
    (1/z) Σ_{k≠l} Cov(u)_kl², each summed over the two views. u, u_positive (..., n, z), n ≥ 2; returns (...).
    Source: Bardes, Ponce and LeCun (2022), eqs. 1-6.
    """
    total = VICREG_INVARIANCE * (u - u_positive).square().sum(-1).mean(-1)
    for view in (u, u_positive):
        centred = view - view.mean(-2, keepdim=True)
        covariance = centred.mT @ centred / (view.shape[-2] - 1)
        variances = torch.diagonal(covariance, dim1=-2, dim2=-1)
        hinge = relu(VICREG_TARGET - torch.sqrt(variances + VICREG_EPSILON)).mean(-1)
        redundancy = (covariance.square().sum((-2, -1)) - variances.square().sum(-1)) / view.shape[-1]
        total = total + VICREG_VARIANCE * hinge + VICREG_COVARIANCE * redundancy
    return total


def barlow_twins(u: torch.Tensor, u_positive: torch.Tensor) -> torch.Tensor:
    """Σ_k (1 − R_kk)² + 0.005 Σ_{k≠l} R_kl², R the cross-correlation of the coordinates of the two views.

    u, u_positive (..., n, z), no coordinate constant; returns (...).
    Source: Zbontar, Jing, Misra, LeCun and Deny (2021), eqs. 1-2.
    """
    standard = [
        (view - view.mean(-2, keepdim=True)) / view.std(-2, correction=0, keepdim=True) for view in (u, u_positive)
    ]
    correlation = standard[0].mT @ standard[1] / u.shape[-2]
    diagonal = torch.diagonal(correlation, dim1=-2, dim2=-1)
    off_diagonal = correlation.square().sum((-2, -1)) - diagonal.square().sum(-1)
    return (1 - diagonal).square().sum(-1) + BARLOW_REDUNDANCY * off_diagonal


# (anchors, positives, negatives) to values, for each objective of the comparison; negatives where they are read.
OBJECTIVES: dict[Objective, Callable[..., torch.Tensor]] = {
    "dot-product": dot_product,
    "info-nce": lambda u, u_positive, *_: info_nce(u, u_positive, INFO_NCE_TEMPERATURE),
    "nt-xent": lambda u, u_positive, *_: nt_xent(u, u_positive, NT_XENT_TEMPERATURE),
    "vicreg": lambda u, u_positive, *_: vicreg(u, u_positive),
    "barlow-twins": lambda u, u_positive, *_: barlow_twins(u, u_positive),
}
