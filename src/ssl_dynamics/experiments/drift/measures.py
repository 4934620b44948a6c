"""Measures of A4 on trained nets: drift over the widths, departures, blow-up."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import Measure


def drift_exponent(column: str) -> Measure:
    """Exponent in the width of a drift; for each seed over the widths that it was trained at."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        trained = rows[rows[column].notna()]
        return pd.Series(
            {
                seed: float(fitted_order(run["width"].to_numpy(), run[column].to_numpy()))
                for seed, run in trained.groupby("seed")
            }
        )

    return measure


def departure_slope(rate: float) -> Measure:
    """Slope in ln h of `rate` · ln of what the kernel of the start predicts for the departure, for each seed.

    nan where a run never departs. Least squares weighted by h: Θ_h of a random start deviates from Θ∞ by O(h^{−1/2}),
    and so do the logarithms.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        table = rows.assign(log=rate * np.log(rows["frozen_change"]))
        return pd.Series(
            {
                seed: np.polyfit(np.log(run["width"]), run["log"], 1, w=np.sqrt(run["width"]))[0]
                for seed, run in table.groupby("seed")
            }
        )

    return measure


def share(column: str) -> Measure:
    """Share of the runs of a seed of which the column is true."""
    return lambda rows: rows.groupby("seed")[column].mean()


def delay_ratio(rate: float) -> Measure:
    """Mean over the widths of `rate` times the delay from departure to blow-up, over the predicted one."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        ratio = rate * rows["blow_up_delay"] / rows["predicted_delay"]
        return ratio.groupby(rows["seed"]).apply(lambda run: run.mean(skipna=False))

    return measure
