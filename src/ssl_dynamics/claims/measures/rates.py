"""Measures against a theory whose rate is wrong: as controls, and for the resolving power of a claim.

Tables hold them beside the column that is judged, with the names of `problem.levels` at the end: `error_slow`, ….
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure, OfError, OfRows, Wrong
from ssl_dynamics.problem.levels import NEAR_RATES

OfColumn = Callable[[str], Measure]
OfTable = Callable[[pd.DataFrame], "pd.Series[float]"]  # of a table with a row or more for each seed


def nearer_rate(
    measure: OfColumn, column: str, *, centre: float = 0.0, rates: Mapping[str, float] = NEAR_RATES
) -> Measure:
    """The measure at the wrong rate at which it comes nearer to `centre`, seed by seed: both must fail."""

    def measure_of_both(rows: pd.DataFrame) -> "pd.Series[float]":
        values = pd.DataFrame({name: measure(f"{column}_{name}")(rows) for name in rates})
        first, second = (values[name] for name in rates)
        nearer: pd.Series[float] = first.where((first - centre).abs() <= (second - centre).abs(), second)
        return nearer.where(values.notna().all(axis=1))

    return measure_of_both


def at_error(wrong: Wrong, error: float = 0.0) -> Measure:
    """The measure by a theory that is wrong by this relative error."""
    return lambda rows: wrong(rows)(error)


def nearer_error(wrong: Wrong, error: float, *, centre: float = 0.0) -> Measure:
    """The measure by a theory wrong by this relative error, of the sign for which it comes nearer to `centre`."""

    def measure_of_both(rows: pd.DataFrame) -> "pd.Series[float]":
        if_wrong_by = wrong(rows)
        slow, fast = if_wrong_by(-error), if_wrong_by(error)
        nearer: pd.Series[float] = slow.where((slow - centre).abs() <= (fast - centre).abs(), fast)
        return nearer.where(slow.notna() & fast.notna())

    return measure_of_both


def proportional(measure: OfColumn, column: str, *, rates: Mapping[str, float] = NEAR_RATES) -> Wrong:
    """What a distance from theory is at least, if the rate is wrong by a relative error, whatever its sign.

    E + εD is the difference from a theory that is wrong by ε, and |E + εD| ≥ s|E + δD| − |1 − s||E| with s = ε/δ, δ the
    error of the wrong rate on that side.
    """

    def wrong(rows: pd.DataFrame) -> OfError:
        right = measure(column)(rows)
        at_rate = {name: measure(f"{column}_{name}")(rows) for name in rates}

        def at_least(error: float) -> "pd.Series[float]":
            name = max(rates, key=lambda name: (rates[name] - 1) * error)
            share = error / (rates[name] - 1)
            return (share * at_rate[name] - abs(1 - share) * right).clip(lower=0)

        return at_least

    return wrong


def alternating(
    table: Callable[[str], OfRows[pd.DataFrame]],
    order: OfTable,
    column: str,
    *,
    rates: Mapping[str, float] = NEAR_RATES,
) -> Wrong:
    """The order in η of a table of distances, if the rate is wrong by a relative error: of ||E| ± ε|D||.

    The difference E as trained and the wrong rate's, εD, add up or cancel: the sign of EᵀD is that of nothing, and
    orders lie farthest apart where it alternates from seed to seed. So it does here: a claim on a mean is left open as
    long as it can be. |D| is the mean of both sides. `table` arranges the distances of a column, `order` is that of
    their table.
    """
    by_one = sum(abs(rate - 1) for rate in rates.values())

    def wrong(rows: pd.DataFrame) -> OfError:
        trained = table(column)(rows)
        slope = sum(table(f"{column}_{name}")(rows) for name in rates) / by_one
        sign = ((-1.0) ** trained.index.get_level_values("seed").to_numpy(np.float64))[:, None]
        return lambda error: order((trained + error * slope * sign).abs())

    return wrong


def scaled(measure: Measure, column: str) -> Wrong:
    """A measure that compares with the predictions p of a column, if these are wrong by a relative error: (1 + ε)p."""
    return lambda rows: lambda error: measure(rows.assign(**{column: (1 + error) * rows[column]}))


def divided(measure: Measure) -> Wrong:
    """A ratio m to what is predicted, if the prediction is wrong by a relative error: m/(1 + ε)."""

    def wrong(rows: pd.DataFrame) -> OfError:
        ratio = measure(rows)
        return lambda error: ratio / (1 + error)

    return wrong


def multiplied(measure: Measure) -> Wrong:
    """A measure m in which the predicted rate is a factor, if the rate is wrong by a relative error: (1 + ε)m."""

    def wrong(rows: pd.DataFrame) -> OfError:
        right = measure(rows)
        return lambda error: (1 + error) * right

    return wrong


def of_the_mean(wrong: Wrong) -> Wrong:
    """The mean over the seeds of a measure, for each of them, by a theory that is wrong by a relative error."""

    def measure_of_all(rows: pd.DataFrame) -> OfError:
        if_wrong_by = wrong(rows)

        def mean(error: float) -> "pd.Series[float]":
            values = if_wrong_by(error)
            return pd.Series(values.mean(skipna=False), index=values.index)

        return mean

    return measure_of_all


def decided_over(columns: str | list[str], decide: OfTable, wrong: Wrong) -> Wrong:
    """The measure of the rows of each value of a column, or values of some, of which `decide` makes one for each seed.

    `decide` takes a table with a row for each seed and a column for each value.
    """

    def of_rows(rows: pd.DataFrame) -> OfError:
        parts = {value: wrong(part) for value, part in rows.groupby(columns)}
        return lambda error: decide(pd.DataFrame({value: part(error) for value, part in parts.items()}))

    return of_rows
