"""Beyond the edge of stability: the orbit of period 2 in which Riemannian steps end (docs/theory.md §11)."""

from copy import copy
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import basis_of_graph
from ssl_dynamics.validation import Array, count, finite, positive, real, start, step_counts, symmetric_matrix

MOST_EXPONENTIAL = np.pi / 2  # of ηΔ, up to which the orbit of the exponential map is known
_MOST_PROJECTED = 1e6  # of ηΔ, up to which float64 tells a turn of arctan √((ηΔ)² − 1) from π/2 to ten digits
_NEWTON = 60  # steps; from the right of the root of a concave function they never overshoot


def edge_angle(edge: ArrayLike, *, exponential: bool = False) -> Array:
    """Angle θ of the orbit θ ↔ −θ at `edge` = ηΔ: 0 up to the edge of stability 1, and beyond it

        cos 2θ = 1/(ηΔ) for QR and polar retraction,   sin(2θ)/(2θ) = 1/(ηΔ) for the exponential map.

    edge (...) positive, for the exponential map at most π/2, where its orbit loses stability; returns radians (...)
    float64. Raises ValueError on other values. Source: docs/theory.md §11.
    """
    h = real("edge", edge)
    if h.size and not (h > 0).all():
        raise ValueError(f"edge must be positive; got {h.min():.6g}")
    if exponential and h.size and h.max() > MOST_EXPONENTIAL:
        raise ValueError(f"edge must be at most π/2 for the exponential map; got {h.max():.6g}")
    excess = np.maximum(h - 1, 0.0)
    if not exponential:
        return np.asarray(np.arctan(np.sqrt(excess) * np.sqrt(excess + 2)) / 2)  # tan 2θ = √(h² − 1)
    # sin φ/φ ≤ 1 − φ²/10 up to π/2, so that this lies to the right of φ = 2θ.
    phi = np.asarray(np.minimum(np.sqrt(10 * excess / (1 + excess)), np.pi / 2))
    beyond = excess > 0
    for _ in range(_NEWTON):
        difference = np.sin(phi) - phi / (1 + excess)
        slope = np.where(beyond, np.cos(phi) - 1 / (1 + excess), -1.0)
        phi = np.where(beyond, phi - difference / slope, 0.0)
    return phi / 2


class EdgeOrbit:
    """Where Riemannian steps W ← R_W(−2η(I − WWᵀ)CW) end that are too large to converge (docs/theory.md §11).

    With the pairs (v_i, v_{d+1−i}), i ≤ min(z, d − z), and h_i = η(λ_{d+1−i} − λ_i), of which the first r exceed 1,

        span W = span(cos θ_i v_i ± sin θ_i v_{d+1−i}, i ≤ r;  v_{r+1}, …, v_z),   θ_i of `edge_angle` at h_i,

    and a step turns every plane from +θ_i to −θ_i or back. At r = 0 it is the eigenspace span(v_1 … v_z), at rest. QR
    and polar retraction take the same steps on the Grassmannian; `exponential` for those of the exponential map.

    C (d, d) symmetric, 1 <= z < d, learning_rate η > 0 in units of 1/C. Raises ValueError on bad shapes or values, and
    where h_1 > 1e6, or, for the exponential map, h_1 > π/2.
    """

    def __init__(self, C: ArrayLike, z: int, learning_rate: float, *, exponential: bool = False) -> None:
        form = symmetric_matrix("C", C)
        self.z = count("z", z, len(form) - 1, "d − 1")
        self._eigenvalues, self._V = np.linalg.eigh(form)
        self._take(learning_rate, exponential=exponential)

    def at(self, learning_rate: float, *, exponential: bool) -> Self:
        """The orbit of the same C and z at another step size; what the class raises."""
        other = copy(self)
        other._take(learning_rate, exponential=exponential)
        return other

    def _take(self, learning_rate: float, *, exponential: bool) -> None:
        self.learning_rate, self.exponential = positive("learning_rate", learning_rate), exponential
        rates = np.array(self.learning_rate)
        _require_known("learning_rate", rates, self._eigenvalues, exponential=exponential)
        self.edges = pair_edges(self._eigenvalues, self.z, rates)  # h_i (min(z, d − z),)
        self.pairs = int((self.edges > 1).sum())  # r
        angles = np.zeros(self.z)
        angles[: self.pairs] = edge_angle(self.edges[: self.pairs], exponential=exponential)
        self.angles: Array = angles  # θ_i (z,) radians, largest first
        d, r = len(self._V), self.pairs
        # Columns v_i with the partner that they turn to; rows of the complement, partners first.
        self._rows = np.concatenate([np.arange(d - 1, d - 1 - r, -1), np.arange(self.z, d - r)])

    def points(self) -> Array:
        """Both points of the orbit, at +θ and at −θ: orthonormal bases (2, d, z)."""
        return np.stack([self._frame(sign)[:, : self.z] for sign in (1, -1)])

    def multipliers(self) -> Array:
        """What a step multiplies displacements from the orbit by, to first order, in modulus: (d − z, z), unordered.

        The orbit attracts if all are below 1. With z = 1 they are |1 − 2(λ_k − λ_1)/(λ_d − λ_1)| for 1 < k < d at every
        step size and for every retraction, and in the plane itself |1 − 2/h²|, or |1 − 4θ cot 2θ| (`exponential`).
        """
        own, coupled = self._linear()
        moduli: Array = np.abs(own + np.eye(*own.shape) * coupled)
        for i in range(self.pairs):
            for j in range(i):
                block = np.array([[own[i, j], coupled[i, j]], [coupled[j, i], own[j, i]]])
                moduli[i, j], moduli[j, i] = np.abs(np.linalg.eigvals(block))
        return moduli

    def beside(self, W0: ArrayLike, steps: int, *, rate: float = 1.0) -> Array:
        """Orthonormal bases of the spans at which steps from beside the orbit's point at +θ arrive, to first order.

        With [W, Y] the point and its complement and B = (YᵀW(0))(WᵀW(0))⁻¹, a step leads from span(W + YB) to
        span(W' + Y'B') with B' linear in B. `rate` multiplies B' in each step (other values than 1 are wrong).

        W0 (..., d, z), orthonormal columns; steps >= 0, a whole number; rate > 0; returns (..., d, z) float64. Raises
        ValueError on bad shapes or values, and where W0 has no component along some direction of the point.
        """
        W, frame = start("W0", W0, len(self._V), orthonormal=True), self._frame(1)
        if W.shape[-1] != self.z:
            raise ValueError(f"W0 must have z = {self.z} columns; got {W.shape[-1]}")
        taken, factor = int(step_counts("steps", [steps])[0]), positive("rate", rate)
        own, coupled = self._linear()
        X, r = frame.T @ W, self.pairs
        if np.linalg.svd(X[..., : self.z, :], compute_uv=False).min() < len(frame) * np.finfo(np.float64).eps:
            raise ValueError("W0 has no component along some direction of the orbit's point: it does not lie beside it")
        B = np.linalg.solve(X[..., : self.z, :].mT, X[..., self.z :, :].mT).mT.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(taken):
                moved = own * B
                moved[..., :r, :r] += coupled[:r, :r] * B[..., :r, :r].mT
                B = factor * moved
        finite("a displacement from the orbit", B, "take fewer steps, or a smaller rate")
        return basis_of_graph(self._frame(1 - 2 * (taken % 2)), B)

    def _frame(self, sign: int) -> Array:
        """[W, Y] (d, d) at ±θ: basis of the point and of its complement, whose first r columns are normal to W's."""
        r = self.pairs
        theta = sign * self.angles[:r]
        lower, upper = self._V[:, :r], self._V[:, self._rows[:r]]
        turned = (lower * np.cos(theta) + upper * np.sin(theta), upper * np.cos(theta) - lower * np.sin(theta))
        rest = self._V[:, r : self.z], self._V[:, self._rows[r:]]
        return np.concatenate([turned[0], rest[0], turned[1], rest[1]], axis=1)

    def _linear(self) -> tuple[Array, Array]:
        """The linear map of a step, B'_jk = own_jk B_jk + coupled_jk B_kj, (d − z, z) each; coupled for j, k ≤ r."""
        lam, phi = self._eigenvalues, 2 * self.angles
        inside, outside = lam[: self.z].copy(), lam[self._rows].copy()
        shift = (outside[: self.pairs] - inside[: self.pairs]) * np.sin(self.angles[: self.pairs]) ** 2
        inside[: self.pairs] += shift  # wᵀCw of the columns, and of their normals
        outside[: self.pairs] -= shift
        turn = np.zeros(len(outside))
        turn[: self.pairs] = phi[: self.pairs]
        a, b = turn[:, None], phi[None, :]
        descent = 2 * self.learning_rate * (outside[:, None] - inside[None, :])
        own, coupled = np.cos(a) * np.cos(b), np.sin(a) * np.sin(b)
        if not self.exponential:
            return own * (1 - descent), coupled
        # Jacobi fields along the geodesic of a step: B ± Bᵀ at the frequencies a ∓ b.
        along, across = np.sinc((a - b) / np.pi), np.sinc((a + b) / np.pi)
        mirrored = np.zeros_like(descent)
        r = self.pairs
        mirrored[:r, :r] = descent[:r, :r].T
        return own - (along + across) / 2 * descent, coupled - (along - across) / 2 * mirrored


def pair_edges(eigenvalues: Array, z: int, learning_rates: Array) -> Array:
    """h_i = η(λ_{d+1−i} − λ_i), i ≤ min(z, d − z): (..., min(z, d − z)) of step sizes (...)."""
    pairs = min(z, len(eigenvalues) - z)
    return np.asarray(learning_rates)[..., None] * (eigenvalues[::-1][:pairs] - eigenvalues[:pairs])


def steps_to_edge_orbit(
    C: ArrayLike,
    W0: ArrayLike,
    learning_rates: ArrayLike,
    *,
    within: float,
    lasting: int,
    most: int,
    exponential: bool = False,
) -> float:
    """Riemannian steps after which all starts are in the orbit at all step sizes: inf where `most` do not suffice.

    The steps are taken in the eigenbasis of C. A start is in the orbit where its angles θ_i to span(v_1 … v_z) say what
    h_i = η(λ_{d+1−i} − λ_i) is to `within`: |max(h_i, 1) c(θ_i) − 1| <= within with c(θ) = cos 2θ, or sin(2θ)/(2θ) for
    the exponential map. The count includes the last of so many such steps in succession, `lasting`.

    C (d, d) symmetric; W0 (..., d, z), orthonormal columns, z < d; learning_rates (H,) in units of 1/C; within > 0;
    lasting, most >= 1. Raises ValueError on bad shapes or values, and where an h_i exceeds 1e6, or, for the exponential
    map, π/2. Source: docs/theory.md §11.
    """
    form, rates = symmetric_matrix("C", C), real("learning_rates", learning_rates)
    W, within = start("W0", W0, len(form), orthonormal=True), positive("within", within)
    lasting, most = count("lasting", lasting), count("most", most)
    if rates.ndim != 1 or not rates.size or rates.min() <= 0:
        raise ValueError(f"learning_rates must be a list of positive numbers (H,); got {rates}")
    z = count("z", W.shape[-1], len(form) - 1, "d − 1")
    eigenvalues, V = np.linalg.eigh(form)
    _require_known("learning_rates", rates, eigenvalues, exponential=exponential)
    rates = rates.reshape(-1, *[1] * (W.ndim - 2))
    edges = np.ones((*rates.shape, z))
    edges[..., : min(z, len(form) - z)] = np.maximum(pair_edges(eigenvalues, z, rates), 1.0)
    shifted = (eigenvalues - eigenvalues[0])[:, None]
    X = np.broadcast_to(V.T @ W, (*np.broadcast_shapes(rates.shape, W.shape[:-2]), *W.shape[-2:]))
    passed = 0
    for step in range(most + 1):
        lower = X[..., z:, :]
        squares = np.maximum(np.linalg.eigvalsh(lower.mT @ lower)[..., ::-1], 0.0)  # sin² θ_i, largest first
        told = np.sinc(2 * np.arcsin(np.sqrt(np.minimum(squares, 1))) / np.pi) if exponential else 1 - 2 * squares
        passed = passed + 1 if (np.abs(edges * told - 1) <= within).all() else 0
        if passed == lasting:
            return float(step)
        X = _step(X, shifted, rates[..., None, None], exponential=exponential)
    return float("inf")


def _require_known(name: str, learning_rates: Array, eigenvalues: Array, *, exponential: bool) -> None:
    """Raises ValueError where ηΔ is larger than the orbit is known for."""
    most, written = (MOST_EXPONENTIAL, "π/2") if exponential else (_MOST_PROJECTED, f"{_MOST_PROJECTED:g}")
    with np.errstate(over="ignore"):
        edge = learning_rates.max() * (eigenvalues[-1] - eigenvalues[0])
    if not edge <= most:
        of = "the exponential map" if exponential else "QR and polar retraction"
        raise ValueError(f"{name} times λ_d − λ_1 must be at most {written} for {of}; got {edge:.6g}")


def _step(X: Array, eigenvalues: Array, learning_rates: Array, *, exponential: bool) -> Array:
    """A Riemannian step in the eigenbasis, X (..., d, z); by Gram matrices, whose condition is at most 1 + h²."""
    LX = eigenvalues * X
    H = -2 * learning_rates * (LX - X @ (X.mT @ LX))
    if exponential:
        squares, U = np.linalg.eigh(H.mT @ H)
        turns = np.sqrt(np.maximum(squares, 0.0))[..., None, :]
        moved = X @ ((U * np.cos(turns)) @ U.mT) + H @ ((U * np.sinc(turns / np.pi)) @ U.mT)
    else:
        moved = X + H
    return np.asarray(np.linalg.solve(np.linalg.cholesky(moved.mT @ moved), moved.mT).mT)
