"""The fastest modes of a self-supervised flow on a fixed tangent kernel (docs/theory.md §4)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LeadingModes:
    """The m fastest modes, slowest of them first: rates μ (..., m), and amplitudes a(0) of the start in them."""

    rates: Array
    amplitudes: Array

    def log_size(self, times: Array) -> Array:
        """ln Σ_k a_k(0)² e^{2μ_k t} at times (...)."""
        sizes: Array = np.log(np.sum(self.amplitudes**2 * np.exp(2 * self.rates * times[..., None]), axis=-1))
        return sizes


def leading_modes(Theta: Array, A: Array, U0: Array, *, count: int) -> LeadingModes:
    """Modes of U̇ = −2Θ(A ⊗ I_z)U, as they were if Θ did not move: with Θ = R² and U = Rb, ḃ = −2R(A ⊗ I_z)Rb.

    For −2R(A ⊗ I)Rw = μw, a = |wᵀb| = (2/μ)|wᵀR(A ⊗ I)U|, which needs no inverse of R. In the limit, Θ = I_z ⊗ Θ∞
    (up to the order of the outputs), every μ is z-fold.

    Theta (..., Nz, Nz) symmetric, positive semidefinite, index i·z + a; A (N, N); U0 (..., N, z). Raises ValueError
    where shapes do not fit, or where fewer than `count` modes grow. Source: docs/theory.md §4.
    """
    N, z = U0.shape[-2:]
    if Theta.shape[-2:] != (N * z, N * z) or A.shape != (N, N):
        raise ValueError(
            f"Theta, A, U0 must be (..., Nz, Nz), (N, N), (..., N, z); got {Theta.shape, A.shape, U0.shape}"
        )
    coupling = np.kron(A, np.eye(z))
    eigenvalues, Q = np.linalg.eigh(Theta)
    root = (Q * np.sqrt(np.maximum(eigenvalues, 0))[..., None, :]) @ Q.mT
    form = -2 * root @ coupling @ root
    rates, modes = (part[..., -count:] for part in np.linalg.eigh((form + form.mT) / 2))
    if not (rates > 0).all():
        raise ValueError(f"{count} modes must grow; the slowest has the rate {rates.min():.3g}")
    projected = (modes.mT @ root @ coupling @ U0.reshape(*U0.shape[:-2], N * z, 1))[..., 0]
    return LeadingModes(rates, np.abs(2 / rates * projected))
