"""Measure of the rank of regression on a fixed kernel."""

import pandas as pd

from ssl_dynamics.claims.measures.trajectories import difference
from ssl_dynamics.claims.verdict import Measure


def rank_difference(error: float) -> Measure:
    """Largest |effective rank − predicted|, to first order, were the predicted rate wrong by a relative error."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        wrong = rows.assign(predicted=rows["predicted"] + error * rows["slope"])
        return difference("effective_rank", "predicted")(wrong)

    return measure
