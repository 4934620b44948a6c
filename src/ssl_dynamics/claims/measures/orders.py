"""Fitted orders of rows of measured numbers."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ssl_dynamics.analysis import fitted_order, leading_order
from ssl_dynamics.unsettled import Unsettled


def orders(table: pd.DataFrame) -> "pd.Series[float]":
    """Fitted order of each row in the numbers that head the columns; nan for one that holds what is not positive.

    Raises Unsettled where there are fewer than two columns: nothing is fitted to one number.
    """
    return _fitted(table, fitted_order, least=2)


def leading_orders(table: pd.DataFrame) -> "pd.Series[float]":
    """As `orders`, with the next term in the fit, which takes three columns."""
    return _fitted(table, leading_order, least=3)


def _fitted(
    table: pd.DataFrame, fit: Callable[[ArrayLike, ArrayLike], NDArray[np.float64]], *, least: int
) -> "pd.Series[float]":
    if table.shape[1] < least:
        raise Unsettled(
            f"an order is fitted to {least} values of {table.columns.name} or more; there are {table.shape[1]}"
        )
    known = table[(np.isfinite(table) & (table > 0)).all(axis=1)]
    fitted = fit(known.columns.to_numpy(np.float64), known.to_numpy(np.float64))
    found: pd.Series[float] = pd.Series(fitted, index=known.index).reindex(table.index)
    return found
