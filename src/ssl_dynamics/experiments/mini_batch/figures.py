"""Figure of the noise of mini-batches."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme


def mini_batch(noise: pd.DataFrame) -> Figure:
    """Deviation ‖P − P'‖_F/√(2z) from the flow against η‖C‖/B; geometric mean, 95 % interval; dashed: full batch."""
    noise = noise.assign(ratio=noise["step"] / noise["batch"])
    grid = panels.grid(noise, scales={"x": "log", "y": "log"}, sharex=False)
    colors = theme.shades(noise["step"])
    for axes, panel in panels.panels(grid, noise):
        for step, group in panel.groupby("step"):
            marks.mean_and_interval(axes, group, "ratio", "deviation", colors[step])
            full = group.groupby("ratio")["deviation_full"].mean()
            axes.plot(full.index, full, "--", color=colors[step], linewidth=0.8)
        means = np.exp(np.log(panel["deviation"]).groupby(panel["ratio"]).mean())
        marks.write_slope(axes, means, "1/2")
        axes.plot(
            means.index, means.iloc[0] * np.sqrt(means.index / means.index[0]), ":", color=theme.GUIDE, linewidth=1
        )
    handles = [
        *(panels.line(rf"$\eta\|C\| = {step:g}$", color, marker="o") for step, color in colors.items()),
        panels.line("slope 1/2", theme.GUIDE, ":"),
        panels.line("full batch", theme.CONTROL, "--"),
        marks.SLOPES,
    ]
    return panels.finished(grid, x=r"$\eta\,\|C\|/B$", y="deviation", handles=handles)
