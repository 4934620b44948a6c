"""Sums of decaying exponentials at many times, by interpolation in the rate."""

import numpy as np
from numpy.polynomial.chebyshev import chebvander

from ssl_dynamics.theory.graph import decay
from ssl_dynamics.validation import Array


def exponential_sums(rates: Array, times: Array, A: Array, B: Array | None = None) -> Array:
    """Σ_j e^{−r_j t} A_jk at every time t; with B, Σ_j e^{−r_j t} A_jk B_jl, whose products A_jk B_jl are not formed.

    r ↦ e^{−rt} is smooth, so that a polynomial in r through few points holds it at every rate: with Q Chebyshev nodes
    x_q of [r_min, r_max] and their Lagrange polynomials ℓ_q,

        Σ_j e^{−r_j t} A_j = Σ_q e^{−x_q t} Σ_j ℓ_q(r_j) A_j  to ε e^{−r_min t} Σ_j |A_j|,

    O(Q(T + m)p) operations instead of O(Tmp), with a Q (`node_count`) that does not grow with m. Where they are not
    fewer, the sum is taken as it stands.

    Rates (m,) >= 0 and times (T,) >= 0, in units of which one is the inverse of the other; A (..., m, p); B (m, q).
    Returns (..., T, p), or (..., T, p, q) with B. Source: docs/theory.md §3.
    """
    Q = node_count(rates, times)
    if Q is None:
        decays = decay(rates, times[:, None])
        return decays @ A if B is None else _products(decays, A[..., None] * B[:, None, :])
    middle, half = _interval(rates)
    angles = (np.arange(Q) + 0.5) * np.pi / Q
    # ℓ_q(x) = (1/Q) Σ_k (2 − δ_k0) cos(kθ_q) T_k(x), x in units of the interval.
    weights = np.cos(angles[:, None] * np.arange(Q)) * np.where(np.arange(Q) > 0, 2, 1) / Q
    lagrange: Array = weights @ chebvander((rates - middle) / (half or 1.0), Q - 1).T
    decays = np.exp(-times[:, None] * (middle + half * np.cos(angles)))
    if B is None:
        return decays @ (lagrange @ A)
    spread = lagrange[:, None, :] * A.mT[..., None, :, :]  # (..., Q, p, m)
    terms = spread.reshape(*spread.shape[:-3], Q * A.shape[-1], -1) @ B
    return _products(decays, terms.reshape(*spread.shape[:-1], B.shape[-1]))


def _products(decays: Array, terms: Array) -> Array:
    """(..., T, p, q) of decays (T, m) and terms (..., m, p, q), as one product of matrices."""
    flat = decays @ terms.reshape(*terms.shape[:-2], terms.shape[-2] * terms.shape[-1])
    products: Array = flat.reshape(*flat.shape[:-1], *terms.shape[-2:])
    return products


def node_count(rates: Array, times: Array) -> int | None:
    """Q: so many nodes leave an error below rounding. None where the sum as it stands takes no more operations.

    The Chebyshev coefficients of e^{−τ(1 + x)}, τ = (r_max − r_min) t_max/2, are (2 − δ_k0) e^{−τ}I_k(τ) in size, and
    the interpolant is off by at most twice the sum of those of order Q and above, that is 4 Σ_{k ≥ Q} e^{−τ}I_k(τ); no
    smaller τ needs more nodes. Source: Trefethen, Approximation Theory and Approximation Practice (2013), chapter 4.
    """
    from scipy.special import ive  # noqa: PLC0415 -- only readouts of many times need it

    m, T = len(rates), len(times)
    most = (T * m - 1) // max(T + m, 1)
    if most < 1:
        return None
    with np.errstate(over="ignore"):
        tau = _interval(rates)[1] * times.max()
    if tau > most**2:  # Q grows as √τ: there is nothing to look for
        return None
    # Terms fall faster than a geometric series, and those of twice the order are far below the ones that decide.
    left_out = 4 * np.cumsum(ive(np.arange(2 * most + 1), tau)[::-1])[::-1]
    enough = np.flatnonzero(left_out <= np.finfo(np.float64).eps)
    return int(enough[0]) if enough.size and enough[0] <= most else None


def _interval(rates: Array) -> tuple[float, float]:
    """Middle of the rates, and half of their range."""
    lowest, highest = float(rates.min()), float(rates.max())
    return (lowest + highest) / 2, (highest - lowest) / 2
