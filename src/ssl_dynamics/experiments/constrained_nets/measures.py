"""Measures of the experiment `constrained_nets`; its `time` is τ."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure, OfError, Wrong
from ssl_dynamics.experiments.constrained_nets.config import LINEAR_WIDTH, READ_AT


def frozen_error(decisive: str) -> Wrong:
    """|m/m' − 1|·h/`LINEAR_WIDTH` at `READ_AT`, m the Gram error of the flow on frozen features and m' its prediction.

    Both flows take the steps of training. The largest or the smallest of the widths that have a prediction and are at
    least the number of points, as `decisive`, "max" or "min", says. A theory that is wrong by a relative error ε
    predicts (1 + ε)m'.
    """

    def wrong(rows: pd.DataFrame) -> OfError:
        reached = _wide(_at(rows, READ_AT))
        reached = reached[reached["width"] <= reached.loc[reached["predicted_error"].notna(), "width"].max()]
        ratio = reached["stepped_error"] / reached["predicted_error"]

        def decided(error: float) -> "pd.Series[float]":
            errors = (ratio / (1 + error) - 1).abs() * reached["width"] / LINEAR_WIDTH
            of_seeds: pd.Series[float] = errors.groupby(reached["seed"]).agg(decisive, skipna=False)
            return of_seeds

        return decided

    return wrong


def prediction_error(rows: pd.DataFrame) -> OfError:
    """|D − D'|·h/`LINEAR_WIDTH` of the widest nets at `READ_AT`, D the Gram error of the linearised model.

    D' is that of the frozen flow, in place of the net. A theory that is wrong by a relative error ε predicts (1 + ε)D'.
    """
    distance = widest_at("linearised_error", READ_AT)(rows)
    predicted = (2 * widest_at("predicted_mismatch", READ_AT)(rows)) ** 0.5
    scale = rows["width"].max() / LINEAR_WIDTH
    return lambda error: (distance - (1 + error) * predicted).abs() * scale


def error_of_falling(rows: pd.DataFrame) -> "pd.Series[float]":
    """As `prediction_error`, were D²/2 to have fallen as 1/h since the width before, at which it is as predicted."""
    *_, before, widest = sorted(rows["width"].unique())
    return prediction_error(rows)((before / widest) ** 0.5 - 1)


def widest_at(column: str, tau: float | None = None) -> Measure:
    """A column at τ, or at the end, of the widest nets."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        reached = _at(rows, tau)
        widest = reached[reached["width"] == reached["width"].max()]
        values: pd.Series[float] = widest.set_index("seed")[column]
        return values

    return measure


def ratio_of(numerator: str, denominator: str) -> Measure:
    """Ratio of two columns at the end, of the widest nets."""
    return lambda rows: widest_at(numerator)(rows) / widest_at(denominator)(rows)


def _at(rows: pd.DataFrame, tau: float | None) -> pd.DataFrame:
    reached: pd.DataFrame = rows[rows["time"] == (rows["time"].max() if tau is None else tau)]
    return reached


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Nets whose features can span all points."""
    used: pd.DataFrame = rows[rows["width"] >= rows["points"]]
    return used
