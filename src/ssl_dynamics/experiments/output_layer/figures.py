"""Figure of nets whose output layer alone is orthogonal."""

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


def output_layer(output_layer: pd.DataFrame) -> Figure:
    """Change of ln(σ_2/σ_1) of representations over the slow time, first layer free; lines theory, points training.

    Means over the starts; dashed the first layer at rest, which keeps them.
    """
    rows = output_layer.assign(
        trained=output_layer["log_ratio"] - output_layer["frozen"],
        theory=output_layer["predicted"] - output_layer["frozen"],
    )
    grid = panels.grid(rows, by_loss=True)
    for axes, panel in panels.panels(grid, rows):
        for nets, (color, marker, _) in NETS.items():
            means = panel[panel["nets"] == nets].groupby("time")[["trained", "theory"]].mean()
            axes.plot(means.index, means["theory"], color=color)
            axes.plot(means.index, means["trained"], marker, color=color, markersize=3.5)
        axes.axhline(0, color=theme.CONTROL, linestyle="--", linewidth=0.9)
    present = set(rows["nets"])
    handles = [
        panels.line(label, color, marker=marker) for nets, (color, marker, label) in NETS.items() if nets in present
    ]
    handles.append(panels.line("first layer at rest", theme.CONTROL, "--"))
    return panels.finished(
        grid, x=r"slow time $2|\lambda_1|\kappa t/h$", y=r"change of $\ln(\sigma_2/\sigma_1)$", handles=handles
    )
