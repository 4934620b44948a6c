"""Measures of the experiment `objectives`."""

import pandas as pd

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import Measure, Unsettled


def order_in_inverse_temperature(column: str) -> Measure:
    """Fitted order of a column in 1/τ, over all temperatures; its rows hold one value for each seed and temperature."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        by_temperature = rows.pivot(index="seed", columns="temperature", values=column)
        orders = fitted_order(1 / by_temperature.columns.to_numpy(), by_temperature.to_numpy())
        return pd.Series(orders, index=by_temperature.index)

    return measure


def arrived(measure: Measure) -> Measure:
    """The measure where descent lasted as long as the flow takes to its limit, for every seed."""

    def measure_if_arrived(rows: pd.DataFrame) -> "pd.Series[float]":
        ends = rows.groupby("seed")[["flow_time", "arrival"]].max()
        if (late := ends["flow_time"] < ends["arrival"]).any():
            first = ends[late].iloc[0]
            raise Unsettled(
                f"the flow is at its limit at t = {first['arrival']:.3g}; iterations end at {first['flow_time']:.3g}"
            )
        return measure(rows)

    return measure_if_arrived
