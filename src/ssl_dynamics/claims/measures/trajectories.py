"""Measures: rows of one cell of a comparison table to one number for each seed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ssl_dynamics.claims.measures.orders import leading_orders, orders
from ssl_dynamics.claims.verdict import Measure, OfRows, T
from ssl_dynamics.unsettled import Unsettled

FINEST = 3  # step sizes to which an order is fitted
FLAT = 1e-9  # of an effective rank, above 1: a representation of one direction, but for rounding


def largest_error(column: str, *, extrapolations: int = 0) -> Measure:
    """Largest value over the trajectory, from the finest step sizes."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return of_finest(extrapolated_rows(rows, extrapolations)).groupby("seed")[column].max(skipna=False)

    return measure


def order(column: str, *, extrapolations: int = 0, at: str = "time") -> Measure:
    """Leading order in η of the value where that of the finest step size is largest, over the three finest step sizes.

    Where: at which `at`, since the largest of each step size would jump between times. Not a plain slope: a start with
    tan θ(0) = 1000 has an error of the next order as well, which would be 5 % of it (docs/theory.md §6). nan where a
    value is zero.
    """
    table = errors_by_rate(column, extrapolations=extrapolations, at=at)
    return lambda rows: order_of_errors(table(rows))


def errors_by_rate(column: str, *, extrapolations: int = 0, at: str = "time") -> OfRows[pd.DataFrame]:
    """The values of which `order` is fitted: a row for each seed and `at`, a column for each step size, ascending."""

    def table(rows: pd.DataFrame) -> pd.DataFrame:
        return extrapolated_rows(rows, extrapolations).set_index(["seed", at, "learning_rate"])[column].unstack()

    return table


def order_of_errors(by_rate: pd.DataFrame) -> "pd.Series[float]":
    """The order that `order` says, of a table of `errors_by_rate`."""
    where_largest = _where_largest(by_rate.fillna(np.inf))
    return leading_orders(where_largest.iloc[:, :FINEST]).droplevel(-1)


def order_deviation(column: str, *, nets: list[str], extrapolations: int = 0) -> Measure:
    """Largest |leading order in η − p| among the nets that the columns `nets` tell apart, over three step sizes.

    p is 1, and one more for each extrapolation. Of the value at the time at which that of the finest step size is
    largest: the largest of each step size would jump between times. Nets without a value in `column` (nothing is
    predicted) are left out.
    """
    table = errors_of_nets(column, nets=nets, extrapolations=extrapolations)
    return lambda rows: deviation_of_orders(table(rows), order=1 + extrapolations)


def errors_of_nets(column: str, *, nets: list[str], extrapolations: int = 0) -> OfRows[pd.DataFrame]:
    """The values of which `order_deviation` fits orders: a row for each net and time, a column for each step size."""

    def table(rows: pd.DataFrame) -> pd.DataFrame:
        used = rows[rows["extrapolations"] == extrapolations]
        predicted = used.groupby(nets)[column].transform("count") > 0
        errors = used[predicted].set_index(["seed", *nets, "time", "learning_rate"])[column]
        return errors.fillna(np.inf).unstack()

    return table


def deviation_of_orders(by_rate: pd.DataFrame, *, order: int = 1) -> "pd.Series[float]":
    """The deviation that `order_deviation` says, of a table of `errors_of_nets`."""
    where_largest = _where_largest(by_rate.dropna())  # nets that were not run at every step size are left out
    return (leading_orders(where_largest.iloc[:, :FINEST]) - order).abs().groupby("seed").max(skipna=False)


def exponent_in_width(column: str) -> Measure:
    """Fitted exponent of a column in the width."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return orders(rows.set_index(["seed", "width"])[column].unstack())

    return measure


def widest(measure: OfRows[T]) -> OfRows[T]:
    """The measure of the rows of the largest width alone."""
    return lambda rows: measure(rows[rows["width"] == rows["width"].max()])


def where(measure: OfRows[T], **values: object) -> OfRows[T]:
    """A measure of those rows alone in which the named columns have these values, or one of a list of them."""

    def measure_of_some(rows: pd.DataFrame) -> T:
        for column, value in values.items():
            rows = rows[rows[column].isin(value if isinstance(value, list) else [value])]
        return measure(rows)

    return measure_of_some


def difference(column: str, expected: str) -> Measure:
    """Largest |column − expected| over all rows of a seed."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return (rows[column] - rows[expected]).abs().groupby(rows["seed"]).max(skipna=False)

    return measure


def relative_error(column: str, expected: str) -> Measure:
    """Largest |column/expected − 1| over all rows of a seed."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return (rows[column] / rows[expected] - 1).abs().groupby(rows["seed"]).max(skipna=False)

    return measure


def rank_at(gap_time: float, column: str = "effective_rank") -> Measure:
    """Effective rank (or another column) at the last checkpoint that is not after `gap_time`.

    A draw settles nothing where training ends before that time.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        require_time(rows, gap_time)
        reached = rows[rows["gap_time"] <= gap_time * (1 + 1e-12)]
        return reached.sort_values("time").groupby("seed")[column].last(skipna=False)

    return measure


def lowest_relative_rank(*, after: float) -> Measure:
    """Lowest (effective rank − 1)/(that of the leading eigenspace − 1) from the gap time `after` on; 0: collapsed."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        require_time(rows, after)
        late = rows[rows["gap_time"] >= after]
        if (late["limit_rank"] - 1 <= FLAT).any():
            raise Unsettled("the anchors themselves have but one direction in the leading eigenspace")
        relative = (late["effective_rank"] - 1) / (late["limit_rank"] - 1)
        return relative.groupby(late["seed"]).min(skipna=False)

    return measure


def largest_ratio(numerator: str, denominator: str, *, floor: float) -> Measure:
    """Largest ratio of two columns over the trajectory after its start, while the denominator is at least `floor`."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        later = rows[(rows["time"] > 0) & ~(rows[denominator] < floor)]
        return (later[numerator] / later[denominator]).groupby(later["seed"]).max(skipna=False)

    return measure


def smallest(column: str) -> Measure:
    """Smallest value of a column over all rows of a seed."""
    return lambda rows: rows.groupby("seed")[column].min(skipna=False)


def first(column: str) -> Measure:
    """Value at the start of the trajectory."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return rows.sort_values("time").groupby("seed")[column].first(skipna=False)

    return measure


def last(column: str) -> Measure:
    """Value at the end of the trajectory."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return rows.sort_values("time").groupby("seed")[column].last(skipna=False)

    return measure


def largest_over(column: str, measure: Measure) -> Measure:
    """The measure on the rows of each value of a column; for each seed the largest."""
    return lambda rows: largest_of(_by_value(column, measure, rows))


def largest_of(values: pd.DataFrame) -> "pd.Series[float]":
    """The largest of each row."""
    return values.max(axis=1, skipna=False)


def smallest_over(column: str, measure: Measure) -> Measure:
    """The measure on the rows of each value of a column; for each seed the smallest: a control must fail for each."""
    return lambda rows: _by_value(column, measure, rows).min(axis=1, skipna=False)


def at_the_end(measure: OfRows[T]) -> OfRows[T]:
    """A measure of the rows at the last time alone."""
    return lambda rows: measure(rows[rows["time"] == rows["time"].max()])


def farthest_from(centre: float, columns: str | list[str], measure: Measure) -> Measure:
    """The measure for that value of a column, or values of some, for which its mean over the seeds is farthest from it.

    Chosen by the mean, and not seed by seed, which would report the noise of the farthest. One that was not measured
    decides.
    """
    decide = farthest(centre)
    return lambda rows: decide(_by_value(columns, measure, rows))


def farthest(centre: float) -> Callable[[pd.DataFrame], "pd.Series[float]"]:
    """The column of a table whose mean is farthest from a number, as `farthest_from` says."""
    return lambda values: _decisive(pd.Series.idxmax, centre, values)


def nearest_to(centre: float, columns: str | list[str], measure: Measure) -> Measure:
    """As `farthest_from`, nearest to `centre`: a control must fail for each."""
    return lambda rows: _decisive(pd.Series.idxmin, centre, _by_value(columns, measure, rows))


def half(measure: Measure) -> Measure:
    """Half of a measure: a difference of twice the criterion shows beside an error that meets it."""
    return lambda rows: measure(rows) / 2


def _decisive(choose: Callable[["pd.Series[float]"], Any], centre: float, values: pd.DataFrame) -> "pd.Series[float]":
    means = values.mean(skipna=False)
    distances = (means - centre).abs()
    unknown = distances.isna()
    decisive: pd.Series[float] = values[unknown.idxmax() if unknown.any() else choose(distances)]
    return decisive


def require_time(rows: pd.DataFrame, gap_time: float) -> None:
    """Raise Unsettled if training ends before `gap_time`, but for a step: checkpoints are whole ones."""
    end = rows["gap_time"].max()
    if end < 0.99 * gap_time:
        raise Unsettled(f"max_steps ends the training at {end:.3g}/(λ_2 − λ_1), before {gap_time:g}/(λ_2 − λ_1)")


def _by_value(column: str | list[str], measure: Measure, rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each seed, a column for each value of a column, or values of some."""
    return pd.DataFrame({value: measure(part) for value, part in rows.groupby(column)})


def _where_largest(by_rate: pd.DataFrame) -> pd.DataFrame:
    """Of the rows that differ in the last level of the index alone, the one with the largest value in the first column.

    Columns ascend: that of the finest step size.
    """
    ranks = by_rate.iloc[:, 0].groupby(by_rate.index.names[:-1]).rank(method="first", ascending=False)
    return by_rate[ranks == 1]


def extrapolated_rows(rows: pd.DataFrame, extrapolations: int) -> pd.DataFrame:
    if "extrapolations" not in rows:
        return rows
    return rows[rows["extrapolations"] == extrapolations]


def of_finest(rows: pd.DataFrame) -> pd.DataFrame:
    if "learning_rate" not in rows:
        return rows
    finest = rows["learning_rate"].min()
    used: pd.DataFrame = rows[rows["learning_rate"] == finest]
    return used
