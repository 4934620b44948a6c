"""Orthogonality of the output layer alone: exact for linear nets, on the slow time κt/h for others (§10)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.integration import in_own_units, integrate
from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array, count, finite, positive, real, start, symmetric_matrix, time_grid

_TOLERANCES = (1e-11, 1e-13)  # the flow is stiff, and drawn to the leading eigenvectors: errors do not pile up
_MOST_STEPS = 5_000
_RELAXED = 1e-10  # eigenvalues λ_z and λ_{z+1} nearer than this, relative to the largest, leave no leading z


def output_layer_flow(C: ArrayLike, first: ArrayLike, second: ArrayLike, times: ArrayLike, *, rate: float) -> Array:
    """S(t) = W_1ᵀW_2/√h of linear nets u = Sᵀx/√d under W_2ᵀW_2 = I, W_1 free at the rate κ, from L = Tr(SᵀCS).

    With ε = κ/h and D = W_1ᵀ(I − W_2W_2ᵀ)W_1/h, closed in (S, D) and without the width:
        Ṡ = −2(εI + D)CS,   Ḋ = 2(DCSSᵀ + SSᵀCD),
    by DOP853 to about 1e−8. From W_1ᵀW_1 = hI (h ≥ d) and W_2 = W_1V_z/√h with the z leading eigenvectors V_z of C, the
    optimum of the constrained problem where λ_z < 0 or h = d, S = e^{−2εCt}V_z.

    C (d, d) symmetric, in units of 1/t; `first` W_1 (..., h, d); `second` W_2 (..., h, z) orthonormal; times (T,); rate
    κ > 0. Returns (..., T, d, z) float64. Raises ValueError on bad shapes or values, Unsettled where times are too long
    to integrate over. Source: docs/theory.md §10.
    """
    form, W1 = symmetric_matrix("C", C), real("first", first)
    if W1.ndim < 2 or W1.shape[-1] != len(form):
        raise ValueError(f"first must have shape (..., h, {len(form)}); got {W1.shape}")
    h = W1.shape[-2]
    W2, epsilon = start("second", second, h, orthonormal=True, shape=("h", "z")), positive("rate", rate) / h
    if W2.shape[:-2] != W1.shape[:-2]:
        raise ValueError(f"first and second must have the same leading axes; got {W1.shape} and {W2.shape}")
    form, moments = in_own_units(form, time_grid("times", times))
    z = W2.shape[-1]
    with np.errstate(over="ignore", invalid="ignore"):
        outside = W1 - W2 @ (W2.mT @ W1)
        state = np.concatenate([W1.mT @ W2 / np.sqrt(h), outside.mT @ outside / h], axis=-1)
    finite("W_1ᵀW_1", state, "scale first down")

    def velocity(now: Array) -> Array:
        S, D = now[..., :z], now[..., z:]
        CS = form @ S
        pulled = D @ CS
        through = pulled @ S.mT
        return 2 * np.concatenate([-epsilon * CS - pulled, through + through.mT], axis=-1)

    with np.errstate(over="ignore", invalid="ignore"):
        flow = integrate(velocity, state, moments, _TOLERANCES)
    return finite("S(t)", np.moveaxis(flow[..., :z], 0, -3), "end earlier")


def slow_feature_flow(
    features: Callable[[Array], tuple[Array, Array]],
    points: ArrayLike,
    A: ArrayLike,
    first: ArrayLike,
    times: ArrayLike,
    *,
    z: int,
    step: float,
) -> Array:
    """U = ΨW_2 of nets whose output layer is at every time the z leading eigenvectors of C = ΨᵀAΨ: κ/h → 0.

    On the slow time s = κt/h the width h stands where a mean over hidden units does, φ' in the shape of Ψ,
        dW_1/ds = −√(h/d) [φ'∘(2AΨEEᵀ)]ᵀX,   E = E_z(ΨᵀAΨ),   Ψ = φ(XW_1ᵀ/√d)/√h,
    by classical Runge-Kutta steps of at most `step`.

    `features` maps XW_1ᵀ/√d (..., N, h) to φ and φ'; points X (N, d); A (N, N) symmetric; `first` W_1 (..., h, d);
    times (T,) from 0 on, slow; 1 <= z < h. Returns (..., T, N, z) float64. Raises ValueError on bad shapes or values,
    Unsettled where λ_z = λ_{z+1} on the way, or where times take more than 5,000 steps. Source: docs/theory.md §10.
    """
    X, coupling, W = real("points", points), symmetric_matrix("A", A), real("first", first)
    moments, step = time_grid("times", times), positive("step", step)
    if X.ndim != 2 or len(X) != len(coupling) or W.ndim < 2 or W.shape[-1] != X.shape[1]:
        raise ValueError(
            f"needs points (N, d), A (N, N), first (..., h, d); got {X.shape}, {coupling.shape}, {W.shape}"
        )
    z = count("z", z, W.shape[-2] - 1, "h − 1")
    taken = np.ceil(np.diff(moments, prepend=0.0) / step * (1 - 1e-12))
    if not taken.sum() <= _MOST_STEPS:
        raise Unsettled(f"the slow flow takes {taken.sum():.3g} steps; {_MOST_STEPS} are allowed")
    d, h = X.shape[1], W.shape[-2]

    def at(W: Array) -> tuple[Array, Array, Array]:
        phi, slopes = features(X @ W.mT / np.sqrt(d))
        Psi = phi / np.sqrt(h)
        form = Psi.mT @ coupling @ Psi
        eigenvalues, V = np.linalg.eigh((form + form.mT) / 2)
        if (eigenvalues[..., z] - eigenvalues[..., z - 1] <= _RELAXED * np.abs(eigenvalues).max()).any():
            raise Unsettled(f"λ_{z} = λ_{z + 1} on the way: the features have no {z} leading eigenvectors")
        E = V[..., :z]
        return Psi @ E, E, slopes

    def velocity(W: Array) -> Array:
        U, E, slopes = at(W)
        moved: Array = -np.sqrt(h / d) * ((slopes * ((2 * coupling @ U) @ E.mT)).mT @ X)
        return moved

    seen = []
    for length, steps in zip(np.diff(moments, prepend=0.0), taken.astype(np.int64), strict=True):
        for _ in range(steps):
            by = length / steps
            k1 = velocity(W)
            k2 = velocity(W + by / 2 * k1)
            k3 = velocity(W + by / 2 * k2)
            W = W + by / 6 * (k1 + 2 * k2 + 2 * k3 + velocity(W + by * k3))
        seen.append(at(W)[0])
    return finite("U(t)", np.stack(seen, axis=-3), "end earlier")
