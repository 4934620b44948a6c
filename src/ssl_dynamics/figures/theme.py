"""One look for all figures, and the words on them."""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.scale import LogScale, register_scale
from matplotlib.ticker import FixedLocator, FuncFormatter, LogFormatterSciNotation, NullFormatter, NullLocator

from ssl_dynamics.analysis import mean_interval

Color = tuple[float, float, float]
Place = Literal["below", "above", "end"]

PALETTE = sns.color_palette("colorblind")
# These mean the same in every figure, and grey is a control; what else is told apart takes none of the first four.
LOSS_COLORS = {"contrastive": PALETTE[0], "non-contrastive": PALETTE[1]}
# Where colours tell something else.
LOSS_LINES: dict[str, Literal["-", "--"]] = {"contrastive": "-", "non-contrastive": "--"}
DYNAMICS_COLORS = {"unconstrained": PALETTE[3], "grassmannian": PALETTE[2]}
REGRESSION_COLOR = PALETTE[5]
# For what only one figure or two tell apart; of different brightness, as the others are.
INDIGO, PURPLE, TEAL, OLIVE = map(mpl.colors.to_rgb, ("#332288", "#aa4499", "#44aa99", "#999933"))
EXTRAPOLATION_COLORS: dict[Hashable, Color] = {0: INDIGO, 1: PURPLE, 2: TEAL}
ACTIVATION_COLORS = {"identity": PALETTE[7], "relu": INDIGO, "erf": OLIVE}
ACTIVATION_MARKERS = {"identity": "^", "relu": "o", "erf": "s"}
ACTIVATION_NAMES = {"identity": "identity", "relu": "ReLU", "erf": "erf"}
DATASETS = ("fashion-mnist", "digits", "gaussian-mixture")  # from the top; others follow by name
_RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
SINGLE, DOUBLE = 3.5, 7.0  # inches: a column of a page, and two


def apply() -> None:
    """Set the style; the salt and the missing date make equal figures equal bytes.

    Neither settings of the user's, wherever matplotlib has found some, nor fonts of the machine count.
    """
    mpl.rcdefaults()
    own = Path(mpl.get_data_path())
    fontManager.ttflist = [font for font in fontManager.ttflist if own in Path(font.fname).parents]
    sns.set_theme(context="paper", style="ticks", palette=PALETTE)
    register_scale(_LogScale)
    mpl.rc("svg", hashsalt="ssl-dynamics", fonttype="none")
    mpl.rc("figure", dpi=150)
    mpl.rc("savefig", dpi=150)
    mpl.rc("font", size=8)
    mpl.rc("axes", labelsize=7.5, titlesize=8)
    mpl.rc("legend", fontsize=7, title_fontsize=7)
    for ticks in ("xtick", "ytick"):
        mpl.rc(ticks, labelsize=7)


class _Powers(LogFormatterSciNotation):
    """Labels such as 10⁻³ and 2×10⁵ as letters: as formulas, each would be parsed, and set in a font that SVG names."""

    def __call__(self, value: float, position: int | None = None) -> str:
        label = super().__call__(value, position).replace("\\times", "×")
        raised = re.sub(r"\^\{(.*?)\}", lambda exponent: exponent[1].translate(_RAISED), label)
        return re.sub(r"\$|\\mathdefault|[{}]", "", raised)


class _LogScale(LogScale):
    """The logarithmic scale, with these labels."""

    def __init__(self, **options: Any) -> None:  # matplotlib registers no scale that is made with an axis
        super().__init__(**options)

    def set_default_locators_and_formatters(self, axis: Axis) -> None:
        super().set_default_locators_and_formatters(axis)
        axis.set_major_formatter(_Powers(self.base))
        axis.set_minor_formatter(_Powers(self.base, labelOnlyBase=self.subs is not None))


def layout(rows: pd.DataFrame) -> dict[str, Any]:
    """A row of panels for each data set, a column for each dimension; a column of a page wide, or two for three."""
    columns = rows["dimension"].nunique()
    order = in_order(rows["dataset"])
    width = (SINGLE if columns < 3 else DOUBLE) / columns
    height = 2.0 if len(order) == 1 else 1.5 if columns == 1 else 1.3
    return {"row": "dataset", "col": "dimension", "row_order": order, "height": height, "aspect": width / height}


def in_order(datasets: Iterable[str]) -> list[str]:
    """The data sets that occur, in their fixed order."""
    present = set(datasets)
    return [*(name for name in DATASETS if name in present), *sorted(present - set(DATASETS))]


def legend(figure: Figure, handles: Sequence[Artist], *, title: str | None = None) -> None:
    """A legend below the panels, in as many columns as its labels leave room for."""
    longest = max(len(re.sub(r"\\[a-z]+|[${}^_]", "", str(handle.get_label()))) for handle in handles)
    columns = int(figure.get_figwidth() / (0.5 + 0.05 * longest))
    figure.legend(
        handles=handles,
        title=title,
        loc="upper center",
        ncols=min(max(columns, 1), len(handles)),
        frameon=False,
        columnspacing=1.2,
        bbox_to_anchor=(0.5, 0.0),
    )


def move_legend(grid: sns.FacetGrid) -> None:
    """The legend that seaborn made, below the panels."""
    handles = grid.legend.legend_handles
    labels = [text.get_text() for text in grid.legend.texts]
    for handle, label in zip(handles, labels, strict=True):
        handle.set_label(label)
    title = grid.legend.get_title().get_text() or None
    grid.legend.remove()
    # Seaborn heads each group of entries with the name of its column: an entry in white.
    legend(grid.figure, [handle for handle in handles if handle.get_color() != "w"], title=title)


def interval(values: "pd.Series[float]") -> tuple[float, float]:
    """95 % t-interval of the mean over seeds; of fewer than three none is drawn, since it would be of no use."""
    known = values.to_numpy(dtype=np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return np.nan, np.nan
    return mean_interval(known) if len(known) > 2 else (float(known.mean()), float(known.mean()))


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
    """The figure of a grid, with room for the labels that its axes have."""
    grid.tight_layout()
    figure: Figure = grid.figure
    return figure


def logarithmic(grid: sns.FacetGrid) -> None:
    """Logarithmic axes; whole decades are labelled, and numbers between them only where there are no two."""
    grid.set(xscale="log", yscale="log")
    for axes in grid.axes.flat:
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            if np.floor(np.log10(high)) > np.ceil(np.log10(low)):
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


def over_widths(grid: sns.FacetGrid) -> None:
    """A logarithmic axis of widths, labelled at powers of two."""
    for axes in grid.axes.flat:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_minor_locator(NullLocator())


def by_loss(losses: Iterable[str]) -> dict[str, tuple[float, float, float]]:
    """Colours of the losses that occur, in their fixed order."""
    present = set(losses)
    return {loss: color for loss, color in LOSS_COLORS.items() if loss in present}


def loss_handles(losses: Iterable[str], color: str) -> list[Line2D]:
    """For the legend: the lines of the losses that occur, in their fixed order."""
    present = set(losses)
    return [
        Line2D([], [], color=color, linestyle=line, label=loss) for loss, line in LOSS_LINES.items() if loss in present
    ]


def mean_and_interval(
    axes: Axes,
    rows: pd.DataFrame,
    x: str,
    y: str,
    color: Color,
    *,
    style: str = "-",
    marker: str = "o",
    alpha: float = 1,
    label: str | None = None,
) -> "pd.Series[float]":
    """Draw the mean over the seeds, with a band for its 95 % interval; the means, by x."""
    groups = rows.groupby(x)[y]
    means: pd.Series[float] = groups.mean()
    bounds = np.array([interval(values) for _, values in groups])
    axes.plot(
        means.index,
        means,
        linestyle=style,
        color=color,
        alpha=alpha,
        marker=marker,
        markersize=3,
        linewidth=1,
        label=label,
    )
    axes.fill_between(means.index, bounds[:, 0], bounds[:, 1], color=color, alpha=0.2 * alpha, linewidth=0)
    return means


def write_slope(
    axes: Axes,
    line: "pd.Series[float]",
    predicted: str,
    color: Color | str = "black",
    *,
    place: Place = "below",
) -> None:
    """Write the slope fitted to a line on logarithmic axes, with the predicted one behind.

    Below or above the line, from a point of it to the side on which it leaves; or behind its end.
    """
    if len(line) < 2:
        return
    x, y = np.log(line.index.to_numpy(dtype=np.float64)), np.log(line.to_numpy(dtype=np.float64))
    slope = np.polyfit(x, y, 1)[0]
    right = place == "end" or (slope > 0) == (place == "below")
    point = {"end": -1, "above": len(line) // 2, "below": 0 if slope > 0 else len(line) // 2}[place]
    axes.annotate(
        f"{slope:.2f} ({predicted})".replace("-", "−"),
        (line.index[point], line.iloc[point]),
        xytext=(4 if right else -4, {"below": -3, "above": 3, "end": 0}[place]),
        textcoords="offset points",
        ha="left" if right else "right",
        va={"below": "top", "above": "bottom", "end": "center"}[place],
        fontsize=6,
        color=color,
        path_effects=[withStroke(linewidth=1.5, foreground="white")],
    )
