"""Two-layer linear nets under orthogonality constraints: end to end they obey equations without the width."""

from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.theory.integration import in_own_units, integrate, require_orthonormal
from ssl_dynamics.theory.wide_rows import ON_SPHERE, WideRows
from ssl_dynamics.validation import Array, contraction, start, symmetric_matrix, time_grid

# Up to this growth of rounding, and from starts no smaller than that, W itself is integrated; beyond, its rows are.
_GROWTH, _SMALL = 1e5, 1e-3
_LOG_SMALL = -600.0  # ln q below which 1 + √(1 + 4/q) is 2/√q to rounding
_SMALLEST = 1e-290  # entries of W(t) below which float64 begins to lose digits


def wide_two_layer_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """End-to-end weights W = VᵀW_2 of u = W_2ᵀVx, VᵀV = I_d, W_2ᵀW_2 = I_z, width h >= d, under the projected flow.

    Ẇ = −2[2CW − CWWᵀW − WWᵀCW]: closed in W, so that the width enters through W(0) alone. A
    closed form for z = 1, DOP853 for z > 1. Singular values 1 of W(0), to 16dε, are exactly 1, and stay so; entries of
    W(t) are right to 1e−9 of the largest. Where a singular value σ of W(0) is not 1, but nearly, 1 − σ² holds fewer
    digits than σ, and so does W(t): it is right to ε/(1 − σ²) then.

    C (d, d) symmetric; W0 (..., d, z) with singular values at most 1; times (T,) in units of 1/C; returns
    (..., T, d, z) float64. Raises ValueError on bad shapes or values, and where W(t) is smaller than float64 can hold;
    RuntimeError where times are too long to integrate over. Source: docs/theory.md §3.
    """
    form, W, t = _checked(C, W0, times)
    if W.shape[-1] == 1:
        V, directions, sizes = _flow_of_vector(form, W, t)
        return _held(V @ (directions * sizes), W, time_grid("times", times))
    return integrate_wide_two_layer_flow(form, W, t)


def wide_two_layer_span(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """Orthonormal basis of span W(t) of `wide_two_layer_flow`, also where the weights themselves have vanished.

    Same arguments, shapes and errors as there, but for vanished weights; ValueError for W0 of deficient rank. Source:
    docs/theory.md §3.
    """
    form, W, t = _checked(C, W0, times)
    if (np.linalg.matrix_rank(W) < W.shape[-1]).any():
        raise ValueError(f"W0 has deficient rank: its span has not {W.shape[-1]} dimensions")
    if W.shape[-1] == 1:
        V, directions, _ = _flow_of_vector(form, W, t)
        return np.asarray(V @ directions)
    return _each(W, t, lambda one: WideRows(form, one, t).spans())


def integrate_wide_two_layer_flow(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """The flow of `wide_two_layer_flow` by DOP853 for every z: same arguments, shapes, errors and source.

    Rounding of WᵀW grows by up to e^{8λ_d t}, and W may vanish: where either could show, the rows of W are integrated,
    each in its own size (`theory.wide_rows`).
    """
    form, W, t = _checked(C, W0, times)
    if not (_is_tame(form, t) and np.linalg.svd(W, compute_uv=False).min() > _SMALL):
        return _held(_each(W, t, lambda one: WideRows(form, one, t).weights()), W, time_grid("times", times))

    def velocity(Wt: Array) -> Array:
        CW = form @ Wt
        return -2 * (2 * CW - CW @ (Wt.mT @ Wt) - Wt @ (Wt.mT @ CW))

    return np.moveaxis(integrate(velocity, W, t), 0, -3)


def integrate_narrow_layers(C: ArrayLike, first: ArrayLike, second: ArrayLike, times: ArrayLike) -> Array:
    """End-to-end W_1W_2 of u = W_2ᵀW_1ᵀx, z <= h <= d, from the equations of its layers by DOP853.

    Ẇ_1 = −(I − W_1W_1ᵀ)∇_1L,  Ẇ_2 = −(I − W_2W_2ᵀ)∇_2L,  ∇_1L = 2CWW_2ᵀ,  ∇_2L = 2W_1ᵀCW,  W = W_1W_2.

    C (d, d) symmetric; first W_1 (..., d, h), second W_2 (..., h, z), orthonormal columns; times (T,) in units of 1/C;
    returns (..., T, d, z) float64. Raises ValueError on bad shapes or values, and where rounding has driven a layer off
    its constraint by 1e−9. Source: docs/theory.md §3.
    """
    form, t = in_own_units(symmetric_matrix("C", C), time_grid("times", times))
    W1 = start("first", first, len(form), orthonormal=True, shape=("d", "h"))
    W2 = start("second", second, W1.shape[-1], orthonormal=True, shape=("h", "z"))
    return _integrate_layers(form, W1.mT, W2, t, wide=False)


def integrate_wide_layers(C: ArrayLike, first: ArrayLike, second: ArrayLike, times: ArrayLike) -> Array:
    """End-to-end VᵀW_2 of u = W_2ᵀVx, h >= d, from the equations of its layers by DOP853.

    V̇ = −(I − VVᵀ)∇_VL,  Ẇ_2 = −(I − W_2W_2ᵀ)∇_2L,  ∇_VL = 2W_2WᵀC,  ∇_2L = 2VCW,  W = VᵀW_2.

    C (d, d) symmetric; first V (..., h, d), second W_2 (..., h, z), orthonormal columns; times (T,) in units of 1/C;
    returns (..., T, d, z) float64. Raises ValueError on bad shapes or values, and where rounding has driven a layer off
    its constraint by 1e−9. Source: docs/theory.md §3.
    """
    form, t = in_own_units(symmetric_matrix("C", C), time_grid("times", times))
    layer = np.asarray(second)
    width = layer.shape[-2] if layer.ndim > 1 else 0
    V = start("first", first, width, orthonormal=True, shape=("h", "d"))
    if V.shape[-1] != len(form):
        raise ValueError(f"first must have shape (..., h, d) with d = {len(form)}; got {V.shape}")
    W2 = start("second", second, width, orthonormal=True, shape=("h", "z"))
    return _integrate_layers(form, V, W2, t, wide=True)


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
    layers, closed_form = states[..., :d], "wide_two_layer_flow" if wide else "grassmann_flow"
    require_orthonormal(layers if wide else layers.mT, F if wide else F.mT, closed_form)
    require_orthonormal(states[..., d:], second, closed_form)
    return np.moveaxis(layers.mT @ states[..., d:], 0, -3)


def _flow_of_vector(C: Array, W: Array, times: Array) -> tuple[Array, Array, Array]:
    """V; VᵀW/|W| (..., T, d, 1), zero for a start that is zero; and |W| (..., T, 1, 1), for z = 1.

    In closed form, up to one quadrature and its inversion: in eigen coordinates w_k(t) ∝ w_k(0) e^{−2λ_kτ} with
    dτ/dt = 2 − s, s = |w|², and s²/(1 − s) = E(τ)²/(1 − s_0) = q, E(τ) = Σ_k w_k(0)² e^{−4λ_kτ}; so
    s = 2/(1 + √(1 + 4/q)), which is √q where q is small. Logarithms keep E from overflowing.
    """
    eigenvalues, V = np.linalg.eigh(C)
    lead = W.shape[:-2]
    w = np.moveaxis(V.T @ W, -2, 0).reshape(len(C), -1)  # (d, starts)
    with np.errstate(divide="ignore"):
        log_g = 2 * np.log(np.abs(w)) if np.abs(W).max() < _SMALL else np.log(w**2)
        log_rest = np.log1p(-np.minimum((w**2).sum(0), 1.0))  # ln(1 − s_0), −inf on the sphere
    if not _is_tame(C, times):  # the rounding of a start on the sphere would take it from there
        log_rest[log_rest < np.log(ON_SPHERE * len(C))] = -np.inf

    def log_square(tau: Array) -> Array:
        log_q: Array = 2 * scipy.special.logsumexp(log_g - 4 * eigenvalues[:, None] * tau, axis=0) - log_rest
        return log_q

    def squared_norm(tau: Array) -> Array:
        norm: Array = 2 / (1 + np.sqrt(1 + 4 * np.exp(-np.maximum(log_square(tau), _LOG_SMALL))))
        return norm

    tau = integrate(lambda current: 2 - squared_norm(current), np.zeros(w.shape[1]), times)  # (T, starts)
    directions, sizes = np.zeros((len(times), *w.shape)), np.empty((len(times), 1, w.shape[1]))
    for i, now in enumerate(tau):
        log_w = log_g / 2 - 2 * eigenvalues[:, None] * now
        length = scipy.special.logsumexp(2 * log_w, axis=0) / 2
        directions[i] = np.sign(w) * np.exp(np.subtract(log_w, length, out=log_w, where=np.isfinite(length)))
        log_q = log_square(now)
        sizes[i] = np.where(log_q > _LOG_SMALL, np.sqrt(squared_norm(now)), np.exp(np.minimum(log_q, 0) / 4))
    shape = (*lead, len(times))
    return (
        V,
        np.moveaxis(directions, -1, 0).reshape(*shape, len(C), 1),
        np.moveaxis(sizes, -1, 0).reshape(*shape, 1, 1),
    )


def _is_tame(C: Array, times: Array) -> bool:
    """Whether the rounding of WᵀW grows by less than 1e5: e^{8λ_d t}."""
    return bool(8 * np.linalg.eigvalsh(C)[-1] * times[-1] <= np.log(_GROWTH))


def _each(W: Array, times: Array, solve: Callable[[Array], Array]) -> Array:
    """(..., T, d, z) of each start."""
    starts = W.reshape(-1, *W.shape[-2:])
    return np.stack([solve(one) for one in starts]).reshape(*W.shape[:-2], len(times), *W.shape[-2:])


def _held(W: Array, W0: Array, times: Array) -> Array:
    """W(t), where float64 holds it."""
    small = (np.abs(W).max(axis=(-2, -1)) < _SMALLEST) & np.asarray(W0.any(axis=(-2, -1)))[..., None]
    if small.any():
        first = times[small.reshape(-1, len(times)).any(0)][0]
        raise ValueError(
            f"at t = {first:.6g} W(t) has shrunk below what float64 holds with all its digits; wide_two_layer_span "
            "has no such limit"
        )
    return W


def _checked(C: ArrayLike, W0: ArrayLike, times: ArrayLike) -> tuple[Array, Array, Array]:
    """C, W(0) and the times, in a unit of time in which C is of order 1."""
    form = symmetric_matrix("C", C)
    own, t = in_own_units(form, time_grid("times", times))
    return own, contraction("W0", W0, len(form)), t
