"""Measures of training under constraints on norms."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ssl_dynamics.claims.measures.budgets import within_reach
from ssl_dynamics.claims.measures.trajectories import difference, largest_error, largest_over, where
from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.experiments.norm_constraints.config import FLOOR, ORTHOGONAL, SPECTRAL
from ssl_dynamics.problem.levels import COLLAPSED


def collapse_under(constraint: str) -> Callable[[str], Measure]:
    """|ln(effective rank − 1) − a column| at its largest, down to the floor, of a training that ends in collapse.

    A draw settles nothing where by theory the representation has not collapsed at the end.
    """

    def of_column(column: str) -> Measure:
        def measure(rows: pd.DataFrame) -> "pd.Series[float]":
            return difference("excess", column)(rows[rows["predicted"] >= FLOOR])

        return where(within_reach(measure, "predicted", float(np.log(COLLAPSED - 1))), constraint=constraint)

    return of_column


def kept(column: str) -> Measure:
    """Largest distance of WWᵀ, wherever theory says WᵀW = I, under the constraints that keep it.

    A draw settles nothing where a singular value that was let shrink is not back at the end.
    """
    measure = within_reach(known(column), "shrunk", 0.0)
    return where(largest_over("constraint", measure), constraint=[SPECTRAL, ORTHOGONAL])


def known(column: str) -> Measure:
    """Largest value of a column over constraints and times, where it has one."""
    return lambda rows: largest_error(column)(rows.dropna(subset=[column]))
