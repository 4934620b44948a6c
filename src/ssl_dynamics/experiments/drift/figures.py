"""Figures of trained nets of large width: the drift of their tangent kernels, when they depart, what follows."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import marks, panels, theme
from ssl_dynamics.problem.levels import DEPARTURE

OBJECTIVES = {
    "supervised": "supervised, at its end",
    "cosine": "cosine, at its plateau",
    "dot-product": "dot product, departed",
}
FALLING = ("supervised", "cosine")
MOST = 100.0  # drift that is shown: the last step of a net that blows up takes it anywhere


def kernel_drift(departures: pd.DataFrame) -> Figure:
    """Drift of the kernel at the end (100 at most) over the width, by objective; geometric mean, 95 % interval."""
    present = [name for name in OBJECTIVES if name in set(departures["objective"])]
    figure, cells = panels.table(departures, len(present), by_loss=False, sharex=True, sharey="row")
    for line, (title, cell) in cells:
        for axes, objective in zip(line, present, strict=True):
            axes.set(yscale="log")
            panels.over_widths(axes)
            rows = cell[cell["objective"] == objective]
            rows = rows.assign(drift=rows["drift"].clip(upper=MOST))
            if objective == "supervised":  # of both losses the same
                rows = rows[rows["loss"] == rows["loss"].min()]
            for (activation, loss), curve in rows.groupby(["activation", "loss"]):
                color, marker = theme.ACTIVATION_COLORS[str(activation)], theme.ACTIVATION_MARKERS[str(activation)]
                style = theme.LOSS_LINES[str(loss)] if objective != "supervised" else "-"
                marks.mean_and_interval(axes, curve, "width", "drift", color, style=style, marker=marker)
            axes.axhline(DEPARTURE, color=theme.THEORY, linestyle=":", linewidth=1)
            if objective in FALLING:
                _slopes(axes, rows)
            panels.head(axes, OBJECTIVES[objective] + (f", ≤ {MOST:g} shown" if (rows["drift"] == MOST).any() else ""))
        panels.name_row(line[-1], title)
    handles = [
        *_activation_handles(departures),
        *panels.loss_handles(departures["loss"]),
        panels.line(f"departure: {DEPARTURE}", theme.THEORY, ":"),
        panels.line("slopes −1/2, −1", theme.GUIDE, linewidth=0.5),
    ]
    y = r"$\|\Theta(t)-\Theta(0)\|_F/\|\Theta(0)\|_F$"
    return panels.tidied(figure, x="width $h$", y=y, handles=handles)


def departure_times(departures: pd.DataFrame) -> Figure:
    """ln ‖U_0 − U(0)‖_F/√N at t_0.5, U_0 by the kernel of the net's start, over the width; lines of slope ½ in ln h."""
    rows = departures[departures["objective"] == "dot-product"]
    rows = rows.assign(corrected=np.log(rows["frozen_change"]))
    grid = panels.grid(rows, by_loss=True, sharex=False, sharey=False)
    for axes, panel in panels.panels(grid, rows):
        for activation, curve in panel.groupby("activation"):
            color = theme.ACTIVATION_COLORS[str(activation)]
            means = curve.groupby("width")["corrected"].mean()
            axes.plot(curve["width"], curve["corrected"], ".", color=color, markersize=2, alpha=0.4)
            axes.plot(means.index, means, theme.ACTIVATION_MARKERS[str(activation)], color=color, markersize=4)
            logs = np.log(means.index.to_numpy(dtype=np.float64))
            axes.plot(means.index, means.mean() + (logs - logs.mean()) / 2, color=color, linewidth=0.9)
        panels.over_widths(axes)
    handles = _activation_handles(rows, style="", markersize=4)
    handles.append(panels.line(r"slope $\frac{1}{2}$ in $\ln h$, through the mean", theme.CONTROL))
    return panels.finished(grid, x="width $h$", y=r"$\ln\|U_0-U(0)\|_F/\sqrt{N}$", handles=handles)


def after_departure(kernel_drift: pd.DataFrame) -> Figure:
    """√|L| of the widest nets around their departure, in units of that moment; the prediction for linear nets."""
    rows = kernel_drift[(kernel_drift["objective"] == "dot-product") & (kernel_drift["since_departure"] > -2)]
    rows = rows[rows["width"] == rows["width"].max()]
    grid = panels.grid(rows, by_loss=True, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, rows):
        for (activation, _), run in panel.groupby(["activation", "seed"]):
            departed = run["since_departure"] >= 0
            moment = run["value"].abs()[departed].iloc[0] / np.exp(2 * run["since_departure"][departed].iloc[0])
            size, color = np.sqrt(run["value"].abs() / moment), theme.ACTIVATION_COLORS[str(activation)]
            axes.plot(run["since_departure"], size, color=color, linewidth=0.9)
        for delay in panel["limit_delay"].dropna().unique():
            x = delay - np.geomspace(delay + 2, 0.02, 100)
            axes.plot(x, np.sinh(delay) / np.sinh(delay - x), ":", color=theme.THEORY, linewidth=1.2)
        axes.set_ylim(0.05, 1000)
        axes.axvline(0, color=theme.GUIDE, alpha=0.2, linewidth=0.8, zorder=0)
    handles = [*_activation_handles(rows, marker=False), panels.line("predicted, identity", theme.THEORY, ":")]
    x, y = r"time since the departure, $\mu_h(t-t_{0.5})$", r"$\sqrt{|L|}$, 1 at the departure"
    return panels.finished(grid, x=x, y=y, handles=handles)


def _slopes(axes: Axes, rows: pd.DataFrame) -> None:
    """Lines of slope −1/2 and −1 from above the highest mean at the least width."""
    widths = np.sort(rows["width"].unique())
    start = 2 * rows[rows["width"] == widths[0]].groupby(["activation", "loss"])["drift"].mean().max()
    for slope in (-0.5, -1.0):
        axes.plot(widths, start * (widths / widths[0]) ** slope, color=theme.GUIDE, linewidth=0.5)


def _activation_handles(
    rows: pd.DataFrame, *, style: theme.LineStyle = "-", marker: bool = True, markersize: float = 3
) -> list[Line2D]:
    present = set(rows["activation"])
    return [
        panels.line(
            theme.ACTIVATION_NAMES[name], theme.ACTIVATION_COLORS[name], style, shape * marker, markersize=markersize
        )
        for name, shape in theme.ACTIVATION_MARKERS.items()
        if name in present
    ]
