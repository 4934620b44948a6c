"""Figures of the departure of linear nets from their tangent kernel, over widths."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

WIDTH = "width $h$"
EXTRAPOLATIONS = ("as trained", "extrapolated once", "extrapolated twice")
WIDEST = np.array([2.0**6, 2.0**50])


def departure(departure: pd.DataFrame) -> Figure:
    """2μ times the time of departure over widths: Gram equations and law (lines), trained nets (points); every seed."""
    colors = theme.by_loss(departure["loss"])
    grid = sns.FacetGrid(departure, **theme.layout(departure))
    for axes, panel in theme.panels(grid, departure):
        for (loss, _), seed in panel.groupby(["loss", "seed"]):
            color = colors[str(loss)]
            solved, trained = (seed[seed["model"] == model].sort_values("width") for model in ("equations", "nets"))
            axes.plot(solved["width"], 2 * solved["departure"], color=color, linewidth=0.7)
            axes.plot(solved["width"], 2 * solved["law"], ":", color="grey", linewidth=0.7, zorder=0)
            axes.plot(trained["width"], 2 * trained["departure"], "o", color=color, markersize=3)
        axes.plot(WIDEST, 5 + np.log(WIDEST), color="black", linestyle="--", linewidth=1)
    theme.label_panels(grid, x=WIDTH, y=r"$2\mu\,t_{0.5}$")
    theme.over_widths(grid)
    handles = [Line2D([], [], color=color, label=f"{loss}: equations") for loss, color in colors.items()]
    handles += [
        Line2D([], [], color="black", linestyle="", marker="o", markersize=3, label="trained nets"),
        Line2D([], [], color="grey", linestyle=":", label="law of one mode"),
        Line2D([], [], color="black", linestyle="--", label=r"slope 1 in $\ln h$"),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def departure_slope(departure: pd.DataFrame) -> Figure:
    """Slope of 2μ t_0.5 in ln h between neighbouring widths, by the Gram equations; every seed."""
    colors = theme.by_loss(departure["loss"])
    rows = departure[departure["model"] == "equations"]
    grid = sns.FacetGrid(rows, **theme.layout(rows))
    for axes, panel in theme.panels(grid, rows):
        for (loss, _), seed in panel.groupby(["loss", "seed"]):
            ordered = seed.sort_values("width")
            x = np.log(ordered["width"].to_numpy())
            slope = 2 * np.diff(ordered["departure"]) / np.diff(x)
            axes.plot(np.exp((x[1:] + x[:-1]) / 2), slope, "-", color=colors[str(loss)], linewidth=0.7)
        axes.axhline(1, color="black", linestyle="--", linewidth=1)
    theme.label_panels(grid, x=WIDTH, y=r"$2\mu\,\mathrm{d}t_{0.5}/\mathrm{d}\ln h$")
    theme.over_widths(grid)
    handles = [Line2D([], [], color=color, label=loss) for loss, color in colors.items()]
    handles.append(Line2D([], [], color="black", linestyle="--", label="law of one mode"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def blow_up(blow_up: pd.DataFrame) -> Figure:
    """μ times the time from departure to blow-up over widths: Gram equations (points), law of one mode (line)."""
    colors = theme.by_loss(blow_up["loss"])
    grid = sns.FacetGrid(blow_up, **theme.layout(blow_up))
    for axes, panel in theme.panels(grid, blow_up):
        for loss, rows in panel.groupby("loss"):
            color = colors[str(loss)]
            axes.plot(rows["width"], rows["remaining"], ".", color=color, markersize=3)
            axes.axhline(rows["law_remaining"].iloc[0], color=color, linewidth=1)
    theme.label_panels(grid, x=WIDTH, y=r"$\mu\,(t_\infty-t_{0.5})$")
    theme.over_widths(grid)
    handles = [Line2D([], [], color=color, marker=".", label=loss) for loss, color in colors.items()]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def fixed_time(fixed_time: pd.DataFrame) -> Figure:
    """Drift over widths at one time for all and at one that grows with ln h; every seed; slope −1 for the eye."""
    colors = theme.by_loss(fixed_time["loss"])
    styles = {"fixed": "-", "logarithmic": "--"}
    grid = sns.FacetGrid(fixed_time, **theme.layout(fixed_time))
    for axes, panel in theme.panels(grid, fixed_time):
        for (loss, moment, _), curve in panel.groupby(["loss", "moment", "seed"]):
            ordered = curve.sort_values("width")
            axes.plot(ordered["width"], ordered["drift"], styles[str(moment)], color=colors[str(loss)], linewidth=0.7)
        axes.set_yscale("log")
        axes.axline((2.0**10, 1e-5), (2.0**20, 1e-5 * 2.0**-10), color="black", linestyle=":", linewidth=1)
    theme.label_panels(grid, x=WIDTH, y="kernel drift")
    theme.over_widths(grid)
    handles = [Line2D([], [], color=color, label=loss) for loss, color in colors.items()]
    handles += [
        Line2D([], [], color="black", linestyle="-", label=r"at $t=2/\mu$"),
        Line2D([], [], color="black", linestyle="--", label=r"at $t=(\ln h/2-1)/\mu$"),
        Line2D([], [], color="black", linestyle=":", label=r"slope $-1$"),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def gram_nets(gram_nets: pd.DataFrame) -> Figure:
    """Difference in time of departure between trained nets and Gram equations over step sizes, also extrapolated."""
    grid = sns.FacetGrid(gram_nets, **theme.layout(gram_nets))
    widths = dict(zip(sorted(gram_nets["width"].unique()), "osD^v", strict=False))
    for axes, panel in theme.panels(grid, gram_nets):
        for (extrapolations, width), nets in panel.groupby(["extrapolations", "width"]):
            color = theme.EXTRAPOLATION_COLORS[extrapolations]
            axes.plot(nets["step"], nets["error"], widths[width], color=color, markersize=3, alpha=0.6)
    theme.label_panels(grid, x=r"step size $\mu\eta$", y=r"$\mu\,|t-t'|$")
    theme.logarithmic(grid)
    steps = sorted(gram_nets["step"].unique())
    grid.set(xticks=steps, xticklabels=[f"{step:.3g}" for step in steps])
    handles = [
        Line2D([], [], color=color, linestyle="", marker="o", label=label)
        for color, label in zip(theme.EXTRAPOLATION_COLORS.values(), EXTRAPOLATIONS, strict=True)
    ]
    handles += [
        Line2D([], [], color="grey", linestyle="", marker=marker, label=f"h = {width:g}")
        for width, marker in widths.items()
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
