"""Figure of nets whose output layer alone is orthogonal."""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.experiments.output_layer.config import OPTIMUM, RANDOM
from ssl_dynamics.figures import panels, theme

NETS = {
    OPTIMUM: (theme.DYNAMICS_COLORS["grassmannian"], "s", "linear, from the constrained optimum"),
    RANDOM: (theme.WINE, "o", "linear, random start"),
    "relu": (theme.SKY, "^", "ReLU"),
    "erf": (theme.TAN, "D", "erf"),
}
SIZES = 2.0, 5.0  # of the points, from the narrowest nets to the widest


def output_layer(output_layer: pd.DataFrame, output_layer_curve: pd.DataFrame) -> Figure:
    """Change of ln(σ_2/σ_1) of representations over the slow time, first layer free; lines theory, points training.

    Means over the starts; the wider the nets, the larger the points. Dashed no change, as with the first layer at rest
    and W_2 at its optimum.
    """
    fine = set(output_layer_curve["nets"])
    theory = pd.concat([output_layer[~output_layer["nets"].isin(fine)], output_layer_curve])
    grid = panels.grid(output_layer, by_loss=True)
    theory_of = dict(panels.panels(grid, theory))
    widths = sorted(output_layer["width"].unique())
    sizes = dict(zip(widths, np.linspace(*SIZES, len(widths)), strict=True))
    for axes, panel in panels.panels(grid, output_layer):
        for (nets, (color, marker, _)), (width, size) in product(NETS.items(), sizes.items()):
            predicted = _mean_change(theory_of[axes], nets, width, "predicted")
            axes.plot(predicted.index, predicted, color=color, linewidth=size / 4)
            trained = _mean_change(panel, nets, width, "log_ratio")
            axes.plot(trained.index, trained, marker, color=color, markersize=size, markerfacecolor="none")
        axes.axhline(0, color=theme.CONTROL, linestyle="--", linewidth=0.9)
    present = set(output_layer["nets"])
    handles = [
        panels.line(label, color, marker=marker, markerfacecolor="none")
        for nets, (color, marker, label) in NETS.items()
        if nets in present
    ]
    handles += [
        panels.line(f"$h={width}$", theme.GUIDE, "-", "o", linewidth=size / 4, markersize=size, markerfacecolor="none")
        for width, size in sizes.items()
    ]
    lines, points = panels.theory_and_training("o")
    points.set_markerfacecolor("none")
    handles += [lines, points, panels.line("no change", theme.CONTROL, "--")]
    return panels.finished(
        grid, x=r"slow time $2|\lambda_1|\kappa t/h$", y=r"change of $\ln(\sigma_2/\sigma_1)$", handles=handles
    )


def _mean_change(rows: pd.DataFrame, nets: str, width: int, column: str) -> "pd.Series[float]":
    """Mean over the starts of what a column has changed by, over time."""
    own = rows[(rows["nets"] == nets) & (rows["width"] == width)]
    return (own[column] - own["frozen"]).groupby(own["time"]).mean()
