"""Two-layer linear nets under orthogonality constraints: end to end they obey equations without the width."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.theory.integration import integrate
from ssl_dynamics.validation import Array, start, symmetric_matrix, time_grid

_CONTRACTION = 1e-8  # how far the largest singular value of W(0) may exceed 1


def wide_two_layer_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """End-to-end weights W = VᵀW_2 of u = W_2ᵀVx, VᵀV = I_d, W_2ᵀW_2 = I_z, width h >= d, under the projected flow.

    Ẇ = −2[2CW − CWWᵀW − WWᵀCW]: closed in W, so that the width enters through W(0) alone. A
    closed form for z = 1, DOP853 for z > 1.

    C (d, d) symmetric; W0 (..., d, z) with singular values at most 1; times (T,) in units of 1/C; returns
    (..., T, d, z) float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §3.
    """
    form, W, t = _checked(C, W0, times)
    if W.shape[-1] == 1:
        return _flow_of_vector(form, W, t)
    return integrate_wide_two_layer_flow(form, W, t)


def integrate_wide_two_layer_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """The flow of `wide_two_layer_flow` by DOP853 for every z: same arguments, shapes, errors and source."""
    form, W, t = _checked(C, W0, times)

    def velocity(Wt: Array) -> Array:
        CW = form @ Wt
        return -2 * (2 * CW - CW @ (Wt.mT @ Wt) - Wt @ (Wt.mT @ CW))

    return np.moveaxis(integrate(velocity, W, t), 0, -3)


def integrate_narrow_layers(C: ArrayLike, first: ArrayLike, second: ArrayLike, times: ArrayLike) -> Array:
    """End-to-end W_1W_2 of u = W_2ᵀW_1ᵀx, z <= h <= d, from the equations of its layers by DOP853.

    Ẇ_1 = −(I − W_1W_1ᵀ)∇_1L,  Ẇ_2 = −(I − W_2W_2ᵀ)∇_2L,  ∇_1L = 2CWW_2ᵀ,  ∇_2L = 2W_1ᵀCW,  W = W_1W_2.

    C (d, d) symmetric; first W_1 (..., d, h), second W_2 (..., h, z), orthonormal columns; times (T,) in units of 1/C;
    returns (..., T, d, z) float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    W1 = start("first", first, len(form), orthonormal=True)
    W2 = start("second", second, W1.shape[-1], orthonormal=True)
    return _integrate_layers(form, W1.mT, W2, time_grid("times", times), wide=False)


def integrate_wide_layers(C: ArrayLike, first: ArrayLike, second: ArrayLike, times: ArrayLike) -> Array:
    """End-to-end VᵀW_2 of u = W_2ᵀVx, h >= d, from the equations of its layers by DOP853.

    V̇ = −(I − VVᵀ)∇_VL,  Ẇ_2 = −(I − W_2W_2ᵀ)∇_2L,  ∇_VL = 2W_2WᵀC,  ∇_2L = 2VCW,  W = VᵀW_2.

    C (d, d) symmetric; first V (..., h, d), second W_2 (..., h, z), orthonormal columns; times (T,) in units of 1/C;
    returns (..., T, d, z) float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §3.
    """
    form = symmetric_matrix("C", C)
    W2 = np.asarray(second)
    width = W2.shape[-2] if W2.ndim > 1 else 0
    V = start("first", first, width, orthonormal=True)
    if V.shape[-1] != len(form):
        raise ValueError(f"first must have shape (..., h, d) with d = {len(form)}; got {V.shape}")
    return _integrate_layers(
        form, V, start("second", W2, width, orthonormal=True), time_grid("times", times), wide=True
    )


def _integrate_layers(C: Array, F: Array, second: Array, times: Array, *, wide: bool) -> Array:
    """W = FᵀW_2 (..., T, d, z) for F = W_1ᵀ or V (..., h, d); the state is [F, W_2]."""
    d = len(C)

    def velocity(state: Array) -> Array:
        F, W2 = state[..., :d], state[..., d:]
        W = F.mT @ W2
        G = 2 * C @ W
        FG = F @ G
        dF = (W2 - F @ W) @ G.mT if wide else W2 @ (G - F.mT @ FG).mT
        return -np.concatenate([dF, FG - W2 @ (W2.mT @ FG)], axis=-1)

    states = integrate(velocity, np.concatenate([F, second], axis=-1), times)
    return np.moveaxis(states[..., :d].mT @ states[..., d:], 0, -3)


def _flow_of_vector(C: Array, W: Array, times: Array) -> Array:
    """z = 1 in closed form, up to one quadrature and its inversion.

    In eigen coordinates w_k(t) ∝ w_k(0) e^{−2λ_kτ} with dτ/dt = 2 − s, s = |w|², and s²/(1 − s) = E(τ)²/(1 − s_0) = q,
    E(τ) = Σ_k w_k(0)² e^{−4λ_kτ}; so s = 2/(1 + √(1 + 4/q)). Logarithms keep E from overflowing.
    """
    eigenvalues, V = np.linalg.eigh(C)
    lead = W.shape[:-2]
    w = np.moveaxis(V.T @ W, -2, 0).reshape(len(C), -1)  # (d, starts)
    with np.errstate(divide="ignore"):
        log_g = np.log(w**2)
        log_rest = np.log1p(-np.minimum((w**2).sum(0), 1.0))  # ln(1 − s_0), −inf on the sphere

    def squared_norm(tau: Array) -> Array:
        log_q = 2 * scipy.special.logsumexp(log_g - 4 * eigenvalues[:, None] * tau, axis=0) - log_rest
        norm: Array = 2 / (1 + np.sqrt(1 + 4 * np.exp(-log_q)))
        return norm

    tau = integrate(lambda current: 2 - squared_norm(current), np.zeros(w.shape[1]), times)  # (T, starts)
    result = np.empty((len(times), *w.shape))
    for i, now in enumerate(tau):
        log_w = log_g / 2 - 2 * eigenvalues[:, None] * now
        direction = np.sign(w) * np.exp(log_w - scipy.special.logsumexp(2 * log_w, axis=0) / 2)
        result[i] = direction * np.sqrt(squared_norm(now))
    flow: Array = V @ np.moveaxis(result, -1, 0).reshape(*lead, len(times), len(C), 1)
    return flow


def _checked(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> tuple[Array, Array, Array]:
    form = symmetric_matrix("C", C)
    W = start("W0", W0, len(form), orthonormal=False)
    largest = np.linalg.svd(W, compute_uv=False).max()
    if largest > 1 + _CONTRACTION:
        raise ValueError(f"W0 = VᵀW_2 has singular values at most 1; got {largest:.6g}")
    return form, W, time_grid("times", times)
