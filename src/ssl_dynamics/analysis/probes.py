"""Downstream accuracy of linear representations u = Wᵀx: two probes in closed form, for many W at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.analysis.scales import brought_back, exponent
from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import positive, real, unit

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

    items (n, d) finite; labels (n,) whole numbers of at least two classes. Raises ValueError otherwise, and where the
    covariance over- or underflows.
    """
    x, y = _labelled(items, labels)
    classes, index, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"labels must be of at least two classes; got {classes.tolist()}")
    scale = unit(x)
    x /= scale
    mean = x.mean(axis=0)
    centered = x - mean
    sums = (index == np.arange(len(classes))[:, None]).astype(np.float64) @ centered
    power = exponent(scale)
    covariance = brought_back("the covariance", centered.T @ centered / len(y), 2 * power, "items", axis=(-2, -1))
    return Moments(classes, counts / len(y), mean * scale[0], covariance, sums / counts[:, None] * scale)


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
    weights = real("W", W)
    if weights.ndim < 2 or weights.shape[-2] != len(moments.mean) or weights.shape[-1] == 0:
        raise ValueError(f"W must have shape (..., {len(moments.mean)}, z); got shape {weights.shape}")
    if x.shape[1] != len(moments.mean):
        raise ValueError(f"items must have shape (m, {len(moments.mean)}); got {x.shape}")
    penalty = positive("penalty", penalty)
    *lead, d, z = weights.shape
    flat = weights.reshape(-1, d, z)
    flat = flat / unit(flat, axis=(-2, -1))
    scale = unit(np.sqrt(np.diag(moments.covariance))).item()  # all below is in this unit
    centers = moments.class_means / scale @ flat  # (N, K, z)
    S = flat.mT @ (moments.covariance / scale / scale @ flat)
    variance = np.trace(S, axis1=-2, axis2=-1)[:, None, None] / z
    if (variance <= 0).any():
        raise Unsettled("u = Wᵀx has no variance: no probe tells its classes apart")
    B = np.linalg.solve(S + penalty * variance * np.eye(z), (moments.shares[:, None] * centers).mT)  # (N, z, K)
    columns = np.moveaxis(flat, 0, 1).reshape(d, -1)  # one product for all weights
    offsets, far = _offsets(x, moments.mean, scale)
    u = np.moveaxis((offsets @ columns).reshape(len(x), -1, z), 1, 0)  # (N, m, z)
    scores = {
        "ridge": u @ B + far * moments.shares,
        "nearest-mean": u @ centers.mT - far * ((centers**2).sum(-1)[:, None, :] / 2),  # −|u − mean|²/2 up to |u|²/2
    }
    return {name: (moments.classes[score.argmax(-1)] == y).reshape(*lead, len(y)) for name, score in scores.items()}


def _offsets(items: Array, mean: Array, scale: float) -> tuple[Array, Array]:
    """Items less the mean (m, d), each in a unit of its own not below `scale`; and `scale` in these units (m, 1)."""
    offsets = items / 2 - mean / 2  # which no item overflows
    units = np.maximum(unit(offsets, axis=1), scale / 2)
    return offsets / units, scale / 2 / units


def _labelled(items: ArrayLike, labels: ArrayLike) -> tuple[Array, Labels]:
    x = real("items", items)
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"items must have shape (n, d), n, d >= 1; got shape {x.shape}")
    real("labels", labels)  # no masks, no text
    y = np.asarray(labels)
    if y.shape != x.shape[:1] or y.dtype.kind not in "iu" or y.max() > np.iinfo(np.int64).max:
        raise ValueError(f"labels must be {len(x)} whole numbers, one for each item; got {y.dtype} of shape {y.shape}")
    return x, y.astype(np.int64)
