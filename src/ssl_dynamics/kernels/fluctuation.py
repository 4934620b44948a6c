"""How far the tangent kernel of a random net of finite width is from its limit, as a number (docs/theory.md §4)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.kernels.infinite_width import Block, angles, infinite_width_ntk, linear_kernel
from ssl_dynamics.problem.names import Activation
from ssl_dynamics.validation import count, finite, real

Array = NDArray[np.float64]

_FEWEST, _MOST = 20, 640  # places of the integral over s of erf nets


def unit_variance(X: ArrayLike, *, z: int, activation: Activation, block: Block = "all") -> float:
    """V = h E‖Θ_h − Θ∞‖_F² of u = W_2ᵀφ(W_1x/√d)/√h on N points, entries N(0, 1): the same number at every width h.

    Θ_h is a mean over h independent units, so that V is the variance of the kernel of one, E‖Θ_1‖² − ‖Θ∞‖², with
        E‖Θ_1‖² = Σ_ij [z E φ_i²φ_j² + 2z s_ij E φ_iφ'_iφ_jφ'_j + z(z + 2) s_ij² E φ'_i²φ'_j²],
    the first term of the `block` "second", the last of "first", all three of "all"; |w|⁴ has the mean z(z + 2).

    X (N, d), real and finite; z >= 1 outputs; `activation` "identity", "relu" (√2·ReLU) or "erf", for which |x|² may
    reach 2,800d. Raises ValueError otherwise, and where float64 cannot hold V. Source: docs/theory.md §4.
    """
    z = count("z", z)
    limit = infinite_width_ntk(X, activation=activation, block=block)
    s = linear_kernel(X)
    with np.errstate(over="ignore", invalid="ignore"):
        features, products, slopes = MOMENTS[activation](real("X", X), s)
        second, mixed, first = (z * features).sum(), (2 * z * s * products).sum(), (z * (z + 2) * s**2 * slopes).sum()
        square = {"second": second, "first": first, "all": second + mixed + first}[block]
        variance = square - z * (limit**2).sum()
    if limit.any() and (limit**2).max() < np.finfo(np.float64).tiny:
        raise ValueError(f"the variance underflows float64: the kernel reaches {np.abs(limit).max():.3g}; scale X up")
    return float(finite("the variance", variance, f"the kernel reaches {np.abs(limit).max():.3g}; scale X down"))


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
    places, weights = np.polynomial.legendre.leggauss(_places(float(sizes.max())))
    nodes = (places + 1) / 2
    slopes = sum(4 * w / 2 * _erf_products(sizes, s * node) for node, w in zip(nodes, weights, strict=True))
    wide = 1 + 4 * sizes
    return (
        np.outer(squares, squares) + s * slopes,
        _erf_products(sizes, s),
        16 / np.pi**2 / np.sqrt(np.outer(wide, wide) - 16 * s**2),
    )


def _places(largest: float) -> int:
    """Places of Gauss–Legendre on [0, s_ij] for an error of 1e−13: the integrand is singular first at s_ii + 1/2.

    With n places the error is that of ρ^{−2n}, ρ = x + √(x² − 1), x = 1 + 1/s_ii (Trefethen 2008).
    """
    if largest == 0:
        return _FEWEST
    with np.errstate(over="ignore"):
        beyond = 1 / np.float64(largest)
    places = 17 / np.log1p(beyond + np.sqrt(beyond) * np.sqrt(beyond + 2))
    if places > _MOST:
        raise ValueError(f"for erf, |x|² may reach 2,800d; it reaches {largest:.3g}d: scale X down")
    return max(_FEWEST, int(np.ceil(places)))


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
