"""Measures of training with a penalty."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure, OfError, OfRows, T, Wrong
from ssl_dynamics.unsettled import Unsettled


def weakest(measure: OfRows[T]) -> OfRows[T]:
    """The measure of what was trained with the weakest penalty; the curves of the figure, which were not, left out."""

    def measure_of_weakest(rows: pd.DataFrame) -> T:
        trained = rows.dropna(subset=["excess"])
        return measure(trained[trained["strength"] == trained["strength"].min()])

    return measure_of_weakest


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


def nearer(wrong: Wrong, error: float) -> Measure:
    """The measure of a theory that is too large, or too small, by a relative error: the smaller, seed by seed."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        if_wrong_by = wrong(rows)
        return pd.DataFrame({sign: if_wrong_by(sign * error) for sign in (-1, 1)}).min(axis=1, skipna=False)

    return measure
