"""Figures of the objectives beyond the dot product: where they lead, and InfoNCE at high temperature."""

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme

OBJECTIVES = {
    "dot-product": (theme.DYNAMICS_COLORS["grassmannian"], "dot product"),
    "info-nce": (theme.WINE, "InfoNCE"),
    "nt-xent": (theme.SKY, "NT-Xent"),
    "vicreg": (theme.PINK, "VICReg"),
    "barlow-twins": (theme.TAN, "Barlow Twins"),
}
DISTANCES: dict[str, tuple[theme.Color, theme.Style, str]] = {
    "sine": (theme.WINE, "-", r"$\sin\theta_{\max}$ to the eigenspace of the in-batch $C$"),
    "sine_own_negatives": (theme.WINE, "--", "control: of the $C$ of the triplets' own negatives"),
    "distance": (theme.SKY, "-", r"$\|P-P'\|_F/\sqrt{2z}$ from the predicted departure"),
    "distance_faster": (theme.SKY, "--", "control: from 1.1 of it"),
}


def objectives(objectives: pd.DataFrame) -> Figure:
    """Mean sin² of the angles to the leading eigenspace of C along training, a panel for each objective.

    Every seed in colour, those of the other objectives in grey.
    """
    rows = objectives[objectives["time"] > 0]
    present = {name: look for name, look in OBJECTIVES.items() if name in set(rows["objective"])}
    figure, cells = panels.table(rows, len(present), sharex=True, sharey=True)
    for line, (title, cell) in cells:
        for axes, (name, (color, label)) in zip(line, present.items(), strict=True):
            for (objective, _), curve in cell.groupby(["objective", "seed"]):
                own = objective == name
                axes.plot(
                    curve["time"],
                    curve["mean_square_sine"],
                    color=color if own else theme.CONTROL,
                    alpha=1 if own else 0.25,
                    linewidth=0.8 if own else 0.5,
                    zorder=2 if own else 1,
                )
            axes.set(xscale="log", ylim=(-0.02, 1.02))
            panels.head(axes, label, color)
        panels.name_row(line[-1], title)
    return panels.tidied(figure, x=r"time $t\,\|\xi(0)\|_F$", y=r"mean $\sin^2\theta$")


def temperatures(temperatures: pd.DataFrame) -> Figure:
    """Distances of InfoNCE's minimiser from what is predicted, against the temperature; geometric mean."""
    grid = panels.grid(temperatures, scales={"x": "log", "y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, temperatures):
        for column, (color, style, _) in DISTANCES.items():
            marks.mean_and_interval(axes, panel, "temperature", column, color, style=style, marker=".")
    handles = [panels.line(label, color, style, ".") for color, style, label in DISTANCES.values()]
    return panels.finished(grid, x=r"temperature $\tau$", y="distance", handles=handles)
