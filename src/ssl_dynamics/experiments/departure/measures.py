"""Measures of the departure from the tangent kernel over widths."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure, OfRows, T, Wrong
from ssl_dynamics.experiments.departure.config import LARGEST, SECOND_MODE
from ssl_dynamics.unsettled import Unsettled


def slope_in_log_width(column: str, *, factor: float) -> Measure:
    """`factor` times the fitted slope of a column in ln h."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        by_width = rows.set_index(["seed", "width"])[column].unstack()
        x = np.log(by_width.columns.to_numpy(np.float64))
        x -= x.mean()
        return pd.Series(factor * (by_width.to_numpy() @ x) / (x @ x), index=by_width.index)

    return measure


def from_width(width: int, measure: Measure) -> Measure:
    """The measure on nets of at least this width."""
    return lambda rows: measure(rows[rows["width"] >= width])


def asymptotic(measure: OfRows[T]) -> OfRows[T]:
    """The measure on nets so wide that one mode is left at the departure; unsettled without two widths."""

    def measure_of_wide(rows: pd.DataFrame) -> T:
        wide = rows[rows["other_modes"] <= SECOND_MODE]
        if wide["width"].nunique() < 2:
            raise Unsettled(f"no two widths up to 2^{LARGEST} leave the other modes at most {SECOND_MODE} of the first")
        return measure(wide)

    return measure_of_wide


def at_rate(column: str, measure: Measure) -> Wrong:
    """The measure with a predicted time as a theory has it whose rate is wrong by a relative error."""
    return lambda rows: lambda error: measure(rows.assign(**{column: rows[column] / (1 + error)}))
