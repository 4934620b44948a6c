"""Figures of training in function space: collapse on fixed kernels, and regression beside it."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

MARKERS = (".", "x")
LABELS = {"linear": "linear kernel", "relu-ntk": "tangent kernel of ReLU"}


def kernel_collapse(kernel_collapse: pd.DataFrame) -> Figure:
    """ln(σ_2/σ_1) as trained (points, finest step size; grey with weight decay) and as predicted (lines), each seed."""
    rows = kernel_collapse[kernel_collapse["extrapolations"] == 0]
    keys = ["dataset", "loss", "dimension", "kernel"]
    rows = rows[rows["learning_rate"] == rows.groupby(keys)["learning_rate"].transform("min")]
    colors = theme.by_loss(rows["loss"])
    markers = dict(zip(sorted(rows["kernel"].unique()), MARKERS, strict=False))
    grid = sns.FacetGrid(rows, **theme.layout(rows))
    for axes, panel in theme.panels(grid, rows):
        for (_, loss, kernel), curve in panel.groupby(
            ["seed", "loss", "kernel"]
        ):  # so that neither loss covers the other
            color, marker = colors[str(loss)], markers[str(kernel)]
            axes.plot(curve["gap_time"], curve["log_ratio_decay"], "o", color="lightgrey", markersize=3, zorder=0)
            axes.plot(curve["gap_time"], curve["predicted"], color=color, linewidth=0.5)
            axes.plot(curve["gap_time"], curve["log_ratio"], marker, color=color, markersize=1.5, markeredgewidth=0.5)
        axes.plot(curve["gap_time"], -2 * curve["gap_time"], ":", color="black", linewidth=1)
    theme.label_panels(grid, x=r"time $t\,(\mu_2-\mu_1)$", y=r"$\ln(\sigma_2/\sigma_1)$")
    handles = [Line2D([], [], color=color, label=loss) for loss, color in colors.items()]
    handles += [
        Line2D([], [], color="black", linestyle="", marker=marker, label=LABELS[name])
        for name, marker in markers.items()
    ]
    handles.append(Line2D([], [], color="lightgrey", linestyle="", marker="o", label="with weight decay"))
    handles.append(Line2D([], [], color="black", linestyle=":", label=r"slope $-2(\mu_2-\mu_1)$"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def kernel_rank(kernel_rank: pd.DataFrame) -> Figure:
    """Effective rank on each kernel, self-supervised and in regression from the same start; mean, 95 % interval."""
    rows = kernel_rank.assign(training=kernel_rank["objective"].where(kernel_rank["supervised"], kernel_rank["loss"]))
    rows = rows[rows["objective"] != "with weight decay"]
    rows = rows.replace({"kernel": LABELS})
    colors = {**theme.by_loss(rows["loss"]), "regression": theme.REGRESSION_COLOR}
    grid = sns.relplot(
        rows,
        x="progress",
        y="effective_rank",
        hue="training",
        style="kernel",
        **theme.layout(rows),
        kind="line",
        errorbar=theme.interval,
        palette=colors,
        hue_order=list(colors),
        facet_kws={"sharey": False, "legend_out": False},
    )
    theme.label_panels(grid, x="share of the time", y="effective rank")
    theme.move_legend(grid)
    return theme.finished(grid)
