"""Measure of the distance of tangent kernels from their limit."""

import pandas as pd


def mean_ratio(rows: pd.DataFrame) -> "pd.Series[float]":
    """Mean over the widths of the ratio of measured to predicted square distances.

    There are as many nets of every width: each counts as much.
    """
    return rows.groupby("seed")["ratio"].mean()
