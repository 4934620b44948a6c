"""Stepwise learning: the flow of ‖WᵀΓW − I‖_F², Γ = −C the cross-moment of the two views (docs/theory.md §12)."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array, finite, real, start, symmetric_matrix, time_grid

_SMALL = 0.5  # squared size of a mode, γ_k r_k², from which on it has been learned


@dataclass(frozen=True)
class StepwiseLaw:
    """When a small start learns each of the z leading modes, one step a mode, and how well that is known.

    Modes are in the order of γ, largest first; times need not be.
    """

    growth: Array  # 8γ_k (z,), the rate at which the k-th eigenvalue of WᵀΓW grows
    times: Array  # t_k (..., z), when it passes 1/2
    interplay: Array  # (..., z) relative error of t_k that the other modes may cause, to leading order
    carried: Array  # (..., z) of the modes j > k, what the first k steps have learned along, to leading order

    def eigenvalues(self, times: ArrayLike) -> Array:
        """1/(1 + e^{−8γ_k(t − t_k)}) (..., T, z), the eigenvalues of WᵀΓW; times (T,) in units of 1/C."""
        t = time_grid("times", times)
        with np.errstate(over="ignore"):
            shares: Array = scipy.special.expit(self.growth * (t[:, None] - self.times[..., None, :]))
        return shares


def stepwise_law(C: ArrayLike, W0: ArrayLike) -> StepwiseLaw:
    """Times t_k of the first z steps of Ẇ = −4ΓW(WᵀΓW − I), Γ = −C, from a small start; exact from an aligned one.

    γ_1 ≥ … ≥ γ_d and v_k are those of Γ, X = VᵀW(0), and X_1 = RᵀQᵀ its z leading rows: in the outputs WQ, output k has
    no part in the modes before k. Each output grows along its own mode until that is learned:
        t_k = ln(1/(γ_k r_kk²) − 1)/(8γ_k).
    It carries shares S_jk = γ_j (XQ)_jk² e^{8γ_j t_k} of the modes j > k along, which stay: of these modes the first k
    steps have learned Σ_{i≤k} Σ_{j>k} S_ji. To leading order in the shares
        |δt_k|/t_k ≤ Σ_{i≤k} Σ_{j>i} S_ji/(2γ_k t_k) + Σ_{i<k} S_ki (γ_i/γ_k − 1)(1 − t_i/t_k)₊.

    C (d, d) symmetric, with z eigenvalues −γ_k < 0 or more; W0 (..., d, z) so small that γ_k r_kk² < 1/2; both in units
    in which C W0 W0ᵀ has none. Returns float64, times in units of 1/C. Raises ValueError on bad shapes or values and on
    what is not so, Unsettled where W(0) has no component along some direction of the z leading eigenvectors.
    Source: docs/theory.md §12.
    """
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=False)
    z = W.shape[-1]
    eigenvalues, V = np.linalg.eigh(form)
    gamma = -eigenvalues
    if gamma[z - 1] <= 0:
        raise ValueError(f"fewer than z = {z} eigenvalues of C are negative; λ_{z} = {eigenvalues[z - 1]:.6g}")
    X = V.T @ W
    smallest = np.linalg.svd(X[..., :z, :], compute_uv=False)[..., -1]
    if (smallest <= len(V) * np.finfo(np.float64).eps * np.linalg.norm(W, ord=2, axis=(-2, -1))).any():
        raise Unsettled(f"W0 has no component along a direction of the {z} leading eigenvectors of −C: it has no steps")
    outputs = X @ np.linalg.qr(X[..., :z, :].mT)[0]
    with np.errstate(divide="ignore"):
        sizes = np.log(np.abs(gamma))[:, None] + 2 * np.log(np.abs(outputs))  # ln(γ_j (XQ)_jk²)
    own = np.diagonal(sizes[..., :z, :], axis1=-2, axis2=-1)
    if own.max() >= np.log(_SMALL):
        raise ValueError(f"W0 is not small: γ_k r_kk² reaches {np.exp(own.max()):.3g}, expected less than {_SMALL}")
    duration = np.log1p(-np.exp(own)) - own  # 8γ_k t_k
    later = np.tri(len(gamma), z, -1, dtype=np.bool_)  # j > k: without them exponents are as large as γ_1/γ_z
    with np.errstate(over="ignore", invalid="ignore"):
        times = finite("a time t_k", duration / gamma[:z] / 8, "take a smaller z")
        ratios = gamma[:, None] / gamma[:z]  # γ_j/γ_k
        shares = np.exp(np.where(later, sizes + ratios * duration[..., None, :], -np.inf))
        before = times[..., None, :] / times[..., :, None]  # t_i/t_k, rows k
        faster = (ratios[:z].T - 1) * np.maximum(0, 1 - before)
        turning = np.where(shares[..., :z, :] > 0, shares[..., :z, :] * faster, 0)
    interplay = 4 * np.cumsum(shares.sum(-2), axis=-1) / duration + turning.sum(-1)
    carried = np.stack([shares[..., k:, :k].sum((-2, -1)) for k in range(1, z + 1)], -1)
    return StepwiseLaw(8 * gamma[:z], times, interplay, carried)


def stepwise_aligned_flow(C: ArrayLike, sizes: ArrayLike, times: ArrayLike) -> Array:
    """Singular values s_k(t) of W(t) from W(0) = V_z diag(s(0)), V_z the z leading eigenvectors of Γ = −C; exact.

        s_k(t) = e^{4γ_k t}/√(s_k(0)⁻² + γ_k(e^{8γ_k t} − 1)),
    which tends to 1/√γ_k where γ_k > 0, and to 0 elsewhere. γ_k s_k² are the eigenvalues of WᵀΓW.

    C (d, d) symmetric; sizes s(0) (..., z), positive, in units of C^{−1/2}; times (T,) in units of 1/C; returns
    (..., T, z) float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §12.
    """
    form, first, t = symmetric_matrix("C", C), real("sizes", sizes), time_grid("times", times)
    if first.ndim < 1 or not 1 <= first.shape[-1] <= len(form):
        raise ValueError(f"sizes must have shape (..., z) with 1 <= z <= d = {len(form)}; got {first.shape}")
    if first.size == 0 or first.min() <= 0:
        raise ValueError("sizes must be positive: W(0) has full rank")
    gamma = -np.linalg.eigvalsh(form)[: first.shape[-1]]
    with np.errstate(over="ignore", invalid="ignore"):
        exponent = 4 * np.abs(gamma) * t[:, None]
        decay, grown = np.exp(-exponent), np.sqrt(-np.expm1(-2 * exponent))
        saturation = np.sqrt(np.abs(gamma)) * first[..., None, :] * grown
        size = finite("s(t)", np.hypot(np.where(gamma > 0, decay, 1), saturation), "take a smaller start")
    s = first[..., None, :] * np.where(gamma > 0, 1, decay) / size
    return finite("s(t)", s, "take a smaller start")
