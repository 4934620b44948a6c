"""One look for all figures, and the words on them."""

from collections.abc import Iterable, Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

PALETTE = sns.color_palette("colorblind")
LOSS_COLORS = {"contrastive": PALETTE[0], "non-contrastive": PALETTE[1]}
DYNAMICS_COLORS = {"unconstrained": PALETTE[3], "grassmannian": PALETTE[2]}
PANEL_HEIGHT = 2.9


def apply() -> None:
    """Set the style; the salt and the missing date make equal figures equal bytes."""
    sns.set_theme(context="paper", style="ticks", palette=PALETTE)
    mpl.rcParams.update({"svg.hashsalt": "ssl-dynamics", "svg.fonttype": "none", "figure.dpi": 150, "savefig.dpi": 150})


def label_panels(grid: sns.FacetGrid, *, x: str, y: str) -> None:
    """Axis labels, and titles that name data set and dimension."""
    grid.set_axis_labels(x, y)
    grid.set_titles("{row_name}, z = {col_name}")
    sns.despine(grid.figure)


def panels(grid: sns.FacetGrid, rows: pd.DataFrame) -> Iterator[tuple[Axes, pd.DataFrame]]:
    """Each panel of a grid of data sets by dimensions, with its rows."""
    for (dataset, dimension), panel in rows.groupby(["dataset", "dimension"]):
        yield grid.axes_dict[dataset, dimension], panel


def finished(grid: sns.FacetGrid) -> Figure:
    """The figure of a grid."""
    figure: Figure = grid.figure
    return figure


def logarithmic(grid: sns.FacetGrid) -> None:
    """Logarithmic axes; across, whole decades are labelled, or half ones where there are no two: those do not touch."""
    grid.set(xscale="log", yscale="log")
    for axes in grid.axes.flat:
        low, high = np.log10(axes.get_xlim())
        halves = sum(low <= decade + half <= high for decade in range(-20, 20) for half in (0, np.log10(3)))
        if np.floor(high) > np.ceil(low):
            axes.xaxis.set_minor_formatter(NullFormatter())
        elif halves >= 2:
            axes.xaxis.set_minor_locator(LogLocator(subs=(3,)))


def over_widths(grid: sns.FacetGrid) -> None:
    """A logarithmic axis of widths, labelled at powers of two."""
    for axes in grid.axes.flat:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_minor_locator(NullLocator())


def by_loss(losses: Iterable[str]) -> dict[str, tuple[float, float, float]]:
    """Colours of the losses that occur, in their fixed order."""
    present = set(losses)
    return {loss: color for loss, color in LOSS_COLORS.items() if loss in present}


def mean_and_range(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    color: tuple[float, float, float],
    *,
    style: str = "-",
    alpha: float = 1,
) -> None:
    """Mean over the seeds against the width, and the range between them."""
    by_width = rows.groupby("width")[column].agg(["mean", "min", "max"])
    axes.plot(
        by_width.index,
        by_width["mean"],
        linestyle=style,
        color=color,
        alpha=alpha,
        marker="o",
        markersize=4,
        linewidth=1,
    )
    axes.fill_between(by_width.index, by_width["min"], by_width["max"], color=color, alpha=0.15, linewidth=0)
