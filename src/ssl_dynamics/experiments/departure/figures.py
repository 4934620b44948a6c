"""Figures of the departure of linear nets from their tangent kernel, over widths."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import panels, theme

WIDTH = "width $h$"
EXTRAPOLATIONS = ("as trained", "extrapolated once", "extrapolated twice")
MOMENTS: dict[str, tuple[theme.Style, str]] = {
    "fixed": ("-", r"at $t=2/\mu$"),
    "logarithmic": ("--", r"at $t=(\ln h/2-1)/\mu$"),
}


def departure(departure: pd.DataFrame) -> Figure:
    """2μ times the time of departure over widths: Gram equations and law (lines), trained nets (points); every seed."""
    colors = panels.by_loss(departure["loss"])
    grid = panels.grid(departure, by_loss=True)
    for axes, panel in panels.panels(grid, departure):
        for (loss, _), seed in panel.groupby(["loss", "seed"]):
            color = colors[str(loss)]
            solved, trained = (seed[seed["model"] == model].sort_values("width") for model in ("equations", "nets"))
            axes.plot(solved["width"], 2 * solved["departure"], color=color, linewidth=0.7)
            axes.plot(solved["width"], 2 * solved["law"], ":", color=theme.THEORY, linewidth=0.7)
            axes.plot(trained["width"], 2 * trained["departure"], "o", color=color, markersize=3)
        panels.over_widths(axes)
    handles = [
        *(
            panels.line(f"{loss}: equations (lines), trained nets (points)", color, marker="o")
            for loss, color in colors.items()
        ),
        panels.line(r"law of one mode, slope 1 in $\ln h$", theme.THEORY, ":"),
    ]
    return panels.finished(grid, x=WIDTH, y=r"$2\mu\,t_{0.5}$", handles=handles)


def departure_slope(departure: pd.DataFrame) -> Figure:
    """Slope of 2μ t_0.5 in ln h between neighbouring widths, by the Gram equations; every seed."""
    colors = panels.by_loss(departure["loss"])
    rows = departure[departure["model"] == "equations"]
    grid = panels.grid(rows, by_loss=True)
    for axes, panel in panels.panels(grid, rows):
        for (loss, _), seed in panel.groupby(["loss", "seed"]):
            ordered = seed.sort_values("width")
            x = np.log(ordered["width"].to_numpy())
            slope = 2 * np.diff(ordered["departure"]) / np.diff(x)
            axes.plot(np.exp((x[1:] + x[:-1]) / 2), slope, "-", color=colors[str(loss)], linewidth=0.7)
        axes.axhline(1, color=theme.THEORY, linestyle=":", linewidth=1)
        panels.over_widths(axes)
    handles = [
        *(panels.line(loss, color) for loss, color in colors.items()),
        panels.line("law of one mode", theme.THEORY, ":"),
    ]
    return panels.finished(grid, x=WIDTH, y=r"$2\mu\,\mathrm{d}t_{0.5}/\mathrm{d}\ln h$", handles=handles)


def blow_up(blow_up: pd.DataFrame) -> Figure:
    """μ times the time from departure to blow-up over widths: Gram equations (points), law of one mode (line)."""
    colors = panels.by_loss(blow_up["loss"])
    grid = panels.grid(blow_up, by_loss=True)
    for axes, panel in panels.panels(grid, blow_up):
        for loss, rows in panel.groupby("loss"):
            axes.plot(rows["width"], rows["remaining"], "o", color=colors[str(loss)], markersize=3, alpha=0.7)
            axes.axhline(rows["law_remaining"].iloc[0], color=theme.THEORY, linestyle=":", linewidth=1)
        panels.over_widths(axes)
    handles = [
        *(panels.line(f"{loss}: equations", color, "", "o", alpha=0.7) for loss, color in colors.items()),
        panels.line("law of one mode", theme.THEORY, ":"),
    ]
    return panels.finished(grid, x=WIDTH, y=r"$\mu\,(t_\infty-t_{0.5})$", handles=handles)


def fixed_time(fixed_time: pd.DataFrame) -> Figure:
    """Drift over widths at one time for all and at one that grows with ln h; every seed; slope −1 for the eye."""
    colors = panels.by_loss(fixed_time["loss"])
    grid = panels.grid(fixed_time, by_loss=True, scales={"y": "log"})
    for axes, panel in panels.panels(grid, fixed_time):
        for (loss, moment, _), curve in panel.groupby(["loss", "moment", "seed"]):
            ordered, style = curve.sort_values("width"), MOMENTS[str(moment)][0]
            axes.plot(ordered["width"], ordered["drift"], style, color=colors[str(loss)], linewidth=0.7)
        widths = np.sort(panel["width"].unique())
        lowest = panel[panel["moment"] == "fixed"].groupby("width")["drift"].min()
        axes.plot(widths, lowest.iloc[-1] / 10 * widths[-1] / widths, ":", color=theme.GUIDE, linewidth=1)
        panels.over_widths(axes)
    handles = [
        *(panels.line(loss, color) for loss, color in colors.items()),
        *(panels.line(label, style=style) for style, label in MOMENTS.values()),
        panels.line(r"slope $-1$", theme.GUIDE, ":"),
    ]
    return panels.finished(grid, x=WIDTH, y="kernel drift", handles=handles)


def gram_nets(gram_nets: pd.DataFrame) -> Figure:
    """Difference in time of departure between trained nets and Gram equations over step sizes, also extrapolated."""
    grid = panels.grid(gram_nets, scales={"x": "log", "y": "log"})
    widths = dict(zip(sorted(gram_nets["width"].unique()), "osD^v", strict=False))
    for axes, panel in panels.panels(grid, gram_nets):
        for (extrapolations, width), nets in panel.groupby(["extrapolations", "width"]):
            color = theme.EXTRAPOLATION_COLORS[int(str(extrapolations))]
            axes.plot(nets["step"], nets["error"], widths[width], color=color, markersize=3, alpha=0.6)
    steps = sorted(gram_nets["step"].unique())
    handles = [
        *(
            panels.line(label, color, "", "o")
            for color, label in zip(theme.EXTRAPOLATION_COLORS.values(), EXTRAPOLATIONS, strict=True)
        ),
        *(panels.line(f"h = {width:g}", theme.CONTROL, "", marker) for width, marker in widths.items()),
    ]
    figure = panels.finished(grid, x=r"step size $\mu\eta$", y=r"$\mu\,|t-t'|$", handles=handles)
    grid.set(xticks=steps, xticklabels=[f"{step:.3g}" for step in steps])
    return figure
