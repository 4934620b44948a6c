"""Figures of two-layer nets: what their width changes, and what it does not."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme
from ssl_dynamics.problem.levels import COARSE_RATE_ERROR

CONSTRAINED = theme.DYNAMICS_COLORS["grassmannian"]
METRICS = {
    "grassmann": (CONSTRAINED, "Grassmannian"),
    "stiefel": (theme.WINE, "Stiefel, Euclidean"),
    "canonical": (theme.SKY, "Stiefel, canonical"),
}
WIDTH = "width $h$"


def narrow_errors(narrow_errors: pd.DataFrame) -> Figure:
    """Largest ‖P − P'‖_F/√(2z) to the closed form against the width, each step size; geometric mean, 95 % interval."""
    rows = narrow_errors[narrow_errors["extrapolations"] == 0]
    keys = ["dataset", "dimension", "metric", "learning_rate", "width", "seed"]
    largest = rows.groupby(keys, as_index=False)[["error"]].max()
    grid = panels.grid(largest, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, largest):
        rates = sorted(panel["learning_rate"].unique())
        for (metric, rate), group in panel.groupby(["metric", "learning_rate"]):
            if metric != "grassmann" and rate < rates[-1]:
                continue  # finer step sizes are trained at the end widths alone
            alpha = 1 - 0.3 * rates[::-1].index(rate)
            marks.mean_and_interval(axes, group, "width", "error", METRICS[str(metric)][0], alpha=alpha)
        panels.over_widths(axes)
    handles = [panels.line(label, color, marker="o") for color, label in METRICS.values()]
    note = "one line for each step size, paler for finer ones;\ncontrols (Stiefel) at the coarsest"
    return panels.finished(grid, x=WIDTH, y="largest distance", handles=handles, title=note)


def narrow_speeds(narrow_speeds: pd.DataFrame) -> Figure:
    """Speed on the path of the closed form against the width: trained (mean, 95 % interval), predicted (crosses).

    At the coarsest steps.
    """
    grid = panels.grid(narrow_speeds, sharex=False)
    for axes, panel in panels.panels(grid, narrow_speeds):
        for metric, group in panel.groupby("metric"):
            marks.mean_and_interval(axes, group, "width", "speed", METRICS[str(metric)][0])
            exact = group.groupby("width")["predicted"].first()
            axes.plot(exact.index, exact, "x", color=theme.THEORY, markersize=6, zorder=3)
        guide = panel[panel["metric"] == "stiefel"].groupby("width")["guide"].first()
        axes.plot(guide.index, guide, ":", color=theme.THEORY, linewidth=1)
        panels.over_widths(axes)
    handles = [
        *(panels.line(label, color, marker="o") for color, label in METRICS.values()),
        panels.line("predicted", theme.THEORY, "", "x", markersize=6),
        panels.line("Stiefel, at the start, predicted", theme.THEORY, ":"),
    ]
    return panels.finished(grid, x=WIDTH, y="speed", handles=handles)


def wide_errors(wide_errors: pd.DataFrame) -> Figure:
    """Largest ‖W − W'‖_F/√z to the d × z equation against the step size, for each width; geometric mean, 95 % interval.

    The slope is that of the widest nets.
    """
    rows = wide_errors[wide_errors["extrapolations"] == 0]
    keys = ["dataset", "dimension", "learning_rate", "ratio", "seed"]
    largest = rows.groupby(keys, as_index=False)[["error", "error_slower"]].max()
    colors = theme.shades(largest["ratio"])
    grid = panels.grid(largest, scales={"x": "log", "y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, largest):
        for ratio, color in colors.items():
            group = panel[panel["ratio"] == ratio]
            means = marks.mean_and_interval(axes, group, "learning_rate", "error", color)
            marks.mean_and_interval(axes, group, "learning_rate", "error_slower", color, style="--", marker="")
        axes.plot(means.index, means.iloc[0] * means.index / means.index[0], ":", color=theme.GUIDE, linewidth=0.8)
        marks.write_slope(axes, means, "1", place="above")
    handles = [
        *(panels.line(f"h = {ratio:g} d", color, marker="o") for ratio, color in colors.items()),
        panels.line(f"control: a rate {COARSE_RATE_ERROR:.0%} too slow", theme.CONTROL, "--"),
        panels.line("slope 1", theme.GUIDE, ":"),
        marks.SLOPES,
    ]
    return panels.finished(grid, x=r"step size $\eta$", y="largest distance", handles=handles)


def wide_starts(wide_starts: pd.DataFrame) -> Figure:
    """Root mean square singular value of W(0) against h/d, and late in training; geometric mean, 95 % interval."""
    grid = panels.grid(wide_starts, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, wide_starts):
        start = marks.mean_and_interval(axes, panel, "ratio", "singular_value", CONSTRAINED)
        marks.mean_and_interval(axes, panel, "ratio", "singular_value_late", theme.CONTROL)
        marks.write_slope(axes, start, "−1/2", CONSTRAINED, place="above")
        ratios = np.sort(panel["ratio"].unique())
        axes.plot(ratios, ratios**-0.5, ":", color=theme.THEORY, linewidth=1)
        panels.over_widths(axes)
    handles = [
        panels.line("random start", CONSTRAINED, marker="o"),
        panels.line("control: late, by the equation", theme.CONTROL, marker="o"),
        panels.line(r"$\sqrt{d/h}$", theme.THEORY, ":"),
        marks.SLOPES,
    ]
    return panels.finished(grid, x="width $h/d$", y="singular values", handles=handles)
