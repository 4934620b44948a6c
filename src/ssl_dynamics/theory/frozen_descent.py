"""Descents in outputs on the tangent kernel of the start, and the slopes ∂L/∂U they pass through (§4)."""

import math

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.unsettled import Unsettled

Array = NDArray[np.float64]
Descent = tuple[Array, Array]  # slopes ∂L/∂U (K, N, z) of K steps, and their sizes η (K,)


def regression_descent(Theta: Array, error: Array, *, learning_rate: float, remainder: float) -> Descent:
    """Slopes (U_k − Y)/N, U_{k+1} = U_k − ηΘ(U_k − Y)/N, until the squared error is `remainder` of its start.

    In the eigenbasis of Θ, (λ_i, q_i), the error has the coordinates (1 − ηλ_i/N)^k: nothing is iterated. Squared
    errors fall, for η < 2N/λ_max.

    Theta (Nz, Nz) symmetric, index i·z + a; error U_0 − Y (N, z). Raises ValueError where η is too
    large, and Unsettled where the kernel cannot learn so much of the error. Source: docs/theory.md §4.
    """
    N = len(error)
    eigenvalues, Q = np.linalg.eigh(Theta)
    factors, start = 1 - learning_rate * eigenvalues / N, Q.T @ error.ravel()
    if abs(factors).max() > 1 + 1e-12:
        raise ValueError(f"learning_rate {learning_rate:.3g} is too large for the eigenvalue {eigenvalues[-1]:.3g}")
    kept = start[factors >= 1 - len(factors) * np.finfo(float).eps]
    if kept @ kept >= remainder * (start @ start):
        raise Unsettled(f"the kernel cannot learn all but {remainder:g} of the error")
    coordinates, slopes = start, []
    while coordinates @ coordinates > remainder * (start @ start):
        slopes.append((Q @ coordinates).reshape(error.shape) / N)
        coordinates = coordinates * factors
    return np.stack(slopes), np.full(len(slopes), learning_rate)


def cosine_slope(U: Array, A: Array) -> Array:
    """∂L/∂U (N, z) of L = Tr(EᵀAE), the rows of E those of U over their norms: (I − eeᵀ)(2AE)/|u|, row by row."""
    norms = np.linalg.norm(U, axis=1, keepdims=True)
    E = U / norms
    pull = 2 * A @ E
    slope: Array = (pull - (pull * E).sum(1, keepdims=True) * E) / norms
    return slope


def cosine_descent(Theta: Array, A: Array, U0: Array, *, step: float, end: float) -> tuple[Descent, float]:
    """Slopes of L = Tr(EᵀAE) under U_{k+1} = U_k − η_kΘ ∂L/∂U until the time `end`/r; r = ‖Θ ∂L/∂U‖/‖U‖ at the start.

    η = `step`/r, or as much as moves one representation by its own norm, if that is less: the flow turns a
    representation the faster the nearer to zero it is, and longer steps would throw it out. The last step ends at
    `end`/r. Returns the descent and that time.

    Theta (Nz, Nz) symmetric, index i·z + a; A (N, N) symmetric; U0 (N, z) without a row of zeros. Source:
    docs/theory.md §4.
    """
    U, slopes, sizes = U0, list[Array](), list[float]()
    rate, left = math.nan, math.inf
    while left > 0:
        slope = cosine_slope(U, A)
        moved = (Theta @ slope.ravel()).reshape(U.shape)
        if not slopes:
            rate = float(np.linalg.norm(moved) / np.linalg.norm(U))
            left = end / rate
        turning = float((np.linalg.norm(moved, axis=1) / np.linalg.norm(U, axis=1)).max())
        eta = step / max(rate, step * turning)
        last = eta >= left * (1 - 1e-9)
        eta = left if last else eta
        slopes.append(slope)
        sizes.append(eta)
        U = U - eta * moved
        left = 0.0 if last else left - eta
    return (np.stack(slopes), np.array(sizes)), end / rate
