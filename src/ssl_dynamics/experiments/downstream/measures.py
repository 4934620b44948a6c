"""Measures of downstream accuracy and of the cost of the collapse."""

import pandas as pd

from ssl_dynamics.analysis import sign_test
from ssl_dynamics.claims.measures.trajectories import difference
from ssl_dynamics.claims.verdict import Measure, OfRows


def extrapolated_difference(expected: str, *, of: str = "extrapolated") -> Measure:
    """Largest |extrapolated − expected| accuracy, or of another column, where it is extrapolated, and at the end."""
    return lambda rows: difference(of, expected)(rows[rows["extrapolated"].notna()])


def chance_of_gain(model: str) -> Measure:
    """P-value of the hypothesis that the constrained model gets no more test items right than another one, at the end.

    Exact sign test over the items that only one of both gets right (McNemar); 1 where there are none.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        ridge = _ridge_at_the_end(rows)
        pairs = zip(ridge[f"gained_over_{model}"], ridge[f"lost_to_{model}"], strict=True)
        return pd.Series([sign_test(g, g + lost) if g + lost else 1.0 for g, lost in pairs], index=ridge.index)

    return measure


def excess_over_two_classes(model: str) -> Measure:
    """(Accuracy − s)/√(s(1 − s)/m) of a ridge probe at the end, s the share of the two largest classes of m items."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        ridge = _ridge_at_the_end(rows)
        excess: pd.Series[float] = (ridge[model] - ridge["two_largest"]) / _error(ridge)
        return excess

    return measure


def gained_or_lost(model: str) -> OfRows[float]:
    """By how much one item that is gained or lost changes `chance_of_gain`, at most."""

    def change(rows: pd.DataFrame) -> float:
        chance = chance_of_gain(model)
        changed = (
            chance(rows.assign(**{column: (rows[column] + more).clip(lower=0)}))
            for column in (f"gained_over_{model}", f"lost_to_{model}")
            for more in (-1, 1)
        )
        return max(float((each - chance(rows)).abs().max()) for each in changed)

    return change


def one_over_two_classes(rows: pd.DataFrame) -> float:
    """By how much one item changes `excess_over_two_classes`."""
    ridge = _ridge_at_the_end(rows)
    return float((1 / (ridge["tested"] * _error(ridge))).max())


def _error(ridge: pd.DataFrame) -> "pd.Series[float]":
    """Standard error of the share of the two largest classes over m test items."""
    share = ridge["two_largest"]
    error: pd.Series[float] = (share * (1 - share) / ridge["tested"]) ** 0.5
    return error


def _ridge_at_the_end(rows: pd.DataFrame) -> pd.DataFrame:
    last: pd.DataFrame = rows[(rows["probe"] == "ridge") & (rows["time"] == rows["time"].max())]
    return last.set_index("seed")
