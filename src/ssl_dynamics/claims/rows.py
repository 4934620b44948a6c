"""From the rows of a table to one number for each seed of a cell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]


def rows_of(table: pd.DataFrame, key: tuple[str, str, int]) -> pd.DataFrame:
    """The rows of one cell: a data set, loss and dimension."""
    dataset, loss, dimension = key
    rows: pd.DataFrame = table[
        (table["dataset"] == dataset) & (table["loss"] == loss) & (table["dimension"] == dimension)
    ]
    return rows


def per_seed(measure: Callable[[pd.DataFrame], "pd.Series[float]"], rows: pd.DataFrame, seeds: int) -> Array:
    """The measure of a cell for seeds 0 … `seeds` − 1, nan where there is none."""
    if rows.empty:
        return np.full(seeds, np.nan)
    return of_seeds(measure(rows), seeds)


def of_seeds(values: "pd.Series[float]", seeds: int) -> Array:
    """Values by their seeds as an array, nan where there is none."""
    return values.reindex(range(seeds)).to_numpy(np.float64)
