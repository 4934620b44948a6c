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
