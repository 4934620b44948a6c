"""Figure of the noise of mini-batches."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme


def mini_batch(noise: pd.DataFrame) -> Figure:
    """Deviation ‖P − P'‖_F/√(2z) from the flow against η‖C‖/B, mean and 95 % interval; dashed: of the full batch."""
    noise = noise.assign(ratio=noise["step"] / noise["batch"])
    grid = sns.FacetGrid(noise, **theme.layout(noise), sharex=False)
    steps = sorted(noise["step"].unique())
    colors = dict(zip(steps, sns.color_palette("viridis", len(steps)), strict=True))
    for axes, panel in theme.panels(grid, noise):
        for step, group in panel.groupby("step"):
            theme.mean_and_interval(axes, group, "ratio", "deviation", colors[step])
            full = group.groupby("ratio")["deviation_full"].mean()
            axes.plot(full.index, full, "--", color=colors[step], linewidth=0.8)
        ratios = np.sort(panel["ratio"].unique())
        means = panel.groupby("ratio")["deviation"].mean()
        theme.write_slope(axes, means, "1/2")
        axes.plot(ratios, means.iloc[0] * np.sqrt(ratios / ratios[0]), ":", color="black", linewidth=1)
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"$\eta\,\|C\|/B$", y="deviation")
    handles = [
        Line2D([], [], color=color, marker="o", label=rf"$\eta\|C\| = {step:g}$") for step, color in colors.items()
    ]
    handles += [
        Line2D([], [], color="black", linestyle=":", label="slope 1/2"),
        Line2D([], [], color="grey", linestyle="--", label="full batch"),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)
