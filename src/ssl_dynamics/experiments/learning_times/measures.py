"""Measures of learning times."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.unsettled import Unsettled


def learning_time_error(*, rate: float = 1.0) -> Measure:
    """Largest |t_k measured/predicted − 1| over the directions that were not there from the first.

    A direction that only one of the two counts as acquired makes it infinite. A draw settles nothing where training
    ends before a direction is to be acquired, or where a start has acquired all of them. At a wrong `rate` times are
    predicted as many times earlier.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        if (late := rows["predicted"] > rows["end"]).any():
            first = rows[late].iloc[0]
            raise Unsettled(
                f"direction {first['direction']:.0f} is to be acquired at t = {first['predicted']:.3g}, and max_steps "
                f"ends the training at {first['end']:.3g}"
            )
        if (held := rows.groupby("seed")["predicted"].count() == 0).any():
            raise Unsettled(f"the start of seed {held.idxmax()} holds every direction from the first")
        learned = rows[rows[["measured", "predicted"]].notna().any(axis=1)]
        error = (rate * learned["measured"] / learned["predicted"] - 1).abs().fillna(float("inf"))
        return error.groupby(learned["seed"]).max(skipna=False)

    return measure


def nearer_learning_time_error(rows: pd.DataFrame) -> "pd.Series[float]":
    """The same at the rate, wrong by 1 % on either side, at which it is smaller, seed by seed."""
    return pd.DataFrame({name: learning_time_error(rate=rate)(rows) for name, rate in NEAR_RATES.items()}).min(axis=1)
