"""Two approximations of wide nets under W_2ᵀW_2 = I, and the drift of their tangent kernel (docs/theory.md §4).

The net is u = W_2ᵀψ(x), features ψ = φ(W_1x/√d)/√h; Ψ (N, h) holds those of N points, K = ΨΨᵀ, U = ΨW_2. Objectives
are quadratic in U, L = ½Tr(UᵀQU) − Tr(UᵀB): self-supervised with Q = 2A, B = 0; regression with Q = I/N, B = Y/N.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.grassmann import grassmann_flow
from ssl_dynamics.theory.integration import in_own_units, integrate
from ssl_dynamics.validation import Array, count, finite, positive, real, start, symmetric_matrix, time_grid, unit

_RANGE = 1e-12  # eigenvalues of a tangent kernel below this, relative to the largest, are taken for zero


def constrained_tangent_kernel(K: ArrayLike, U0: ArrayLike, first: ArrayLike) -> Array:
    """Tangent kernel of the net on its constraint: Θ = I_z ⊗ (K − UUᵀ) + rotations + first layer; index i·z + a.

    The gradient ∇_2 is projected to the tangent space of W_2ᵀW_2 = I, ∇_2 ↦ (I − W_2W_2ᵀ)∇_2 + W_2 skew(W_2ᵀ∇_2);
    in function space the second part is ½[δ_ab (UUᵀ)_ij − U_ib U_ja], the rotations.

    K (N, N) symmetric; U0 (N, z); `first` (Nz, Nz) symmetric, the block of the first layer times its rate; returns
    (Nz, Nz) float64. Raises ValueError on bad shapes or values. Source: docs/theory.md §4.
    """
    kernel, block = symmetric_matrix("K", K), symmetric_matrix("first", first)
    U = start("U0", U0, len(kernel), orthonormal=False, shape=("N", "z"))
    N, z = U.shape[-2:]
    if U.ndim != 2 or block.shape != (N * z, N * z):
        raise ValueError(f"needs U0 (N, z) and first (Nz, Nz); got {U.shape} and {block.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        outer, identity = U @ U.T, np.eye(z)
        horizontal = np.einsum("ij,ab->iajb", kernel - outer, identity)
        rotations = (np.einsum("ij,ab->iajb", outer, identity) - np.einsum("ib,ja->iajb", U, U)) / 2
        tangent: Array = (horizontal + rotations).reshape(N * z, N * z) + block
    return finite("Θ", tangent, "scale U0 down")


@dataclass(frozen=True)
class ScaledFunctions:
    """Representations `functions` · exp(`log_scale`): those of a linearised model may grow without bound."""

    functions: Array  # (T, N, z)
    log_scale: Array  # (T,)


def linearised_flow(
    tangent_kernel: ArrayLike, Q: ArrayLike, U0: ArrayLike, times: ArrayLike, B: ArrayLike | None = None
) -> ScaledFunctions:
    """U(t) of a model linearised at its start, U̇ = −Θ(QU − B) with the tangent kernel Θ of the start.

    With Θ = LLᵀ and U = U(0) + Lc: ċ = −Mc − g, M = Lᵀ(Q ⊗ I_z)L = VΛVᵀ, g = Lᵀ(QU(0) − B), hence
        U(t) = U(0) − L V [(1 − e^{−Λt})/Λ] Vᵀ g,
    for any U(0), in the range of Θ or not. A factor e^{−λ_min t}, where it grows, is kept as `log_scale`.

    tangent_kernel (Nz, Nz) symmetric, positive semidefinite, index i·z + a; Q (N, N) symmetric; U0 and B (N, z), B zero
    unless given; times (T,) in units of 1/(ΘQ). Raises ValueError on bad shapes or values. Source: docs/theory.md §4.
    """
    theta, form = symmetric_matrix("tangent_kernel", tangent_kernel), symmetric_matrix("Q", Q)
    U, t = start("U0", U0, len(form), orthonormal=False, shape=("N", "z")), time_grid("times", times)
    drive = np.zeros_like(U) if B is None else start("B", B, len(form), orthonormal=False, shape=("N", "z"))
    if U.ndim != 2 or drive.shape != U.shape or len(theta) != U.size:
        raise ValueError(f"needs U0 and B (N, z), tangent_kernel (Nz, Nz); got {U.shape}, {drive.shape}, {theta.shape}")
    sizes, vectors = np.linalg.eigh(theta)
    if sizes[0] < -1e-8 * sizes[-1]:
        raise ValueError(f"tangent_kernel must be positive semidefinite; its smallest eigenvalue is {sizes[0]:.3g}")
    kept = sizes > _RANGE * sizes[-1]
    L = vectors[:, kept] * np.sqrt(sizes[kept])
    by_point = L.reshape(*U.shape, -1)
    with np.errstate(over="ignore", invalid="ignore"):
        M = L.T @ np.tensordot(form, by_point, 1).reshape(len(theta), -1)
    finite("Lᵀ(Q ⊗ I)L", M, "scale the kernel or Q down, and times inversely")
    rates, V = np.linalg.eigh((M + M.T) / 2)
    log_scale = np.maximum(-rates[0] * t, 0)
    response = _growth(rates, t, log_scale) * (V.T @ (L.T @ (form @ U - drive).ravel()))  # (T, r)
    moved = (response @ (L @ V).T).reshape(-1, *U.shape)
    functions = np.exp(-log_scale)[:, None, None] * U - moved
    return ScaledFunctions(finite("U(t)", functions, "scale U0 or the kernel down"), log_scale)


def _growth(rates: Array, t: Array, log_scale: Array) -> Array:
    """e^{−s}(1 − e^{−λt})/λ, or e^{−s}t where λ = 0, without overflow for s ≥ −λt and without cancellation; (T, r)."""
    x, s = -rates * t[:, None], log_scale[:, None]
    # 1 − e^x = e^x(e^{−x} − 1)
    grows = np.exp(np.minimum(x - s, 0)) * np.expm1(-np.abs(x))
    numerator = np.where(x > 0, grows, -np.exp(-s) * np.expm1(np.minimum(x, 0)))
    at_zero = np.broadcast_to(t[:, None] * np.exp(-s), x.shape).copy()
    grown: Array = np.divide(numerator, rates, out=at_zero, where=rates != 0)
    return grown


def random_feature_flow(Psi: ArrayLike, A: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """U(t) = ΨW_2(t) with the features frozen: the flow on the Grassmannian of C = ΨᵀAΨ, exact, up to a rotation of u.

    W_2 never leaves the span of Ψᵀ and W_2(0): with [Ψᵀ, W_2(0)] = Q[R_Ψ, R_W] it is Q times the flow of R_Ψ A R_Ψᵀ
    from R_W, of at most N + z dimensions at any width.

    Psi (N, h); A (N, N) symmetric; W0 (h, z) orthonormal; times (T,); returns (T, N, z) float64. Raises ValueError as
    `grassmann_flow`. Source: docs/theory.md §3, §4.
    """
    R_features, R_start = _reduced(Psi, W0)
    form = R_features @ symmetric_matrix("A", A) @ R_features.T
    flow: Array = R_features.T @ grassmann_flow((form + form.T) / 2, R_start, times)
    return flow


def arrival(Psi: ArrayLike, A: ArrayLike, second: ArrayLike, convergence: float) -> float:
    """Time t by which the Grassmann flow on fixed features has tan θ ≤ `convergence` to its limit, from every start.

    inf where a start, or λ_z = λ_{z+1}, lets it never arrive.

    C = ΨᵀAΨ with features Ψ (S, N, h) and A (N, N); starts W_2 (S, h, z), orthonormal. The bound is
    tan θ(t) ≤ tan θ(0) e^{−2(λ_{z+1} − λ_z)t}, λ in the span of the features: those of C if h ≤ N, or if
    λ_{z+1} ≤ 0. Raises ValueError on bad shapes or values. Source: docs/theory.md §3.
    """
    features, coupling, convergence = real("Psi", Psi), symmetric_matrix("A", A), positive("convergence", convergence)
    if features.ndim < 2 or features.shape[-2] != len(coupling):
        raise ValueError(f"Psi must have shape (..., N, h) with N = {len(coupling)}; got {features.shape}")
    W = start("second", second, features.shape[-1], orthonormal=True, shape=("h", "z"))
    z = count("z", W.shape[-1], len(coupling) - 1, "N − 1")
    Q, R = np.linalg.qr(features.mT)  # C has its eigenvectors in the span of the features: QY, with those Y of RARᵀ
    with np.errstate(over="ignore", invalid="ignore"):
        form = finite("ΨᵀAΨ", R @ coupling @ R.mT, "scale Psi or A down")
    eigenvalues, Y = np.linalg.eigh(form)
    cosine = np.linalg.svd((Q @ Y[..., :z]).mT @ W, compute_uv=False)[..., -1]
    gap = 2 * (eigenvalues[..., z] - eigenvalues[..., z - 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.log(np.sqrt(np.maximum(1 - cosine**2, 0)) / cosine / convergence)
        times = np.where(excess > 0, excess / gap, 0.0)
    return float(times.max())


def random_feature_regression(Psi: ArrayLike, Y: ArrayLike, W0: ArrayLike, times: ArrayLike) -> Array:
    """U(t) = ΨW_2(t), frozen features, W_2ᵀW_2 = I, trained on (1/2N)‖U − Y‖²: Ẇ = −(∇ − W sym(Wᵀ∇)) by DOP853.

    Shapes and reduction as in `random_feature_flow`; Y (N, z). Returns (T, N, z). Source: docs/theory.md §4.
    """
    R_features, R_start = _reduced(Psi, W0)
    target = start("Y", Y, R_features.shape[1], orthonormal=False, shape=("N", "z"))
    # The gradient, MW − D, and the unit of time in which it is of order 1.
    terms = np.hstack([R_features @ R_features.T, R_features @ target]) / len(target)
    terms, moments = in_own_units(terms, time_grid("times", times))
    form, drive = terms[:, : len(terms)], terms[:, len(terms) :]

    def velocity(W: Array) -> Array:
        gradient = form @ W - drive
        M = W.T @ gradient
        moved: Array = W @ ((M + M.T) / 2) - gradient
        return moved

    flow: Array = R_features.T @ integrate(velocity, R_start, moments)
    return flow


def tangent_drift_limit(K: ArrayLike, A: ArrayLike, z: int) -> tuple[float, float]:
    """‖R E_zE_zᵀ R‖_F/‖K‖_F, R = K^{1/2}: the drift of Ψ(I − W_2W_2ᵀ)Ψᵀ from a random start to the limit, at h = ∞.

    E_z are the z leading eigenvectors (smallest eigenvalues) of RAR. Second, the same of the z trailing ones: what it
    would be if the largest eigenvalues led. K (N, N) symmetric, positive semidefinite; A (N, N) symmetric. Raises
    ValueError on bad shapes or values. Source: docs/theory.md §4.
    """
    kernel, E = _eigenvectors(K, A, z)
    # ‖REEᵀR‖_F = ‖EᵀKE‖_F
    leading, trailing = (
        float(np.linalg.norm(V.T @ kernel @ V) / np.linalg.norm(kernel)) for V in (E[:, :z], E[:, -z:])
    )
    return leading, trailing


def linearised_mismatch_limit(K: ArrayLike, A: ArrayLike, z: int) -> float:
    """1 − cos of the Gram matrices R E_zE_zᵀ R (constrained) and R e_1e_1ᵀ R (linearised, collapsed), at h = ∞.

    What the linearised model is late, and how wrong: cos = |E_zᵀKe_1|²/(e_1ᵀKe_1 ‖E_zᵀKE_z‖_F). Arguments and errors as
    in `tangent_drift_limit`; needs λ_1 < λ_2. Source: docs/theory.md §4.
    """
    kernel, E = _eigenvectors(K, A, z)
    M = E[:, :z].T @ kernel @ E[:, :z]
    return float(1 - M[0] @ M[0] / (M[0, 0] * np.linalg.norm(M)))


def _eigenvectors(K: ArrayLike, A: ArrayLike, z: int) -> tuple[Array, Array]:
    """K, scaled by a power of two, and the eigenvectors of K^{1/2}AK^{1/2}."""
    kernel, coupling = symmetric_matrix("K", K), symmetric_matrix("A", A)
    count("z", z, len(kernel), "N")
    kernel, coupling = kernel / unit(kernel), coupling / unit(coupling)
    return kernel, np.linalg.eigh(coupled_form(kernel, coupling))[1]


def coupled_form(K: ArrayLike, A: ArrayLike) -> Array:
    """K^{1/2}AK^{1/2}, whose eigenvalues λ that are not zero are those of C = ΨᵀAΨ; (N, N) float64."""
    kernel, coupling = symmetric_matrix("K", K), symmetric_matrix("A", A)
    if coupling.shape != kernel.shape:
        raise ValueError(f"A must have the shape of K, {kernel.shape}; got {coupling.shape}")
    sizes, vectors = np.linalg.eigh(kernel)
    if sizes[0] < -1e-10 * abs(sizes[-1]):
        raise ValueError(f"K must be positive semidefinite; its smallest eigenvalue is {sizes[0]:.3g}")
    root = (vectors * np.sqrt(np.maximum(sizes, 0))) @ vectors.T
    scale = unit(coupling)
    form = root @ (coupling / scale) @ root
    with np.errstate(over="ignore", under="ignore"):
        scaled = (form + form.T) / 2 * scale
    if form.any() and np.abs(scaled).max() < np.finfo(np.float64).tiny:
        raise ValueError("K^{1/2}AK^{1/2} vanishes in float64: scale K or A up")
    return finite("K^{1/2}AK^{1/2}", scaled, "scale K or A down")


def _reduced(Psi: ArrayLike, W0: ArrayLike) -> tuple[Array, Array]:
    """R_Ψ (r, N), R_W (r, z) of [Ψᵀ, W_2(0)] = Q[R_Ψ, R_W], r = min(h, N + z)."""
    features = real("Psi", Psi)
    if features.ndim != 2:
        raise ValueError(f"Psi must have shape (N, h); got shape {features.shape}")
    W = start("W0", W0, features.shape[1], orthonormal=True, shape=("h", "z"))
    if W.ndim != 2:
        raise ValueError(f"W0 must have shape (h, z); got {W.shape}")
    R = np.asarray(np.linalg.qr(np.concatenate([features.T, W], axis=1), mode="r"), dtype=np.float64)
    return R[:, : len(features)], R[:, len(features) :]
