"""Figures of learning times."""

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import panels, theme


def acquisition(acquisition: pd.DataFrame) -> Figure:
    """Learning times of the eigen-directions, measured against predicted; the line is equality, dashed the control."""
    rows = acquisition.dropna(subset=["measured", "predicted"])
    grid = panels.grid(rows, scales={"x": "log", "y": "log"}, sharex=False, sharey=False)
    colors = theme.shades(rows["direction"])
    for axes, panel in panels.panels(grid, rows):
        order = panel.sort_values("predicted")
        times = panel[["predicted", "measured"]]
        ends = times.min().min() / 1.3, times.max().max() * 1.3
        axes.plot(ends, ends, color=theme.THEORY, linewidth=0.8)
        axes.plot(order["predicted"], order["predicted_control"], "--", color=theme.CONTROL, linewidth=0.8)
        for direction, points in panel.groupby("direction"):
            axes.plot(points["predicted"], points["measured"], "o", color=colors[direction], markersize=2.5)
        axes.set(xlim=ends, ylim=ends, aspect="equal")
    handles = [
        *(panels.line(f"k = {k:g}", color, "", "o") for k, color in colors.items()),
        panels.line("equality", theme.THEORY),
        panels.line("control: rate 1", theme.CONTROL, "--"),
    ]
    return panels.finished(grid, x=r"predicted $t_k$", y=r"measured $t_k$", handles=handles)
