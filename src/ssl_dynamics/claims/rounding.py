"""Numbers that are zero in exact arithmetic: rounding is measured, and another machine draws it anew.

Every operation rounds by ε = 2.2e−16, and the condition κ of the problem amplifies it: x = κ‖ξ‖ is measured, with
random ξ. Another processor adds in another order, which is another draw of ξ, while κ is the same everywhere. So a
reference tells κ, up to a draw, and its digits mean nothing. Two draws are farthest apart where a single direction is
amplified, as by the flow that leaves a saddle. There x and x' are κ|N(0, 1)|, and their ratio, the size of a Cauchy
variable, lies outside [1/r, r] with the probability (4/π)·arctan(1/r): 13 % for r = 10, 1.3 % for r = SPREAD. What
float64 leaves where nothing amplifies it, κ = 1, is the floor: numbers below it agree, be they zero.

Measured in the worst cell of the full run, A3-integration on the mixture at z = 8, turned into 300 other bases: 23 % of
the ratios lie outside [1/10, 10], and 1.3 % outside [1/SPREAD, SPREAD]. `tests/test_reference.py` does the same.
"""

import math
import sys
from dataclasses import dataclass

from ssl_dynamics.problem.schedule import LATE

SPREAD = 100.0

EPSILON = sys.float_info.epsilon
# DOP853 is asked for no less in a step: below this, scipy raises the relative tolerance to it.
STEP_OF_DOP853 = 100 * EPSILON
# WᵀW sums as many products: 28 · 28 pixels, the largest d of a shipped data set.
SUM_OVER_COORDINATES = 784 * EPSILON
# Of a late slope: σ_2/σ_1 is known to ε of σ_1, so that its logarithm is known to ε/(σ_2/σ_1) at the end of the window,
# where e^{−2t} of the ratio is left; over the fall of the logarithm in the window.
LATE_SLOPE = EPSILON * math.exp(2 * LATE[1]) / (2 * (LATE[1] - LATE[0]))


@dataclass(frozen=True)
class Rounding:
    """That a claim measures rounding: the size of it where κ = 1, and the column of its table that holds nothing else.

    No column is named where the table holds two numbers whose difference is measured, or other rows as well.
    """

    floor: float
    column: str | None = None


def spreads_apart(here: float, there: float, *, floor: float) -> float:
    """How far two draws of the same rounding are apart, 1 for a ratio of SPREAD; none if both are below the floor."""
    low, high = sorted((abs(here), abs(there)))
    if high <= floor:
        return 0.0
    return math.log(high / low) / math.log(SPREAD) if low > 0 else math.inf
