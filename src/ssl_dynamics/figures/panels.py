"""Small multiples: a grid of panels for the cells of a table, its axes, titles and legend."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from ssl_dynamics.figures.theme import (
    BODY,
    CONTROL,
    DOUBLE,
    LOSS_COLORS,
    LOSS_LINES,
    SINGLE,
    THEORY,
    Color,
    LineStyle,
    ink,
)

DATASETS = ("fashion-mnist", "digits", "gaussian-mixture")  # from the top; others follow by name
_COLUMN = "column of the grid"
_MOST_COLUMNS = 4
_PER_LABEL = 0.25  # inches of an axis for each label
_NAME, _GAP = 0.2, 0.03  # inches that the name of an axis takes, and that lie between it and the labels of the ticks
_STRIDES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # of the powers of two that are labelled: float64 ends at 2^1024


def grid(
    rows: pd.DataFrame, *, by_loss: bool = False, scales: dict[str, str] | None = None, **options: Any
) -> sns.FacetGrid:
    """A row of panels for each data set, a column for each dimension, or `by_loss`, where there is room, of each loss.

    A column of a page wide, or two for three columns of panels.
    """
    by_loss = by_loss and rows.groupby(["loss", "dimension"]).ngroups <= _MOST_COLUMNS
    labelled = rows.assign(**{_COLUMN: _columns(rows, by_loss=by_loss)})
    columns = sorted(labelled[_COLUMN].unique(), key=lambda label: int(label.rpartition(" ")[2]))
    order = in_order(rows["dataset"])
    width = (SINGLE if len(columns) < 3 else DOUBLE) / len(columns)
    height = 2.1 if len(order) == 1 else 1.5 if len(columns) == 1 else 1.3
    made = sns.FacetGrid(
        labelled,
        row="dataset",
        col=_COLUMN,
        row_order=order,
        col_order=columns,
        height=height,
        aspect=width / height,
        **options,
    )
    made.set(**{f"{axis}scale": scale for axis, scale in (scales or {}).items()})
    return made


def _columns(rows: pd.DataFrame, *, by_loss: bool) -> "pd.Series[str]":
    dimension = "z = " + rows["dimension"].astype(str)
    return rows["loss"] + "\n" + dimension if by_loss and rows["loss"].nunique() > 1 else dimension


def panels(grid: sns.FacetGrid, rows: pd.DataFrame) -> Iterator[tuple[Axes, pd.DataFrame]]:
    """Each panel of a grid, with its rows."""
    by_loss = "\n" in grid.col_names[0]
    for (dataset, column), panel in rows.groupby(["dataset", _columns(rows, by_loss=by_loss)]):
        yield grid.axes_dict[dataset, column], panel


def in_order(datasets: Iterable[str]) -> list[str]:
    """The data sets that occur, in their fixed order."""
    present = set(datasets)
    return [*(name for name in DATASETS if name in present), *sorted(present - set(DATASETS))]


def finished(
    grid: sns.FacetGrid, *, x: str, y: str, handles: Sequence[Artist] = (), title: str | None = None
) -> Figure:
    """The figure of a grid: titles, labels of the axes, ticks that do not touch, and a legend below.

    One panel is called by data set and dimension; of several the columns have titles, and the rows at their ends.
    """
    figure: Figure = grid.figure
    rows, columns = grid.axes.shape
    for line, dataset in zip(grid.axes, grid.row_names, strict=True):
        for axes, column in zip(line, grid.col_names, strict=True):
            axes.set_title(
                f"{dataset}, {column}" if rows == 1 and columns == 1 else column if axes in grid.axes[0] else ""
            )
        if rows * columns > 1:
            name_row(line[-1], dataset)
    return tidied(figure, x=x, y=y, handles=handles, title=title)


def table(
    rows: pd.DataFrame, columns: int, *, by_loss: bool = True, **shared: Any
) -> tuple[Figure, list[tuple[list[Axes], tuple[str, pd.DataFrame]]]]:
    """A figure of several columns of panels, with a row for each data set, dimension and loss: panels, name, rows."""
    keys = ["dataset", "dimension", *(["loss"] if by_loss else [])]
    found = dict(iter(rows.groupby(keys)))
    order = sorted(found, key=lambda key: (in_order(rows["dataset"]).index(str(key[0])), *key[1:]))
    size = DOUBLE, 2.1 if len(order) == 1 else 0.4 + 1.2 * len(order)
    figure, axes = plt.subplots(len(order), columns, figsize=size, squeeze=False, **shared)
    names = [f"{dataset}\n" + "\n".join([*map(str, loss), f"z = {dimension}"]) for dataset, dimension, *loss in order]
    return figure, [(list(line), (name, found[key])) for line, name, key in zip(axes, names, order, strict=True)]


def name_row(last: Axes, name: str) -> None:
    """The name of a row of panels, at the end of its last one."""
    last.annotate(
        name.replace("-", "-\n"),
        (1, 0.5),
        (4, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        rotation=270,
        va="center",
        ma="center",
    )


def head(axes: Axes, name: str, color: Color | str = "black") -> None:
    """The name of a column of panels, above its first one."""
    if _place(axes).is_first_row():
        axes.set_title(name, color=ink(color))


def tidied(
    figure: Figure,
    *,
    x: str | None = None,
    y: str | None = None,
    handles: Sequence[Artist] = (),
    title: str | None = None,
    below: Sequence[Sequence[Artist]] = (),
) -> Figure:
    """A figure with ticks that do not touch, axes named once for all panels, and legends below all or each column."""
    sns.despine(figure)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                _label_powers(axis, most=int(axes.get_window_extent().width / figure.dpi / _PER_LABEL))
        if below and not _place(axes).is_last_row():
            axes.set_xlabel("")
    named = x is not None and y is not None
    figure.tight_layout(h_pad=0.6, rect=(_NAME / figure.get_figwidth() if named else 0, 0, 1, 1))
    bottom = _name_axes(figure, x, y) if x is not None and y is not None else 0.0
    if handles:
        legend(figure, handles, title=title, top=bottom)
    for axes, own in zip((axes for axes in figure.axes if _place(axes).is_last_row()), below, strict=False):
        box = axes.get_position()
        figure.legend(
            handles=own, loc="upper center", bbox_to_anchor=((box.x0 + box.x1) / 2, 0), frameon=False, borderaxespad=0.2
        )
    return figure


def _place(axes: Axes) -> SubplotSpec:
    place = axes.get_subplotspec()
    assert place is not None
    return place


def _name_axes(figure: Figure, x: str, y: str) -> float:
    """Write what all panels have on their axes, once, close to their ticks; where the figure ends below."""
    width, height = figure.get_size_inches()
    drawn = [box for box in (axes.get_tightbbox() for axes in figure.axes) if box is not None]
    boxes = [box.transformed(figure.transFigure.inverted()) for box in drawn]
    places = [axes.get_position() for axes in figure.axes]
    left, right = min(place.x0 for place in places), max(place.x1 for place in places)
    low, high = min(place.y0 for place in places), max(place.y1 for place in places)
    below, beside = min(box.y0 for box in boxes) - _GAP / height, min(box.x0 for box in boxes) - _GAP / width
    figure.supxlabel(x, x=(left + right) / 2, y=below, va="top", size=BODY)
    figure.supylabel(y, x=beside, y=(low + high) / 2, ha="right", size=BODY)
    return float(below - _NAME / height)


def _label_powers(axis: Axis, *, most: int) -> None:
    """Whole powers are labelled, and numbers between them only where there are no two."""
    base, (low, high) = getattr(axis.get_transform(), "base", 10), sorted(axis.get_view_interval())
    if base == 2:
        axis.set_minor_locator(NullLocator())
        powers = np.arange(np.ceil(np.log2(low)), np.floor(np.log2(high)) + 1)
        stride = next((step for step in _STRIDES if np.sum(powers % step == 0) <= most), _STRIDES[-1])
        axis.set_major_locator(FixedLocator(2.0 ** powers[powers % stride == 0]))
    elif np.floor(np.log10(high)) > np.ceil(np.log10(low)):
        axis.set_minor_formatter(NullFormatter())
    else:
        axis.set_major_locator(FixedLocator(_between(low, high)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.10g}"))


def _between(low: float, high: float) -> list[float]:
    """Up to four round numbers within a stretch of less than two decades: the roundest of which there are two."""
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.log10(high))
    for digits in ([1, 2, 5], [1, 2, 3, 5, 7], np.arange(1, 10, 0.25)):
        inside = [float(f"{step:.10g}") for step in np.outer(decades, digits).ravel() if low <= step <= high]
        if len(inside) > 1:
            return inside[:: -(-len(inside) // 4)]
    return [low, high]


def over_widths(*panels: Axes) -> None:
    """Logarithmic axes of widths, in powers of two."""
    for axes in panels:
        axes.set_xscale("log", base=2)


def legend(figure: Figure, handles: Sequence[Artist], *, title: str | None = None, top: float = 0.0) -> None:
    """A legend below the panels, from `top` on, in as many columns as its labels leave room for."""
    columns = int(figure.get_figwidth() / (0.5 + 0.055 * max(map(_length, handles))))
    figure.legend(
        handles=handles,
        title=title,
        loc="upper center",
        ncols=min(max(columns, 1), len(handles)),
        frameon=False,
        columnspacing=1.2,
        bbox_to_anchor=(0.5, top),
        borderaxespad=0.2,
    )


def _length(handle: Artist) -> int:
    """Letters of a label, about."""
    return len(re.sub(r"\\[a-z]+|[${}^_]", "", str(handle.get_label())))


def line(label: str, color: Color | str = CONTROL, style: LineStyle = "-", marker: str = "", **more: Any) -> Line2D:
    """An entry of a legend, drawn as the lines and points of the panels are."""
    return Line2D(
        [], [], color=color, linestyle=style, marker=marker, label=label, **{"markersize": 3, "linewidth": 1, **more}
    )


def theory_and_training(marker: str) -> list[Line2D]:
    """What lines and points are, where colours tell something else."""
    return [line("theory", THEORY), line("training", THEORY, "", marker)]


def by_loss(losses: Iterable[str]) -> dict[str, Color]:
    """Colours of the losses that occur, in their fixed order."""
    present = set(losses)
    return {loss: color for loss, color in LOSS_COLORS.items() if loss in present}


def loss_handles(losses: Iterable[str]) -> list[Line2D]:
    """For the legend: the line styles of the losses that occur, where there are two."""
    present = set(losses)
    return (
        [line(loss, style=style) for loss, style in LOSS_LINES.items() if loss in present] if len(present) > 1 else []
    )
