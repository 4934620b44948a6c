"""Figures of A5 that speak of noise: finite samples and mini-batches."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme


def finite_sample(sines: pd.DataFrame) -> Figure:
    """Sine of the largest angle between learned and true span against 1/n + 1/N, a point for each sample."""
    grid = sns.FacetGrid(sines, row="dataset", col="dimension", height=theme.PANEL_HEIGHT, aspect=1.25, sharex=False)
    for axes, panel in theme.panels(grid, sines):
        axes.plot(panel["inverse_size"], panel["sine"], ".", color=theme.PALETTE[0], markersize=3, alpha=0.6)
        means = panel.groupby("inverse_size")[["sine", "sine_control"]].mean()
        axes.plot(means.index, means["sine"], "o-", color=theme.PALETTE[0], markersize=4)
        axes.plot(means.index, means["sine_control"], "--", color="grey")
        slope = means["sine"].iloc[0] * np.sqrt(means.index / means.index[0])
        axes.plot(means.index, slope, ":", color="black", linewidth=1)
    theme.logarithmic(grid)
    theme.label_panels(grid, x="$1/n + 1/N$", y=r"$\sin\theta_{\max}$")
    handles = [
        Line2D([], [], color=theme.PALETTE[0], marker="o", label="samples of n triplets, mean"),
        Line2D([], [], color="black", linestyle=":", label="slope 1/2"),
        Line2D([], [], color="grey", linestyle="--", label="control: rough reference"),
    ]
    grid.figure.legend(handles=handles, loc="upper center", ncols=3, frameon=False, bbox_to_anchor=(0.5, 0.0))
    return theme.finished(grid)


def mini_batch(noise: pd.DataFrame) -> Figure:
    """Deviation from the flow against η‖C‖/B, mean and range over the seeds, beside that of the full batch."""
    noise = noise.assign(ratio=noise["step"] / noise["batch"])
    grid = sns.FacetGrid(noise, row="dataset", col="dimension", height=theme.PANEL_HEIGHT, aspect=1.25, sharex=False)
    steps = sorted(noise["step"].unique())
    colors = dict(zip(steps, sns.color_palette("viridis", len(steps)), strict=True))
    for axes, panel in theme.panels(grid, noise):
        for step, group in panel.groupby("step"):
            by_ratio = group.groupby("ratio")
            mean = np.sqrt(by_ratio["deviation"].apply(lambda values: (values**2).mean()))
            full = np.sqrt(by_ratio["deviation_full"].apply(lambda values: (values**2).mean()))
            axes.fill_between(
                mean.index, by_ratio["deviation"].min(), by_ratio["deviation"].max(), color=colors[step], alpha=0.2
            )
            axes.plot(mean.index, mean, "o-", color=colors[step], markersize=3)
            axes.plot(full.index, full, "--", color=colors[step], linewidth=0.8)
        ratios = np.sort(panel["ratio"].unique())
        lowest = np.sqrt((panel.loc[panel["ratio"] == ratios[0], "deviation"] ** 2).mean())
        axes.plot(ratios, lowest * np.sqrt(ratios / ratios[0]), ":", color="black", linewidth=1)
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"$\eta\,\|C\|/B$", y=r"deviation $\|P-P'\|_F/\sqrt{2z}$")
    handles = [
        Line2D([], [], color=color, marker="o", label=rf"$\eta\|C\| = {step:g}$") for step, color in colors.items()
    ]
    handles += [
        Line2D([], [], color="black", linestyle=":", label="slope 1/2"),
        Line2D([], [], color="grey", linestyle="--", label="full batch"),
    ]
    grid.figure.legend(handles=handles, loc="upper center", ncols=5, frameon=False, bbox_to_anchor=(0.5, 0.0))
    return theme.finished(grid)
