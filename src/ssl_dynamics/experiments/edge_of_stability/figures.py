"""Figure of training beyond the edge of stability."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.experiments.edge_of_stability.config import ORBITS
from ssl_dynamics.figures import panels, theme

COLORS = {"qr": theme.DYNAMICS_COLORS["grassmannian"], "geodesic": theme.WINE}
NAMES = {"qr": "QR", "polar": "polar", "geodesic": "exponential map"}
MARKERS = {"qr": ("o", 5.0), "polar": ("o", 1.5), "geodesic": ("o", 5.0)}
SECOND = "D"


def edge_of_stability(edge_orbit: pd.DataFrame) -> Figure:
    """Angle to the leading eigenspace in which training ends against the step size; lines theory, points training.

    The step size is that in units of the largest one at which the pair of eigenvalues is stable; of every start both
    points of the orbit are drawn, the second as its mirror image.
    """
    trained = edge_orbit["angle"].notna()
    curves = edge_orbit[~trained]
    points = edge_orbit[trained & (edge_orbit["edge"] >= curves["edge"].min() * (1 - 1e-9))]
    grid = panels.grid(points, by_loss=True)
    curves_of = dict(panels.panels(grid, curves))
    for axes, panel in panels.panels(grid, points):
        for orbit, curve in curves_of[axes].groupby("retraction"):
            for side in (-1, 1):
                axes.plot(curve["edge"], side * np.degrees(curve["predicted"]), color=COLORS[str(orbit)], linewidth=0.8)
        axes.axvline(1, color=theme.GUIDE, linestyle=":", linewidth=0.8)
        for (retraction, pair), part in panel.groupby(["retraction", "pair"]):
            marker, size = MARKERS[str(retraction)]
            sides = np.where(part["time"] == part["time"].max(), 1, -1)
            axes.plot(
                part["edge"],
                sides * np.degrees(part["angle"]),
                SECOND if float(str(pair)) > 1 else marker,
                color=COLORS[ORBITS[str(retraction)]],
                markersize=size,
                markerfacecolor="none" if size > 2 else None,
                markeredgewidth=0.7,
            )
    handles = [
        *(
            panels.line(
                name,
                COLORS[ORBITS[retraction]],
                "" if retraction == "polar" else "-",
                marker,
                markersize=size,
                markerfacecolor="none" if size > 2 else None,
            )
            for retraction, name in NAMES.items()
            for marker, size in [MARKERS[retraction]]
        ),
        *(
            [panels.line("second pair", theme.GUIDE, "", SECOND, markersize=5.0, markerfacecolor="none")]
            if (points["pair"] > 1).any()
            else []
        ),
    ]
    return panels.finished(
        grid, x=r"$\eta\,(\lambda_{d+1-i}-\lambda_i)$, pair $i$", y="angle (degrees)", handles=handles
    )
