"""Figure of the limit of infinite width of tangent kernels."""

from typing import Literal

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

Style = Literal["-", "--", ":"]
BLOCKS: dict[str, tuple[Style, str]] = {
    "all": ("-", "whole kernel"),
    "first": ("--", "first layer"),
    "second": (":", "output layer"),
}


def kernel_limit(kernel_limit: pd.DataFrame) -> Figure:
    """‖Θ_h − Θ∞‖_F/‖Θ∞‖_F against the width, by activation and block, as predicted; and of the control."""
    grid = sns.FacetGrid(kernel_limit, **theme.layout(kernel_limit), sharex=False)
    colors = theme.ACTIVATION_COLORS
    for axes, panel in theme.panels(grid, kernel_limit):
        complete = panel["limit"] == "complete"
        for (activation, block), rows in panel[complete].groupby(["activation", "block"]):
            mean = rows.groupby("width")["error"].mean()
            color, (style, _) = colors[str(activation)], BLOCKS[str(block)]
            axes.plot(mean.index, mean, style, color=color, marker="o", markersize=2.5, linewidth=1)
            predicted = (rows["error"] / np.sqrt(rows["ratio"])).groupby(rows["width"]).first()
            axes.plot(predicted.index, predicted, color="black", linewidth=0.6, zorder=0)
        for activation, rows in panel[~complete].groupby("activation"):
            mean = rows.groupby("width")["error"].mean()
            axes.plot(mean.index, mean, color=colors[str(activation)], marker="x", markersize=3, linewidth=0.5)
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y=r"$\|\Theta_h-\Theta_\infty\|_F/\|\Theta_\infty\|_F$")
    handles = [Line2D([], [], color=color, label=theme.ACTIVATION_NAMES[name]) for name, color in colors.items()]
    handles += [Line2D([], [], color="grey", linestyle=s, marker="o", label=name) for s, name in BLOCKS.values()]
    control = r"control: without $\dot\Sigma$"
    handles.append(Line2D([], [], color="grey", marker="x", linewidth=0.5, label=control))
    handles.append(Line2D([], [], color="black", linewidth=0.6, label=r"predicted, $\sqrt{V/h}$"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
