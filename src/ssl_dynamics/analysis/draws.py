"""What a few draws, each with its own mean and standard error, say of their common mean and of the next draw."""

from dataclasses import astuple, dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.analysis.inference import INTERVAL_LEVEL, MOST
from ssl_dynamics.analysis.scales import number, probability
from ssl_dynamics.validation import count, finite, real, unit


@dataclass(frozen=True)
class Prediction:
    """Of the mean over draws its interval [mean_low, mean_high]; of what the next draw measures [low, high].

    between (τ) is the standard deviation of the draws' true means, within (σ) the standard error of a draw.
    """

    mean: float
    mean_low: float
    mean_high: float
    low: float
    high: float
    between: float
    within: float


def predict(values: ArrayLike, errors: ArrayLike, *, level: float = INTERVAL_LEVEL) -> Prediction:
    """Random-effects mean of K draws with the interval of Hartung and Knapp, and prediction interval for the next draw.

    values, errors (K,), K >= 3: y_k = μ + u_k + e_k, u_k ~ N(0, τ²), e_k ~ N(0, σ²), the k-th error an estimate of σ.
    All draws are runs of one configuration, so that σ is the same for all: σ² = mean of errors², which leaves weights
    1/(τ² + σ²) that are equal and not noise. Then, with s² the variance of y_k,

        μ = ȳ,    τ² = max(s² − σ², 0)  (DerSimonian and Laird),    ȳ ± t_{K−1} s/√K  (Hartung and Knapp),
        ȳ ± t_{K−2} √(τ² + σ² + (τ² + σ²)/K)  (Higgins, Thompson and Spiegelhalter 2009, eq. 12).

    Theirs predicts the next draw's true mean, without the second σ²; what the next draw *measures* has its error too
    (Patil, Peng and Leek 2016). σ = 0 is allowed: nothing is divided by it. Raises ValueError for fewer than three
    draws, negative errors, a level outside (0, 1), and where the interval overflows.
    """
    y, e = real("values", values), real("errors", errors)
    if y.ndim != 1 or y.shape != e.shape or len(y) < 3 or (e < 0).any():
        raise ValueError(f"needs three values or more, each with an error >= 0; got arrays {y.shape} and {e.shape}")
    level, draws = probability("level", level), len(y)
    # Squared in units of their own: float64 holds the squares of neither tiny nor huge values.
    of_values, of_errors = unit(y).item(), unit(e).item()
    y, e = y / of_values, e / of_errors
    own = np.sqrt(y.var(ddof=1)) if np.ptp(y) else 0.0  # of equal values, not of the rounding of their mean
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread, within = y.mean() * of_values, own * of_values, np.sqrt((e**2).mean()) * of_errors
        between = np.sqrt(max(spread - within, 0.0)) * np.sqrt(spread + within)
        of_mean = scipy.special.stdtrit(draws - 1, (1 + level) / 2) * spread / np.sqrt(draws)
        # τ² + σ² is the larger of s² and σ².
        of_next = scipy.special.stdtrit(draws - 2, (1 + level) / 2) * max(spread, within) * np.sqrt(1 + 1 / draws)
        ends = mean - of_mean, mean + of_mean, mean - of_next, mean + of_next
        prediction = Prediction(*map(float, (mean, *ends, between, within)))
    finite("the prediction", np.array(astuple(prediction)), "scale values and errors down")
    return prediction


def standard_error(low: float, high: float, of: int, *, level: float = INTERVAL_LEVEL) -> float:
    """Of a mean of `of` values, from its t-interval [low, high]: the inverse of `mean_interval`.

    Raises ValueError unless low <= high, of >= 2 and 0 < level < 1.
    """
    ends, degrees = (number("low", low), number("high", high)), count("of", of, MOST, "2⁵³") - 1
    if ends[0] > ends[1] or not degrees:
        raise ValueError(f"needs low <= high of two values or more; got {low}, {high} of {of}")
    quantile = float(scipy.special.stdtrit(degrees, (1 + probability("level", level)) / 2))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        error = np.asarray(ends[1] / 2 - ends[0] / 2) / quantile
    return float(finite("the standard error", error, "scale the interval down, or give a larger level"))


def level_of_extremes(draws: int) -> float:
    """Probability K/(K + 1) that the next of K + 1 exchangeable draws is not the largest of them.

    So it meets a bound that the K seen ones meet, whatever their distribution; >= 0.95 from K = 19 on. Raises
    ValueError unless K is a whole number >= 1.
    """
    draws = count("draws", draws, MOST, "2⁵³")
    return draws / (draws + 1)
