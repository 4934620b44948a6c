"""The constrained flow of one quadratic form, its eigenvectors taken once; readouts that need no basis in R^d."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.exponential_sums import exponential_sums
from ssl_dynamics.theory.graph import basis_of_graph, decay, graph_coordinates
from ssl_dynamics.validation import Array, finite, real, start, symmetric_matrix, time_grid

# 1 + tan² θ_max(0), the condition of N(0), at which half the digits of a readout in W(t) are left.
MOST_CONDITION = 1 / np.sqrt(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Coordinates:
    """XV (m, d): m points in the eigenvectors of one C, for readouts of many starts (`SolvedFlow.coordinates`)."""

    values: Array


class SolvedFlow:
    """Ẇ = −2(I − WWᵀ)CW, WᵀW = I, solved for every start: C = VΛVᵀ is taken apart once (docs/theory.md §3).

    With G(t) as in `grassmann_flow`, span W(t) = span V[I; G(t)]. Only `bases` goes back to R^d. The other readouts
    rest on N(t) = I + G(t)ᵀG(t) (z, z), which is one matrix product for all times:

        N_kl − δ_kl = a_k a_l Σ_{j>z} e^{−4(λ_j − λ_z)t} G_jk(0) G_jl(0),  a_k = e^{−2(λ_z − λ_k)t};

    no exponent is positive. They cost O(T(d − z)z²) for T times or less, `bases` O(T d²z).

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
        G, t = self.graph(W0), time_grid("times", times)
        slow, fast = self._decay(G, t)
        return basis_of_graph(self._V, fast[:, :, None] * G[..., None, :, :] * slow[:, None, :])

    def tangents(self, W0: ArrayLike, times: ArrayLike) -> Array:
        """Tangents (..., T, z) of the angles between span W(t) and span(v_1 … v_z), largest first.

        They are the singular values of G(t), by the eigenvalues of N(t) − I: the largest to rounding, the others to
        √ε = 1.5e−8 of it.
        """
        G, t = self.graph(W0), time_grid("times", times)
        slow, fast = self._decay(G, t)
        # The product as it stands: interpolated sums would lose the digits of angles that have become small.
        of_pairs = np.square(fast) @ _pairs(G)
        squares = np.linalg.eigvalsh(_gram(of_pairs, slow))
        tangents: Array = np.sqrt(np.maximum(squares, 0))[..., ::-1]
        return tangents

    def coordinates(self, points: ArrayLike) -> Coordinates:
        """Points X (m, d) for `representations` and `inner_products`, which then need no product with V."""
        return Coordinates(self._in_eigenvectors("points", points))

    def representations(self, W0: ArrayLike, times: ArrayLike, points: ArrayLike | Coordinates) -> Array:
        """XW(t) (..., T, m, z) of m points X (m, d), for orthonormal bases W(t) that are never formed.

        With F = XV and N = LLᵀ: XW(t) = F[I; G(t)]L⁻ᵀ, O(Q(T + d)zm) by sums of Q terms (`exponential_sums`). The bases
        are not those of `bases`: only what a rotation of the outputs leaves as it is has a meaning, such as singular
        values, distances and probes. Rounding is ε(1 + tan² θ_max(0)); where that would leave less than half of the
        digits, ValueError.
        """
        graph, gram = self._readout(W0, times, self._in_eigenvectors("points", points))
        U: Array = np.linalg.solve(np.linalg.cholesky(gram), graph).mT
        return U

    def inner_products(
        self, W0: ArrayLike, times: ArrayLike, left: ArrayLike | Coordinates, right: ArrayLike | Coordinates
    ) -> Array:
        """XP(t)Yᵀ (..., T, m, k) of points X (m, d) and Y (k, d): products of representations, P(t) on span W(t).

        With F_X = XV: (F_X[I; G(t)]) N⁻¹ (F_Y[I; G(t)])ᵀ, for which only the m points of X are solved: let them be the
        fewer. What reads representations by their distances (nearest means, kernels) needs no more than these, for
        |u − v|² = u·u − 2u·v + v·v. Cost, rounding and errors of `representations`.
        """
        X, Y = self._in_eigenvectors("left", left), self._in_eigenvectors("right", right)
        graph, gram = self._readout(W0, times, np.concatenate([X, Y]))
        products: Array = np.linalg.solve(gram, graph[..., : len(X)]).mT @ graph[..., len(X) :]
        return products

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

    def _in_eigenvectors(self, name: str, points: ArrayLike | Coordinates) -> Array:
        """XV (m, d)."""
        d = len(self.eigenvalues)
        X = points.values if isinstance(points, Coordinates) else real(name, points)
        if X.ndim != 2 or X.shape[1] != d:
            raise ValueError(f"{name} must have shape (m, d) with d = {d}; got {X.shape}")
        if isinstance(points, Coordinates):
            return X
        with np.errstate(over="ignore", invalid="ignore"):
            return finite("a representation", X @ self._V, f"{name} reach {np.abs(X).max():.3g}; scale them down")

    def _readout(self, W0: ArrayLike, times: ArrayLike, F: Array) -> tuple[Array, Array]:
        """(F[I; G(t)])ᵀ (..., T, z, m) of F = XV (m, d), and N(t) (..., T, z, z), where N keeps half of the digits."""
        G, t = self.graph(W0), time_grid("times", times)
        condition = 1 + np.linalg.norm(G, ord=2, axis=(-2, -1)).max(initial=0.0) ** 2 if G.size else 1.0
        if condition > MOST_CONDITION:
            raise ValueError(
                f"1 + tan² θ_max(0) = {condition:.3g} is more than {MOST_CONDITION:.3g}: less than half of the digits "
                "would be left; take the product with `bases`"
            )
        z, (leading, others) = G.shape[-1], self._rates(G)
        slow = decay(-leading, t[:, None])
        graph = exponential_sums(others, t, G, F[:, z:].T)
        graph *= slow[..., None]
        graph += F[:, :z].T
        return graph, _gram(exponential_sums(2 * others, t, _pairs(G)), slow) + np.eye(z)

    def _decay(self, G: Array, t: Array) -> tuple[Array, Array]:
        """a_k = e^{−2(λ_z − λ_k)t} (T, z) and e^{−2(λ_j − λ_z)t} (T, d − z), whose products are those of the gaps."""
        leading, others = self._rates(G)
        return decay(-leading, t[:, None]), decay(others, t[:, None])

    def _rates(self, G: Array) -> tuple[Array, Array]:
        """2(λ_k − λ_z) (z,) <= 0 of the leading directions and 2(λ_j − λ_z) (d − z,) >= 0 of the others."""
        z = G.shape[-1]
        rates = 2 * (self.eigenvalues - self.eigenvalues[z - 1])
        return rates[:z], rates[z:]


def nearest_mean_accuracies(
    flow: SolvedFlow,
    W0: ArrayLike,
    times: ArrayLike,
    *,
    means: ArrayLike | Coordinates,
    items: ArrayLike | Coordinates,
    labels: ArrayLike,
) -> Array:
    """Share (..., T) of items x to whose representations Wᵀ(t)x no class mean is nearer than that of their own class.

    |Wᵀ(x − μ)|² = x·Px − 2(x·Pμ − μ·Pμ/2) with the projector P(t) on span W(t). Its first term is the same for all
    classes; the other two are inner products, so that no basis in R^d is formed.

    W0 (..., d, z), times (T,) as in `SolvedFlow`; means (K, d) and items (m, d), or their `Coordinates`; labels (m,)
    whole numbers, which row of the means each item belongs to. Returns float64 in [0, 1]. Cost, rounding and errors of
    `SolvedFlow.representations` of K + m points, with O(TKzm) more for the scores; ValueError for other labels. Source:
    docs/theory.md §3.
    """
    of_means, of_items = flow._in_eigenvectors("means", means), flow._in_eigenvectors("items", items)
    y, K, m = np.asarray(labels), len(of_means), len(of_items)
    if y.shape != (m,) or y.dtype.kind not in "iu" or not y.size or y.min() < 0 or y.max() >= K:
        raise ValueError(f"labels must be {m} whole numbers, rows of the {K} means; got {y.dtype} of shape {y.shape}")
    graph, gram = flow._readout(W0, times, np.concatenate([of_means, of_items]))
    centers = graph[..., :K]
    solved = np.linalg.solve(gram, centers)  # N⁻¹(F[I; G])ᵀ
    scores = solved.mT @ graph[..., K:]
    scores -= (solved * centers).sum(-2)[..., None] / 2
    shares: Array = (scores[..., y, np.arange(m)] >= scores.max(-2)).mean(-1)
    return shares


def _pairs(G: Array) -> Array:
    """G_jk G_jl (..., d − z, z(z + 1)/2), for k ≤ l."""
    left, right = np.triu_indices(G.shape[-1])
    return G[..., left] * G[..., right]


def _gram(of_pairs: Array, slow: Array) -> Array:
    """G(t)ᵀG(t) (..., T, z, z), of its sums over the z(z + 1)/2 pairs of columns."""
    z = slow.shape[-1]
    left, right = np.triu_indices(z)
    gram = np.empty((*of_pairs.shape[:-1], z, z))
    gram[..., left, right] = gram[..., right, left] = of_pairs
    gram *= slow[:, :, None] * slow[:, None, :]
    return gram
