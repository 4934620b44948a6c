"""The points on which networks of large width are studied: few triplets, in few principal components."""

import numpy as np

from ssl_dynamics.problem.triplets import Triplets


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
    _, sizes, Vt = np.linalg.svd(points, full_matrices=False)
    if sizes[0] == 0:
        raise ValueError("all points are zero")
    # The sign of a singular vector is arbitrary: its largest entry is made positive.
    signs = np.sign(Vt[np.arange(len(Vt)), np.abs(Vt).argmax(1)])
    kept = min(components, int(np.count_nonzero(sizes > 1e-10 * sizes[0])))
    reduced = points @ (Vt * signs[:, None])[:kept].T
    reduced *= np.sqrt(reduced.size) / np.linalg.norm(reduced)
    return Triplets(*np.split(reduced, 3))
