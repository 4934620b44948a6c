"""The Grassmannian flow of the last layer on frozen features (docs/theory.md §4)."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.theory.grassmann import grassmann_flow

Array = NDArray[np.float64]


def random_feature_flow(Psi: Array, A: Array, W0: Array, times: Array) -> Array:
    """U(t) = ΨW(t), up to rotations: the exact solution of Ẇ = −2(I − WWᵀ)CW with C = ΨᵀAΨ, features Ψ that stay.

    The flow never leaves the span of the rows of Ψ and of W(0): it is computed in an orthonormal basis B of that, which
    has at most N + z dimensions, whatever the width.

    Psi (N, h); A (N, N) symmetric; W0 (h, z) with orthonormal columns; times (T,); returns (T, N, z) float64. Raises
    the errors of `grassmann_flow`. Source: docs/theory.md §4.
    """
    B = np.linalg.qr(np.concatenate([W0, Psi.T], axis=1))[0]
    reduced = Psi @ B
    form = reduced.T @ A @ reduced
    U: Array = reduced @ grassmann_flow((form + form.T) / 2, B.T @ W0, times)
    return U
