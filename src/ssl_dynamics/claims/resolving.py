"""How small an error of a theory a claim notices."""

from collections.abc import Callable

import numpy as np


def resolving_power(passes: Callable[[float], bool]) -> float:
    """Smallest relative error from which on a theory fails, too large by it and too small by it, within 1 %.

    `passes(error)` says whether a theory wrong by that relative error, of either sign, passes. Errors from 1e−6 to 0.99
    are tried; nan where even the largest passes.
    """

    def noticed(size: float) -> bool:
        return not passes(size) and not passes(-size)

    low, high = 1e-6, 0.99
    if not noticed(high):
        return np.nan
    while high > 1.01 * low:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if noticed(middle) else (middle, high)
    return high
