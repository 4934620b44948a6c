"""Figure of training on the spectral contrastive loss."""

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import panels, theme


def spectral_contrastive(spectral_values: pd.DataFrame) -> Figure:
    """Singular values over training on the spectral contrastive loss; lines theory, points training, dotted the limit.

    A line for each seed; the limits are √γ_k, the roots of the correlations of the two views.
    """
    colors = theme.shades(spectral_values["direction"])
    grid = panels.grid(spectral_values, sharex=False)
    for axes, panel in panels.panels(grid, spectral_values):
        for (direction, _), curve in panel.groupby(["direction", "seed"]):
            axes.plot(curve["time"], curve["predicted"], color=colors[direction], linewidth=0.7)
            axes.plot(curve["time"], curve["value"], ".", color=colors[direction], markersize=2.5)
        for direction, limit in panel.groupby("direction")["limit"].first().items():
            axes.axhline(limit, color=colors[direction], linestyle=":", linewidth=0.9)
    handles = [panels.line(rf"$\sigma_{{{k}}}$", color, marker=".") for k, color in colors.items()]
    handles += [*panels.theory_and_training("."), panels.line(r"$\sqrt{\gamma_k}$", theme.CONTROL, ":")]
    return panels.finished(grid, x="time $t$", y="singular value", handles=handles)
