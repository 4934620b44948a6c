"""The constrained flow of one quadratic form, its eigenvectors taken once; readouts that need no basis in R^d."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import basis_of_graph, graph_coordinates
from ssl_dynamics.validation import Array, real, start, symmetric_matrix, time_grid

# 1 + tan² θ_max(0), the condition of N(0), at which half the digits of a readout in W(t) are left.
MOST_CONDITION = 1 / np.sqrt(np.finfo(np.float64).eps)


class SolvedFlow:
    """Ẇ = −2(I − WWᵀ)CW, WᵀW = I, solved for every start: C = VΛVᵀ is taken apart once (docs/theory.md §3).

    With G(t) as in `grassmann_flow`, span W(t) = span V[I; G(t)]. Only `bases` goes back to R^d. The other readouts
    rest on N(t) = I + G(t)ᵀG(t) (z, z), which is one matrix product for all times:

        N_kl − δ_kl = a_k a_l Σ_{j>z} e^{−4(λ_j − λ_z)t} G_jk(0) G_jl(0),  a_k = e^{−2(λ_z − λ_k)t};

    no exponent is positive. They cost O(T(d − z)z²) for T times, `bases` O(T d²z).

    C (d, d) symmetric. Starts W0 (..., d, z) with orthonormal columns and times (T,) in units of 1/C are the arguments
    of every method. Raises ValueError on bad shapes or values, and where W(0) has no component along some direction of
    the z leading eigenvectors.
    """

    def __init__(self, C: ArrayLike) -> None:
        self.eigenvalues, self._V = np.linalg.eigh(symmetric_matrix("C", C))

    def graph(self, W0: ArrayLike) -> Array:
        """G(0) (..., d − z, z), so that span W(0) = span V[I; G(0)]."""
        W = start("W0", W0, len(self.eigenvalues), orthonormal=True)
        return graph_coordinates(self._V, W, "the smallest eigenvalues")

    def bases(self, W0: ArrayLike, times: ArrayLike) -> Array:
        """Orthonormal bases of span W(t), as `grassmann_flow` returns them: (..., T, d, z)."""
        G = self.graph(W0)
        slow, fast = self._decay(G, time_grid("times", times))
        return basis_of_graph(self._V, fast[:, :, None] * G[..., None, :, :] * slow[:, None, :])

    def tangents(self, W0: ArrayLike, times: ArrayLike) -> Array:
        """Tangents (..., T, z) of the angles between span W(t) and span(v_1 … v_z), largest first.

        They are the singular values of G(t), by the eigenvalues of N(t) − I: the largest to rounding, the others to
        √ε = 1.5e−8 of it.
        """
        G = self.graph(W0)
        squares = np.linalg.eigvalsh(self._gram(G, *self._decay(G, time_grid("times", times))))
        tangents: Array = np.sqrt(np.maximum(squares, 0))[..., ::-1]
        return tangents

    def representations(self, W0: ArrayLike, times: ArrayLike, points: ArrayLike) -> Array:
        """XW(t) (..., T, m, z) of m points X (m, d), for orthonormal bases W(t) that are never formed.

        With F = XV and N = LLᵀ: XW(t) = F[I; G(t)]L⁻ᵀ, O(T(d − z)zm). The bases are not those of `bases`: only what a
        rotation of the outputs leaves as it is has a meaning, such as singular values, distances and probes. Rounding
        is ε(1 + tan² θ_max(0)); where that would leave less than half of the digits, ValueError.
        """
        G, X = self.graph(W0), real("points", points)
        if X.ndim != 2 or X.shape[1:] != self.eigenvalues.shape:
            raise ValueError(f"points must have shape (m, d) with d = {len(self.eigenvalues)}; got {X.shape}")
        condition = 1 + np.linalg.norm(G, ord=2, axis=(-2, -1)).max(initial=0.0) ** 2 if G.size else 1.0
        if condition > MOST_CONDITION:
            raise ValueError(
                f"1 + tan² θ_max(0) = {condition:.3g} is more than {MOST_CONDITION:.3g}: less than half of the digits "
                "would be left; take the product with `bases`"
            )
        slow, fast = self._decay(G, time_grid("times", times))
        z, m = G.shape[-1], len(X)
        F = X @ self._V
        products = G[..., :, :, None] * F[:, z:].T[:, None, :]  # (..., d − z, z, m)
        flat = fast @ products.reshape(*products.shape[:-2], z * m)
        unscaled = flat.reshape(*flat.shape[:-1], z, m) * slow[..., None] + F[:, :z].T  # (F[I; G(t)])ᵀ
        L = np.linalg.cholesky(self._gram(G, slow, fast) + np.eye(z))
        U: Array = np.linalg.solve(L, unscaled).mT
        return U

    def distances(self, W0: ArrayLike, times: ArrayLike, span: ArrayLike) -> Array:
        """‖P(t) − SSᵀ‖_F/√(2z) (..., T) of the projector on span W(t) and that of a basis S (d, z), orthonormal.

        Its square is 1 − ‖SᵀW(t)‖²_F/z: a difference, so that distances are known to √ε = 1.5e−8 and not better.
        Errors of `representations`, and for a basis S of another shape.
        """
        S, W = start("span", span, len(self.eigenvalues), orthonormal=True), np.asarray(W0)
        if S.shape != W.shape[-2:]:
            raise ValueError(f"span must be a basis of shape {W.shape[-2:]}; got {S.shape}")
        overlaps = self.representations(W0, times, S.T)
        distances: Array = np.sqrt(np.maximum(1 - np.square(overlaps).sum((-2, -1)) / S.shape[1], 0))
        return distances

    def _decay(self, G: Array, t: Array) -> tuple[Array, Array]:
        """a_k = e^{−2(λ_z − λ_k)t} (T, z) and e^{−2(λ_j − λ_z)t} (T, d − z), whose products are those of the gaps."""
        z = G.shape[-1]
        rates = 2 * (self.eigenvalues - self.eigenvalues[z - 1])
        return np.exp(rates[:z] * t[:, None]), np.exp(-rates[z:] * t[:, None])

    @staticmethod
    def _gram(G: Array, slow: Array, fast: Array) -> Array:
        """G(t)ᵀG(t) (..., T, z, z), one product for the z(z + 1)/2 pairs of columns at all times."""
        z = G.shape[-1]
        left, right = np.triu_indices(z)
        of_pairs = np.square(fast) @ (G[..., left] * G[..., right])
        gram = np.empty((*of_pairs.shape[:-1], z, z))
        gram[..., left, right] = gram[..., right, left] = of_pairs
        gram *= slow[:, :, None] * slow[:, None, :]
        return gram
