"""Constrained nets whose features move a little: by what the flow on the features of the start makes of W_1 (§4)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.unsettled import Unsettled

# A bound on time: a step takes 7 ms on 150 points at h = 1,024, so that a net takes half a minute at most.
MOST_STEPS = 5_000

Array = NDArray[np.float64]
State = tuple[Array, Array, Array]  # W̃, W, M


def moving_features_flow(
    Psi: Array, slopes: Array, gram: Array, A: Array, W0: Array, *, times: Array, rate: float, step: float
) -> tuple[Array, Array]:
    """U(t) on features that move as the frozen flow has W_1 move, and that frozen flow: the next order in κ/h.

    With P̃ = W̃W̃ᵀ of the Grassmann flow W̃ on the features Ψ_0 of the start, and s_ij = x_i·x_j/d,
        Ψ(t) = Ψ_0 − (κ/h) φ'∘(s M),   Ṁ = φ'∘(2AΨ_0P̃),   Ẇ = −2(I − WWᵀ)Ψ(t)ᵀAΨ(t)W,   U = ΨW.
    What is left out is of the order (κt/h)². Classical Runge-Kutta steps of at most `step`, each ended by a QR.

    Psi (N, h) and slopes φ' (N, h) at the start; gram s (N, N); A (N, N) symmetric; W0 (h, z) orthonormal; times (T,)
    from 0 on, increasing; `rate` κ. Returns two arrays (T, N, z). Raises ValueError for times that do not begin at 0,
    Unsettled if they take more than `MOST_STEPS` steps.
    Source: docs/theory.md §4.
    """
    if times[0] != 0:
        raise ValueError(f"times must begin at 0; got {times[0]:.3g}")
    counts = np.ceil(np.diff(times) / step)
    if counts.sum() > MOST_STEPS:
        raise Unsettled(f"the flow on moving features takes {counts.sum():.3g} steps; {MOST_STEPS} are allowed")
    h = Psi.shape[1]

    def features(M: Array) -> Array:
        moved: Array = Psi - (rate / h) * slopes * (gram @ M)
        return moved

    def velocity(state: State) -> State:
        frozen, W, M = state
        G = 2 * A @ (Psi @ frozen)
        at = features(M)
        return _horizontal(frozen, Psi.T @ G), _horizontal(W, at.T @ (2 * A @ (at @ W))), slopes * (G @ frozen.T)

    state: State = (W0, W0, np.zeros_like(Psi))
    moving, still = [Psi @ W0], [Psi @ W0]
    for length, count in zip(np.diff(times), counts.astype(np.int64), strict=True):
        for _ in range(count):
            frozen, W, M = _runge_kutta(state, velocity, length / count)
            state = (np.linalg.qr(frozen)[0], np.linalg.qr(W)[0], M)
        moving.append(features(state[2]) @ state[1])
        still.append(Psi @ state[0])
    return np.stack(moving), np.stack(still)


def _horizontal(W: Array, gradient: Array) -> Array:
    """−(I − WWᵀ)∇."""
    return np.asarray(W @ (W.T @ gradient) - gradient, dtype=np.float64)


def _runge_kutta(state: State, velocity: Callable[[State], State], step: float) -> State:
    first = velocity(state)
    second = velocity(_ahead(state, first, step / 2))
    third = velocity(_ahead(state, second, step / 2))
    fourth = velocity(_ahead(state, third, step))
    return _ahead(_ahead(state, _ahead(first, fourth, 1), step / 6), _ahead(second, third, 1), step / 3)


def _ahead(state: State, slope: State, step: float) -> State:
    a, b, c = (at + step * v for at, v in zip(state, slope, strict=True))
    return a, b, c
