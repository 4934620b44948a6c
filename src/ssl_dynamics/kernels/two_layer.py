"""The tangent kernel of two-layer nets of finite width, in closed form (docs/theory.md §4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.kernels.infinite_width import Block, finite_array
from ssl_dynamics.problem.names import Activation
from ssl_dynamics.validation import finite

Array = NDArray[np.float64]

SCALE_DOWN = "scale X or the weights down"

# Samples in a strip of rows. A strip meets itself and the samples before it alone, so that many thin strips save nearly
# half of the products; thinner ones than this slow each product down.
_STRIP = 48


def activate(V: Array, activation: Activation) -> tuple[Array, Array]:
    """φ(V) and φ'(V): identity, √2·ReLU or erf; shapes of V. Raises ValueError on an unknown activation."""
    if activation == "identity":
        return V, np.ones_like(V)
    if activation == "relu":
        slope = np.sqrt(2) * (V > 0)
        return V * slope, slope
    if activation == "erf":
        with np.errstate(over="ignore"):
            return scipy.special.erf(V), 2 / np.sqrt(np.pi) * np.exp(-np.square(V))
    raise ValueError(f"activation {activation!r} is unknown; allowed: {', '.join(map(repr, get_args(Activation)))}")


@np.errstate(over="ignore", invalid="ignore")
def features(X: ArrayLike, W1: ArrayLike, *, activation: Activation) -> Array:
    """Ψ = φ(XW_1ᵀ/√d)/√h, the hidden layer on N points: ΨΨᵀ tends to Σ, the block "second" of `infinite_width_ntk`.

    X (N, d); W1 (..., h, d); real and finite; returns (..., N, h) float64. Raises ValueError on bad shapes or values.
    Source: docs/theory.md §4.
    """
    points = finite_array("X", X, "(N, d) with N, d >= 1", lambda shape: len(shape) == 2)
    d = points.shape[1]
    first = finite_array("W1", W1, f"(..., h, d) with d = {d}", lambda shape: len(shape) >= 2 and shape[-1] == d)
    h = first.shape[-2]
    hidden: Array = activate(points @ first.mT / np.sqrt(d), activation)[0] / np.sqrt(h)
    return finite("a feature", hidden, SCALE_DOWN)


@np.errstate(over="ignore", invalid="ignore")
def two_layer_ntk(X: ArrayLike, W1: ArrayLike, W2: ArrayLike, *, activation: Activation, block: Block = "all") -> Array:
    """Tangent kernel of u = W_2ᵀφ(W_1x/√d)/√h on N points; index i·z + a.

    Θ[(i, a), (j, b)] = (1/h)[δ_ab (ΦΦᵀ)_ij + (x_i·x_j/d)(D_a D_bᵀ)_ij],  Φ = φ(XW_1ᵀ/√d), D_a = W_2[:, a]∘φ'(XW_1ᵀ/√d):
    the `block` "second" (output layer, first term), "first" (first layer) or their sum, "all". Matrix products alone,
    no Jacobian: block (a, b) is block (b, a), and symmetric in (i, j), so that z(z + 1)/2 products of half the samples
    make all of it. Beyond the result, memory holds Φ, φ' and a strip of rows.

    X (N, d); W1 (..., h, d); W2 (..., h, z), with the same leading dimensions (seeds); real and finite. `activation`
    "identity", "relu" (√2·ReLU) or "erf". Returns (..., Nz, Nz) float64, symmetric, in squared units of u per unit of
    squared weight. Raises ValueError on bad shapes or values. Source: docs/theory.md §4.
    """
    net = _net(X, W1, W2, activation, block)
    N, z = len(net.X), net.W2.shape[-1]
    pairs = z * (z + 1) // 2
    of_pair = np.zeros((z, z), dtype=np.intp)  # the pair that block (a, b) is made of
    of_pair[np.triu_indices(z)] = np.arange(pairs)
    of_pair = np.maximum(of_pair, of_pair.T)
    kernel = np.empty((*net.lead, N, z, N, z))
    for start, stop, strip in _strips(net, pairs):
        if block != "second":
            similarity = net.similarity(start, stop)
            for a, first in enumerate(np.diag(of_pair)):
                weights = net.W2[..., a, None] * net.W2[..., a:]
                net.first_layer(start, stop, weights, similarity, strip[..., first : first + z - a, :, :])
        if block != "first":
            strip[..., np.diag(of_pair), :, :] += net.second_layer(start, stop)[..., None, :, :]
        for left, right in _ranges(stop):  # tile by tile, so that what is scattered stays in the cache
            for a in range(z):
                blocks = strip[..., left:right][..., of_pair[a], :, :]  # (a, b) for every b: (..., z, i, j)
                kernel[..., start:stop, a, left:right, :] = np.moveaxis(blocks, -3, -1)
                if right <= start:
                    kernel[..., left:right, a, start:stop, :] = np.moveaxis(blocks.mT, -3, -1)
    return finite("the tangent kernel", kernel.reshape(*net.lead, N * z, N * z), SCALE_DOWN)


@np.errstate(over="ignore", invalid="ignore")
def two_layer_ntk_trace(
    X: ArrayLike, W1: ArrayLike, W2: ArrayLike, *, activation: Activation, block: Block = "all"
) -> Array:
    """Trace of the tangent kernel over the outputs, Σ_a Θ[(i, a), (j, a)] = (1/h)[z(ΦΦᵀ)_ij + (x_i·x_j/d)(DDᵀ)_ij].

    D = w∘φ'(XW_1ᵀ/√d) with w² = Σ_a W_2[:, a]²: one product for each layer, whatever z, and each of a matrix with its
    own transpose, of which numpy has one half computed (syrk of BLAS) and copies the other. Arguments and errors of
    `two_layer_ntk`; returns (..., N, N) float64, symmetric. Source: docs/theory.md §4.
    """
    net = _net(X, W1, W2, activation, block)
    (N, d), (h, z) = net.X.shape, net.W2.shape[-2:]
    kernel = np.zeros((*net.lead, N, N))
    if block != "second":
        D = net.slopes
        D *= np.sqrt(np.square(net.W2).sum(-1))[..., None, :]
        np.matmul(D, D.mT, out=kernel)
        kernel *= net.X @ net.X.T / (d * h)
    if block != "first":
        second = net.features @ net.features.mT
        second *= z / h
        kernel += second
    return finite("the tangent kernel", kernel, SCALE_DOWN)


@dataclass(frozen=True)
class _Net:
    """Points and what the net makes of them; of each product the rows start … stop, against the samples 0 … stop."""

    X: Array  # (N, d)
    W2: Array  # (..., h, z)
    features: Array  # Φ (..., N, h)
    slopes: Array  # φ' (..., N, h)

    @property
    def lead(self) -> tuple[int, ...]:
        return self.W2.shape[:-2]

    @cached_property
    def scratch(self) -> Array:
        """Memory (..., z·_STRIP, h) for the weighted slopes of a strip, which every product reuses."""
        h, z = self.W2.shape[-2:]
        return np.empty((*self.lead, z * min(_STRIP, len(self.X)), h))

    def second_layer(self, start: int, stop: int) -> Array:
        """(ΦΦᵀ)/h (..., i, j)."""
        product = self.features[..., start:stop, :] @ self.features[..., :stop, :].mT
        product /= self.W2.shape[-2]
        return _symmetric_end(product, start)

    def similarity(self, start: int, stop: int) -> Array:
        """(x_i·x_j/d)/h (i, j)."""
        product: Array = self.X[start:stop] @ self.X[:stop].T
        product /= self.X.shape[1] * self.W2.shape[-2]
        return product

    def first_layer(self, start: int, stop: int, weights: Array, similarity: Array, out: Array) -> None:
        """(x_i·x_j/d) Σ_k w_k φ'_ik φ'_jk/h for p weights w (..., h, p) in one product, into `out` (..., p, i, j)."""
        (h, p), rows = weights.shape[-2:], stop - start
        weighted = self.scratch[..., : p * rows, :].reshape(*self.lead, p, rows, h)
        np.multiply(self.slopes[..., None, start:stop, :], weights.mT[..., None, :], out=weighted)
        product = out.reshape(*self.lead, p * rows, stop)
        np.matmul(weighted.reshape(*self.lead, p * rows, h), self.slopes[..., :stop, :].mT, out=product)
        out *= similarity
        _symmetric_end(out, start)


def _symmetric_end(strip: Array, start: int) -> Array:
    """The strip, its last square made symmetric in place: products leave it so only to rounding."""
    square = strip[..., start:]
    square[...] = (square + square.mT) / 2
    return strip


def _ranges(N: int) -> Iterator[tuple[int, int]]:
    for start in range(0, N, _STRIP):
        yield start, min(start + _STRIP, N)


def _strips(net: _Net, blocks: int) -> Iterator[tuple[int, int, Array]]:
    """Each strip of rows: start, stop, and zeros (..., blocks, stop − start, stop), in memory that is reused."""
    N = len(net.X)
    memory = np.empty((*net.lead, blocks * min(_STRIP, N) * N))
    for start, stop in _ranges(N):
        strip = memory[..., : blocks * (stop - start) * stop].reshape(*net.lead, blocks, stop - start, stop)
        strip[...] = 0
        yield start, stop, strip


def _net(X: ArrayLike, W1: ArrayLike, W2: ArrayLike, activation: Activation, block: Block) -> _Net:
    points = finite_array("X", X, "(N, d) with N, d >= 1", lambda shape: len(shape) == 2)
    d = points.shape[1]
    first = finite_array("W1", W1, f"(..., h, d) with d = {d}", lambda shape: shape[-1:] == (d,) and len(shape) > 1)
    lead = first.shape[:-1]
    expected = f"(..., h, z) with (..., h) = {lead}"
    second = finite_array("W2", W2, expected, lambda shape: shape[:-1] == lead)
    if block not in get_args(Block):
        raise ValueError(f"block {block!r} is unknown; allowed: {', '.join(map(repr, get_args(Block)))}")
    hidden = points @ first.mT
    hidden /= np.sqrt(d)
    return _Net(points, second, *activate(finite("an input of a unit", hidden, SCALE_DOWN), activation))
