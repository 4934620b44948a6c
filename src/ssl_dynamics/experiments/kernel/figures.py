"""Figures of training in function space: collapse on fixed kernels, and regression beside it."""

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme

MARKERS = (".", "x")
STYLES: tuple[theme.Style, ...] = ("-", ":")
LABELS = {"linear": "linear kernel", "relu-ntk": "tangent kernel of ReLU"}
WITH_DECAY = "with weight decay"


def kernel_collapse(kernel_collapse: pd.DataFrame) -> Figure:
    """ln(σ_2/σ_1) as trained (points, finest step size; grey with weight decay) and as predicted (lines), each seed."""
    rows = kernel_collapse[kernel_collapse["extrapolations"] == 0]
    keys = ["dataset", "loss", "dimension", "kernel"]
    rows = rows[rows["learning_rate"] == rows.groupby(keys)["learning_rate"].transform("min")]
    markers = dict(zip(sorted(rows["kernel"].unique()), MARKERS, strict=False))
    grid = panels.grid(rows, by_loss=True)
    for axes, panel in panels.panels(grid, rows):
        for (loss, kernel, _), curve in panel.groupby(["loss", "kernel", "seed"]):
            color, marker = theme.LOSS_COLORS[str(loss)], markers[str(kernel)]
            axes.plot(
                curve["gap_time"], curve["log_ratio_decay"], "o", color=theme.CONTROL, markersize=3, alpha=0.4, zorder=0
            )
            axes.plot(curve["gap_time"], curve["predicted"], color=color, linewidth=0.5)
            axes.plot(curve["gap_time"], curve["log_ratio"], marker, color=color, markersize=1.5, markeredgewidth=0.5)
        axes.plot(curve["gap_time"], -2 * curve["gap_time"], ":", color=theme.GUIDE, linewidth=1)
    handles = [
        *(panels.line(loss, color) for loss, color in panels.by_loss(rows["loss"]).items()),
        *(panels.line(LABELS[name], theme.GUIDE, "", marker) for name, marker in markers.items()),
        panels.line(WITH_DECAY, theme.CONTROL, "", "o", alpha=0.4),
        panels.line(r"slope $-2(\mu_2-\mu_1)$", theme.GUIDE, ":"),
    ]
    return panels.finished(grid, x=r"time $t\,(\mu_2-\mu_1)$", y=r"$\ln(\sigma_2/\sigma_1)$", handles=handles)


def kernel_rank(kernel_rank: pd.DataFrame) -> Figure:
    """Effective rank on each kernel, self-supervised and in regression from the same start; mean, 95 % interval."""
    rows = kernel_rank[kernel_rank["objective"] != WITH_DECAY]
    rows = rows.assign(training=rows["objective"].where(rows["supervised"], rows["loss"]))
    colors = {**panels.by_loss(rows["loss"]), "regression": theme.REGRESSION_COLOR}
    styles = dict(zip(sorted(rows["kernel"].unique()), STYLES, strict=False))
    grid = panels.grid(rows, by_loss=True, sharey=False)
    for axes, panel in panels.panels(grid, rows):
        for (training, kernel), part in panel.groupby(["training", "kernel"]):
            color, style = colors[str(training)], styles[str(kernel)]
            marks.mean_and_interval(axes, part, "progress", "effective_rank", color, style=style, marker="")
    handles = [
        *(panels.line(name, color) for name, color in colors.items()),
        *(panels.line(LABELS[name], style=style) for name, style in styles.items()),
    ]
    return panels.finished(grid, x="share of the time", y="effective rank", handles=handles)
