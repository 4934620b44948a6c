"""Measures of nets whose output layer alone is orthogonal."""

import pandas as pd

from ssl_dynamics.claims.measures.trajectories import difference
from ssl_dynamics.claims.verdict import Measure, OfRows, T
from ssl_dynamics.unsettled import Unsettled

NO_GAP = 1e-3  # (λ_2 − λ_1)/|λ_1| below which no ratio changes by the end of training
CHANGE = difference("predicted", "frozen")  # the largest that is predicted of a net


def deviation(column: str) -> Measure:
    """Largest |ln(σ_2/σ_1) − column| over the training, over the largest change that is predicted of the same net."""
    return lambda rows: difference("log_ratio", column)(rows) / CHANGE(rows)


def by_theory(column: str) -> Measure:
    """As `deviation`, were the training as predicted."""
    return lambda rows: difference("predicted", column)(rows) / CHANGE(rows)


def with_gap(measure: OfRows[T]) -> OfRows[T]:
    """The measure where λ_1 and λ_2 differ: else theory says that no ratio changes."""

    def measure_if_apart(rows: pd.DataFrame) -> T:
        gap = float(rows["gap"].min())
        if not gap > NO_GAP:
            raise Unsettled(f"λ_2 − λ_1 is {max(gap, 0.0):.3g} of |λ_1|: from the optimum nothing changes")
        return measure(rows)

    return measure_if_apart
