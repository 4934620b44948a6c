"""Figures of what a draw has left to be shown, and what stands in for those of which it has left nothing."""

import textwrap
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import theme
from ssl_dynamics.unsettled import REASON

CELL = ["dataset", "loss", "dimension"]
NOT_FINITE = "no number of one of its columns is finite"


def drawn(
    draw: Callable[..., Figure], tables: Sequence[pd.DataFrame], reasons: Sequence[pd.DataFrame] | None = None
) -> Figure:
    """The figure that `draw` makes of the tables; where one has no rows, the `reasons` for which it has none, in words.

    Where it cannot be drawn with cells of which a column holds no finite number, it is drawn without them, and words
    take its place if there are no others. Any other error is one.
    """
    for number, table in enumerate(tables):
        if table.empty:
            return left_open(reasons[number] if reasons else pd.DataFrame())
    try:
        return draw(*(table.copy() for table in tables))
    except (ValueError, ArithmeticError, LookupError):
        parts = [_finite(table) for table in tables]
        silent = pd.concat([left_out for _, left_out in parts]).drop_duplicates()
        if silent.empty:
            raise
    plt.close("all")
    if any(kept.empty for kept, _ in parts):
        return left_open(silent)
    return draw(*(kept for kept, _ in parts))


def left_open(reasons: pd.DataFrame) -> Figure:
    """The reasons for which a draw leaves every cell of a table open, in words; rows as `read_tables` gives them."""
    figure, axes = plt.subplots(figsize=(theme.DOUBLE, 1.2))
    axes.set_axis_off()
    said = ["Left open by this draw", *(textwrap.fill(reason, 110) for reason in sentences(reasons))]
    axes.text(0.5, 0.5, "\n".join(said), ha="center", va="center", fontsize=theme.SMALL, parse_math=False)
    return figure


def sentences(reasons: pd.DataFrame) -> list[str]:
    """Each reason once, behind the cells that it leaves open."""
    if reasons.empty:
        return []
    cells = reasons["dataset"] + "/" + reasons["loss"] + "/" + reasons["dimension"].astype(str)
    by_reason = cells.groupby(reasons[REASON], sort=False).agg(", ".join)
    return [f"{names}: {reason}" for reason, names in by_reason.items()]


def _finite(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cells whose columns all hold finite numbers, and the others, with the reason."""
    numbers = table.select_dtypes("float")
    known = pd.DataFrame(np.isfinite(numbers), index=table.index, columns=numbers.columns)
    whole = known.groupby([table[name] for name in CELL]).transform("any").all(axis=1)
    return table[whole].copy(), table.loc[~whole, CELL].drop_duplicates().assign(**{REASON: NOT_FINITE})
