"""The equation of wide two-layer nets by the rows of W: each to its own accuracy, however small it has become."""

import numpy as np

from ssl_dynamics.theory.graded import graded_span
from ssl_dynamics.theory.integration import integrate
from ssl_dynamics.validation import Array

ON_SPHERE = 16 * np.finfo(np.float64).eps  # times d: 1 − σ² below it is the rounding of a singular value σ = 1
_ROUNDING = 1e-11  # of the directions of the rows, by DOP853 at its tightest


class WideRows:
    """Ẇ = −2[2CW − CWWᵀW − WWᵀCW] for one start, solved for the sizes and directions of the rows of VᵀW, C = VΛVᵀ.

    I − WᵀW = NᵀN with the part N of the output layer outside the range of V, of a rank that stays: singular values 1
    of W(0) stay 1. With B = WᵀCW, each row r of VᵀW, of eigenvalue λ, and of N obeys ṙ = rH,
        H = −2[λ(I + NᵀN) − B] − γD,   H = 4B − γD,   D = WᵀW + NᵀN − I = 0,   γ = 3 max(λ_d, 0),
    where γD changes nothing but that rounding, which grows at rate 4λ_d without it, is damped. For r = e^l y, |y| = 1:
    l̇ = yHyᵀ, ẏ = yH − l̇y. Nothing is lost where W vanishes, or where WᵀW = I is a saddle. Source: docs/theory.md §3.
    """

    def __init__(self, C: Array, W0: Array, times: Array) -> None:
        d, self._z = W0.shape
        self._eigenvalues, self._V = np.linalg.eigh(C)
        left, sigma, right = np.linalg.svd(W0, full_matrices=False)
        inside = 1 - sigma**2 > ON_SPHERE * d
        kept = W0 if inside.all() else left * np.where(inside, sigma, 1) @ right
        outer = np.sqrt((1 - sigma) * (1 + sigma), where=inside, out=np.zeros_like(sigma))[inside, None] * right[inside]
        rows = np.vstack([self._V.T @ kept, outer])
        sizes = np.linalg.norm(rows, axis=1)
        self._moving = sizes > 0
        self._damping = 3 * max(float(self._eigenvalues[-1]), 0.0)
        self._rank = int(self._moving[:d].sum())
        moving = rows[self._moving] / sizes[self._moving, None]
        initial = np.concatenate([np.log(sizes[self._moving])[:, None], moving], axis=1)
        states = integrate(self._velocity, initial, times)
        self._logs = np.zeros((len(times), d))
        self._directions = np.zeros((len(times), d, self._z))
        self._logs[:, self._moving[:d]] = states[:, : self._rank, 0]
        self._directions[:, self._moving[:d]] = states[:, : self._rank, 1:]

    def weights(self) -> Array:
        """W (T, d, z); each entry right next to the largest of W(t)."""
        lengths = np.linalg.norm(self._directions, axis=-1, keepdims=True)
        unit = np.divide(self._directions, lengths, out=np.zeros_like(self._directions), where=lengths > 0)
        W: Array = self._V @ (np.exp(self._logs)[..., None] * unit)
        return W

    def spans(self) -> Array:
        """Orthonormal bases of span W(t) (T, d, z). Raises ValueError where W(0) has deficient rank."""
        spans: Array = self._V @ graded_span(self._logs, self._directions, _ROUNDING)
        return spans

    def _velocity(self, state: Array) -> Array:
        y = state[:, 1:] / np.linalg.norm(state[:, 1:], axis=1, keepdims=True)  # else |y| = 1 would repel
        rows = np.exp(state[:, :1]) * y
        W, N = rows[: self._rank], rows[self._rank :]
        eigenvalues = self._eigenvalues[self._moving[: len(self._eigenvalues)], None]
        B, E, identity = W.T @ (eigenvalues * W), N.T @ N, np.eye(self._z)
        D = W.T @ W + E - identity
        inner, outer = y[: self._rank], y[self._rank :]
        moved = np.concatenate(
            [-2 * (eigenvalues * (inner @ (identity + E)) - inner @ B), 4 * outer @ B]
        ) - self._damping * (y @ D)
        growth = (y * moved).sum(1, keepdims=True)
        return np.concatenate([growth, moved - growth * y], axis=1)
