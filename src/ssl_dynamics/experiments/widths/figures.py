"""Figures of two-layer nets: what their width changes, and what it does not."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

METRIC_COLORS = {
    "grassmann": theme.DYNAMICS_COLORS["grassmannian"],
    "stiefel": theme.INDIGO,
    "canonical": theme.PURPLE,
}
METRIC_LABELS = {
    "grassmann": "Grassmannian",
    "stiefel": "Stiefel, Euclidean",
    "canonical": "Stiefel, canonical",
}
CONTROL = (0.5, 0.5, 0.5)
PANELS = {"sharex": False}


def narrow_errors(narrow_errors: pd.DataFrame) -> Figure:
    """Largest ‖P − P'‖_F/√(2z) to the closed form against the width, each step size; mean, 95 % interval."""
    rows = narrow_errors[narrow_errors["extrapolations"] == 0]
    keys = ["dataset", "dimension", "metric", "learning_rate", "width", "seed"]
    largest = rows.groupby(keys, as_index=False)[["error"]].max()
    grid = sns.FacetGrid(largest, **theme.layout(largest), **PANELS)
    for axes, panel in theme.panels(grid, largest):
        rates = sorted(panel["learning_rate"].unique())
        for (metric, rate), group in panel.groupby(["metric", "learning_rate"]):
            if metric != "grassmann" and rate < rates[-1]:
                continue  # finer step sizes are trained at the end widths alone
            theme.mean_and_interval(
                axes, group, "width", "error", METRIC_COLORS[str(metric)], alpha=1 - 0.3 * rates[::-1].index(rate)
            )
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y="largest distance")
    _metric_legend(grid, "one line for each step size; controls (Stiefel) at the coarsest")
    return theme.finished(grid)


def narrow_speeds(narrow_speeds: pd.DataFrame) -> Figure:
    """Speed on the path of the closed form against the width: trained (mean, 95 % interval), predicted (crosses).

    At the coarsest steps.
    """
    grid = sns.FacetGrid(narrow_speeds, **theme.layout(narrow_speeds), **PANELS)
    for axes, panel in theme.panels(grid, narrow_speeds):
        for metric, group in panel.groupby("metric"):
            color = METRIC_COLORS[str(metric)]
            theme.mean_and_interval(axes, group, "width", "speed", color)
            exact = group.groupby("width")["predicted"].first()
            axes.plot(exact.index, exact, "x", color="black", markersize=7, zorder=3)
        guide = panel[panel["metric"] == "stiefel"].groupby("width")["guide"].first()
        axes.plot(guide.index, guide, ":", color="grey", linewidth=1)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y="speed")
    handles = [
        Line2D([], [], color="black", marker="x", linestyle="", label="predicted"),
        Line2D([], [], color="grey", linestyle=":", label="Stiefel, at the start"),
    ]
    _metric_legend(grid, None, handles)
    return theme.finished(grid)


def wide_errors(wide_errors: pd.DataFrame) -> Figure:
    """Largest ‖W − W'‖_F/√z to the d × z equation against the step size, a line for each width; mean over the seeds.

    The slope is that of the widest nets.
    """
    rows = wide_errors[wide_errors["extrapolations"] == 0]
    keys = ["dataset", "dimension", "learning_rate", "ratio", "seed"]
    largest = rows.groupby(keys, as_index=False)[["error", "error_control"]].max()
    ratios = sorted(largest["ratio"].unique())
    colors = dict(zip(ratios, sns.color_palette("viridis", len(ratios)), strict=True))
    grid = sns.FacetGrid(largest, **theme.layout(largest), **PANELS)
    for axes, panel in theme.panels(grid, largest):
        for ratio, color in colors.items():
            group = panel[panel["ratio"] == ratio]
            means = group.groupby("learning_rate")[["error", "error_control"]].mean()
            axes.plot(means.index, means["error"], "o-", color=color, markersize=4, linewidth=1)
            if ratio > 1:
                axes.plot(means.index, means["error_control"], "--", color=color, linewidth=0.8)
        slope = panel[panel["ratio"] == ratios[-1]].groupby("learning_rate")["error"].mean()
        axes.plot(slope.index, slope.iloc[0] * slope.index / slope.index[0], ":", color="black", linewidth=0.8)
        theme.write_slope(axes, slope, "1", place="above")
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"step size $\eta$", y="largest distance")
    handles = [Line2D([], [], color=color, marker="o", label=f"h = {ratio:g} d") for ratio, color in colors.items()]
    handles.append(Line2D([], [], color="grey", linestyle="--", label="control: rate d/h"))
    handles.append(Line2D([], [], color="black", linestyle=":", label="slope 1"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def wide_starts(wide_starts: pd.DataFrame) -> Figure:
    """Root mean square singular value of W(0) against h/d, and of the same nets at a late time; mean, 95 % interval."""
    grid = sns.FacetGrid(wide_starts, **theme.layout(wide_starts), **PANELS)
    for axes, panel in theme.panels(grid, wide_starts):
        start = theme.mean_and_interval(axes, panel, "ratio", "singular_value", theme.DYNAMICS_COLORS["grassmannian"])
        theme.mean_and_interval(axes, panel, "ratio", "singular_value_late", CONTROL)
        theme.write_slope(axes, start, "−1/2", theme.DYNAMICS_COLORS["grassmannian"], place="above")
        ratios = np.sort(panel["ratio"].unique())
        axes.plot(ratios, ratios**-0.5, ":", color="black", linewidth=1)
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h/d$", y="singular values")
    handles = [
        Line2D([], [], color=theme.DYNAMICS_COLORS["grassmannian"], marker="o", label="random start"),
        Line2D([], [], color=CONTROL, marker="o", label="control: late, by the equation"),
        Line2D([], [], color="black", linestyle=":", label=r"$\sqrt{d/h}$"),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def _metric_legend(grid: sns.FacetGrid, note: str | None, more: Sequence[Line2D] = ()) -> None:
    handles = [Line2D([], [], color=METRIC_COLORS[m], marker="o", label=label) for m, label in METRIC_LABELS.items()]
    theme.legend(grid.figure, [*handles, *more], title=note)
