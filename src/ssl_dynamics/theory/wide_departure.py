"""When nets of finite width leave their tangent kernel, from the kernel at the start (docs/theory.md §4)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# Directions in which a kernel is smaller than this, relative to its largest eigenvalue, are rounding.
_RANGE = 1e-10


def growing_modes(theta: ArrayLike, A: ArrayLike, U0: ArrayLike) -> tuple[Array, Array]:
    """The z leading modes of U̇ = −2ΘAU from U(0), which are one eigenspace in the limit h → ∞: rates and sizes.

    With Θ = LLᵀ and eigenpairs (m_k, q_k), m ascending, of Lᵀ(A ⊗ I_z)L: rates μ_k = −2m_k, and the Gram matrix of the
    parts b_k = (Lq_k)ᵀ(A ⊗ I_z)U(0)/m_k · Lq_k/√N of U(0). Their sum grows as Σ_k b_k e^{μ_k t}.

    theta (..., Nz, Nz) symmetric, positive semidefinite, index i·z + a; A (N, N); U0 (..., N, z) in the range of theta;
    returns (..., z), (..., z, z). Raises ValueError on other shapes, or where nothing grows. Source: docs/theory.md §4.
    """
    theta, A, U0 = (np.asarray(array, dtype=np.float64) for array in (theta, A, U0))
    N, z = U0.shape[-2:]
    if theta.shape != (*U0.shape[:-2], N * z, N * z) or A.shape != (N, N):
        raise ValueError(
            f"theta, A, U0 must have shapes (…, Nz, Nz), (N, N), (…, N, z); got {theta.shape}, {A.shape}, {U0.shape}"
        )
    coupling = np.kron(A, np.eye(z))
    root = _root(theta)
    m, q = np.linalg.eigh(root @ coupling @ root)
    if not (m[..., z - 1] < 0).all():
        raise ValueError(f"nothing grows: eigenvalue {z} of LᵀAL is {m[..., z - 1].max():.3g}, and must be negative")
    modes = root @ q[..., :z]
    shares = modes.mT @ (coupling @ U0.reshape(*U0.shape[:-2], N * z, 1)) / m[..., :z, None]
    parts = modes * shares.mT / np.sqrt(N)
    return -2 * m[..., :z], np.asarray(parts.mT @ parts)


def unreachable_share(theta: ArrayLike, error: ArrayLike) -> Array:
    """Share of the squared error U(0) − Y (..., N, z) that lies outside the range of theta (..., Nz, Nz).

    What training on the tangent kernel of the start cannot learn: 0 where the minimum of the loss is 0.
    """
    theta, error = np.asarray(theta, dtype=np.float64), np.asarray(error, dtype=np.float64)
    values, Q = np.linalg.eigh(theta)
    parts = (Q.mT @ error.reshape(*theta.shape[:-1], 1))[..., 0] ** 2
    outside = np.where(values > _RANGE * values[..., -1:], 0, parts).sum(-1)
    return np.asarray(outside / parts.sum(-1))


def _root(theta: Array) -> Array:
    values, Q = np.linalg.eigh(theta)
    root: Array = (Q * np.sqrt(np.where(values > _RANGE * values[..., -1:], values, 0))[..., None, :]) @ Q.mT
    return root
