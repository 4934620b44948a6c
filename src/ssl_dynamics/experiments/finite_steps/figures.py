"""Figures of training at finite step sizes: other retractions, and orthogonal iteration."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ssl_dynamics.figures import theme

RETRACTIONS = {
    "QR": theme.DYNAMICS_COLORS["grassmannian"],
    "polar": theme.INDIGO,
    "geodesic": theme.PURPLE,
    "none": theme.DYNAMICS_COLORS["unconstrained"],
}
METHODS = {"riemannian": "Riemannian", "iteration": "orthogonal iteration"}
SIDES = {0: "below the limit", 1: "above it"}


def retractions(retractions: pd.DataFrame) -> Figure:
    """Largest ‖P − P'‖_F/√(2z) over the transient against the step size, for each retraction; control: 10 % off."""
    keys = ["dataset", "loss", "dimension", "retraction", "learning_rate", "seed"]
    largest = retractions.groupby(keys, as_index=False)[["error", "error_faster"]].max()
    names = {"error": "closed form", "error_faster": "control: rate 10 % off"}
    tidy = largest.rename(columns=names).melt(keys, list(names.values()), var_name="against", value_name="distance")
    grid = _lines(
        tidy, x="learning_rate", y="distance", hue="retraction", style="against", markers=True, palette=RETRACTIONS
    )
    theme.label_panels(grid, x=r"step size $\eta$", y="largest distance")
    return theme.finished(grid)


def iteration(iteration: pd.DataFrame) -> Figure:
    """Distance of Euclidean gradient plus QR from orthogonal iteration in closed form, and from the flow."""
    names = {"distance": "orthogonal iteration in closed form", "distance_control": "control: the flow"}
    keys = ["dataset", "loss", "dimension", "seed", "time"]
    tidy = iteration.rename(columns=names).melt(
        keys, list(names.values()), var_name="distance from", value_name="distance"
    )
    palette = {names["distance"]: theme.DYNAMICS_COLORS["grassmannian"], names["distance_control"]: "grey"}
    grid = _lines(tidy, x="time", y="distance", hue="distance from", palette=palette)
    theme.label_panels(grid, x="steps", y=r"$\|P-P'\|_F/\sqrt{2z}$")
    return theme.finished(grid)


def drift(drift: pd.DataFrame) -> Figure:
    """‖WᵀW − I‖ along training with each retraction, and without any, over the steps."""
    rows = drift[drift["time"] > 0].replace({"retraction": {"qr": "QR"}})
    grid = _lines(rows, x="time", y="drift", hue="retraction", palette=RETRACTIONS)
    theme.label_panels(grid, x="steps", y=r"$\|W^\top W-I\|_F$")
    return theme.finished(grid)


def limits(limits: pd.DataFrame) -> Figure:
    """Where training ends on both sides of the limits in η, a point for each seed.

    ‖Wᵀv_d‖, v_d the direction that takes over beyond the limit: of C for Riemannian steps, of −C for iteration.
    """
    tidy = limits.assign(method=limits["method"].map(METHODS), **{"step size": limits["side"].map(SIDES)})
    grid = sns.catplot(
        tidy,
        x="method",
        y="part",
        hue="step size",
        **theme.layout(tidy),
        kind="strip",
        jitter=False,  # points that jump at random would differ from run to run
        dodge=True,
        palette=dict(zip(SIDES.values(), (theme.DYNAMICS_COLORS["grassmannian"], "grey"), strict=True)),
        legend_out=False,
    )
    grid.set(yscale="log")
    theme.label_panels(grid, x="method", y=r"$\|W^\top v_d\|$")
    theme.move_legend(grid)
    return theme.finished(grid)


def _lines(tidy: pd.DataFrame, **aesthetics: Any) -> sns.FacetGrid:
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
