"""Figures of the objectives beyond the dot product: where they lead, and InfoNCE at high temperature."""

from typing import Literal

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme

OBJECTIVES = {
    "dot-product": (theme.DYNAMICS_COLORS["grassmannian"], "dot product"),
    "info-nce": (theme.INDIGO, "InfoNCE"),
    "nt-xent": (theme.PURPLE, "NT-Xent"),
    "vicreg": (theme.OLIVE, "VICReg"),
    "barlow-twins": (theme.PALETTE[9], "Barlow Twins"),
}
DISTANCES: dict[str, tuple[theme.Color, Literal["-", "--"], str]] = {
    "sine": (theme.INDIGO, "-", r"$\sin\theta_{\max}$ to the eigenspace of the in-batch $C$"),
    "sine_own_negatives": (theme.INDIGO, "--", "control: of the $C$ of the triplets' own negatives"),
    "distance": (theme.PURPLE, "-", r"$\|P-P'\|_F/\sqrt{2z}$ from the predicted departure"),
    "distance_faster": (theme.PURPLE, "--", "control: from 1.1 of it"),
}


def objectives(objectives: pd.DataFrame) -> Figure:
    """Mean sin² of the angles to the bottom-z eigenspace of C along training, a curve for each seed."""
    rows = objectives[objectives["time"] > 0]
    grid = sns.FacetGrid(rows, **theme.layout(rows), sharex=False)
    for axes, panel in theme.panels(grid, rows):
        for (objective, _), curve in panel.groupby(["objective", "seed"]):
            axes.plot(curve["time"], curve["mean_square_sine"], color=OBJECTIVES[str(objective)][0], linewidth=0.7)
    grid.set(xscale="log", ylim=(-0.02, 1.02))
    theme.label_panels(grid, x=r"time $t\,\|\xi(0)\|_F$", y=r"mean $\sin^2\theta$")
    handles = [Line2D([], [], color=color, label=name) for color, name in OBJECTIVES.values()]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def temperatures(temperatures: pd.DataFrame) -> Figure:
    """Distances of InfoNCE's minimiser from what is predicted, against the temperature; mean over the seeds."""
    means = temperatures.groupby(["dataset", "dimension", "temperature"], as_index=False)[list(DISTANCES)].mean()
    grid = sns.FacetGrid(means, **theme.layout(means), sharex=False)
    for axes, panel in theme.panels(grid, means):
        for column, (color, style, _) in DISTANCES.items():
            axes.plot(panel["temperature"], panel[column], style, marker=".", color=color)
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"temperature $\tau$", y="distance")
    handles = [
        Line2D([], [], color=color, linestyle=style, marker=".", label=label)
        for color, style, label in DISTANCES.values()
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
