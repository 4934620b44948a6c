"""Effective rank of representations."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import real, unit

Array = NDArray[np.float64]

_NEAR_ONE = 1e-290  # a second singular value below this, relative to the first, counts in the first order alone


def effective_rank(U: ArrayLike) -> Array:
    """exp(entropy of the normalised singular values) of U, between 1 (collapsed) and min(n, z).

    p_k = σ_k / Σ_j σ_j, effective rank = exp(−Σ_k p_k ln p_k). U (..., n, z); returns (...) float64. Not centred: a
    constant embedding scores 1. Raises ValueError where U has fewer than two axes, is not finite, or is zero.
    Source: Roy and Vetterli (2007); Garrido et al., RankMe (2023).
    """
    array = real("U", U)
    if array.ndim < 2 or 0 in array.shape[-2:]:
        raise ValueError(f"U must have shape (..., n, z); got shape {array.shape}")
    array /= unit(array, axis=(-2, -1))
    values = np.linalg.svd(array, compute_uv=False)
    total = values.sum(-1, keepdims=True)
    if (total == 0).any():
        raise Unsettled("U is zero: its effective rank is not defined")
    rank: Array = np.exp(scipy.special.entr(values / total).sum(-1))
    return rank


def log_excess_rank(log_values: ArrayLike) -> Array:
    """Ln(effective rank − 1) from logarithms of singular values, accurate however near to 1 the rank is.

    With r_k = σ_k/σ_1 and s = Σ_{k>1} r_k the entropy is ln(1 + s) − Σ_{k>1} r_k ln r_k/(1 + s); where float64 does not
    hold r_2, the excess is r_2 Σ_{k>1} (r_k/r_2)(1 − ln r_k). log_values (..., z), z >= 2, in any order; −inf is the
    logarithm of 0. Returns (...) float64, −inf where all but one are −inf. Raises ValueError on other shapes and where
    all are −inf.
    """
    logs = -np.sort(-real("log_values", log_values, allowed=-np.inf), axis=-1)
    if logs.ndim < 1 or logs.shape[-1] < 2:
        raise ValueError(f"log_values must have shape (..., z), z >= 2; got shape {logs.shape}")
    if (logs[..., 0] == -np.inf).any():
        raise Unsettled("all singular values are zero: their effective rank is not defined")
    with np.errstate(over="ignore"):
        log_ratios = logs[..., 1:] - logs[..., :1]
    if ((log_ratios == -np.inf) & (logs[..., 1:] > -np.inf)).any():
        raise ValueError("a ratio of singular values overflows float64: −inf is the logarithm of those that are zero")
    ratios = np.exp(log_ratios)
    total = ratios.sum(-1)
    entropy = np.log1p(total) + (scipy.special.entr(ratios).sum(-1)) / (1 + total)
    with np.errstate(divide="ignore"):
        excess: Array = np.log(np.expm1(entropy))
    tiny = (ratios[..., 0] < _NEAR_ONE) & (log_ratios[..., 0] > -np.inf)
    return np.where(tiny, _first_order(log_ratios), excess) if tiny.any() else excess


def _first_order(log_ratios: Array) -> Array:
    """Ln Σ_k r_k (1 − ln r_k), largest r_k first."""
    with np.errstate(invalid="ignore"):
        terms = np.exp(log_ratios - log_ratios[..., :1]) * ((1 - log_ratios) / (1 - log_ratios[..., :1]))
    largest = log_ratios[..., 0]
    total: Array = np.where(log_ratios > -np.inf, terms, 0.0).sum(-1)
    with np.errstate(divide="ignore"):
        return largest + np.log1p(-largest) + np.log(total)
