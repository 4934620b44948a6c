"""Measures of A4 on trained nets: drift over the widths, departures, blow-up."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.unsettled import Unsettled


def drift_ratio(rows: pd.DataFrame) -> "pd.Series[float]":
    """Drift over its prediction, of each seed the widest net that has one; nan where it has none."""
    widest = widest_of_seeds(rows[rows["predicted_drift"].notna()]).set_index("seed")
    if widest.empty:
        raise Unsettled("no net has a predicted drift")
    ratio: pd.Series[float] = widest["compared_drift"] / widest["predicted_drift"]
    return ratio


def departed_ratio(objective: str) -> Measure:
    """Largest drift of a net on the dot product over the one that is predicted of it for another objective."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        net = ["seed", "activation", "width"]
        predicted = rows[(rows["objective"] == objective) & rows["predicted_drift"].notna()]
        departed = rows[rows["objective"] == "dot-product"]
        pairs = departed.merge(predicted[[*net, "predicted_drift"]], on=net, suffixes=("_own", ""))
        widest = widest_of_seeds(pairs).set_index(["seed", "activation"])
        return (widest["largest_drift"] / widest["predicted_drift"]).groupby("seed").min(skipna=False)

    return measure


def widest_of_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """The widest nets of each seed."""
    chosen: pd.DataFrame = rows[rows["width"] == rows.groupby("seed")["width"].transform("max")]
    return chosen


def departure_slope(rows: pd.DataFrame) -> "pd.Series[float]":
    """Slope in ln h of 2 ln of what the kernel of the start predicts for the departure, for each seed.

    nan where a run never departs. Least squares weighted by h: Θ_h of a random start deviates from Θ∞ by O(h^{−1/2}),
    and so do the logarithms.
    """
    table = rows.assign(log=2 * np.log(rows["frozen_change"]))
    return pd.Series(
        {
            seed: np.polyfit(np.log(run["width"]), run["log"], 1, w=np.sqrt(run["width"]))[0]
            if np.isfinite(run["log"]).all()
            else np.nan
            for seed, run in table.groupby("seed")
        }
    )


def delay_ratio(rows: pd.DataFrame) -> "pd.Series[float]":
    """Mean over the widths of the delay from departure to blow-up over the predicted one."""
    ratio = rows["blow_up_delay"] / rows["predicted_delay"]
    return ratio.groupby(rows["seed"]).apply(lambda run: run.mean(skipna=False))


def of_departed(measure: Measure) -> Measure:
    """A measure of what follows a departure. Raises Unsettled where a net has not departed.

    That it has not is for A4-every-run-departs to say, which fails.
    """

    def measure_of_departed(rows: pd.DataFrame) -> "pd.Series[float]":
        if left := int((rows["departed"] == 0).sum()):
            raise Unsettled(f"{left} of {len(rows)} nets have not departed")
        return measure(rows)

    return measure_of_departed
