"""By how much one test item changes what is made of accuracies.

An item that lies on the border of two classes may be right on one machine and wrong on another.
"""

from fractions import Fraction
from math import lcm

import pandas as pd

from ssl_dynamics.claims.verdict import OfRows

_MOST = 100_000  # test items


def one_of_the_tested(*columns: str) -> OfRows[float]:
    """1/m, for accuracies over m test items in these columns: m is the smallest number that makes them all whole."""

    def change(rows: pd.DataFrame) -> float:
        accuracies = {value for column in columns for value in rows[column].dropna().unique().tolist()}
        return 1 / lcm(*(Fraction(value).limit_denominator(_MOST).denominator for value in accuracies))

    return change
