"""Measures of what a draw may ask more steps for than there are."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import OfRows, T
from ssl_dynamics.unsettled import Unsettled


def within_budget(measure: OfRows[T], limit: str) -> OfRows[T]:
    """The measure of rows whose `steps` are as many as are `needed`; with fewer the draw settles nothing.

    `limit` is the key of the configuration that ends the training; `needed` is inf where nobody counted farther.
    """

    def measure_if_enough(rows: pd.DataFrame) -> T:
        short = rows[rows["steps"] < rows["needed"]]
        if len(short):
            needed, steps = short["needed"].max(), short["steps"].min()
            asked = f"{needed:,.0f} steps" if np.isfinite(needed) else "more steps"
            raise Unsettled(f"spectrum and starts ask for {asked}; {limit} ends the training after {steps:,.0f}")
        return measure(rows)

    return measure_if_enough


def within_reach(measure: OfRows[T], bound: str, most: float) -> OfRows[T]:
    """The measure where the column `bound` has fallen to `most` at the end of training, by theory, for every seed."""

    def measure_if_reached(rows: pd.DataFrame) -> T:
        left = rows.sort_values("time").groupby("seed")[bound].last(skipna=False).max()
        if left > most:
            raise Unsettled(f"by its own bound training ends at {left:.3g}, above {most:g}: max_steps or the start")
        return measure(rows)

    return measure_if_reached
