"""Figure of the limit of infinite width of tangent kernels."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme

BLOCKS: dict[str, tuple[theme.Style, str]] = {
    "all": ("-", "whole kernel"),
    "first": ("--", "first layer"),
    "second": (":", "output layer"),
}


def kernel_limit(kernel_limit: pd.DataFrame) -> Figure:
    """‖Θ_h − Θ∞‖_F/‖Θ∞‖_F against the width, a panel for each activation: measured, predicted, and of the control."""
    present = [name for name in theme.ACTIVATION_NAMES if name in set(kernel_limit["activation"])]
    figure, cells = panels.table(kernel_limit, len(present), sharex=True, sharey="row")
    for line, (title, cell) in cells:
        for axes, activation in zip(line, present, strict=True):
            axes.set(yscale="log")
            panels.over_widths(axes)
            rows, color = cell[cell["activation"] == activation], theme.ACTIVATION_COLORS[activation]
            complete = rows["limit"] == "complete"
            for block, part in rows[complete].groupby("block"):
                predicted = (part["error"] / np.sqrt(part["ratio"])).groupby(part["width"]).first()
                axes.plot(predicted.index, predicted, color=theme.THEORY, linewidth=0.6, zorder=0)
                marks.mean_and_interval(axes, part, "width", "error", color, style=BLOCKS[str(block)][0])
            marks.mean_and_interval(axes, rows[~complete], "width", "error", theme.CONTROL, marker="x")
            panels.head(axes, theme.ACTIVATION_NAMES[activation], color)
        panels.name_row(line[-1], title)
    handles = [
        *(panels.line(label, theme.CONTROL, style, "o") for style, label in BLOCKS.values()),
        panels.line(r"predicted, $\sqrt{V/h}$", theme.THEORY, linewidth=0.6),
        panels.line(r"control: without $\dot\Sigma$", theme.CONTROL, marker="x"),
    ]
    y = r"$\|\Theta_h-\Theta_\infty\|_F/\|\Theta_\infty\|_F$"
    return panels.tidied(figure, x="width $h$", y=y, handles=handles)
