"""What a self-supervised flow would do if the tangent kernel of its start never moved (docs/theory.md §4)."""

import numpy as np

from ssl_dynamics.validation import Array, finite


def fastest_rate(Theta: Array, A: Array) -> Array:
    """μ, the largest eigenvalue of −2R(A ⊗ I_z)R with Θ = R²: outputs grow as e^{μt} in the end.

    Theta (..., Nz, Nz) symmetric, positive semidefinite, index i·z + a; A (N, N) symmetric; returns (...). Raises
    ValueError where z is not a whole number. Source: docs/theory.md §4.
    """
    _, form = _root_and_form(Theta, A)
    return np.asarray(np.linalg.eigvalsh(form)[..., -1], dtype=np.float64)


def frozen_kernel_change(Theta: Array, A: Array, U0: Array, times: Array) -> Array:
    """‖U(t) − U(0)‖_F of the solution of U̇ = −2Θ(A ⊗ I_z)U with a kernel Θ that does not move.

    With Θ = R², U = Rb and M = −2R(A ⊗ I)R: Mb = −2R(A ⊗ I)U, so that U(t) − U(0) = R[(e^{Mt} − I)M⁻¹](−2R(A ⊗ I)U(0)),
    which needs no inverse, since (e^{μt} − 1)/μ is t for μ = 0.

    Theta (..., Nz, Nz) symmetric, positive semidefinite, index i·z + a; A (N, N) symmetric; U0 (..., N, z); times
    (..., T); returns (..., T). Raises ValueError where shapes do not fit. Source: docs/theory.md §4.
    """
    N, z = U0.shape[-2:]
    if Theta.shape[-2:] != (N * z, N * z) or A.shape != (N, N):
        shapes = (Theta.shape, A.shape, U0.shape)
        raise ValueError(f"Theta, A, U0 must have shapes (..., Nz, Nz), (N, N), (..., N, z); got {shapes}")
    root, form = _root_and_form(Theta, A)
    rates, modes = np.linalg.eigh(form)
    forces = modes.mT @ (-2 * root @ np.kron(A, np.eye(z)) @ U0.reshape(*U0.shape[:-2], N * z, 1))  # (..., Nz, 1)
    exponents = rates[..., :, None] * times[..., None, :]
    safe = np.where(exponents == 0, 1, exponents)
    with np.errstate(over="ignore", invalid="ignore"):
        moved = np.where(exponents == 0, 1, np.expm1(safe) / safe) * times[..., None, :] * forces
        change: Array = np.linalg.norm(root @ modes @ moved, axis=-2)
    return finite("‖U(t) − U(0)‖", change, "end earlier, or scale Theta, A or U0 down")


def _root_and_form(Theta: Array, A: Array) -> tuple[Array, Array]:
    """R and −2R(A ⊗ I)R."""
    z, rest = divmod(Theta.shape[-1], len(A))
    if rest:
        raise ValueError(f"Theta must have Nz rows with N = {len(A)}; got shape {Theta.shape}")
    eigenvalues, Q = np.linalg.eigh(Theta)
    root = (Q * np.sqrt(np.maximum(eigenvalues, 0))[..., None, :]) @ Q.mT
    form = -2 * root @ np.kron(A, np.eye(z)) @ root
    return root, (form + form.mT) / 2
