"""Two-layer nets of Gaussian weights, at any width, all widths from the same random numbers."""

import numpy as np
import scipy
from numpy.typing import NDArray

from ssl_dynamics.problem.rng import stream

Array = NDArray[np.float64]


def gaussian_factor(d: int, z: int, width: int, *, seeds: int, root_seed: int, name: str) -> tuple[Array, Array]:
    """Weights W_1 (S, d + z, d), W_2 (S, d + z, z) of nets of width h, up to a rotation of their hidden layer.

    [W_1 W_2], h rows of independent N(0, 1), is QR with Q uniform on the Stiefel manifold and, independent of it, R
    upper triangular, R_ij ~ N(0, 1) above the diagonal and R_ii² ~ χ² with h − i degrees of freedom, i = 0, 1, …
    (Bartlett). R is returned. The same numbers serve all widths: those above the diagonal as they are, and R_ii² as
    the quantile of its χ² at one probability, so that (R_ii² − h)/√(2h) tends to a limit as h → ∞.

    Seed s draws from a stream of its own, named by (`name`, z, s). Raises ValueError for d or z < 1 or h < d + z.
    Source: docs/theory.md §4.
    """
    if d < 1 or z < 1 or width < d + z:
        raise ValueError(f"needs d, z >= 1 and a width of at least d + z; got d = {d}, z = {z}, width {width}")
    gaussian = np.stack([stream(root_seed, "net", name, z, s).standard_normal((d + z, d + z)) for s in range(seeds)])
    quantiles = scipy.special.ndtr(np.diagonal(gaussian, axis1=1, axis2=2))
    factor = np.triu(gaussian, 1)
    factor[:, range(d + z), range(d + z)] = np.sqrt(
        2 * scipy.special.gammaincinv((float(width) - np.arange(d + z)) / 2, quantiles)
    )
    return factor[..., :d], factor[..., d:]


def gaussian_net(first: Array, second: Array, width: int, *, root_seed: int, name: str) -> tuple[Array, Array]:
    """Weights W_1 (S, h, d), W_2 (S, h, z) of the nets of which `gaussian_factor` gave what no rotation changes.

    Seed s draws its Q from a stream of its own, named by (`name`, z, h, s).
    """
    rows, z = second.shape[-2:]
    gaussian = np.stack(
        [stream(root_seed, "rotation", name, z, width, s).standard_normal((width, rows)) for s in range(len(first))]
    )
    Q, triangle = np.linalg.qr(gaussian)
    Q *= np.sign(np.diagonal(triangle, axis1=1, axis2=2))[:, None]  # without this Q would not be uniform
    return Q @ first, Q @ second


def other_modes(C: Array, first: Array, second: Array, width: float) -> Array:
    """Squares of all modes but the leading one over that one's, when it has grown by √h (S,).

    Σ_{k ≥ 2} (a_k/a_1)² h^{−(1 − λ_k/λ_1)}, a_k = |v_kᵀW_1ᵀW_2|: each has grown by h^{λ_k/(2λ_1)}.

    C (d, d) symmetric with a negative eigenvalue; W_1 (S, k, d), W_2 (S, k, z) as of `gaussian_factor`. Source:
    docs/theory.md §4.
    """
    eigenvalues, V = np.linalg.eigh(C)
    squares = np.square(V.T @ first.mT @ second).sum(-1)
    powers = float(width) ** (eigenvalues / eigenvalues[0] - 1)
    others: Array = (squares[..., 1:] / squares[..., :1]) @ powers[1:]
    return others
