"""Figures of three-layer nets of several widths."""

from typing import Literal

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.experiments.depth.config import DOT_PRODUCT, REGRESSION, UNIT, WIDTH
from ssl_dynamics.figures import theme
from ssl_dynamics.problem.levels import DEPARTURE

Style = Literal["-", "--", ":"]

PANELS = {"sharex": False}
STYLES: dict[str, Style] = {DOT_PRODUCT: "-", REGRESSION: ":"}
DRIFTS = {
    "drift": (theme.PALETTE[3], "dot product, at the end"),
    "drift_early": (theme.PURPLE, "dot product, at one early time"),
    "drift_supervised": (theme.REGRESSION_COLOR, "regression, at 1 % excess loss"),
}
CONSTRAINED: dict[tuple[str, str], tuple[theme.Color, Style, str]] = {
    ("gram_error", UNIT): (theme.PALETTE[2], "-", r"Gram error, $\kappa = 1$"),
    ("gram_error", WIDTH): (theme.PALETTE[2], "--", r"Gram error, control: $\kappa = h$"),
    ("feature_drift", UNIT): (theme.PALETTE[4], "-", r"feature drift, $\kappa = 1$"),
    ("feature_drift", WIDTH): (theme.PALETTE[4], "--", r"feature drift, control: $\kappa = h$"),
}


def depth_drift(depth_drift: pd.DataFrame) -> Figure:
    """Drift of the tangent kernel along training, a colour for each width and a line for each seed."""
    widths = sorted(depth_drift["width"].unique())
    colors = dict(zip(widths, sns.color_palette("viridis", len(widths)), strict=True))
    moved = depth_drift[depth_drift["drift"] > 0]
    grid = sns.FacetGrid(depth_drift, **theme.layout(depth_drift), **PANELS)
    for axes, panel in theme.panels(grid, moved):
        for (objective, width, _), net in panel.groupby(["objective", "width", "seed"]):
            axes.plot(net["time"], net["drift"], STYLES[str(objective)], color=colors[width], linewidth=0.7)
        _departure(axes)
    theme.logarithmic(grid)
    theme.label_panels(grid, x="time $t$", y=r"$\|\Theta(t)-\Theta(0)\|_F/\|\Theta(0)\|_F$")
    handles = [Line2D([], [], color=color, label=f"h = {width:g}") for width, color in colors.items()]
    handles += [Line2D([], [], color="grey", linestyle=style, label=name) for name, style in STYLES.items()]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def depth_widths(depth_widths: pd.DataFrame) -> Figure:
    """Drift of the tangent kernel against the width; mean and 95 % interval over the seeds."""
    grid = sns.FacetGrid(depth_widths, **theme.layout(depth_widths), **PANELS)
    for axes, panel in theme.panels(grid, depth_widths):
        for column, (color, _) in DRIFTS.items():
            theme.mean_and_interval(axes, panel, "width", column, color)
        _departure(axes)
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y=r"$\|\Theta(t)-\Theta(0)\|_F/\|\Theta(0)\|_F$")
    handles = [Line2D([], [], color=color, marker="o", label=label) for color, label in DRIFTS.values()]
    handles.append(Line2D([], [], color="black", linestyle="--", linewidth=0.8, label=f"departure: {DEPARTURE:g}"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def depth_departure(depth_widths: pd.DataFrame) -> Figure:
    """‖U − U(0)‖_F² that the kernel of the start predicts for the departure, against the width; mean, 95 % interval."""
    grid = sns.FacetGrid(depth_widths, **theme.layout(depth_widths), **PANELS)
    for axes, panel in theme.panels(grid, depth_widths):
        mean = theme.mean_and_interval(axes, panel, "width", "frozen_square", theme.PALETTE[3])
        theme.write_slope(axes, mean, "1", theme.PALETTE[3])
        axes.plot(mean.index, mean.iloc[-1] * mean.index / mean.index[-1], ":", color="black", linewidth=1)
    grid.set(ylim=(depth_widths["frozen_square"].min() / 3, None))  # room for the slope below the line
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y=r"$\|U-U(0)\|_F^2$")
    handles = [
        Line2D([], [], color=theme.PALETTE[3], marker="o", label="by the kernel of the start"),
        Line2D([], [], color="black", linestyle=":", label=r"slope 1: $t = \ln h/(2\mu)$ + const."),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def depth_constrained(depth_constrained: pd.DataFrame) -> Figure:
    """Gram error of the flow on frozen features, and drift of the features, at the end; mean, 95 % interval."""
    last = depth_constrained[depth_constrained["time"] == depth_constrained["time"].max()]
    grid = sns.FacetGrid(last, **theme.layout(last), **PANELS)
    for axes, panel in theme.panels(grid, last):
        for (column, rate), (color, style, _) in CONSTRAINED.items():
            means = theme.mean_and_interval(axes, panel[panel["rate"] == rate], "width", column, color, style=style)
            if rate == UNIT:
                place: theme.Place = "above" if column == "feature_drift" else "below"
                theme.write_slope(axes, means, "−1", color, place=place)
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y="relative distance")
    handles = [
        Line2D([], [], color=color, linestyle=style, marker="o", label=label)
        for color, style, label in CONSTRAINED.values()
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def _departure(axes: Axes) -> None:
    axes.axhline(DEPARTURE, color="black", linestyle="--", linewidth=0.8, zorder=0)
