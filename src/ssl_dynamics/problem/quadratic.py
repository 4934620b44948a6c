"""The quadratic forms of the dot-product losses: C of the linear model's weights, A of the representations."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.problem.names import Loss
from ssl_dynamics.validation import finite, real

_SMALLEST_ROOT = 1e-145  # below its square, products have begun to lose their digits


def quadratic_form(
    anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike | None = None, *, loss: Loss
) -> NDArray[np.float64]:
    """Symmetric C with L(W) = Tr(Wᵀ C W) for the linear model u = Wᵀx.

    contrastive:      C = (1/2n) Σ_i [x_i (x_i⁻ − x_i⁺)ᵀ + (x_i⁻ − x_i⁺) x_iᵀ]
    non-contrastive:  C = −(1/2n) Σ_i [x_i x_i⁺ᵀ + x_i⁺ x_iᵀ]

    anchor, positive, negative (n, d), finite; returns (d, d) float64 in squared units of x. `negative` is
    required by the contrastive loss and must be absent otherwise. Raises ValueError on wrong shapes, values
    that are not finite, or an unknown loss. Source: docs/theory.md §1.
    """
    x, x_positive = _items("anchor", anchor), _items("positive", positive)
    if loss == "contrastive":
        if negative is None:
            raise ValueError("the contrastive loss needs `negative`, an array shaped like `anchor`")
        with np.errstate(over="ignore"):
            direction = _items("negative", negative) - x_positive if np.shape(negative) == x_positive.shape else None
    elif loss == "non-contrastive":
        if negative is not None:
            raise ValueError("the non-contrastive loss has no negatives: leave `negative` out")
        direction = -x_positive
    else:
        raise ValueError(f"loss {loss!r} is unknown; allowed: 'contrastive', 'non-contrastive'")
    if direction is None or direction.shape != x.shape:
        shapes = [np.shape(x), np.shape(positive), *([] if negative is None else [np.shape(negative)])]
        raise ValueError(f"anchor, positive and negative must have one shape (n, d); got {shapes}")
    with np.errstate(over="ignore", invalid="ignore"):
        cross = x.T @ direction
        form = (cross + cross.T) / (2 * len(x))
    return _held(form, x, direction)


def in_batch_form(anchor: ArrayLike, positive: ArrayLike) -> NDArray[np.float64]:
    """C of the contrastive loss whose negative is the mean of all positives: what InfoNCE tends to as τ → ∞.

    C = ½[x̄ x̄⁺ᵀ + x̄⁺ x̄ᵀ] − (1/2n) Σ_i [x_i x_i⁺ᵀ + x_i⁺ x_iᵀ]; shapes and errors of `quadratic_form`.
    Source: docs/theory.md §7.
    """
    x, x_positive = _items("anchor", anchor), _items("positive", positive)
    with np.errstate(over="ignore"):
        mean = finite("the mean of the positives", x_positive.mean(0), "scale the data down")
    return quadratic_form(x, x_positive, np.broadcast_to(mean, x_positive.shape), loss="contrastive")


def batch_moments(anchor: ArrayLike, positive: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A = (1/n) Σ x_i x_iᵀ and B = Cov(x⁺) (divisor n): the next order of InfoNCE in 1/τ is Tr(WᵀAW WᵀBW)/(2τ).

    anchor, positive (n, d), finite; returns (d, d) twice. Raises ValueError otherwise. Source: docs/theory.md §7.
    """
    x, x_positive = _items("anchor", anchor), _items("positive", positive)
    with np.errstate(over="ignore", invalid="ignore"):
        centred = x_positive - x_positive.mean(0)
        moment, covariance = x.T @ x / len(x), centred.T @ centred / len(centred)
    return _held(moment, x, x), _held(covariance, centred, centred)


def coupling_matrix(n: int, *, loss: Loss) -> NDArray[np.float64]:
    """Symmetric A with L(U) = Tr(UᵀAU), U (3n, z) the representations of all anchors, then positives, then negatives.

    contrastive: A = (1/2n) [[0, −I, I], [−I, 0, 0], [I, 0, 0]]; non-contrastive: the same without its negatives.

    n triplets; returns (3n, 3n) float64. Raises ValueError for n < 1 or an unknown loss. Source: docs/theory.md §1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}")
    if loss not in ("contrastive", "non-contrastive"):
        raise ValueError(f"loss {loss!r} is unknown; allowed: 'contrastive', 'non-contrastive'")
    roles = np.zeros((3, 3))
    roles[0, 1] = roles[1, 0] = -1
    if loss == "contrastive":
        roles[0, 2] = roles[2, 0] = 1
    return np.kron(roles, np.eye(n)) / (2 * n)


def _held(products: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of products of x and y, if float64 holds them: where all are near its smallest numbers, it does not."""
    if not np.isfinite(products).all():
        raise ValueError(f"products of values up to {np.abs(x).max():.3g} overflow float64: scale the data down")
    if 0 < np.sqrt(np.abs(x).max()) * np.sqrt(np.abs(y).max()) < _SMALLEST_ROOT:
        raise ValueError(f"products of values up to {np.abs(x).max():.3g} underflow float64: scale the data up")
    return products


def _items(name: str, items: ArrayLike) -> NDArray[np.float64]:
    array = real(name, items)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must have shape (n, d) with n, d >= 1; got {array.shape}")
    return array
