"""Measures of nets whose output layer alone is orthogonal."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.unsettled import Unsettled

NO_GAP = 1e-3  # (λ_2 − λ_1)/|λ_1| below which nothing collapses by the end of training


def deviation(column: str) -> Measure:
    """Largest |ln(σ_2/σ_1) − column| over the training, over the largest change that is predicted of the same net."""
    return lambda rows: _farthest("log_ratio", column, rows) / _change(rows)


def by_theory(column: str) -> Measure:
    """As `deviation`, were the training as predicted."""
    return lambda rows: _farthest("predicted", column, rows) / _change(rows)


def typical_deviation(column: str) -> Measure:
    """As `deviation`, over the median of that change: some nets hardly change, and theory knows to no more digits."""
    return lambda rows: _farthest("log_ratio", column, rows) / _change(rows).median()


def typical_by_theory(column: str) -> Measure:
    """As `typical_deviation`, were the training as predicted."""
    return lambda rows: _farthest("predicted", column, rows) / _change(rows).median()


def of_least_moved(measure: Measure) -> Measure:
    """The measure of those nets, of all in the column `nets`, whose change is predicted to be nearest to none."""

    def measure_of_one(rows: pd.DataFrame) -> "pd.Series[float]":
        parts = [part for _, part in rows.groupby("nets")]
        return measure(min(parts, key=lambda part: float(typical_by_theory("frozen")(part).mean())))

    return measure_of_one


def with_gap(measure: Measure) -> Measure:
    """The measure where λ_1 and λ_2 differ: else theory says that no ratio changes."""

    def measure_if_apart(rows: pd.DataFrame) -> "pd.Series[float]":
        gap = float(rows["gap"].min())
        if not gap > NO_GAP:
            raise Unsettled(f"λ_2 − λ_1 is {max(gap, 0.0):.3g} of |λ_1|: from the optimum nothing changes")
        return measure(rows)

    return measure_if_apart


def _change(rows: pd.DataFrame) -> "pd.Series[float]":
    return _farthest("predicted", "frozen", rows)


def _farthest(measured: str, column: str, rows: pd.DataFrame) -> "pd.Series[float]":
    difference = (rows[measured] - rows[column]).abs()
    farthest: pd.Series[float] = difference.groupby(rows["seed"]).max(skipna=False)
    return farthest
