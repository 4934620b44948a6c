"""Downstream accuracy of linear representations u = Wᵀx: two probes in closed form, for many W at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.unsettled import Unsettled

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Moments:
    """What a probe needs to know of the labelled train items: K classes, items of dimension d, n of them."""

    classes: Labels  # (K,) ascending
    shares: Array  # (K,) of the items
    mean: Array  # (d,)
    covariance: Array  # (d, d), normalised by n
    class_means: Array  # (K, d), relative to `mean`


def labelled_moments(items: ArrayLike, labels: ArrayLike) -> Moments:
    """Moments of labelled items.

    items (n, d) finite; labels (n,) whole numbers of at least two classes. Raises ValueError otherwise.
    """
    x, y = _labelled(items, labels)
    classes, index, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"labels must be of at least two classes; got {classes.tolist()}")
    mean = x.mean(axis=0)
    centered = x - mean
    sums = (index == np.arange(len(classes))[:, None]).astype(np.float64) @ centered
    return Moments(classes, counts / len(y), mean, centered.T @ centered / len(y), sums / counts[:, None])


def probe_accuracies(
    W: ArrayLike, moments: Moments, items: ArrayLike, labels: ArrayLike, *, penalty: float
) -> dict[str, Array]:
    """Share of the `probe_hits` of each probe: two arrays (...) float64 in [0, 1]."""
    hits = probe_hits(W, moments, items, labels, penalty=penalty)
    return {name: of.mean(-1).astype(np.float64) for name, of in hits.items()}


def probe_hits(
    W: ArrayLike, moments: Moments, items: ArrayLike, labels: ArrayLike, *, penalty: float
) -> dict[str, NDArray[np.bool_]]:
    """Which labelled test items two probes of u = Wᵀx get right, trained on the items of `moments`.

    "ridge": regression on the indicators of the classes, u centred and divided by one number s for all coordinates,
    s² = Tr(S)/z with S = Wᵀ Cov W: B minimises mean |y − Bᵀu/s|² + penalty |B|²; the class of the largest output
    wins. "nearest-mean": the class whose mean is nearest to u. Both depend on W up to rotation and scale only, so that
    for orthonormal W they depend on its span alone.

    W (..., d, z) finite; items (m, d); labels (m,); penalty > 0, in units of the mean variance of the coordinates of
    u; returns two arrays (..., m) of truth values. Raises ValueError on bad shapes or values.
    Source: docs/theory.md §5.
    """
    x, y = _labelled(items, labels)
    weights = np.asarray(W, dtype=np.float64)
    if weights.ndim < 2 or weights.shape[-2] != len(moments.mean) or not np.isfinite(weights).all():
        raise ValueError(f"W must be finite with shape (..., {len(moments.mean)}, z); got shape {weights.shape}")
    if x.shape[1] != len(moments.mean):
        raise ValueError(f"items must have shape (m, {len(moments.mean)}); got {x.shape}")
    if not (np.isfinite(penalty) and penalty > 0):
        raise ValueError(f"penalty must be a positive number; got {penalty}")
    *lead, d, z = weights.shape
    flat = weights.reshape(-1, d, z)
    centers = moments.class_means @ flat  # (N, K, z)
    S = flat.mT @ (moments.covariance @ flat)
    variance = np.trace(S, axis1=-2, axis2=-1)[:, None, None] / z
    if (variance <= 0).any():
        raise Unsettled("u = Wᵀx has no variance: no probe tells its classes apart")
    B = np.linalg.solve(S + penalty * variance * np.eye(z), (moments.shares[:, None] * centers).mT)  # (N, z, K)
    columns = np.moveaxis(flat, 0, 1).reshape(d, -1)  # one product for all weights
    u = np.moveaxis(((x - moments.mean) @ columns).reshape(len(x), -1, z), 1, 0)  # (N, m, z)
    scores = {
        "ridge": u @ B + moments.shares,
        "nearest-mean": u @ centers.mT - (centers**2).sum(-1)[:, None, :] / 2,  # −|u − mean|²/2 up to |u|²/2
    }
    return {name: (moments.classes[score.argmax(-1)] == y).reshape(*lead, len(y)) for name, score in scores.items()}


def _labelled(items: ArrayLike, labels: ArrayLike) -> tuple[Array, Labels]:
    x, y = np.asarray(items, dtype=np.float64), np.asarray(labels)
    if x.ndim != 2 or 0 in x.shape or not np.isfinite(x).all():
        raise ValueError(f"items must be finite with shape (n, d), n, d >= 1; got shape {x.shape}")
    if y.shape != x.shape[:1] or y.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(x)} whole numbers, one for each item; got {y.dtype} of shape {y.shape}")
    return x, y.astype(np.int64)
