"""What a few independent runs say of the next one: intervals, tests, shares."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.analysis.scales import number, probability
from ssl_dynamics.validation import finite, real, unit

INTERVAL_LEVEL = 0.95
MOST = 2**53  # up to which float64 counts


def mean_interval(values: ArrayLike, *, level: float = INTERVAL_LEVEL) -> tuple[float, float]:
    """Student's interval of a mean, x̄ ± t_{S−1} s/√S.

    values (S,), S >= 2, of independent runs. Its coverage is its level for normal values at every S; a percentile
    bootstrap covers 80 % at S = 4 and 90 % at S = 10 (docs/theory.md §6). Equal values give a width of zero. Raises
    ValueError for fewer than two values, for a level outside (0, 1), and where an end overflows.
    """
    sample, scale = _sample(values)
    level = probability("level", level)
    half = float(scipy.special.stdtrit(len(sample) - 1, (1 + level) / 2)) * _standard_error(sample)
    ends = np.array([float(sample.mean()) - half, float(sample.mean()) + half])
    with np.errstate(over="ignore"):
        low, high = finite("an end of the interval", ends * scale, "scale the values down").tolist()
    return low, high


def not_below(values: ArrayLike, bound: float) -> float:
    """P-value of Student's one-sided test that a mean is below `bound`: small where the mean lies clearly below.

    values (S,), S >= 2. Where all are equal it is 0 below the bound and 1 from there on. Raises ValueError for fewer.
    """
    sample, scale = _sample(values)
    difference, error = float(sample.mean()) - number("bound", bound) / scale, _standard_error(sample)
    if error == 0:
        return float(difference >= 0)
    return float(scipy.special.stdtr(len(sample) - 1, difference / error))


def sign_test(met: int, of: int) -> float:
    """P-value of the hypothesis that a run meets a criterion with a probability of at most 1/2.

    `met` of `of` independent runs met it: P(X >= met), X ~ B(of, 1/2), which is 2^{−of} where all did. Raises
    ValueError unless 0 <= met <= of, of >= 1.
    """
    met, of = _counts(met, of)
    return float(scipy.special.bdtrc(met - 1, of, 0.5)) if met else 1.0


def least_probability(met: int, of: int, *, level: float = INTERVAL_LEVEL) -> float:
    """Lower bound on the probability that a run meets a criterion, of which `met` of `of` independent ones did.

    One-sided, by Clopper and Pearson: the p at which so many or more have the probability 1 − level; (1 − level)^{1/of}
    where all did. Raises ValueError unless 0 <= met <= of, of >= 1.
    """
    met, of = _counts(met, of)
    level = probability("level", level)
    return float(scipy.special.betaincinv(met, of - met + 1, 1 - level)) if met else 0.0


def _counts(met: float, of: float) -> tuple[int, int]:
    passed, runs = number("met", met), number("of", of)
    if not 0 <= passed <= runs or not 1 <= runs <= MOST or not (passed.is_integer() and runs.is_integer()):
        raise ValueError(f"needs whole numbers 0 <= met <= of with 1 <= of <= 2⁵³; got {met} of {of}")
    return int(passed), int(runs)


def _sample(values: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """The sample, divided by a power of two, and this."""
    sample = real("values", values)
    if sample.ndim != 1 or len(sample) < 2:
        raise ValueError(f"needs two values or more, of independent runs; got an array {sample.shape}")
    scale = unit(sample).item()
    return sample / scale, scale


def _standard_error(sample: NDArray[np.float64]) -> float:
    # Of equal values, not of the rounding of their mean.
    return float(sample.std(ddof=1) / np.sqrt(len(sample))) if np.ptp(sample) else 0.0
