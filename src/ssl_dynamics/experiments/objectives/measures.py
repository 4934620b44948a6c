"""Measures of the experiment `objectives`."""

import pandas as pd

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import Measure


def order_in_inverse_temperature(column: str) -> Measure:
    """Fitted order of a column in 1/τ, over all temperatures; its rows hold one value for each seed and temperature."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        by_temperature = rows.pivot(index="seed", columns="temperature", values=column)
        orders = fitted_order(1 / by_temperature.columns.to_numpy(), by_temperature.to_numpy())
        return pd.Series(orders, index=by_temperature.index)

    return measure
