"""Figures of A5: what the closed forms predict beyond the weights themselves."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

PROBE_COLORS = {"ridge": theme.PALETTE[0], "nearest-mean": theme.PALETTE[1]}
MODELS = {
    "constrained": "constrained",
    "collapsed": "unconstrained",
    "span": "its span, orthonormal",
    "pca": "PCA",
    "items": "raw items",
}


def downstream(accuracy: pd.DataFrame) -> Figure:
    """Test accuracy over time, trained (points) and predicted (lines), a curve for each seed."""
    rows = accuracy[accuracy["time"] > 0]
    grid = sns.FacetGrid(
        rows, row="dataset", col="dimension", height=theme.PANEL_HEIGHT, aspect=1.25, sharex=False, sharey="row"
    )
    for axes, panel in theme.panels(grid, rows):
        for (probe, _), curve in panel.groupby(["probe", "seed"]):
            color = PROBE_COLORS[str(probe)]
            axes.plot(curve["time"], curve["predicted"], color=color, linewidth=0.6)
            axes.plot(curve["time"], curve["trained"], ".", color=color, markersize=2.5)
    grid.set(xscale="log")
    theme.label_panels(grid, x=r"time $t$", y="test accuracy")
    handles = [
        Line2D([], [], color=color, marker=".", label=f"{probe}, trained and predicted")
        for probe, color in PROBE_COLORS.items()
    ]
    grid.figure.legend(handles=handles, loc="upper center", ncols=2, frameon=False, bbox_to_anchor=(0.5, 0.0))
    return theme.finished(grid)


def probes(probes: pd.DataFrame) -> Figure:
    """Final test accuracy of the constrained model beside the collapsed one, PCA and the raw items."""
    keys = ["dataset", "dimension", "probe", "seed"]
    tidy = probes.melt(keys, list(MODELS), var_name="model", value_name="accuracy")
    tidy["model"] = tidy["model"].map(MODELS)
    grid = sns.FacetGrid(tidy, row="dataset", col="dimension", height=theme.PANEL_HEIGHT, aspect=1.5)
    for axes, panel in theme.panels(grid, tidy):
        sns.pointplot(
            panel,
            x="model",
            y="accuracy",
            hue="probe",
            order=list(MODELS.values()),
            palette=PROBE_COLORS,
            errorbar=("pi", 100),
            linestyles="none",
            dodge=0.2,
            markersize=4,
            legend=False,
            ax=axes,
        )
        axes.tick_params(axis="x", rotation=25)
    theme.label_panels(grid, x="", y="test accuracy")
    grid.axes.flat[-1].set_xlabel("model")
    handles = [Line2D([], [], color=color, marker="o", linestyle="", label=p) for p, color in PROBE_COLORS.items()]
    grid.figure.legend(handles=handles, loc="upper center", ncols=2, frameon=False, bbox_to_anchor=(0.5, -0.04))
    return theme.finished(grid)


def acquisition(acquisition: pd.DataFrame) -> Figure:
    """Learning times of the eigen-directions, measured against predicted; the line is equality, dashed the control."""
    rows = acquisition.dropna(subset=["measured", "predicted"])
    grid = sns.FacetGrid(
        rows, row="dataset", col="dimension", height=theme.PANEL_HEIGHT, aspect=1.15, sharex=False, sharey=False
    )
    directions = sorted(rows["direction"].unique())
    colors = dict(zip(directions, sns.color_palette("viridis", len(directions)), strict=True))
    for axes, panel in theme.panels(grid, rows):
        order = panel.sort_values("predicted")
        axes.plot(order["predicted"], order["predicted"], color="black", linewidth=0.8)
        axes.plot(order["predicted"], order["predicted_control"], "--", color="grey", linewidth=0.8)
        for direction, points in panel.groupby("direction"):
            axes.plot(points["predicted"], points["measured"], "o", color=colors[direction], markersize=2.5)
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"predicted $t_k$", y=r"measured $t_k$")
    handles = [Line2D([], [], color=color, marker="o", linestyle="", label=f"k = {k:g}") for k, color in colors.items()]
    handles += [
        Line2D([], [], color="black", label="equality"),
        Line2D([], [], color="grey", linestyle="--", label="control: rate 1"),
    ]
    grid.figure.legend(handles=handles, loc="upper center", ncols=5, frameon=False, bbox_to_anchor=(0.5, 0.0))
    return theme.finished(grid)
