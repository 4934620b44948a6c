"""Figure of stepwise learning."""

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import panels, theme


def stepwise(stepwise_curves: pd.DataFrame) -> Figure:
    """Eigenvalues of WᵀΓW over time, from one small start: points training, lines theory, dotted the predicted times.

    The first seed of each cell.
    """
    rows = stepwise_curves[stepwise_curves["seed"] == stepwise_curves["seed"].min()]
    grid = panels.grid(rows, by_loss=True, scales={"x": "log"}, sharex=False)
    colors = theme.shades(rows["step"])
    for axes, panel in panels.panels(grid, rows):
        for step, curve in panel.groupby("step"):
            axes.axvline(curve["due"].iloc[0], color=colors[step], linestyle=":", linewidth=0.8)
            axes.plot(curve["time"], curve["predicted"], color=colors[step], linewidth=0.9)
            axes.plot(curve["time"], curve["eigenvalue"], "o", color=colors[step], markersize=2)
    handles = [
        *(panels.line(f"k = {step:g}", color, "-", "o", markersize=2) for step, color in colors.items()),
        *panels.theory_and_training("o"),
        panels.line("predicted step", theme.THEORY, ":"),
    ]
    return panels.finished(grid, x="time $t$", y=r"eigenvalue of $W^\top\Gamma W$", handles=handles)
