"""Figures of training at finite step sizes: other retractions, and orthogonal iteration."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ssl_dynamics.figures import theme


def retractions(retractions: pd.DataFrame) -> Figure:
    """Largest projector error over the transient against the step size, for each retraction; control: rate 1."""
    keys = ["dataset", "loss", "dimension", "retraction", "learning_rate", "seed"]
    largest = retractions.groupby(keys, as_index=False)[["error", "error_control"]].max()
    names = {"error": "closed form", "error_control": "control: rate 1"}
    tidy = largest.rename(columns=names).melt(keys, list(names.values()), var_name="against", value_name="distance")
    grid = _lines(tidy, x="learning_rate", y="distance", hue="retraction", style="against", markers=True)
    theme.label_panels(grid, x=r"step size $\eta$", y=r"largest $\|P-P'\|_F/\sqrt{2z}$")
    return theme.finished(grid)


def iteration(iteration: pd.DataFrame) -> Figure:
    """Distance of Euclidean gradient plus QR from orthogonal iteration in closed form, and from the flow."""
    names = {"distance": "orthogonal iteration in closed form", "distance_control": "control: the flow"}
    keys = ["dataset", "loss", "dimension", "seed", "time"]
    tidy = iteration.rename(columns=names).melt(keys, list(names.values()), var_name="against", value_name="distance")
    grid = _lines(tidy, x="time", y="distance", hue="against")
    theme.label_panels(grid, x="steps", y=r"$\|P-P'\|_F/\sqrt{2z}$")
    return theme.finished(grid)


def drift(drift: pd.DataFrame) -> Figure:
    """‖WᵀW − I‖ along training with each retraction, and without any, over the steps."""
    grid = _lines(drift[drift["time"] > 0], x="time", y="drift", hue="retraction")
    theme.label_panels(grid, x="steps", y=r"$\|W^\top W-I\|_F$")
    return theme.finished(grid)


def limits(limits: pd.DataFrame) -> Figure:
    """Where training ends on both sides of the limits in η, a point for each seed."""
    tidy = limits.assign(side=limits["side"].map({0: "below", 1: "above"}))
    grid = sns.catplot(
        tidy,
        x="method",
        y="distance",
        hue="side",
        **theme.layout(tidy),
        kind="strip",
        jitter=False,  # points that jump at random would differ from run to run
        dodge=True,
        legend_out=False,
    )
    grid.set(yscale="log")
    theme.label_panels(grid, x="method", y=r"$\sin\theta_{\max}$, or part of $v_d$")
    theme.move_legend(grid)
    return theme.finished(grid)


def _lines(tidy: pd.DataFrame, **aesthetics: str | bool) -> sns.FacetGrid:
    """Means and 95 % intervals over the seeds, a panel for each data set and dimension, logarithmic axes."""
    grid = sns.relplot(
        tidy,
        **theme.layout(tidy),
        kind="line",
        errorbar=theme.interval,
        facet_kws={"sharex": False, "legend_out": False},
        **aesthetics,
    )
    theme.logarithmic(grid)
    theme.move_legend(grid)
    return grid
