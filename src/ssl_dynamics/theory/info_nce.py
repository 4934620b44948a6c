"""InfoNCE at high temperature: a dot-product loss, and the first order of its departure from it (docs/theory.md §7)."""

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.graph import basis_of_graph
from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array, count, finite, real, symmetric_matrix


def info_nce_span(C: ArrayLike, A: ArrayLike, B: ArrayLike, z: int, temperatures: ArrayLike) -> Array:
    """Orthonormal basis of the minimiser of InfoNCE under WᵀW = I, to first order in 1/τ.

    τ(L − ln n) = Tr(WᵀCW) + Tr(WᵀAW WᵀBW)/(2τ) + O(τ⁻²). With C = VΛVᵀ (λ_1 ≤ … ≤ λ_d), P = V_zV_zᵀ the projector to
    its leading eigenspace, and graph coordinates over it:
        G_jk(τ) = −[Vᵀ(APB + BPA)V]_jk / (2τ(λ_j − λ_k)) + O(τ⁻²),  j > z ≥ k.

    C, A, B (d, d) symmetric: the form that the in-batch mean as negative gives, the second moment of the anchors, the
    covariance of the positives; temperatures (T,), positive; returns (T, d, z) float64. Raises ValueError on bad shapes
    or values, Unsettled where λ_z = λ_(z+1), so that the minimiser is not isolated. Source: docs/theory.md §7.
    """
    form, moment, covariance = (symmetric_matrix(name, M) for name, M in (("C", C), ("A", A), ("B", B)))
    d = len(form)
    if not len(moment) == len(covariance) == d:
        raise ValueError(f"C, A and B must have one shape; got {form.shape}, {moment.shape} and {covariance.shape}")
    z = count("z", z, d - 1, "d − 1")
    tau = real("temperatures", temperatures)
    if tau.ndim != 1 or not (tau > 0).all():
        raise ValueError(f"temperatures must be finite, positive numbers (T,); got {np.array2string(tau)}")
    eigenvalues, V = np.linalg.eigh(form)
    gap = eigenvalues[z] - eigenvalues[z - 1]
    if gap <= d * np.finfo(np.float64).eps * np.abs(eigenvalues).max():
        raise Unsettled(f"λ_{z + 1} − λ_{z} = {gap:.3g}: the minimiser is not isolated")
    # By powers of two, exactly: products of A and B may be more than float64 holds where their quotient by C is not.
    moment, power = _unit(moment)
    covariance, other = _unit(covariance)
    leading, rest = V[:, :z], V[:, z:]
    P = leading @ leading.T
    force = rest.T @ (moment @ P @ covariance + covariance @ P @ moment) @ leading
    scaled, third = _unit(eigenvalues)
    G = -force / (2 * (scaled[z:, None] - scaled[None, :z]))
    with np.errstate(over="ignore"):
        graph = np.ldexp(G, power + other - third) / tau[:, None, None]
    return basis_of_graph(V, finite("G", graph, "temperatures are too low for the first order in 1/τ"))


def _unit(matrix: Array) -> tuple[Array, int]:
    """The matrix over the power of two next to its largest entry, and that power."""
    power = int(np.frexp(np.abs(matrix).max())[1])
    return np.ldexp(matrix, -power), power
