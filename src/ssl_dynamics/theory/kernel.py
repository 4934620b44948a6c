"""Flows of representations U on a fixed kernel: self-supervised, and regression (docs/theory.md §2)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import decay
from ssl_dynamics.theory.iteration import log_ratio, power
from ssl_dynamics.theory.unconstrained import unconstrained_flow
from ssl_dynamics.validation import Array, finite, positive, start, step_counts, symmetric_matrix, time_grid

_RANGE = 1e-12  # eigenvalues of K below this, relative to the largest, are taken for zero
_OUTSIDE = 1e-8  # how much of U(0) may lie outside the range of K


@dataclass(frozen=True)
class ReducedFlow:
    """U = LB turns U̇ = −2KAU into Ḃ = −2MB with M = LᵀAL symmetric, the flow of `theory.unconstrained`."""

    L: Array  # (N, r), K = LLᵀ
    form: Array  # M (r, r), symmetric
    B0: Array  # (..., r, z), U(0) = LB(0)


def reduced_kernel_flow(K: ArrayLike, A: ArrayLike, U0: ArrayLike) -> ReducedFlow:
    """Coordinates B = L⁺U in which the flow U̇ = −2KAU on a fixed kernel is that of a symmetric matrix.

    K (N, N) symmetric, positive semidefinite, of rank r >= z (eigenvalues below 1e−12 of the largest are zero);
    A (N, N) symmetric; U0 (..., N, z) in the range of K. Raises ValueError on bad shapes or values, where K has
    negative eigenvalues, and where U(0) has parts outside the range of K. Source: docs/theory.md §2.
    """
    kernel, coupling = symmetric_matrix("K", K), symmetric_matrix("A", A)
    if coupling.shape != kernel.shape:
        raise ValueError(f"A must have the shape of K, {kernel.shape}; got {coupling.shape}")
    U = start("U0", U0, len(kernel), orthonormal=False, shape=("N", "z"))
    eigenvalues, Q = _spectrum(kernel)
    kept = eigenvalues > _RANGE * eigenvalues[-1]
    roots, Q = np.sqrt(eigenvalues[kept]), Q[:, kept]
    L = Q * roots
    B0 = (Q.T @ U) / roots[:, None]
    outside = np.abs(U - L @ B0).max()
    if outside > _OUTSIDE * np.abs(U).max():
        raise ValueError(f"U0 must lie in the range of K; the part outside reaches {outside:.3g}")
    with np.errstate(over="ignore", invalid="ignore"):
        form = finite("LᵀAL", L.T @ coupling @ L, "scale K or A down, and times inversely")
    return ReducedFlow(L, (form + form.T) / 2, B0)


def kernel_flow(K: ArrayLike, A: ArrayLike, U0: ArrayLike, times: ArrayLike) -> Array:
    """U(t) = L exp(−2LᵀALt) L⁺U(0), the solution of U̇ = −2KAU, for L(U) = Tr(UᵀAU) on a fixed kernel K = LLᵀ.

    Arguments and errors as in `reduced_kernel_flow` and `unconstrained_flow`; times (T,) in units of 1/(KA); returns
    (..., T, N, z) float64. Source: docs/theory.md §2; checked against integration in tests/test_kernel.py.
    """
    reduced = reduced_kernel_flow(K, A, U0)
    with np.errstate(over="ignore", invalid="ignore"):
        U: Array = reduced.L @ unconstrained_flow(reduced.form, reduced.B0, times)
    return finite("U(t)", U, "scale K, A or U0 down, or end earlier")


def top_eigenfunction(reduced: ReducedFlow) -> Array:
    """Lv_1, v_1 the eigenvector of the smallest eigenvalue of M: what every column of U(t) turns into; (N,), norm 1.

    It is the eigenvector of KA with the smallest eigenvalue, KALv_1 = μ_1Lv_1. Source: docs/theory.md §2.
    """
    function: Array = reduced.L @ np.linalg.eigh(reduced.form)[1][:, 0]
    return function / np.linalg.norm(function)


def regression_flow(K: ArrayLike, Y: ArrayLike, U0: ArrayLike, times: ArrayLike) -> Array:
    """U(t) = Y + exp(−Kt)(U(0) − Y), the solution of U̇ = −K(U − Y): multivariate regression on a fixed kernel.

    Where K is singular, U keeps its start: U(∞) = KK⁺Y + (I − KK⁺)U(0). No inverse is formed.

    K (N, N) symmetric, positive semidefinite; Y and U0 (..., N, z); times (T,) in units of 1/K; returns (..., T, N, z)
    float64. Raises ValueError on bad shapes or values, or where K has negative eigenvalues. Source: docs/theory.md §2.
    """
    t = time_grid("times", times)
    return _regression(K, Y, U0, lambda eigenvalues: decay(eigenvalues, t[:, None]))


def regression_descent(K: ArrayLike, Y: ArrayLike, U0: ArrayLike, learning_rate: float, steps: ArrayLike) -> Array:
    """U_k = Y + (I − ηK)^k (U(0) − Y), exact for gradient descent U ← U − ηK(U − Y).

    `steps` (T,) whole numbers, not decreasing; otherwise as `regression_flow`. Raises ValueError also for a learning
    rate that is not positive. Source: docs/theory.md §2.
    """
    half = positive("learning_rate", learning_rate) / 2
    k = step_counts("steps", steps)
    return _regression(K, Y, U0, lambda eigenvalues: power(*log_ratio(half, eigenvalues, 0.0), k[:, None]))


def _regression(K: ArrayLike, Y: ArrayLike, U0: ArrayLike, factors: Callable[[Array], Array]) -> Array:
    """Y + Q f(κ) Qᵀ(U(0) − Y) with `factors` f (T, N) of the eigenvalues κ of K."""
    kernel = symmetric_matrix("K", K)
    target, U = (start(name, value, len(kernel), orthonormal=False) for name, value in (("Y", Y), ("U0", U0)))
    if target.shape[-1] != U.shape[-1]:
        raise ValueError(f"Y and U0 must have the same number of columns; got {target.shape} and {U.shape}")
    eigenvalues, Q = _spectrum(kernel)
    with np.errstate(over="ignore", invalid="ignore"):
        left = factors(np.maximum(eigenvalues, 0))
        solution: Array = target[..., None, :, :] + Q @ (left[:, :, None] * (Q.T @ (U - target))[..., None, :, :])
    return finite("U", solution, "take a smaller learning rate or fewer steps, or scale Y and U0 down")


def _spectrum(kernel: Array) -> tuple[Array, Array]:
    eigenvalues, Q = np.linalg.eigh(kernel)
    if eigenvalues[0] < -1e-10 * abs(eigenvalues[-1]) or eigenvalues[-1] <= 0:
        raise ValueError(
            f"K must be positive semidefinite and not zero; its eigenvalues reach from {eigenvalues[0]:.3g} to "
            f"{eigenvalues[-1]:.3g}"
        )
    return eigenvalues, Q
