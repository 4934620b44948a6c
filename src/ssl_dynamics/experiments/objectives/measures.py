"""Measures of the experiment `objectives`."""

import pandas as pd

from ssl_dynamics.claims.measures.orders import leading_orders
from ssl_dynamics.claims.verdict import Measure, OfRows
from ssl_dynamics.unsettled import Unsettled


def order_in_inverse_temperature(column: str) -> Measure:
    """Leading order of a column in 1/τ, fitted with its next term; its rows hold one value a seed and temperature."""
    table = by_inverse_temperature(column)
    return lambda rows: leading_orders(table(rows))


def by_inverse_temperature(column: str) -> OfRows[pd.DataFrame]:
    """The values of which that order is fitted: a row for each seed, a column for each 1/τ."""

    def table(rows: pd.DataFrame) -> pd.DataFrame:
        by_temperature = rows.pivot(index="seed", columns="temperature", values=column)
        inverse = by_temperature.rename(columns=lambda temperature: 1 / temperature)
        return inverse.rename_axis(columns="1/temperature")

    return table


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
