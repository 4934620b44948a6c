"""Measures of the departure from the tangent kernel over widths."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.measures.trajectories import errors_by_rate, order_of_errors
from ssl_dynamics.claims.verdict import Measure, OfError, OfRows, T, Wrong
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


def departure_error(measure: Measure) -> Wrong:
    """The measure of errors |t − t'/(1 + ε)|, t' the predicted departures, if the rate is wrong by ε, relatively."""

    def wrong(rows: pd.DataFrame) -> OfError:
        measured, predicted = rows["departure"], rows["predicted"]
        return lambda error: measure(rows.assign(error=(measured - predicted / (1 + error)).abs()))

    return wrong


def order_if_wrong(rows: pd.DataFrame) -> OfError:
    """The order in η of √(E² + (εt')²) over the trained widths, if the rate is wrong by a relative error ε.

    Not of |E + εt'|: steps delay a departure, which some rate that is too slow undoes at one step size or another.
    """
    errors, predicted = (errors_by_rate(column, at="width")(rows) for column in ("error", "predicted"))
    return lambda error: order_of_errors((errors**2 + (error * predicted) ** 2) ** 0.5)


def at_rate(column: str, measure: Measure) -> Wrong:
    """The measure with a predicted time as a theory has it whose rate is wrong by a relative error."""
    return lambda rows: lambda error: measure(rows.assign(**{column: rows[column] / (1 + error)}))
