"""Figures of three-layer nets of several widths."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.experiments.depth.config import DOT_PRODUCT, REGRESSION, UNIT, WIDTH
from ssl_dynamics.figures import marks, panels, theme
from ssl_dynamics.problem.levels import DEPARTURE

STYLES: dict[str, theme.Style] = {DOT_PRODUCT: "-", REGRESSION: ":"}
UNCONSTRAINED, CONSTRAINED = theme.DYNAMICS_COLORS["unconstrained"], theme.DYNAMICS_COLORS["grassmannian"]
DRIFTS: dict[str, tuple[theme.Color, theme.Style, str]] = {
    "drift": (UNCONSTRAINED, "-", "dot product, at the end"),
    "drift_early": (UNCONSTRAINED, "--", "dot product, at one early time"),
    "drift_supervised": (theme.REGRESSION_COLOR, "-", "regression, at 1 % excess loss"),
}
ERROR, DRIFT = (CONSTRAINED, "Gram error"), (theme.WINE, "feature drift")
KERNEL_DRIFT = r"$\|\Theta(t)-\Theta(0)\|_F/\|\Theta(0)\|_F$"


def depth_drift(depth_drift: pd.DataFrame) -> Figure:
    """Drift of the tangent kernel along training, a colour for each width and a line for each seed."""
    colors = theme.shades(depth_drift["width"])
    moved = depth_drift[depth_drift["drift"] > 0]
    grid = panels.grid(depth_drift, scales={"x": "log", "y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, moved):
        for (objective, width, _), net in panel.groupby(["objective", "width", "seed"]):
            axes.plot(net["time"], net["drift"], STYLES[str(objective)], color=colors[width], linewidth=0.7)
        _departure(axes)
    handles = [
        *(panels.line(f"h = {width:g}", color) for width, color in colors.items()),
        *(panels.line(name, style=style) for name, style in STYLES.items()),
        _departed(),
    ]
    return panels.finished(grid, x="time $t$", y=KERNEL_DRIFT, handles=handles)


def depth_widths(depth_widths: pd.DataFrame) -> Figure:
    """Drift of the tangent kernel against the width; geometric mean and 95 % interval over the seeds."""
    grid = panels.grid(depth_widths, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, depth_widths):
        for column, (color, style, _) in DRIFTS.items():
            marks.mean_and_interval(axes, panel, "width", column, color, style=style)
        _departure(axes)
        panels.over_widths(axes)
    handles = [panels.line(label, color, style, "o") for color, style, label in DRIFTS.values()]
    return panels.finished(grid, x="width $h$", y=KERNEL_DRIFT, handles=[*handles, _departed()])


def depth_departure(depth_widths: pd.DataFrame) -> Figure:
    """‖U − U(0)‖_F² at departure, by the kernel of the start, against the width; geometric mean, 95 % interval."""
    grid = panels.grid(depth_widths, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, depth_widths):
        mean = marks.mean_and_interval(axes, panel, "width", "frozen_square", UNCONSTRAINED)
        marks.write_slope(axes, mean, "1", UNCONSTRAINED)
        axes.plot(mean.index, mean.iloc[-1] * mean.index / mean.index[-1], ":", color=theme.GUIDE, linewidth=1)
        panels.over_widths(axes)
    grid.set(ylim=(depth_widths["frozen_square"].min() / 3, None))  # room for the slope below the line
    handles = [
        panels.line("by the kernel of the start", UNCONSTRAINED, marker="o"),
        panels.line(r"slope 1: $t = \ln h/(2\mu)$ + const.", theme.GUIDE, ":"),
        marks.SLOPES,
    ]
    return panels.finished(grid, x="width $h$", y=r"$\|U-U(0)\|_F^2$", handles=handles)


def depth_constrained(depth_constrained: pd.DataFrame) -> Figure:
    """Gram error of the flow on frozen features, and their drift, at the end; geometric mean, 95 % interval."""
    last = depth_constrained[depth_constrained["time"] == depth_constrained["time"].max()]
    columns = {"gram_error": ERROR, "feature_drift": DRIFT}
    rates: dict[str, tuple[theme.Style, str]] = {UNIT: ("-", r"$\kappa = 1$"), WIDTH: ("--", r"control: $\kappa = h$")}
    grid = panels.grid(last, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, last):
        for column, (color, _) in columns.items():
            for rate, (style, _) in rates.items():
                means = marks.mean_and_interval(axes, panel[panel["rate"] == rate], "width", column, color, style=style)
                if rate == UNIT:
                    place: marks.Place = "above" if column == "feature_drift" else "below"
                    marks.write_slope(axes, means, "−1", color, place=place)
        panels.over_widths(axes)
    handles = [
        *(panels.line(label, color, marker="o") for color, label in columns.values()),
        *(panels.line(label, style=style) for style, label in rates.values()),
        marks.SLOPES,
    ]
    return panels.finished(grid, x="width $h$", y="relative distance", handles=handles)


def _departure(axes: Axes) -> None:
    axes.axhline(DEPARTURE, color=theme.GUIDE, linestyle="--", linewidth=0.8, zorder=0)


def _departed() -> Line2D:
    return panels.line(f"departure: {DEPARTURE:g}", theme.GUIDE, "--", linewidth=0.8)
