"""When a two-layer linear net of large width leaves its tangent kernel, and when it blows up, in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ssl_dynamics.theory.gram import GramState, kernel_norm
from ssl_dynamics.validation import Array, count, positive, real, symmetric_matrix, unit


@dataclass(frozen=True)
class DepartureLaw:
    """Times of each start, in units of d/C; `remaining` is the time from the departure to the blow-up."""

    rate: float  # μ = 4|λ|/d
    departure: Array  # (...)
    departure_second_order: Array  # (...) the same to the order r² in the amplitude of the mode: no saturation
    remaining: float


def departure_law(
    C: ArrayLike, cross: ArrayLike, *, width: float, points: ArrayLike, level: float, mode: int = 0
) -> DepartureLaw:
    """Time t_ε at which the drift of the tangent kernel on `points` reaches `level` ε, as h → ∞, and the blow-up t_b.

    With v the leading eigenvector of C, λ < 0 its eigenvalue, a = |vᵀS_12(0)| and D the drift per unit of s:

        t_b = ln(2√h/a)/μ,   t_b − t_ε = arcoth(1 + ε/D)/μ,   μ = 4|λ|/d.

    C (d, d) symmetric; cross S_12(0) (..., d, z); points (N, d); `mode` counts eigenvectors from the leading one.
    Raises ValueError on bad shapes or values, or where λ is not negative. Source: docs/theory.md §4.
    """
    form, start, X = symmetric_matrix("C", C), real("cross", cross), real("points", points)
    d = len(form)
    if start.ndim < 2 or start.shape[-2] != d or X.ndim != 2 or X.shape[1] != d:
        raise ValueError(f"cross and points must have shapes (..., {d}, z) and (N, {d}); got {start.shape}, {X.shape}")
    width, level = positive("width", width), positive("level", level)
    if not 0 <= mode < d:
        raise ValueError(f"mode must lie between 0 and {d - 1}; got {mode}")
    eigenvalues, V = np.linalg.eigh(form)
    if eigenvalues[mode] >= 0:
        raise ValueError(f"eigenvalue {mode} of C must be negative; got {eigenvalues[mode]:.6g}")
    rate, v = 4 * -float(eigenvalues[mode]) / d, V[:, mode]
    ratio = level / _drift_of_growth(X, v, start.shape[-1])
    size = unit(start, (-2, -1))
    amplitude = np.linalg.norm(v @ (start / size), axis=-1)
    if not amplitude.all():
        raise ValueError(f"cross has no component along eigenvector {mode} of C: that mode does not grow")
    log_amplitude = np.log(amplitude) + np.log(size[..., 0, 0])
    remaining = _delay(ratio) / rate
    blow_up = (np.log(2 * np.sqrt(width)) - log_amplitude) / rate
    # s − 1 = r²/2 to second order, r = a h^{−1/2} e^{μt}.
    second_order = (np.log(np.sqrt(2 * width)) + np.log(ratio) / 2 - log_amplitude) / rate
    return DepartureLaw(rate, blow_up - remaining, second_order, remaining)


def blow_up_delay(anchor: ArrayLike, C: ArrayLike, z: int, *, drift: float) -> float:
    """μ(T − t_ε) of infinitely wide linear nets: from kernel drift ε on the anchors to their blow-up at T.

    arcoth(1 + 2√z ε/√(1 + zf² + 2g)), f = |Xv|²/‖XXᵀ‖_F, g = |XᵀXv|²/‖XXᵀ‖_F², v the top direction of −C.

    anchor X (n, d); C (d, d) symmetric; drift ε > 0, else ValueError. Source: docs/theory.md §4.
    """
    X, C = real("anchor", anchor), symmetric_matrix("C", C)
    if X.ndim != 2 or C.shape != (X.shape[1], X.shape[1]):
        raise ValueError(f"anchor and C must have shapes (n, d) and (d, d); got {X.shape} and {C.shape}")
    z, drift = count("z", z), positive("drift", drift)
    v = np.linalg.eigh(C)[1][:, 0]
    if not X.any():
        raise ValueError("anchor is zero: its tangent kernel is, too, and has no drift")
    return _delay(drift / _drift_of_growth(X, v, z))


def _delay(ratio: float) -> float:
    """arcoth(1 + ε/D): μ times the time from the departure to the blow-up."""
    return float(np.log1p(2 / ratio) / 2)


def _drift_of_growth(X: Array, v: Array, z: int) -> float:
    """D: the drift of the kernel from S_11 = I, S_22 = I to I + (s − 1)vvᵀ, I + (s − 1)qqᵀ, over s − 1; any unit q."""
    X = X / unit(X)
    q = np.eye(z)[0]
    none = np.zeros((len(v), z))
    change = GramState(np.outer(v, v), none, np.outer(q, q))
    whole = GramState(np.eye(len(v)), none, np.eye(z))
    return float(kernel_norm(X, change) / kernel_norm(X, whole))
