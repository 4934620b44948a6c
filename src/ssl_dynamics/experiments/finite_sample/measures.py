"""Measure of how far the span of a finite sample is from that of the population."""

import pandas as pd

from ssl_dynamics.experiments.finite_sample.config import SMALL_SQUARE
from ssl_dynamics.unsettled import Unsettled


def sample_ratio(rows: pd.DataFrame) -> "pd.Series[float]":
    """Root mean square coordinate over its prediction, over the sizes whose spans are predicted near."""
    used = rows[rows["predicted"] <= SMALL_SQUARE]
    if used.empty:
        raise Unsettled(f"no sample is so large that a square of {SMALL_SQUARE} is predicted of its span")
    ratio: pd.Series[float] = used.groupby("seed")["ratio"].mean() ** 0.5
    return ratio
