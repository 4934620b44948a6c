"""Measures of stepwise learning."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.experiments.stepwise.config import MISSED_TOLERANCE, RESOLVED, TIME_TOLERANCE
from ssl_dynamics.unsettled import Unsettled


def step_time_error(measured: str = "measured", *, predicted: str = "predicted", rate: float = 1.0) -> Measure:
    """Largest |t_k/predicted − 1| over the steps, in units of what theory allows each; infinite for one never taken.

    At a wrong `rate` times are predicted as many times earlier.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        _require_steps(rows)
        error = (rate * rows[measured] / rows[predicted] - 1).abs() / (TIME_TOLERANCE + rows["interplay"])
        return error.where(rows[measured].notna(), float("inf")).groupby(rows["seed"]).max(skipna=False)

    return measure


def missed_share(column: str, *, rate: float = 1.0) -> Measure:
    """Largest share, over the steps, of what has been learned out of turn, in units of what theory allows each.

    At a wrong `rate` the eigenvalues γ are as many times larger, and so is what the modes are said to hold.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        _require_steps(rows)
        # To leading order, and no more is claimed: twice as much is allowed.
        share = (1 - rate * (1 - rows[column])).abs() / (MISSED_TOLERANCE + 2 * rows["missed_predicted"])
        return share.groupby(rows["seed"]).max(skipna=False)

    return measure


def _require_steps(rows: pd.DataFrame) -> None:
    """Raise Unsettled where training ends before a step is due, or most steps do not stand apart."""
    if (late := rows["predicted"] > rows["end"]).any():
        first = rows[late].iloc[0]
        raise Unsettled(
            f"step {first['step']:.0f} is due at t = {first['predicted']:.3g}, and max_steps ends the training at "
            f"{first['end']:.3g}"
        )
    if (apart := (rows["interplay"] <= RESOLVED).mean()) < 0.5:
        raise Unsettled(
            f"only {apart:.0%} of the steps stand apart: other modes may shift the rest by more than {RESOLVED:.0%}; "
            "a smaller scale tells them apart"
        )
