"""Measures: rows of one cell of a comparison table to one number for each seed."""

import pandas as pd

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import Measure


def largest_error(column: str, *, extrapolations: int = 0) -> Measure:
    """Largest value over the trajectory, from the finest step sizes."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return _of_finest(_extrapolated(rows, extrapolations)).groupby("seed")[column].max()

    return measure


def order(column: str, *, extrapolations: int = 0, finest: int = 3) -> Measure:
    """Fitted order in η of the largest value over the trajectory, over the finest step sizes; nan where it is zero."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        largest = _extrapolated(rows, extrapolations).groupby(["seed", "learning_rate"])[column].max().unstack()
        used = largest.iloc[:, :finest]  # columns ascend: the finest come first
        fitted = used[(used > 0).all(axis=1)]
        orders = pd.Series(fitted_order(fitted.columns.to_numpy(), fitted.to_numpy()), index=fitted.index)
        return orders.reindex(used.index)

    return measure


def order_deviation(column: str, *, nets: list[str]) -> Measure:
    """Largest |fitted order in η − 1| among the nets that the columns `nets` tell apart, over all step sizes.

    Of the largest value over the trajectory; nets without a value in `column` (nothing is predicted) are left out.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        used = rows[rows["extrapolations"] == 0].dropna(subset=column)
        largest = used.groupby(["seed", *nets, "learning_rate"])[column].max().unstack().dropna()
        orders = fitted_order(largest.columns.to_numpy(), largest.to_numpy())
        return pd.Series(abs(orders - 1), index=largest.index).groupby("seed").max()

    return measure


def exponent_in_width(column: str) -> Measure:
    """Fitted exponent of a column in the width."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        by_width = rows.set_index(["seed", "width"])[column].unstack()
        return pd.Series(fitted_order(by_width.columns.to_numpy(), by_width.to_numpy()), index=by_width.index)

    return measure


def among(measure: Measure, **values: list[str]) -> Measure:
    """`measure` of the rows whose columns hold one of these values."""

    def restricted(rows: pd.DataFrame) -> "pd.Series[float]":
        for column, allowed in values.items():
            rows = rows[rows[column].isin(allowed)]
        return measure(rows)

    return restricted


def curve_deviation(predicted: str, *, extrapolations: int) -> Measure:
    """Largest |measured − predicted| of ln(σ_2/σ_1) over the trajectory, over the largest change that is measured."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        used = _of_finest(_extrapolated(rows, extrapolations))
        deviation = (used["log_ratio"] - used[predicted]).abs().groupby(used["seed"]).max()
        by_seed = used.groupby("seed")["log_ratio"]
        return deviation / (by_seed.max() - by_seed.min())

    return measure


def rank_at(gap_time: float) -> Measure:
    """Effective rank at the last checkpoint that is not after `gap_time`."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        reached = rows[rows["gap_time"] <= gap_time * (1 + 1e-12)]
        return reached.sort_values("time").groupby("seed")["effective_rank"].last()

    return measure


def lowest_relative_rank(*, after: float) -> Measure:
    """Lowest (effective rank − 1)/(z − 1) from the gap time `after` on: 0 collapsed, 1 isotropic."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        late = rows[rows["gap_time"] >= after]
        lowest: pd.Series[float] = late.groupby("seed")["effective_rank"].min()
        return (lowest - 1) / (float(rows["dimension"].iloc[0]) - 1)

    return measure


def largest_ratio(numerator: str, denominator: str, *, floor: float) -> Measure:
    """Largest ratio of two columns over the trajectory after its start, while the denominator is at least `floor`."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        later = rows[(rows["time"] > 0) & (rows[denominator] >= floor)]
        return (later[numerator] / later[denominator]).groupby(later["seed"]).max()

    return measure


def first(column: str) -> Measure:
    """Value at the start of the trajectory."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return rows.sort_values("time").groupby("seed")[column].first()

    return measure


def last(column: str) -> Measure:
    """Value at the end of the trajectory."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        return rows.sort_values("time").groupby("seed")[column].last()

    return measure


def _extrapolated(rows: pd.DataFrame, extrapolations: int) -> pd.DataFrame:
    if "extrapolations" not in rows:
        return rows
    return rows[rows["extrapolations"] == extrapolations]


def _of_finest(rows: pd.DataFrame) -> pd.DataFrame:
    if "learning_rate" not in rows:
        return rows
    finest = rows["learning_rate"].min()
    used: pd.DataFrame = rows[rows["learning_rate"] == finest]
    return used
