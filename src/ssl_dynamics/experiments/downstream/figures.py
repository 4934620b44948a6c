"""Figures of the accuracy of probes over time."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

PROBE_COLORS = {"ridge": theme.INDIGO, "nearest-mean": theme.OLIVE}
LEVELS = {"constrained": "-", "pca": "--", "items": ":"}  # the same at all times


def downstream(accuracy: pd.DataFrame) -> Figure:
    """Test accuracy over time, trained (points) and predicted (lines), a curve for each seed."""
    rows = accuracy[accuracy["time"] > 0]
    grid = sns.FacetGrid(rows, **theme.layout(rows), sharex=False, sharey="row")
    for axes, panel in theme.panels(grid, rows):
        for (probe, _), curve in panel.groupby(["probe", "seed"]):
            color = PROBE_COLORS[str(probe)]
            axes.plot(curve["time"], curve["predicted"], color=color, linewidth=0.6)
            axes.plot(curve["time"], curve["trained"], ".", color=color, markersize=2.5)
    grid.set(xscale="log")
    theme.label_panels(grid, x=r"time $t$", y="test accuracy")
    handles = [
        Line2D([], [], color=color, marker=".", label=f"{probe}, trained (points) and predicted (lines)")
        for probe, color in PROBE_COLORS.items()
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def probes(probes: pd.DataFrame) -> Figure:
    """Test accuracy of the ridge probe on the collapsing model over time, beside what keeps its rank."""
    rows = probes[probes["probe"] == "ridge"]
    grid = sns.FacetGrid(rows, **theme.layout(rows), sharex=False, sharey="row")
    colors = theme.DYNAMICS_COLORS
    for axes, panel in theme.panels(grid, rows):
        theme.mean_and_interval(axes, panel, "time", "collapsed", colors["unconstrained"])
        theme.mean_and_interval(axes, panel, "time", "span", theme.PALETTE[4])
        for model, style in LEVELS.items():
            color = colors["grassmannian"] if model == "constrained" else "grey"
            axes.axhline(panel[model].mean(), linestyle=style, color=color, linewidth=1)
    theme.label_panels(grid, x=r"time $t$", y="test accuracy")
    handles = [
        Line2D([], [], color=colors["unconstrained"], label="unconstrained, as it collapses"),
        Line2D([], [], color=theme.PALETTE[4], label="its span, orthonormal basis"),
        Line2D([], [], color=colors["grassmannian"], label="constrained, at the end"),
        Line2D([], [], color="grey", linestyle="--", label="PCA, z components"),
        Line2D([], [], color="grey", linestyle=":", label="raw items"),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
