"""What is drawn in a panel: means with their intervals, slopes, names beside lines, the floor of float64."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from ssl_dynamics.analysis import mean_interval
from ssl_dynamics.figures.theme import SMALL, THEORY, Color, ink

Place = Literal["below", "above", "end"]
_FLOOR = "0.92"
# In the legend of every figure with slopes in it.
SLOPES = Line2D([], [], linestyle="", label="numbers: slope fitted (predicted)")
# In that of every figure in which `shade_rounding` was called.
ROUNDING = Line2D([], [], color=_FLOOR, linewidth=6, label="rounding of float64")


def mean_and_interval(
    axes: Axes,
    rows: pd.DataFrame,
    x: str,
    y: str,
    color: Color | str,
    *,
    style: str = "-",
    marker: str = "o",
    alpha: float = 1,
    label: str | None = None,
) -> "pd.Series[float]":
    """Draw the mean over the seeds, with a band for its 95 % interval; the means, by x.

    On a logarithmic axis they are those of the logarithms: an interval of numbers over several decades would reach
    below zero, and slopes are then the means of the slopes of the seeds.
    """
    there, back = (np.log, np.exp) if axes.get_yscale() == "log" else (np.array, np.array)
    known = rows[rows[y] > 0] if axes.get_yscale() == "log" else rows
    groups = [(at, there(values.to_numpy(dtype=np.float64))) for at, values in known.groupby(x)[y]]
    means: pd.Series[float] = pd.Series({at: back(_finite(values).mean()) for at, values in groups}, dtype=np.float64)
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
    if groups:
        low, high = back(np.array([interval(values) for _, values in groups])).T
        axes.fill_between(means.index, low, high, color=color, alpha=0.2 * alpha, linewidth=0)
    return means


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % t-interval of the mean over seeds; of fewer than three none is drawn, since it would be of no use."""
    known = _finite(values)
    if not len(known):
        return np.nan, np.nan
    return mean_interval(known) if len(known) > 2 else (float(known.mean()), float(known.mean()))


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = values[np.isfinite(values)]
    return known if len(known) else np.array([np.nan])


def write_slope(
    axes: Axes,
    line: "pd.Series[float]",
    predicted: str,
    color: Color | str = THEORY,
    *,
    place: Place = "below",
) -> None:
    """Write the slope fitted to a line on logarithmic axes, with the predicted one behind.

    Below or above the line, from a point of it to the side on which it leaves; or behind its end.
    """
    if len(line) < 2:
        return
    rising = bool(line.iloc[-1] > line.iloc[0])
    right = place == "end" or rising == (place == "below")
    point = {"end": -1, "above": len(line) // 2, "below": 0 if rising else len(line) // 2}[place]
    shift = (4 if right else -4, {"below": -3, "above": 3, "end": 0}[place])
    write(axes, slope_of(line, predicted), (line.index[point], line.iloc[point]), color, shift=shift)


def slope_of(line: "pd.Series[float]", predicted: str) -> str:
    """The slope fitted to a line on logarithmic axes, and the predicted one in brackets."""
    x, y = np.log(line.index.to_numpy(dtype=np.float64)), np.log(line.to_numpy(dtype=np.float64))
    return f"{np.polyfit(x, y, 1)[0]:.2f} ({predicted})".replace("-", "−") if len(line) > 1 else ""


def write(
    axes: Axes,
    text: str,
    place: tuple[float, float],
    color: Color | str = THEORY,
    *,
    shift: tuple[float, float] = (4, 0),
) -> None:
    """A name or number next to a point of a panel, shifted by so many points to the side and up."""
    axes.annotate(
        text,
        place,
        xytext=shift,
        textcoords="offset points",
        ha="left" if shift[0] > 0 else "right" if shift[0] < 0 else "center",
        va="bottom" if shift[1] > 0 else "top" if shift[1] < 0 else "center",
        fontsize=SMALL,
        color=ink(color),
        path_effects=[withStroke(linewidth=1.5, foreground="white")],
    )


def shade_rounding(axes: Axes, floor: float, *, least: "pd.Series[float] | None" = None) -> None:
    """Shade what lies below `floor` on a logarithmic axis, where float64 leaves nothing but rounding.

    The axis ends there, a decade below, or of the `least` that was measured if that is lower: what is predicted may
    fall on for ever.
    """
    if least is not None:
        axes.set_ylim(bottom=min(floor, float(least[least > 0].min())) / 10)
    bottom, _ = axes.get_ylim()
    if bottom < floor:
        axes.axhspan(bottom, floor, color=_FLOOR, linewidth=0, zorder=-1)
        axes.set_ylim(bottom=bottom)
