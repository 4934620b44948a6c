"""Measures of the noise of mini-batches."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.experiments.mini_batch.config import SMALL_DEVIATION
from ssl_dynamics.unsettled import Unsettled


def noise_ratio(*, exponent: float = 1.0) -> Measure:
    """Root mean square deviation over its prediction, over the cells (η, B) of the window.

    The predicted square is in proportion to η/B. With another `exponent` it is η^exponent/B, right at the largest step.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        window = _noise_window(rows)
        law = (window["step"] / rows["step"].max()) ** (exponent - 1)
        ratio: pd.Series[float] = (window["ratio"] / law).groupby(window["seed"]).mean() ** 0.5
        return ratio

    return measure


def nearest_ratio(exponents: list[float]) -> Measure:
    """`noise_ratio` with that exponent for which it is nearest to 1."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        ratios = pd.DataFrame({exponent: noise_ratio(exponent=exponent)(rows) for exponent in exponents})
        nearest = (ratios - 1).abs().to_numpy().argmin(axis=1)
        return pd.Series(ratios.to_numpy()[np.arange(len(ratios)), nearest], index=ratios.index)

    return measure


def _noise_window(rows: pd.DataFrame) -> pd.DataFrame:
    """Cells (η, B) whose predicted deviation, over the seeds, is small; Unsettled where they do not vary η."""
    predicted = (rows["predicted"] ** 2).groupby([rows["step"], rows["batch"]]).transform("mean")
    window: pd.DataFrame = rows[predicted < SMALL_DEVIATION**2]
    if window["step"].nunique() < 2:
        raise Unsettled(f"fewer than two step sizes have a predicted deviation below {SMALL_DEVIATION}")
    return window
