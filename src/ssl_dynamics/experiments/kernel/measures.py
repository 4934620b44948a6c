"""Measure of the rank of regression on a fixed kernel."""

import pandas as pd

from ssl_dynamics.claims.measures.trajectories import difference
from ssl_dynamics.claims.verdict import OfError


def rank_difference(rows: pd.DataFrame) -> OfError:
    """Largest |effective rank − predicted|, to first order, were the predicted rate wrong by a relative error."""

    def largest(error: float) -> "pd.Series[float]":
        wrong = rows.assign(predicted=rows["predicted"] + error * rows["slope"])
        return difference("effective_rank", "predicted")(wrong)

    return largest
