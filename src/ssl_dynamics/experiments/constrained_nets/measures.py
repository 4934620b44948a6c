"""Measures of the experiment `constrained_nets`; its `time` is τ."""

import pandas as pd

from ssl_dynamics.claims.measures.trajectories import exponent_in_width
from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.experiments.constrained_nets.config import LINEAR_WIDTH, READ_AT


def error_exponent(rows: pd.DataFrame) -> "pd.Series[float]":
    """Fitted exponent in h of the flow's Gram error over ∫‖∂L/∂U‖ dt at `READ_AT`, widths of at least the points."""
    reached = _wide(_at(rows, READ_AT))
    return exponent_in_width("each")(reached.assign(each=reached["flow_error"] / reached["slopes"]))


def prediction_error(*, factor: float = 1.0) -> Measure:
    """|m/m_pred − 1|·h/`LINEAR_WIDTH` of the widest nets at `READ_AT`, m the 1 − cos of the linearised model.

    `factor` times m_pred is what a wrong theory predicts.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        ratio = widest_at("linearised_mismatch", READ_AT)(rows) / widest_at("predicted_mismatch", READ_AT)(rows)
        return _scaled(ratio / factor, rows["width"].max())

    return measure


def error_of_falling(rows: pd.DataFrame) -> "pd.Series[float]":
    """As `prediction_error`, were 1 − cos to fall as 1/h from what is predicted of the nets next in width."""
    *_, before, widest = sorted(rows["width"].unique())
    predicted = widest_at("predicted_mismatch", READ_AT)(rows[rows["width"] < widest]) * before / widest
    ratio = widest_at("linearised_mismatch", READ_AT)(rows) / predicted
    return _scaled(ratio, widest)


def _scaled(ratio: "pd.Series[float]", width: int) -> "pd.Series[float]":
    error: pd.Series[float] = (ratio - 1).abs() * width / LINEAR_WIDTH
    return error


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
