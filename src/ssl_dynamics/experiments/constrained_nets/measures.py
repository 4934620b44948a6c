"""Measures of the experiment `constrained_nets`; its `time` is τ."""

import pandas as pd

from ssl_dynamics.claims.measures.trajectories import exponent_in_width
from ssl_dynamics.claims.verdict import Measure


def exponent_at(column: str, tau: float | None = None) -> Measure:
    """Fitted exponent of a column in the width at τ, or at the end, over widths of at least the number of points."""
    return lambda rows: exponent_in_width(column)(_wide(_at(rows, tau)))


def widest_at(column: str, tau: float | None = None) -> Measure:
    """A column at τ, or at the end, of the widest nets."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        reached = _at(rows, tau)
        widest = reached[reached["width"] == reached["width"].max()]
        values: pd.Series[float] = widest.set_index("seed")[column]
        return values

    return measure


def smallest_of_wide(column: str, tau: float) -> Measure:
    """Smallest value of a column at τ, over widths of at least the number of points."""
    return lambda rows: _wide(_at(rows, tau)).groupby("seed")[column].min(skipna=False)


def ratio_of(numerator: str, denominator: str) -> Measure:
    """Ratio of two columns at the end, of the widest nets."""
    return lambda rows: widest_at(numerator)(rows) / widest_at(denominator)(rows)


def _at(rows: pd.DataFrame, tau: float | None) -> pd.DataFrame:
    reached: pd.DataFrame = rows[rows["time"] == (rows["time"].max() if tau is None else tau)]
    return reached


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Nets whose features can span all points."""
    used: pd.DataFrame = rows[rows["width"] >= rows["points"]]
    return used
