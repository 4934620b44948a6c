"""Measures on a fixed kernel: of the rank of regression, and of what weight decay changes."""

import pandas as pd

from ssl_dynamics.claims.measures.collapse import changed_by
from ssl_dynamics.claims.measures.trajectories import difference
from ssl_dynamics.claims.verdict import OfError


def rank_difference(rows: pd.DataFrame) -> OfError:
    """Largest |effective rank − predicted|, to first order, were the predicted rate wrong by a relative error."""

    def largest(error: float) -> "pd.Series[float]":
        wrong = rows.assign(predicted=rows["predicted"] + error * rows["slope"])
        return difference("effective_rank", "predicted")(wrong)

    return largest


def change_by_decay(rows: pd.DataFrame) -> OfError:
    """Largest change of ln(σ_2/σ_1) by weight decay, over that of the curve, less what a wrong theory says it is.

    In that theory decay shrinks σ_2 more than σ_1, by a relative error ε: ln(σ_2/σ_1) falls by ε as much as ln σ_1.
    """
    shrunk = rows["log_largest_decay"] - rows["log_largest"]

    def largest(error: float) -> "pd.Series[float]":
        expected = rows.assign(log_ratio_decay=rows["log_ratio_decay"] - error * shrunk)
        return changed_by("log_ratio", "log_ratio_decay", extrapolations=2)(expected)

    return largest
