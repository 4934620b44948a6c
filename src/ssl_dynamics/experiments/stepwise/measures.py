"""Measures of stepwise learning."""

import pandas as pd

from ssl_dynamics.claims.verdict import OfError, Wrong
from ssl_dynamics.experiments.stepwise.config import MISSED_TOLERANCE, RESOLVED, TIME_TOLERANCE
from ssl_dynamics.unsettled import Unsettled


def step_time_error(measured: str = "measured", *, predicted: str = "predicted") -> Wrong:
    """Largest |t_k/predicted − 1| over the steps, in units of what theory allows each; infinite for one never taken.

    At a rate that is wrong by a relative error ε times are predicted 1 + ε times earlier.
    """

    def wrong(rows: pd.DataFrame) -> OfError:
        _require_steps(rows)
        ratio = rows[measured] / rows[predicted]
        taken = rows[measured].notna()
        allowed = TIME_TOLERANCE + rows["interplay"]

        def largest(error: float) -> "pd.Series[float]":
            deviation = ((1 + error) * ratio - 1).abs() / allowed
            return deviation.where(taken, float("inf")).groupby(rows["seed"]).max(skipna=False)

        return largest

    return wrong


def missed_share(column: str) -> Wrong:
    """Largest share, over the steps, of what has been learned out of turn, in units of what theory allows each.

    At a rate that is wrong by a relative error ε the eigenvalues γ are 1 + ε times as large, and so is what the modes
    are said to hold.
    """

    def wrong(rows: pd.DataFrame) -> OfError:
        _require_steps(rows)
        # To leading order, and no more is claimed: twice as much is allowed.
        allowed = MISSED_TOLERANCE + 2 * rows["missed_predicted"]

        def largest(error: float) -> "pd.Series[float]":
            share = (1 - (1 + error) * (1 - rows[column])).abs() / allowed
            return share.groupby(rows["seed"]).max(skipna=False)

        return largest

    return wrong


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
