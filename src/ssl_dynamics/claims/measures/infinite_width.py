"""Measures of nets of several widths."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.measures.trajectories import exponent_in_width
from ssl_dynamics.claims.verdict import Measure


def farthest_exponent(column: str, *, by: list[str], aim: float) -> Measure:
    """Fitted exponent in the width, of that group of rows, by the columns `by`, whose mean is farthest from `aim`.

    The group is chosen by the mean over the seeds, and not seed by seed, which would report the noise of the farthest.
    """
    return _chosen_exponent(column, by, aim, farthest=True)


def nearest_exponent(column: str, *, by: list[str], aim: float) -> Measure:
    """As `farthest_exponent`, of the group that comes nearest: a control must fail for each."""
    return _chosen_exponent(column, by, aim, farthest=False)


def _chosen_exponent(column: str, by: list[str], aim: float, *, farthest: bool) -> Measure:
    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        fitted = [exponent_in_width(column)(group) for _, group in rows.groupby(by)]
        apart = [abs(exponents.mean(skipna=False) - aim) for exponents in fitted]
        return fitted[int(np.argmax(apart) if farthest else np.argmin(apart))]

    return measure


def at_the_end(measure: Measure) -> Measure:
    """A measure of the rows at the last time alone."""
    return lambda rows: measure(rows[rows["time"] == rows["time"].max()])
