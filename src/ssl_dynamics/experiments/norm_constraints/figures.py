"""Figure of constraints on norms beside orthogonality."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.experiments.norm_constraints.config import COLUMNS, FROBENIUS, ORTHOGONAL, SPECTRAL
from ssl_dynamics.figures import panels, theme

# Two of them are the same to all digits: larger rings around the points of the other.
STYLES = {
    FROBENIUS: (theme.DYNAMICS_COLORS["unconstrained"], ".", 3.0),
    COLUMNS: (theme.INDIGO, "x", 3.0),
    SPECTRAL: (theme.WINE, "o", 5.0),
    ORTHOGONAL: (theme.DYNAMICS_COLORS["grassmannian"], ".", 3.0),
}


def norm_constraints(norm_ranks: pd.DataFrame) -> Figure:
    """Effective rank over time under four constraints on W, from the same starts; lines theory, points training.

    1 + exp of the mean over the seeds of ln(effective rank − 1), from the first step on; dotted, at the start. The line
    of orthogonality is that of the spectral norm too, but where that lets a singular value shrink.
    """
    keys = ["dataset", "loss", "dimension", "constraint", "time"]
    every = norm_ranks.groupby(keys)[["excess", "predicted"]].mean().reset_index()
    means = every[every["time"] > 0]
    grid = panels.grid(means, by_loss=True, scales={"x": "log"}, sharex=False)
    starts = dict(panels.panels(grid, every[every["time"] == 0]))
    for axes, panel in panels.panels(grid, means):
        axes.axhline(1 + np.exp(starts[axes]["excess"].mean()), color=theme.GUIDE, linestyle=":", linewidth=0.9)
        for constraint, (color, marker, size) in STYLES.items():
            curve = panel[panel["constraint"] == constraint]
            if constraint != SPECTRAL:
                axes.plot(curve["time"], 1 + np.exp(curve["predicted"]), color=color, linewidth=1)
            rank = 1 + np.exp(curve["excess"])
            axes.plot(curve["time"], rank, marker, color=color, markersize=size, markerfacecolor="none", linewidth=0)
    handles = [
        panels.line(name, color, "" if name == SPECTRAL else "-", marker, markersize=size, markerfacecolor="none")
        for name, (color, marker, size) in STYLES.items()
    ]
    handles += [panels.line("start, $t=0$", theme.GUIDE, ":"), *panels.theory_and_training(".")]
    return panels.finished(grid, x="time $t$", y="effective rank", handles=handles, title="constraint")
