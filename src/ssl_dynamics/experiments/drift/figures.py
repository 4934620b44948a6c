"""Figures of trained nets of large width: the drift of their tangent kernels, when they depart, what follows."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme
from ssl_dynamics.problem.levels import DEPARTURE

OBJECTIVES = {
    "supervised": (theme.REGRESSION_COLOR, "supervised, at its end"),
    "cosine": (theme.INDIGO, "cosine, at its plateau"),
    "dot-product": (theme.DYNAMICS_COLORS["unconstrained"], "dot product, departed"),
}
PANELS: dict[str, bool] = {"sharex": False, "sharey": False}


def kernel_drift(departures: pd.DataFrame) -> Figure:
    """Drift of the kernel at the end of each training against the width; mean and 95 % interval over the seeds."""
    rows = departures[(departures["objective"] != "supervised") | (departures["loss"] == departures["loss"].min())]
    grid = sns.FacetGrid(rows, **theme.layout(rows), **PANELS)
    for axes, panel in theme.panels(grid, rows):
        for (objective, activation, loss), curve in panel.groupby(["objective", "activation", "loss"]):
            (color, _), line = OBJECTIVES[str(objective)], theme.LOSS_LINES[str(loss)]
            marker = theme.ACTIVATION_MARKERS[str(activation)]
            theme.mean_and_interval(axes, curve, "width", "drift", color, style=line, marker=marker)
        widths = np.sort(panel["width"].unique())
        axes.axhline(DEPARTURE, color="black", linestyle=":", linewidth=1)
        for slope in (-0.5, -1.0):
            axes.plot(widths, 8 * (widths / widths[0]) ** slope, color="grey", linewidth=0.8)
    theme.logarithmic(grid)
    theme.over_widths(grid)
    theme.label_panels(grid, x="width $h$", y=r"$\|\Theta(t)-\Theta(0)\|_F/\|\Theta(0)\|_F$")
    handles = [Line2D([], [], color=color, label=label) for color, label in OBJECTIVES.values()]
    handles += _activation_handles(rows, colored=False) + theme.loss_handles(rows["loss"], "grey")
    handles.append(Line2D([], [], color="black", linestyle=":", label=f"departure: {DEPARTURE}"))
    handles.append(Line2D([], [], color="grey", linewidth=0.8, label="slopes −1/2, −1"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def departure_times(departures: pd.DataFrame) -> Figure:
    """ln ‖U_0 − U(0)‖_F/√N at t_0.5, U_0 by the kernel of the net's start, over the width; lines of slope ½ in ln h."""
    rows = departures[departures["objective"] == "dot-product"]
    rows = rows.assign(corrected=np.log(rows["frozen_change"]))
    grid = sns.FacetGrid(rows, **theme.layout(rows), **PANELS)
    for axes, panel in theme.panels(grid, rows):
        for (activation, loss), curve in panel.groupby(["activation", "loss"]):
            color = theme.ACTIVATION_COLORS[str(activation)]
            marker = theme.ACTIVATION_MARKERS[str(activation)]
            means = curve.groupby("width")["corrected"].mean()
            filled = color if loss == "contrastive" else "white"
            axes.plot(curve["width"], curve["corrected"], ".", color=color, markersize=2, alpha=0.4)
            axes.plot(means.index, means, marker, color=color, markerfacecolor=filled, markersize=5)
            logs = np.log(means.index.to_numpy(dtype=np.float64))
            line = means.mean() + (logs - logs.mean()) / 2
            axes.plot(means.index, line, theme.LOSS_LINES[str(loss)], color=color, linewidth=0.9)
        axes.set_xscale("log", base=2)
    theme.label_panels(grid, x="width $h$", y=r"$\ln\|U_0-U(0)\|_F/\sqrt{N}$")
    handles = _activation_handles(rows, colored=True) + theme.loss_handles(rows["loss"], "grey")
    handles.append(Line2D([], [], color="grey", label=r"slope $\frac{1}{2}$ in $\ln h$, through the mean"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def after_departure(kernel_drift: pd.DataFrame) -> Figure:
    """√|L| of the widest nets around their departure, in units of that moment; the prediction for linear nets."""
    rows = kernel_drift[(kernel_drift["objective"] == "dot-product") & (kernel_drift["since_departure"] > -2)]
    rows = rows[rows["width"] == rows["width"].max()]
    grid = sns.FacetGrid(rows, **theme.layout(rows), **PANELS)
    for axes, panel in theme.panels(grid, rows):
        for (activation, loss, _), run in panel.groupby(["activation", "loss", "seed"]):
            departed = run["since_departure"] >= 0
            moment = run["value"].abs()[departed].iloc[0] / np.exp(2 * run["since_departure"][departed].iloc[0])
            size, color = np.sqrt(run["value"].abs() / moment), theme.ACTIVATION_COLORS[str(activation)]
            axes.plot(run["since_departure"], size, theme.LOSS_LINES[str(loss)], color=color, linewidth=0.9)
        delays = panel["limit_delay"].dropna().unique()
        for delay in delays:
            x = delay - np.geomspace(delay + 2, 0.02, 100)
            axes.plot(x, np.sinh(delay) / np.sinh(delay - x), ":", color="black", linewidth=1.2)
        axes.set_ylim(0.05, 1000)
        axes.axvline(0, color="lightgrey", linewidth=0.8, zorder=0)
    grid.set(yscale="log")
    theme.label_panels(grid, x=r"time since the departure, $\mu_h(t-t_{0.5})$", y=r"$\sqrt{|L|}$, 1 at the departure")
    handles = [
        Line2D([], [], color=color, label=theme.ACTIVATION_NAMES[name])
        for name, color in theme.ACTIVATION_COLORS.items()
        if name in set(rows["activation"])
    ]
    handles += theme.loss_handles(rows["loss"], "grey")
    handles.append(Line2D([], [], color="black", linestyle=":", label="predicted, identity"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def _activation_handles(rows: pd.DataFrame, *, colored: bool) -> list[Line2D]:
    present = set(rows["activation"])
    return [
        Line2D(
            [],
            [],
            color=theme.ACTIVATION_COLORS[name] if colored else "grey",
            linestyle="",
            marker=marker,
            label=theme.ACTIVATION_NAMES[name],
        )
        for name, marker in theme.ACTIVATION_MARKERS.items()
        if name in present
    ]
