"""Figures of the accuracy of probes over time."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme

PROBE_COLORS = {"ridge": theme.WINE, "nearest-mean": theme.SKY}
UNCONSTRAINED, CONSTRAINED = theme.DYNAMICS_COLORS["unconstrained"], theme.DYNAMICS_COLORS["grassmannian"]
OVER_TIME = {
    "collapsed": (UNCONSTRAINED, "unconstrained, as it collapses"),
    "span": (theme.PINK, "its span, orthonormal basis"),
}
LEVELS: dict[str, tuple[theme.Color | str, theme.Style, str]] = {  # the same at all times
    "constrained": (CONSTRAINED, "-", "constrained, at the end"),
    "pca": (theme.CONTROL, "--", "PCA, z components"),
    "items": (theme.CONTROL, ":", "raw items"),
}


def downstream(accuracy: pd.DataFrame) -> Figure:
    """Test accuracy over time, trained (points) and predicted (lines), a curve for each seed."""
    rows = accuracy[accuracy["time"] > 0]
    grid = panels.grid(rows, scales={"x": "log"}, sharex=False, sharey="row")
    for axes, panel in panels.panels(grid, rows):
        for (probe, _), curve in panel.groupby(["probe", "seed"]):
            color = PROBE_COLORS[str(probe)]
            axes.plot(curve["time"], curve["predicted"], color=color, linewidth=0.6)
            axes.plot(curve["time"], curve["trained"], ".", color=color, markersize=2.5)
    handles = [
        panels.line(f"{probe}, trained (points) and predicted (lines)", color, marker=".")
        for probe, color in PROBE_COLORS.items()
    ]
    return panels.finished(grid, x=r"time $t$", y="test accuracy", handles=handles)


def probes(probes: pd.DataFrame) -> Figure:
    """Test accuracy of the ridge probe on the collapsing model over time, beside what keeps its rank.

    On a logarithmic axis of time, since all happens early; wide and pale the level that the span approaches.
    """
    rows = probes[(probes["probe"] == "ridge") & (probes["time"] > 0)]
    grid = panels.grid(rows, scales={"x": "log"}, sharex=False, sharey="row")
    for axes, panel in panels.panels(grid, rows):
        for model, (color, style, _) in LEVELS.items():
            axes.axhline(panel[model].mean(), linestyle=style, color=color, zorder=1, **_look(model))
        for model, (color, _) in OVER_TIME.items():
            marks.mean_and_interval(axes, panel, "time", model, color, marker=".")
    handles = [panels.line(label, color, marker=".") for color, label in OVER_TIME.values()]
    handles += [panels.line(label, color, style, **_look(model)) for model, (color, style, label) in LEVELS.items()]
    return panels.finished(grid, x=r"time $t$", y="test accuracy", handles=handles)


def _look(model: str) -> dict[str, Any]:
    return {"linewidth": 3, "alpha": 0.4} if model == "constrained" else {"linewidth": 1}
