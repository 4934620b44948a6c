"""Constrained nets whose features move a little, with the slopes of their activation as at the start (§4)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.unsettled import Unsettled

# A bound on time: a step takes 7 ms on 150 points at h = 1,024, so that a net takes half a minute at most.
MOST_STEPS = 5_000

Array = NDArray[np.float64]
State = tuple[Array, Array, Array]  # W, M, W̃


@np.errstate(over="ignore", invalid="ignore")
def moving_features_flow(
    Psi: Array, slopes: Array, gram: Array, A: Array, W0: Array, *, times: Array, rate: float, step: float
) -> tuple[Array, Array]:
    """U(t) on features that move with the slopes φ' of the start, and Ũ(t) on features that rest: both in steps.

    With s_ij = x_i·x_j/d,
        Ψ(t) = Ψ_0 − (κ/h) φ'∘(s M),   Ṁ = φ'∘(2AΨ(t)WWᵀ),   Ẇ = −2(I − WWᵀ)Ψ(t)ᵀAΨ(t)W,   U = ΨW,
    and the Grassmann flow W̃ on Ψ_0, Ũ = Ψ_0W̃. Left out is the change of φ', of the order κt/h relative to U − Ũ, and
    nothing for the identity. Classical Runge-Kutta steps, the longest not above `step` that divide the time to the next
    of `times`, each ended by a QR: taken as training takes them, they make its error, too.

    Psi (N, h) and slopes φ' (N, h) at the start; gram s (N, N); A (N, N) symmetric; W0 (h, z) orthonormal; times (T,)
    from 0 on, increasing; `rate` κ. Returns two arrays (T, N, z). Raises ValueError for times that do not begin at 0,
    Unsettled if they take more than `MOST_STEPS` steps, or features run away, as they may where κλ_1/λ_z is not small
    beside h.
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
        W, M, frozen = state
        at = features(M)
        G = 2 * A @ (at @ W)
        at_rest = Psi.T @ (2 * A @ (Psi @ frozen))
        return _horizontal(W, at.T @ G), slopes * (G @ W.T), _horizontal(frozen, at_rest)

    state: State = (W0, np.zeros_like(Psi), W0)
    moving, still = [Psi @ W0], [Psi @ W0]
    for length, count in zip(np.diff(times), counts.astype(np.int64), strict=True):
        for _ in range(count):
            W, M, frozen = _runge_kutta(state, velocity, length / count)
            state = (np.linalg.qr(W)[0], M, np.linalg.qr(frozen)[0])
        moving.append(features(state[1]) @ state[0])
        still.append(Psi @ state[2])
    if not np.isfinite(moving[-1]).all():
        raise Unsettled(f"features of {h} units run away before t = {times[-1]:.3g}")
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
