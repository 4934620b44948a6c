"""Measures of A4 on trained nets: drift over the widths, departures, blow-up."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.problem.levels import DEPARTURE


def drift_exponent(column: str) -> Measure:
    """Exponent in the width of a drift, counted up to 0.5; for each seed over the widths that it was trained at."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        trained = rows[rows[column].notna()]
        return pd.Series(
            {
                seed: float(fitted_order(run["width"].to_numpy(), run[column].clip(upper=DEPARTURE).to_numpy()))
                for seed, run in trained.groupby("seed")
            }
        )

    return measure


def departure_slope(rate: float) -> Measure:
    """Slope of `rate` · (μ_h t_0.5 + ln a_h) in ln h, for each seed over its widths; nan where a run never departs.

    Least squares weighted by h: Θ_h of a random start deviates from Θ∞ by O(h^{−1/2}), and so does ln a_h.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        logs = rows["growth_rate"] * rows["departure_time"] + np.log(rows["amplitude"])
        table = rows.assign(log=rate * logs)
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


def delay_error(rate: float) -> Measure:
    """|`rate` · delay from departure to blow-up/predicted − 1| at the largest width of each seed."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        widest = rows.sort_values("width").groupby("seed")[["blow_up_delay", "predicted_delay"]].last(skipna=False)
        error: pd.Series[float] = (rate * widest["blow_up_delay"] / widest["predicted_delay"] - 1).abs()
        return error

    return measure
