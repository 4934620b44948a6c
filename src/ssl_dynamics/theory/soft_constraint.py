"""Orthogonality as a penalty: one parameter from collapse to the constrained flow (docs/theory.md §8)."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import from_eigenbasis, graph_coordinates
from ssl_dynamics.validation import Array, count, finite, real, start, symmetric_matrix, time_grid

_FREE = np.log(np.finfo(np.float64).max) - 10  # exponent to which weights may grow that no penalty holds
_LARGEST = 1e290  # of times, and of 2|β − λ|t


def soft_constraint_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike, *, beta: ArrayLike) -> Array:
    """Gram factors F(t), FFᵀ = WWᵀ(t), of Ẇ = −2CW − 2βW(WᵀW − I), the flow of Tr(WᵀCW) + (β/2)‖WᵀW − I‖_F².

    With A = βI − C it is the Riccati flow Ẇ = 2AW − 2βWWᵀW (Yan, Helmke, Moore 1994), whose solution is
        WWᵀ(t) = e^{2At}W(0) S(t)⁻¹ W(0)ᵀe^{2At},   S(t) = I + βW(0)ᵀA⁻¹(e^{4At} − I)W(0).
    β = 0 is the unconstrained flow; the span is the same at every β. F is W(t) up to a rotation of the outputs: its
    singular values, and what else such a rotation leaves as it is, are those of W(t).

    No exponent is positive in graph coordinates. C = VΛVᵀ, a_j = β − λ_j; X_1, G of W(0) as in `grassmann_flow`; a⁺, a⁻
    the parts of a above and below zero, ψ_j = (1 − e^{−4|a_j|t})/|a_j|:
        F = V e^{2a⁻t}[I; H]R⁻¹,   H_jk = e^{−2(a⁺_k − a⁺_j)t} G_jk(0),   a⁺_k − a⁺_j = min(λ_j, β) − min(λ_k, β),
        RᵀR = e^{−2a⁺t}(X_1X_1ᵀ)⁻¹e^{−2a⁺t} + β(ψ_1 + Hᵀψ_2H),   by the QR of its factors, which squares nothing.

    C (d, d) symmetric; W0 (..., d, z) of full rank, not necessarily orthonormal; times (T,) in units of 1/C; beta >= 0
    in units of C, a number or (B,); returns (..., T, d, z) float64, or (B, ..., T, d, z). Raises ValueError on bad
    shapes or values, where W(0) has no component along some direction of the z leading eigenvectors, and where without
    a penalty W(t) overflows. Source: docs/theory.md §8.
    """
    form = symmetric_matrix("C", C)
    W, t = start("W0", W0, len(form), orthonormal=False), time_grid("times", times)
    strength = _strengths(beta)
    z, lead = W.shape[-1], W.shape[:-2]
    eigenvalues, V = np.linalg.eigh(form)
    W = W.reshape(-1, *W.shape[-2:])
    if (np.linalg.matrix_rank(W) < z).any():
        raise ValueError("W0 must have full rank: its columns are dependent, or zero")
    G = graph_coordinates(V, np.linalg.qr(W)[0], "the smallest eigenvalues")
    inverse = np.linalg.inv(V.T[:z] @ W)  # X_1⁻¹

    b = strength.reshape(-1, 1, 1, 1)  # (B, starts, T, d) from here on
    with np.errstate(over="ignore", invalid="ignore"):
        exponents = 2 * (b - eigenvalues) * t[:, None]
    _require_within_float64(exponents, strength, t)
    growing, falling = np.maximum(exponents, 0), np.minimum(exponents, 0)
    # Not from the exponents: where β is large beside C, they do not hold the differences of its eigenvalues.
    capped = np.minimum(eigenvalues, b)
    apart = np.exp(-2 * np.abs(capped - capped[..., z - 1 : z]) * t[:, None])  # from the slowest of the leading ones
    H = apart[..., z:, None] * G[:, None] * apart[..., None, :z]
    saturation = np.sqrt(b) * np.sqrt(4 * t[:, None] * scipy.special.exprel(-2 * np.abs(exponents)))  # √(βψ)
    shape = (*np.broadcast_shapes(H.shape[:-2]), z, z)
    identity = np.broadcast_to(np.eye(z), shape)
    rows = (
        inverse[:, None] * np.exp(-growing[..., :z])[..., None, :],
        saturation[..., :z, None] * identity,
        saturation[..., z:, None] * H,
    )
    R = np.asarray(np.linalg.qr(np.concatenate(rows, axis=-2), mode="r"))
    graph = np.exp(falling)[..., None] * np.concatenate([identity, H], axis=-2)
    F = from_eigenbasis(V, np.linalg.solve(R.mT, graph.mT).mT)
    F = F.reshape(*strength.shape, *lead, len(t), len(form), z)
    return finite("W(t)", F, "end earlier, or take a larger beta")


def spectral_contrastive_flow(cross_moment: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Gram factors of the flow of the spectral contrastive loss −2 E u·u⁺ + E (u·u′)², u = Wᵀx, on whitened data.

    With E xxᵀ = I over the views, independent u and u′, and Γ = ½ E[xx⁺ᵀ + x⁺xᵀ], the loss is
        −2 Tr(WᵀΓW) + ‖WᵀW‖_F² = Tr(WᵀCW) + (β/2)‖WᵀW − I‖_F² − z,   C = 2(I − Γ), β = 2:
    `soft_constraint_flow` there, Ẇ = 4ΓW − 4WWᵀW. The squared singular values tend to the z largest (γ_k)₊ of Γ, the
    correlations of the two views.

    cross_moment Γ (d, d) symmetric, without a unit; W0 (..., d, z) of full rank; times (T,); returns (..., T, d, z)
    float64. Raises ValueError as `soft_constraint_flow` does. Source: docs/theory.md §8; the loss: HaoChen, Wei, Gaidon
    and Ma (2021).
    """
    moment = symmetric_matrix("cross_moment", cross_moment)
    return soft_constraint_flow(2 * (np.eye(len(moment)) - moment), W0, times, beta=2.0)


def soft_constraint_limit(C: ArrayLike, z: int, *, beta: ArrayLike) -> Array:
    """Singular values √(1 − λ_k/β)₊ of W(t) for t → ∞, k = 1 … z: a rank of min(z, #{λ_k < β}).

    C (d, d) symmetric; 1 <= z <= d; beta > 0 in units of C, a number or (B,); returns (z,) float64, or (B, z), largest
    first. Raises ValueError on bad shapes or values, and for beta = 0, at which W(t) has no limit.
    Source: docs/theory.md §8.
    """
    form, strength = symmetric_matrix("C", C), _strengths(beta)
    z = count("z", z, len(form), "d")
    if not strength.all():
        raise ValueError("beta must be positive: without a penalty W(t) has no limit")
    leading = np.linalg.eigvalsh(form)[:z]
    with np.errstate(over="ignore"):
        squares = 1 - leading / strength[..., None]
    return finite("a singular value", np.sqrt(np.maximum(squares, 0)), "take a larger beta")


def penalised_gram(C: ArrayLike, basis: ArrayLike, *, beta: ArrayLike) -> Array:
    """QᵀWWᵀQ = β⁻¹(Qᵀ(βI − C)⁻¹Q)⁻¹ under a penalty β > λ_d, but for terms of size e^{−4(β − λ_d)t}.

    Q is a basis of the span at that time, which the constrained flow has at every β (`grassmann_flow`). With P = QQᵀ,
    for β > ‖C‖, WWᵀ = P − PCP/β − PC(I − P)CP/β² − PC(I − P)C(I − P)CP/β³ − …

    C (d, d) symmetric; basis Q (..., d, z), orthonormal columns; beta in units of C, positive and above λ_d, a number
    or (B,); returns (..., z, z) float64, or (B, ..., z, z). Raises ValueError on bad shapes or values, and where WWᵀ
    overflows. Source: docs/theory.md §8.
    """
    form, strength = symmetric_matrix("C", C), _strengths(beta)
    Q = start("basis", basis, len(form), orthonormal=True)
    eigenvalues, V = np.linalg.eigh(form)
    largest = max(float(eigenvalues[-1]), 0.0)
    if not strength.min() > largest:
        raise ValueError(f"beta must be larger than {largest:.6g}, the larger of λ_d and 0; got {strength.min():.6g}")
    b = strength.reshape(*strength.shape, *[1] * Q.ndim)
    X, above = V.T @ Q, b - eigenvalues[-1]
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        # Rows in units of the largest weight, 1/(β − λ_d): R is that of (β − λ_d) QᵀA⁻¹Q.
        weights = np.sqrt(above / (b - eigenvalues[:, None]))
        R = np.asarray(np.linalg.qr(weights * X, mode="r"))
        diagonal = np.abs(np.diagonal(R, axis1=-2, axis2=-1))
        regular = np.where(diagonal.min(-1) > 0, 1.0, np.nan)[..., None, None]
        inverse = np.linalg.inv(np.where(np.isnan(regular), np.eye(Q.shape[-1]), R))
        gram = above / b * (inverse @ inverse.mT) * regular
    return finite("QᵀWWᵀQ", gram, "take a larger beta")


def _strengths(beta: ArrayLike) -> Array:
    strength = real("beta", beta)
    if strength.ndim > 1 or strength.size == 0:
        raise ValueError(f"beta must be a number or a list of them (B,); got shape {strength.shape}")
    if strength.min() < 0:
        raise ValueError(f"beta must not be negative; got {strength.min():.6g}")
    return strength


def _require_within_float64(exponents: Array, strength: Array, t: Array) -> None:
    """Raises ValueError where 2(β − λ)t overflows, or W(t) does for want of a penalty."""
    if not (np.abs(exponents).max() < _LARGEST and t[-1] < _LARGEST):
        raise ValueError(f"times reach {t[-1]:.3g}, where 2(β − λ)t overflows float64: end earlier")
    free = exponents[strength.reshape(-1) == 0]
    if free.size and free.max() > _FREE:
        raise ValueError(
            f"times reach {t[-1]:.6g}, where without a penalty W(t) grows by e^{free.max():.3g} and overflows float64; "
            "use log_singular_values and unconstrained_span, which have no such limit"
        )
