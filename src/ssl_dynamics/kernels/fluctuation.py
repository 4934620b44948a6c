"""How far the tangent kernel of a random net of finite width is from its limit, as a number (docs/theory.md §4)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.kernels.infinite_width import Block, angles, infinite_width_ntk, linear_kernel
from ssl_dynamics.problem.settings import Activation

Array = NDArray[np.float64]

# Places of the integral over s of erf nets, smooth on [0, s_ij]: 20 give 1e−12 or better at |x|² up to 9d.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def unit_variance(X: ArrayLike, *, z: int, activation: Activation, block: Block = "all") -> float:
    """V = h E‖Θ_h − Θ∞‖_F² of u = W_2ᵀφ(W_1x/√d)/√h on N points, entries N(0, 1): the same number at every width h.

    Θ_h is a mean over h independent units, so that V is the variance of the kernel of one, E‖Θ_1‖² − ‖Θ∞‖², with
        E‖Θ_1‖² = Σ_ij [z E φ_i²φ_j² + 2z s_ij E φ_iφ'_iφ_jφ'_j + z(z + 2) s_ij² E φ'_i²φ'_j²],
    the first term of the `block` "second", the last of "first", all three of "all"; |w|⁴ has the mean z(z + 2).

    X (N, d), real and finite; z >= 1 outputs; `activation` "identity", "relu" (√2·ReLU) or "erf". Raises ValueError
    otherwise. Source: docs/theory.md §4.
    """
    if z < 1:
        raise ValueError(f"z must be at least 1; got {z}")
    limit = infinite_width_ntk(X, activation=activation, block=block)
    s = linear_kernel(X)
    features, products, slopes = MOMENTS[activation](np.asarray(X, dtype=np.float64), s)
    second, mixed, first = (z * features).sum(), (2 * z * s * products).sum(), (z * (z + 2) * s**2 * slopes).sum()
    square = {"second": second, "first": first, "all": second + mixed + first}[block]
    return float(square - z * (limit**2).sum())


def _identity(_: Array, s: Array) -> tuple[Array, Array, Array]:
    return np.outer(np.diag(s), np.diag(s)) + 2 * s**2, s, np.ones_like(s)


def _relu(points: Array, s: Array) -> tuple[Array, Array, Array]:
    theta = angles(points)
    sizes = np.outer(np.diag(s), np.diag(s))
    sine, cosine, rest = np.sin(theta), np.cos(theta), np.pi - theta
    features = 2 / np.pi * sizes * (3 * sine * cosine + rest * (1 + 2 * cosine**2))
    return features, 2 / np.pi * np.sqrt(sizes) * (sine + rest * cosine), 2 / np.pi * rest


def _erf(_: Array, s: Array) -> tuple[Array, Array, Array]:
    sizes = np.diag(s)
    squares = 2 / np.pi * np.arcsin(2 * sizes / (1 + 2 * sizes))  # E erf(a)²
    # d/ds E F(a)F(b) = E F'(a)F'(b) for the covariance s of a and b, with F = erf², F' = 2φφ'.
    nodes = (_NODES + 1) / 2
    slopes = sum(4 * w / 2 * _erf_products(sizes, s * node) for node, w in zip(nodes, _WEIGHTS, strict=True))
    wide = 1 + 4 * sizes
    return (
        np.outer(squares, squares) + s * slopes,
        _erf_products(sizes, s),
        16 / np.pi**2 / np.sqrt(np.outer(wide, wide) - 16 * s**2),
    )


def _erf_products(sizes: Array, s: Array) -> Array:
    """E φφ'(a) φφ'(b): with e^{−a² − b²} the Gaussian has the covariance (s⁻¹ + 2)⁻¹, and E erf erf is as in Σ."""
    wide = 1 + 2 * sizes
    determinant = np.outer(wide, wide) - 4 * s**2
    narrowed = sizes[:, None] * wide - 2 * s**2  # times the determinant: the new variance of a
    argument = 2 * s / np.sqrt((determinant + 2 * narrowed) * (determinant + 2 * narrowed.T))
    product: Array = 8 / np.pi**2 / np.sqrt(determinant) * np.arcsin(argument)
    return product


# E φ_i²φ_j², E φ_iφ'_iφ_jφ'_j and E φ'_i²φ'_j² of each activation, from the points and s.
MOMENTS: dict[Activation, Callable[[Array, Array], tuple[Array, Array, Array]]] = {
    "identity": _identity,
    "relu": _relu,
    "erf": _erf,
}
