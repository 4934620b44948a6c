"""Measures of training with a penalty."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure


def weakest(measure: Measure) -> Measure:
    """The measure of what was trained with the weakest penalty; the curves of the figure, which were not, left out."""

    def measure_of_weakest(rows: pd.DataFrame) -> "pd.Series[float]":
        trained = rows.dropna(subset=["excess"])
        return measure(trained[trained["strength"] == trained["strength"].min()])

    return measure_of_weakest
