"""Measures of downstream accuracy and of the cost of the collapse."""

import pandas as pd

from ssl_dynamics.claims.verdict import Measure


def gain_per_class(model: str) -> Measure:
    """Gain of the ridge probe on the constrained model over another one, at the end, in units of what z allows.

    The gap of the accuracies times K/(min(z + 1, K) − 2): z dimensions can name z + 1 of K equally large classes
    where a scalar names 2 (docs/theory.md §5).
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        last = rows[(rows["probe"] == "ridge") & (rows["time"] == rows["time"].max())]
        ridge = last.set_index("seed")
        classes = ridge["classes"]
        reachable = (ridge["dimension"] + 1).clip(upper=classes) - 2
        gain: pd.Series[float] = (ridge["constrained"] - ridge[model]) * classes / reachable
        return gain

    return measure
