"""Measures of the collapse, as long as float64 tells σ_2 from the rounding of σ_1."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.measures.trajectories import extrapolated_rows, of_finest, rank_at, require_time
from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.problem.levels import APART, RESOLVED


def curve_deviation(predicted: str, *, extrapolations: int) -> Measure:
    """Largest |measured − predicted| of ln(σ_2/σ_1) over the trajectory, over the largest change that is measured."""
    return changed_by("log_ratio", predicted, extrapolations=extrapolations)


def changed_by(column: str, changed: str, *, extrapolations: int) -> Measure:
    """Largest |changed − column| over the trajectory, over the largest change of ln(σ_2/σ_1) that is measured.

    Of the checkpoints at which σ_2/σ_1 is predicted to be at least `RESOLVED` and at most `APART`.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        used = of_finest(extrapolated_rows(rows, extrapolations))
        used = used[used["predicted"].between(np.log(RESOLVED), np.log(APART))]
        deviation = (used[changed] - used[column]).abs().groupby(used["seed"]).max(skipna=False)
        by_seed = used.groupby("seed")["log_ratio"]
        relative: pd.Series[float] = deviation / (by_seed.max(skipna=False) - by_seed.min(skipna=False))
        return relative

    return measure


def collapse_deviation(predicted: str, *, gap_time: float, collapsed: float) -> Measure:
    """Relative deviation of ln(effective rank − 1) from its prediction at `gap_time`; inf above `collapsed` there.

    A start with a small σ_2/σ_1, which has collapsed so far earlier that only rounding is left, is compared at the last
    checkpoint at which its effective rank is predicted to be that of σ_2/σ_1 = `RESOLVED` or more.
    """
    least = np.log(RESOLVED * (1 - np.log(RESOLVED)))  # ln(effective rank − 1) of that ratio, to first order

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        require_time(rows, gap_time)
        told = rows[rows["excess_predicted"] >= least]
        reached = told[told["gap_time"] <= gap_time * (1 + 1e-12)].sort_values("time").groupby("seed")
        excess, expected = (reached[column].last(skipna=False) for column in ("excess", predicted))
        at_end = rank_at(gap_time, "excess")(rows)
        deviation: pd.Series[float] = (excess / expected - 1).abs()
        return deviation.where(at_end <= np.log(collapsed - 1), np.inf)

    return measure
