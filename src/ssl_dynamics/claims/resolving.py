"""How small an error of a theory a claim notices."""

from collections.abc import Callable

import numpy as np

SMALLEST, LARGEST = 1e-6, 0.99  # relative errors that are tried
COARSE, WITHIN = 3.0, 1.01  # ratios of the errors that are tried in turn, and to which the power is found


def resolving_power(fails: Callable[[float], bool]) -> float:
    """Smallest relative error from which on a theory fails, too large by it and too small by it, within 1 %.

    `fails(error)` says whether a theory wrong by that relative error, of either sign, fails; to be open is not enough.
    Errors are tried from 0.99 on, each a third of the one before, until one does not fail: what a smaller one does is
    not asked. The power is 1e−6, the smallest that is tried, where all fail, and nan where the largest does not.
    """

    def noticed(size: float) -> bool:
        return fails(size) and fails(-size)

    if not noticed(LARGEST):
        return np.nan
    low, high = LARGEST / COARSE, LARGEST
    while noticed(low):
        if low == SMALLEST:
            return SMALLEST
        low, high = max(low / COARSE, SMALLEST), low
    while high > WITHIN * low:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if noticed(middle) else (middle, high)
    return high
