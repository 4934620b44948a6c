"""Effective rank of representations."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

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
        raise ValueError("U is zero: its effective rank is not defined")
    rank: Array = np.exp(scipy.special.entr(values / total).sum(-1))
    return rank
