"""Measures against a theory whose rate is wrong: as controls, and for the resolving power of a claim.

Tables hold them beside the column that is judged, with the names of `problem.levels` at the end: `error_slow`, ….
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.problem.levels import NEAR_RATES

OfColumn = Callable[[str], Measure]


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


def proportional(
    measure: OfColumn, column: str, *, rates: Mapping[str, float] = NEAR_RATES
) -> Callable[[float], Measure]:
    """What a distance from theory is at least, if the rate is wrong by a relative error, whatever its sign.

    E + εD is the difference from a theory that is wrong by ε, and |E + εD| ≥ s|E + δD| − |1 − s||E| with s = ε/δ, δ the
    error of the wrong rate on that side.
    """

    def wrong(error: float) -> Measure:
        name = max(rates, key=lambda name: (rates[name] - 1) * error)
        share = error / (rates[name] - 1)

        def at_least(rows: pd.DataFrame) -> "pd.Series[float]":
            least = share * measure(f"{column}_{name}")(rows) - abs(1 - share) * measure(column)(rows)
            return least.clip(lower=0)

        return at_least

    return wrong


def in_quadrature(
    measure: OfColumn, column: str, *, rates: Mapping[str, float] = NEAR_RATES
) -> Callable[[float], Measure]:
    """A measure of distances, such as their order in η, if the rate is wrong by a relative error: √(|E|² + ε²|D|²).

    The difference E as trained and the wrong rate's, εD, are taken to be orthogonal, since the sign of EᵀD is that of
    nothing; |D| is the mean of both sides.
    """
    by_one = sum(abs(rate - 1) for rate in rates.values())

    def wrong(error: float) -> Measure:
        def measure_of_sum(rows: pd.DataFrame) -> "pd.Series[float]":
            slope = sum(rows[f"{column}_{name}"] for name in rates) / by_one
            return measure(column)(rows.assign(**{column: np.hypot(rows[column], error * slope)}))

        return measure_of_sum

    return wrong


def scaled(measure: Measure, column: str) -> Callable[[float], Measure]:
    """A measure that compares with the predictions of a column, if these are wrong by a relative error."""
    return lambda error: lambda rows: measure(rows.assign(**{column: (1 + error) * rows[column]}))
