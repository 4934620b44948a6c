"""Measure of the distance of tangent kernels from their limit."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure


def mean_ratio(factor: float) -> Measure:
    """Mean over the widths of the ratio of measured to predicted square distances, the predicted ones times `factor`.

    There are as many nets of every width: each counts as much.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        ratio: pd.Series[float] = rows.groupby("seed")["ratio"].mean() / factor
        return ratio

    return measure
