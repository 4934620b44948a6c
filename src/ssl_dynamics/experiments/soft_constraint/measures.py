"""Measures of training with a penalty."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure, OfError, OfRows, T
from ssl_dynamics.unsettled import Unsettled


def weakest(measure: OfRows[T]) -> OfRows[T]:
    """The measure of what was trained with the weakest penalty; the curves of the figure, which were not, left out."""

    def measure_of_weakest(rows: pd.DataFrame) -> T:
        trained = rows.dropna(subset=["excess"])
        return measure(trained[trained["strength"] == trained["strength"].min()])

    return measure_of_weakest


def shift_of_least(rows: pd.DataFrame, *, of: str = "excess") -> OfError:
    """|Difference| of the times at which a column and its prediction are least, over the length of the training.

    Were the rate of the prediction wrong by a relative error ε, it would be least at t/(1 + ε).
    """

    def least(column: str) -> "pd.Series[float]":
        curves = rows.sort_values("time").groupby("seed")
        return pd.Series({seed: time_of_least(curve["time"], curve[column]) for seed, curve in curves})

    found, predicted, ends = least(of), least("predicted"), rows.groupby("seed")["time"].max()
    return lambda error: (found - predicted / (1 + error)).abs() / ends


def time_of_least(times: "pd.Series[float]", values: "pd.Series[float]") -> float:
    """Where the parabola through the least value and its two neighbours is least; at an end the end itself."""
    t, y = times.to_numpy(), values.to_numpy()
    if np.isnan(y).any():
        return np.nan
    k = int(y.argmin())
    if k in (0, len(y) - 1):
        return float(t[k])
    a, b, _ = np.polyfit(t[k - 1 : k + 2] - t[k], y[k - 1 : k + 2], 2)
    return float(t[k] - b / (2 * a))


def once_settled(measure: OfRows[T]) -> OfRows[T]:
    """The measure of the times at which the largest penalty has settled, by theory."""

    def measure_if_settled(rows: pd.DataFrame) -> T:
        if not rows["settled"].any():
            beta = rows["strength"].max()
            raise Unsettled(f"β = {beta:g}‖C‖, the largest penalty, does not settle: λ_d or the end of the training")
        return measure(rows[rows["settled"]])

    return measure_if_settled


def surviving(measure: Measure) -> Measure:
    """The measure of those penalties at which the limit keeps a direction, by theory."""

    def measure_of_some(rows: pd.DataFrame) -> "pd.Series[float]":
        return measure(rows[rows.groupby("strength")["predicted"].transform("max") > 0])

    return measure_of_some


def rank_deviation(rows: pd.DataFrame) -> OfError:
    """Largest |rank − #{k ≤ z: λ_k < β}| over the penalties, if these are too large by a relative error."""
    rank = rows.groupby(["seed", "strength"])["rank"].first()

    def largest(error: float) -> "pd.Series[float]":
        alive = rows["critical"] < rows["strength"] * (1 + error)
        survive = alive.groupby([rows["seed"], rows["strength"]]).sum()
        return (rank - survive).abs().groupby("seed").max(skipna=False).astype(float)

    return largest


def trained_limits(measure: OfRows[T]) -> OfRows[T]:
    """The measure of what was trained; the curves of the figure, which were not, left out."""
    return lambda rows: measure(rows.dropna(subset=["value"]))
