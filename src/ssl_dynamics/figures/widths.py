"""Figures of two-layer nets: what their width changes, and what it does not."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

METRIC_COLORS = {"grassmann": theme.PALETTE[2], "stiefel": theme.PALETTE[1], "canonical": theme.PALETTE[3]}
METRIC_LABELS = {
    "grassmann": "Grassmannian",
    "stiefel": "control: Stiefel, Euclidean metric",
    "canonical": "control: Stiefel, canonical metric",
}
PANELS = {"row": "dataset", "col": "dimension", "height": theme.PANEL_HEIGHT, "aspect": 1.25, "sharex": False}


def narrow_errors(narrow_errors: pd.DataFrame) -> Figure:
    """Largest distance from the single-layer closed form against the width, at every step size; mean and range."""
    rows = narrow_errors[narrow_errors["extrapolations"] == 0]
    keys = ["dataset", "dimension", "metric", "learning_rate", "width", "seed"]
    largest = rows.groupby(keys, as_index=False)[["error"]].max()
    grid = sns.FacetGrid(largest, **PANELS)
    for axes, panel in theme.panels(grid, largest):
        rates = sorted(panel["learning_rate"].unique())
        for (metric, rate), group in panel.groupby(["metric", "learning_rate"]):
            if metric != "grassmann" and rate < rates[-1]:
                continue  # finer step sizes are trained at the end widths alone
            theme.mean_and_range(
                axes, group, "error", METRIC_COLORS[str(metric)], alpha=1 - 0.3 * rates[::-1].index(rate)
            )
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y=r"largest $\|P-P'\|_F/\sqrt{2z}$")
    _metric_legend(grid, "one line for each step size; controls at the coarsest")
    return theme.finished(grid)


def narrow_speeds(narrow_speeds: pd.DataFrame) -> Figure:
    """Speed on the path of the closed form against the width: trained (mean and range), and predicted (crosses)."""
    grid = sns.FacetGrid(narrow_speeds, **PANELS)
    for axes, panel in theme.panels(grid, narrow_speeds):
        for metric, group in panel.groupby("metric"):
            color = METRIC_COLORS[str(metric)]
            theme.mean_and_range(axes, group, "speed", color)
            exact = group.groupby("width")["predicted"].first()
            axes.plot(exact.index, exact, "x", color="black", markersize=7, zorder=3)
        guide = panel[panel["metric"] == "stiefel"].groupby("width")["guide"].first()
        axes.plot(guide.index, guide, ":", color="grey", linewidth=1)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y="speed (coarsest steps)")
    handles = [
        Line2D([], [], color="black", marker="x", linestyle="", label="predicted exactly"),
        Line2D([], [], color="grey", linestyle=":", label="Stiefel, mean at the start"),
    ]
    _metric_legend(grid, None, handles)
    return theme.finished(grid)


def wide_errors(wide_errors: pd.DataFrame) -> Figure:
    """Largest distance from the d × z equation against the step size, a line for each width; mean over the seeds."""
    rows = wide_errors[wide_errors["extrapolations"] == 0]
    keys = ["dataset", "dimension", "learning_rate", "ratio", "seed"]
    largest = rows.groupby(keys, as_index=False)[["error", "error_control"]].max()
    ratios = sorted(largest["ratio"].unique())
    colors = dict(zip(ratios, sns.color_palette("viridis", len(ratios)), strict=True))
    grid = sns.FacetGrid(largest, **PANELS)
    for axes, panel in theme.panels(grid, largest):
        for ratio, color in colors.items():
            group = panel[panel["ratio"] == ratio]
            means = group.groupby("learning_rate")[["error", "error_control"]].mean()
            axes.plot(means.index, means["error"], "o-", color=color, markersize=4, linewidth=1)
            if ratio > 1:
                axes.plot(means.index, means["error_control"], "--", color=color, linewidth=0.8)
        slope = panel.groupby("learning_rate")["error"].max()
        axes.plot(slope.index, slope.iloc[0] * slope.index / slope.index[0], ":", color="black", linewidth=0.8)
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"step size $\eta$", y=r"largest $\|W-W'\|_F/\sqrt{z}$")
    handles = [Line2D([], [], color=color, marker="o", label=f"h = {ratio:g} d") for ratio, color in colors.items()]
    handles.append(Line2D([], [], color="grey", linestyle="--", label="control: rate d/h"))
    handles.append(Line2D([], [], color="black", linestyle=":", label="slope 1"))
    grid.figure.legend(handles=handles, loc="upper center", ncols=4, frameon=False, bbox_to_anchor=(0.5, 0.0))
    return theme.finished(grid)


def wide_starts(wide_starts: pd.DataFrame) -> Figure:
    """Root mean square singular value of W(0) against h/d, and of the same nets at a late time; mean and range."""
    grid = sns.FacetGrid(wide_starts, **PANELS)
    for axes, panel in theme.panels(grid, wide_starts):
        group = panel.rename(columns={"width": "h", "ratio": "width"})
        theme.mean_and_range(axes, group, "singular_value", theme.PALETTE[0])
        theme.mean_and_range(axes, group, "singular_value_late", theme.PALETTE[3])
        ratios = np.sort(group["width"].unique())
        axes.plot(ratios, ratios**-0.5, ":", color="black", linewidth=1)
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h/d$", y="singular values")
    handles = [
        Line2D([], [], color=theme.PALETTE[0], marker="o", label="random start"),
        Line2D([], [], color=theme.PALETTE[3], marker="o", label="control: late, by the equation"),
        Line2D([], [], color="black", linestyle=":", label=r"$\sqrt{d/h}$"),
    ]
    grid.figure.legend(handles=handles, loc="upper center", ncols=3, frameon=False, bbox_to_anchor=(0.5, 0.0))
    return theme.finished(grid)


def _metric_legend(grid: sns.FacetGrid, note: str | None, more: Sequence[Line2D] = ()) -> None:
    handles = [Line2D([], [], color=METRIC_COLORS[m], marker="o", label=label) for m, label in METRIC_LABELS.items()]
    grid.figure.legend(
        handles=[*handles, *more], title=note, loc="upper center", ncols=3, frameon=False, bbox_to_anchor=(0.5, 0.0)
    )
