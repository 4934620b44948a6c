"""What a few draws, each with its own mean and standard error, say of their common mean and of the next draw."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ssl_dynamics.analysis.inference import INTERVAL_LEVEL
from ssl_dynamics.validation import real


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
    draws, negative errors and a level outside (0, 1).
    """
    y, e = real("values", values), real("errors", errors)
    if y.ndim != 1 or y.shape != e.shape or len(y) < 3 or (e < 0).any():
        raise ValueError(f"needs three values or more, each with an error >= 0; got arrays {y.shape} and {e.shape}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; got {level}")
    draws = len(y)
    variance = float(y.var(ddof=1)) if np.ptp(y) else 0.0  # of equal values, not of the rounding of their mean
    within = float((e**2).mean())
    between = max(variance - within, 0.0)
    mean = float(y.mean())
    of_mean = float(scipy.special.stdtrit(draws - 1, (1 + level) / 2)) * np.sqrt(variance / draws)
    of_next = float(scipy.special.stdtrit(draws - 2, (1 + level) / 2)) * np.sqrt((between + within) * (1 + 1 / draws))
    return Prediction(
        mean, mean - of_mean, mean + of_mean, mean - of_next, mean + of_next, np.sqrt(between), np.sqrt(within)
    )


def standard_error(low: float, high: float, of: int, *, level: float = INTERVAL_LEVEL) -> float:
    """Of a mean of `of` values, from its t-interval [low, high]: the inverse of `mean_interval`."""
    return (high - low) / (2 * float(scipy.special.stdtrit(of - 1, (1 + level) / 2)))


def level_of_extremes(draws: int) -> float:
    """Probability K/(K + 1) that the next of K + 1 exchangeable draws is not the largest of them.

    So it meets a bound that the K seen ones meet, whatever their distribution; >= 0.95 from K = 19 on.
    """
    if draws < 1:
        raise ValueError(f"needs a draw; got {draws}")
    return draws / (draws + 1)
