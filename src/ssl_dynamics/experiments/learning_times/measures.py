"""Measures of learning times."""

import pandas as pd

from ssl_dynamics.claims.verdict import OfError
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.unsettled import Unsettled


def learning_time_error(rows: pd.DataFrame) -> OfError:
    """Largest |t_k measured/predicted − 1| over the directions that were not there from the first.

    A direction that only one of the two counts as acquired makes it infinite. A draw settles nothing where training
    ends before a direction is to be acquired, or where a start has acquired all of them. At a rate that is wrong by a
    relative error ε times are predicted 1 + ε times earlier.
    """
    if (late := rows["predicted"] > rows["end"]).any():
        first = rows[late].iloc[0]
        raise Unsettled(
            f"direction {first['direction']:.0f} is to be acquired at t = {first['predicted']:.3g}, and max_steps "
            f"ends the training at {first['end']:.3g}"
        )
    if (held := rows.groupby("seed")["predicted"].count() == 0).any():
        raise Unsettled(f"the start of seed {held.idxmax()} holds every direction from the first")
    learned = rows[rows[["measured", "predicted"]].notna().any(axis=1)]

    def largest(error: float) -> "pd.Series[float]":
        deviation = ((1 + error) * learned["measured"] / learned["predicted"] - 1).abs().fillna(float("inf"))
        return deviation.groupby(learned["seed"]).max(skipna=False)

    return largest


def nearer_learning_time_error(rows: pd.DataFrame) -> "pd.Series[float]":
    """The same at the rate, wrong by 1 % on either side, at which it is smaller, seed by seed."""
    if_wrong_by = learning_time_error(rows)
    return pd.DataFrame({name: if_wrong_by(rate - 1) for name, rate in NEAR_RATES.items()}).min(axis=1)
