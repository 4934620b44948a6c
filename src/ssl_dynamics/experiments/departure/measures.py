"""Measures of the departure from the tangent kernel over widths."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure


def slope_in_log_width(column: str, *, factor: float) -> Measure:
    """`factor` times the fitted slope of a column in ln h; nan where there are fewer than two widths."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        by_width = rows.set_index(["seed", "width"])[column].unstack()
        if by_width.shape[1] < 2:
            return pd.Series(np.nan, index=by_width.index)
        x = np.log(by_width.columns.to_numpy(np.float64))
        x -= x.mean()
        return pd.Series(factor * (by_width.to_numpy() @ x) / (x @ x), index=by_width.index)

    return measure


def from_width(width: int, measure: Measure) -> Measure:
    """The measure on nets of at least this width."""
    return lambda rows: measure(rows[rows["width"] >= width])


def asymptotic(most: float, measure: Measure) -> Measure:
    """The measure on nets so wide that the second mode is at most `most` at the departure."""
    return lambda rows: measure(rows[rows["second_mode"] <= most])
