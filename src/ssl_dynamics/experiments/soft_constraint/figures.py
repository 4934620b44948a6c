"""Figures of the penalty between collapse and constraint."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

WITHOUT, WITH = "none (A1)", "constraint (A2)"


def soft_constraint(soft_rank: pd.DataFrame) -> Figure:
    """Effective rank over time between the unconstrained and the constrained flow; lines theory, points training.

    1 + exp of the mean over the seeds of ln(effective rank − 1), from the first time of the curves on. Points have the
    colour of the curve that is nearest in β.
    """
    keys = ["dataset", "loss", "dimension", "strength", "time"]
    trained = soft_rank["excess"].notna()
    curves = soft_rank[~trained].groupby(keys)["predicted"].mean().reset_index()
    points = soft_rank[trained].groupby(keys)["excess"].mean().reset_index()
    strengths = sorted(curves["strength"].unique())
    penalties = np.array(strengths[1:-1])
    colors = dict(zip(penalties, sns.color_palette("viridis", len(penalties)), strict=True))
    colors |= {0.0: theme.DYNAMICS_COLORS["unconstrained"], np.inf: theme.DYNAMICS_COLORS["grassmannian"]}
    grid = sns.FacetGrid(curves, **theme.layout(curves), sharex=False)
    for axes, panel in theme.panels(grid, curves):
        for (loss, strength), curve in panel.groupby(["loss", "strength"]):
            rank = 1 + np.exp(curve["predicted"])
            axes.plot(curve["time"], rank, theme.LOSS_LINES[str(loss)], color=colors[strength], linewidth=0.9)
        of_panel = points.merge(panel[["dataset", "loss", "dimension"]].drop_duplicates())
        for strength, curve in of_panel[of_panel["time"] >= panel["time"].min()].groupby("strength"):
            color = colors[penalties[np.abs(np.log(penalties / strength)).argmin()]]
            axes.plot(curve["time"], 1 + np.exp(curve["excess"]), ".", color=color, markersize=2.5)
    grid.set(xscale="log")
    theme.label_panels(grid, x="time $t$", y="effective rank")
    names = {0.0: WITHOUT, np.inf: WITH}
    names |= {penalty: rf"$\beta=10^{{{round(np.log10(penalty))}}}\,\|C\|$" for penalty in penalties}
    handles = [Line2D([], [], color=colors[strength], label=names[strength]) for strength in strengths]
    if curves["loss"].nunique() > 1:
        handles += theme.loss_handles(curves["loss"], "grey")
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def soft_flow(soft_flow: pd.DataFrame, soft_span: pd.DataFrame) -> Figure:
    """Largest error over time against β, extrapolated twice: of WWᵀ and of its span; dashed a rate wrong by 1 %."""
    keys = ["dataset", "loss", "dimension", "strength", "seed"]
    parts = []
    for name, table in (("Gram matrix", soft_flow), ("span", soft_span)):
        rows = table[(table["extrapolations"] == 2)]
        rows = rows[rows["learning_rate"] == rows.groupby(keys[:3])["learning_rate"].transform("min")]
        largest = rows.groupby(keys, as_index=False)[["error", "error_fast"]].max()
        tidy = largest.rename(columns={"error": "closed form", "error_fast": "control: rate 1 % off"})
        parts.append(tidy.melt(keys, var_name="against", value_name="error").assign(of=name))
    tidy = pd.concat(parts)
    grid = sns.relplot(
        tidy,
        x="strength",
        y="error",
        hue="of",
        style="against",
        markers=True,
        **theme.layout(tidy),
        kind="line",
        errorbar=theme.interval,
        palette={"Gram matrix": theme.INDIGO, "span": theme.DYNAMICS_COLORS["grassmannian"]},
        facet_kws={"legend_out": False},
    )
    theme.logarithmic(grid)
    theme.move_legend(grid)
    theme.label_panels(grid, x=r"$\beta/\|C\|$", y="largest relative error")
    return theme.finished(grid)
