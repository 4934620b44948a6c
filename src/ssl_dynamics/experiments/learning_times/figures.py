"""Figures of learning times."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme


def acquisition(acquisition: pd.DataFrame) -> Figure:
    """Learning times of the eigen-directions, measured against predicted; the line is equality, dashed the control."""
    rows = acquisition.dropna(subset=["measured", "predicted"])
    grid = sns.FacetGrid(rows, **theme.layout(rows), sharex=False, sharey=False)
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
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
