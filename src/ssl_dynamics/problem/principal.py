"""Few triplets, in few principal components: those on which wide networks are studied, and whitened views."""

import numpy as np

from ssl_dynamics.problem.triplets import Array, Triplets


def principal_triplets(triplets: Triplets, *, n: int, components: int) -> Triplets:
    """The first n triplets in the leading principal components of their own 3n points, scaled to mean |x|² = d.

    x ↦ cVᵀx, V (D, d) the leading right singular vectors of the 3n points (not centred again: the data sets are) and c
    one factor for all. d = min(components, rank of the points), so that dense kernels on the points stay regular where
    they can be. Returns arrays (n, d) float64.

    Raises ValueError if there are fewer than n triplets, n < 2, components < 1, or all points are zero.
    Source: docs/theory.md §4.
    """
    available = len(triplets.anchor)
    if not 2 <= n <= available:
        raise ValueError(f"n must lie between 2 and the number of triplets, {available}; got {n}")
    if components < 1:
        raise ValueError(f"components must be at least 1; got {components}")
    parts = [part[:n] for part in (triplets.anchor, triplets.positive, triplets.negative)]
    points = np.concatenate(parts)
    _, Vt = _components(points, components, 1e-10)
    reduced = points @ Vt.T
    reduced *= np.sqrt(reduced.size) / np.linalg.norm(reduced)
    return Triplets(*np.split(reduced, 3))


def whitened_views(triplets: Triplets, *, n: int, components: int) -> tuple[Array, Array]:
    """Anchors and positives of the first n triplets in leading principal components, each of mean square 1.

    x ↦ S⁻¹Vᵀx, V (D, m) the leading right singular vectors of the 2n views and S their root mean squares, so that the
    mean of xxᵀ over all views is I exactly (not centred: the data sets are). m = min(components, number of directions
    of more than 1e−6 of the largest root mean square). Returns (n, m) float64 twice.

    Raises ValueError if there are fewer than n triplets, n < 1, components < 1, or all views are zero.
    Source: docs/theory.md §8.
    """
    available = len(triplets.anchor)
    if not 1 <= n <= available:
        raise ValueError(f"n must lie between 1 and the number of triplets, {available}; got {n}")
    if components < 1:
        raise ValueError(f"components must be at least 1; got {components}")
    views = np.concatenate([triplets.anchor[:n], triplets.positive[:n]])
    sizes, Vt = _components(views, components, 1e-6)
    whitened = views @ Vt.T / (sizes / np.sqrt(len(views)))
    return whitened[:n], whitened[n:]


def _components(points: Array, most: int, least: float) -> tuple[Array, Array]:
    """The leading singular values (m,) and right singular vectors (m, D) of points, those above a share of the first.

    Raises ValueError if all points are zero.
    """
    _, sizes, Vt = np.linalg.svd(points, full_matrices=False)
    if sizes[0] == 0:
        raise ValueError("all points are zero")
    # The sign of a singular vector is arbitrary: its largest entry is made positive.
    signs = np.sign(Vt[np.arange(len(Vt)), np.abs(Vt).argmax(1)])
    kept = min(most, int(np.count_nonzero(sizes > least * sizes[0])))
    return sizes[:kept], (Vt * signs[:, None])[:kept]
