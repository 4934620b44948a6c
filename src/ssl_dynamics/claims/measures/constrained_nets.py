"""Measures of the experiment `constrained_nets`; its `time` is τ."""

import pandas as pd

from ssl_dynamics.claims.measures.trajectories import exponent_in_width
from ssl_dynamics.claims.verdict import Measure


def exponent_at(column: str, tau: float | None = None) -> Measure:
    """Fitted exponent of a column in the width at τ, or at the end, over widths of at least the number of points."""
    return lambda rows: exponent_in_width(column)(_wide(_at(rows, tau)))


def size_of(measure: Measure) -> Measure:
    """Absolute value of a measure."""
    return lambda rows: measure(rows).abs()


def widest_at(column: str, tau: float | None = None) -> Measure:
    """A column at τ, or at the end, of the widest nets."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        reached = _at(rows, tau)
        widest = reached[reached["width"] == reached["width"].max()]
        values: pd.Series[float] = widest.set_index("seed")[column]
        return values

    return measure


def smallest_of_wide(column: str) -> Measure:
    """Smallest value of a column at the end, over widths of at least the number of points."""
    return lambda rows: _wide(_at(rows, None)).groupby("seed")[column].min(skipna=False)


def ratio_of(numerator: str, denominator: str) -> Measure:
    """Ratio of two columns at the end, of the widest nets."""
    return lambda rows: widest_at(numerator)(rows) / widest_at(denominator)(rows)


def farthest_from(centre: float, column: str, measure: Measure) -> Measure:
    """The measure on the rows of each value of a column; for each seed the one farthest from `centre`."""

    def measure_farthest(rows: pd.DataFrame) -> "pd.Series[float]":
        values = pd.DataFrame({value: measure(part) for value, part in rows.groupby(column)})
        signed = values.sub(centre)
        largest, smallest = signed.max(axis=1, skipna=False), signed.min(axis=1, skipna=False)
        return centre + largest.where(largest.abs() >= smallest.abs(), smallest)

    return measure_farthest


def _at(rows: pd.DataFrame, tau: float | None) -> pd.DataFrame:
    reached: pd.DataFrame = rows[rows["time"] == (rows["time"].max() if tau is None else tau)]
    return reached


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Nets whose features can span all points."""
    used: pd.DataFrame = rows[rows["width"] >= rows["points"]]
    return used
