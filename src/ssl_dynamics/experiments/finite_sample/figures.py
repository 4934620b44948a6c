"""Figure of the spans of finite samples."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme


def finite_sample(sines: pd.DataFrame) -> Figure:
    """Sine of the largest angle between learned and true span against 1/n + 1/N, a point for each sample."""
    color = theme.LOSS_COLORS["contrastive"]
    grid = panels.grid(sines, scales={"x": "log", "y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, sines):
        axes.plot(panel["inverse_size"], panel["sine"], ".", color=color, markersize=3, alpha=0.4)
        means = np.exp(np.log(panel["sine"]).groupby(panel["inverse_size"]).mean())
        axes.plot(means.index, means, "o-", color=color, markersize=4, linewidth=1)
        marks.write_slope(axes, means, "1/2", place="end")
        axes.plot(
            means.index, means.iloc[0] * np.sqrt(means.index / means.index[0]), ":", color=theme.GUIDE, linewidth=1
        )
        axes.set_xlim(means.index.min() / 1.3, means.index.max() * 2.2)  # room for the slope behind the line
    handles = [
        panels.line("a sample of n triplets", color, "", ".", alpha=0.4),
        panels.line("their mean", color, marker="o", markersize=4),
        panels.line("slope 1/2", theme.GUIDE, ":"),
        marks.SLOPES,
    ]
    return panels.finished(grid, x="$1/n + 1/N$", y=r"$\sin\theta_{\max}$", handles=handles)
