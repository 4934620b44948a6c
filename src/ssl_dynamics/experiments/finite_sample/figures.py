"""Figure of the spans of finite samples."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme


def finite_sample(sines: pd.DataFrame) -> Figure:
    """Sine of the largest angle between learned and true span against 1/n + 1/N, a point for each sample."""
    grid = sns.FacetGrid(sines, **theme.layout(sines), sharex=False)
    for axes, panel in theme.panels(grid, sines):
        axes.plot(panel["inverse_size"], panel["sine"], ".", color=theme.PALETTE[0], markersize=3, alpha=0.6)
        means = panel.groupby("inverse_size")[["sine"]].mean()
        axes.plot(means.index, means["sine"], "o-", color=theme.PALETTE[0], markersize=4)
        theme.write_slope(axes, means["sine"], "1/2", theme.PALETTE[0], place="end")
        slope = means["sine"].iloc[0] * np.sqrt(means.index / means.index[0])
        axes.plot(means.index, slope, ":", color="black", linewidth=1)
        axes.set_xlim(means.index.min() / 1.3, means.index.max() * 1.8)  # room for the slope behind the line
    theme.logarithmic(grid)
    theme.label_panels(grid, x="$1/n + 1/N$", y=r"$\sin\theta_{\max}$")
    handles = [
        Line2D([], [], color=theme.PALETTE[0], marker="o", label="samples of n triplets, mean"),
        Line2D([], [], color="black", linestyle=":", label="slope 1/2"),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
