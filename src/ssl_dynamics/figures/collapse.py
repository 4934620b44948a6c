"""Figures of the collapse: the curve ln(σ_2/σ_1)(t), and the effective rank with and without the constraint."""

from typing import Literal

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

COLLAPSED = 11.5  # gap times
LINES: dict[str, Literal["-", "--"]] = {"contrastive": "-", "non-contrastive": "--"}
NAMES = {"unconstrained": "no constraint", "grassmannian": r"$W^\top W = I$"}


def collapse(collapse: pd.DataFrame) -> Figure:
    """ln(σ_2/σ_1) as trained (points, finest step size) and as predicted (lines), a curve for each seed."""
    rows = collapse[collapse["extrapolations"] == 0]
    keys = ["dataset", "loss", "dimension"]
    rows = rows[rows["learning_rate"] == rows.groupby(keys)["learning_rate"].transform("min")]
    colors = theme.by_loss(rows["loss"])
    grid = sns.FacetGrid(rows, **theme.layout(rows))
    for axes, panel in theme.panels(grid, rows):
        for (_, loss), curve in panel.groupby(["seed", "loss"]):  # so that neither loss covers the other
            axes.plot(curve["gap_time"], curve["predicted"], color=colors[str(loss)], linewidth=0.5)
            axes.plot(curve["gap_time"], curve["log_ratio"], ".", color=colors[str(loss)], markersize=1.5)
        axes.plot(curve["gap_time"], -2 * curve["gap_time"], ":", color="black", linewidth=1)
    theme.label_panels(grid, x=r"time $t\,(\lambda_2-\lambda_1)$", y=r"$\ln(\sigma_2/\sigma_1)$")
    handles = [Line2D([], [], color=color, marker=".", label=loss) for loss, color in colors.items()]
    handles.append(Line2D([], [], color="black", linestyle=":", label=r"slope $-2(\lambda_2-\lambda_1)$"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def rank(rank: pd.DataFrame) -> Figure:
    """Effective rank of the representation with and without the constraint, mean and 95 % interval over the seeds."""
    rows = rank[(rank["dimension"] >= 2) & (rank["gap_time"] <= 12.5)]
    grid = sns.relplot(
        rows,
        x="gap_time",
        y="effective_rank",
        hue="dynamics",
        style="loss",
        dashes={"contrastive": "", "non-contrastive": (3, 2)},
        **theme.layout(rows),
        kind="line",
        errorbar=theme.interval,
        palette=theme.DYNAMICS_COLORS,
        facet_kws={"sharey": False, "legend_out": False},
    )
    for axes in grid.axes.flat:
        axes.axvline(COLLAPSED, color="black", linestyle=":", linewidth=1)
        axes.set_ylim(bottom=0.9)
    theme.label_panels(grid, x=r"time $t\,(\lambda_2-\lambda_1)$", y="effective rank")
    grid.legend.remove()
    handles = [Line2D([], [], color=color, label=NAMES[name]) for name, color in theme.DYNAMICS_COLORS.items()]
    present = [loss for loss in LINES if loss in set(rows["loss"])]
    handles += [Line2D([], [], color="black", linestyle=LINES[loss], label=loss) for loss in present]
    handles.append(Line2D([], [], color="black", linestyle=":", label=rf"$t = {COLLAPSED}\,/(\lambda_2-\lambda_1)$"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
