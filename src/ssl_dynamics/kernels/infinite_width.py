"""The linear kernel, and the tangent kernel of two-layer nets of infinite width (docs/theory.md §4)."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.problem.names import Activation
from ssl_dynamics.validation import finite, real

Array = NDArray[np.float64]
Block = Literal["all", "first", "second"]

# Below this share of √(1 + 2s_ii)√(1 + 2s_jj), squared, a difference from it is taken without subtracting.
_CANCELLED = 1 / 64
_SMALLEST = 1e-290  # below which products have begun to lose their digits


def linear_kernel(X: ArrayLike) -> Array:
    """s = XXᵀ/d, the kernel of the linear model u = Wᵀx/√d.

    X (N, d), real and finite; returns (N, N) float64 in squared units of x. Raises ValueError on bad shapes or
    values. Source: docs/theory.md §4.
    """
    points = _points(X)
    with np.errstate(over="ignore", invalid="ignore"):
        s: Array = points @ points.T / points.shape[1]
        s = (s + s.T) / 2
    if points.any() and np.abs(s).max() < _SMALLEST:
        raise ValueError(f"the linear kernel underflows float64: X reaches {np.abs(points).max():.3g}; scale it up")
    return finite("the linear kernel", s, f"X reaches {np.abs(points).max():.3g}; scale it down")


def infinite_width_ntk(X: ArrayLike, *, activation: Activation, block: Block = "all") -> Array:
    """Tangent kernel Σ + s∘Σ̇ of u = W_2ᵀφ(W_1x/√d)/√h, entries N(0, 1), as h → ∞; every output has the same one.

    With s_ij = x_i·x_j/d and (a, b) Gaussian of covariance s, Σ = E φ(a)φ(b) and Σ̇ = E φ'(a)φ'(b):
        identity      Σ = s,  Σ̇ = 1
        √2·ReLU       Σ = √(s_ii s_jj)[sin θ + (π − θ)cos θ]/π,  Σ̇ = (π − θ)/π,  θ the angle between x_i and x_j
        erf           Σ = (2/π) asin(2s_ij/√((1 + 2s_ii)(1 + 2s_jj))),  Σ̇ = (4/π)/√((1 + 2s_ii)(1 + 2s_jj) − 4s_ij²)
    The `block` "second" (output layer) is Σ, also the covariance of the outputs at random weights; "first" is s∘Σ̇.

    X (N, d), real and finite; `activation` "identity", "relu" (√2·ReLU) or "erf"; returns (N, N) float64. Raises
    ValueError on bad shapes or values, or an unknown activation or block. Source: docs/theory.md §4.
    """
    points = _points(X)
    s = linear_kernel(points)
    if activation not in COVARIANCES:
        allowed = ", ".join(map(repr, COVARIANCES))
        raise ValueError(f"activation {activation!r} is unknown; allowed: {allowed}")
    if block not in get_args(Block):
        raise ValueError(f"block {block!r} is unknown; allowed: {', '.join(map(repr, get_args(Block)))}")
    covariance, slopes = COVARIANCES[activation](points, s)
    with np.errstate(over="ignore"):
        kernel: Array = {"all": covariance + s * slopes, "first": s * slopes, "second": covariance}[block]
    return finite("the tangent kernel", kernel, f"X reaches {np.abs(points).max():.3g}; scale it down")


def _identity(_: Array, s: Array) -> tuple[Array, Array]:
    return s, np.ones_like(s)


def _relu(points: Array, s: Array) -> tuple[Array, Array]:
    theta = angles(points)
    norms = np.sqrt(np.diag(s))
    if (norms**2 < _SMALLEST).any():  # squares of small points have lost digits
        sizes = np.abs(points).max(axis=1, keepdims=True)
        units = np.divide(points, sizes, out=np.zeros_like(points), where=sizes > 0)
        norms = np.linalg.norm(units, axis=1) * (sizes[:, 0] / np.sqrt(points.shape[1]))
    covariance = np.outer(norms, norms) * (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / np.pi
    return covariance, (np.pi - theta) / np.pi


def _erf(points: Array, s: Array) -> tuple[Array, Array]:
    sizes = np.diag(s)
    scale = 1 + 2 * sizes
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        product = np.outer(scale, scale)
        rest = product - 4 * s**2
        covariance, slopes = 2 / np.pi * np.arcsin(2 * s / np.sqrt(product)), 4 / np.pi / np.sqrt(rest)
    cancels = ~(rest >= _CANCELLED * product) | np.isinf(product)
    if not cancels.any():
        return covariance, slopes
    root = np.hypot(np.sqrt(1 + 2 * np.add.outer(sizes, sizes)), 2 * gram_root(points, sizes))
    return (
        np.where(cancels, 2 / np.pi * np.arctan2(2 * s, root), covariance),
        np.where(cancels, 4 / np.pi / root, slopes),
    )


# Σ and Σ̇ of each activation, from the points and s.
COVARIANCES: dict[Activation, Callable[[Array, Array], tuple[Array, Array]]] = {
    "identity": _identity,
    "relu": _relu,
    "erf": _erf,
}


def angles(points: Array) -> Array:
    """θ = 2 atan2(|a − b|, |a + b|) between unit vectors, accurate near 0 and π, where arccos loses half the digits.

    A zero vector stands at π/2 to all: its rows of the kernel are zero whatever the angle.
    """
    return 2 * np.arctan2(*_distances(points))


def gram_root(points: Array, sizes: Array) -> Array:
    """√(s_ii s_jj − s_ij²) = √(s_ii s_jj) sin θ (N, N), sin θ = |a − b||a + b|/2: no difference of products."""
    apart, together = _distances(points)
    roots = np.sqrt(sizes)
    root: Array = np.outer(roots, roots) * (apart * together / 2)
    return root


def _distances(points: Array) -> tuple[Array, Array]:
    """|a − b| and |a + b| (N, N) of the points as unit vectors a and b. Scaled by powers of two first, exactly."""
    _, exponents = np.frexp(np.abs(points).max(axis=1, keepdims=True))
    scaled = np.ldexp(points, -exponents)
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    units = np.divide(scaled, norms, out=np.zeros_like(points), where=norms > 0)
    distance = scipy.spatial.distance.cdist
    return distance(units, units), distance(units, -units)


def _points(X: ArrayLike) -> Array:
    return finite_array("X", X, "(N, d) with N, d >= 1", lambda shape: len(shape) == 2)


def finite_array(name: str, values: ArrayLike, expected: str, fits: Callable[[tuple[int, ...]], bool]) -> Array:
    """The values as float64. Raises ValueError unless they are real, finite, some, and of a shape that fits."""
    array = real(name, values)
    if not fits(array.shape) or 0 in array.shape:
        raise ValueError(f"{name} must have shape {expected}; got {array.shape}")
    return array
