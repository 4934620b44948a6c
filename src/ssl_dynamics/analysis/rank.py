"""Effective rank of representations."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import real

Array = NDArray[np.float64]


def effective_rank(U: ArrayLike) -> Array:
    """exp(entropy of the normalised singular values) of U, between 1 (collapsed) and min(n, z).

    p_k = σ_k / Σ_j σ_j, effective rank = exp(−Σ_k p_k ln p_k). U (..., n, z); returns (...) float64. Not centred: a
    constant embedding scores 1. Raises ValueError where U has fewer than two axes, is not finite, or is zero.
    Source: Roy and Vetterli (2007); Garrido et al., RankMe (2023).
    """
    array = real("U", U)
    if array.ndim < 2 or 0 in array.shape[-2:]:
        raise ValueError(f"U must have shape (..., n, z); got shape {array.shape}")
    values = np.linalg.svd(array, compute_uv=False)
    total = values.sum(-1, keepdims=True)
    if (total == 0).any():
        raise Unsettled("U is zero: its effective rank is not defined")
    rank: Array = np.exp(scipy.special.entr(values / total).sum(-1))
    return rank


def log_excess_rank(log_values: ArrayLike) -> Array:
    """Ln(effective rank − 1) from logarithms of singular values, accurate however near to 1 the rank is.

    With r_k = σ_k/σ_1 and s = Σ_{k>1} r_k the entropy is ln(1 + s) − Σ_{k>1} r_k ln r_k/(1 + s). log_values (..., z),
    z >= 2, largest first, at least two of them not −inf; returns (...) float64.
    """
    logs = np.asarray(log_values, dtype=np.float64)
    log_ratios = logs[..., 1:] - logs[..., :1]
    ratios = np.exp(log_ratios)
    total = ratios.sum(-1)
    entropy = np.log1p(total) + (scipy.special.entr(ratios).sum(-1)) / (1 + total)
    excess: Array = np.log(np.expm1(entropy))
    return excess
