"""Measures of learning times."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure


def learning_time_error(predicted: str) -> Measure:
    """Largest |t_k measured/predicted − 1| over the directions that were not there from the first.

    A direction that only one of the two counts as acquired makes it infinite.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        learned = rows[rows[["measured", predicted]].notna().any(axis=1)]
        error = (learned["measured"] / learned[predicted] - 1).abs().fillna(float("inf"))
        return error.groupby(learned["seed"]).max(skipna=False)

    return measure
