"""Figures of training at finite step sizes: other retractions, and orthogonal iteration."""

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.claims.rounding import EPSILON, SUM_OVER_COORDINATES
from ssl_dynamics.experiments.finite_steps.config import LEAST_ITERATION_STEPS
from ssl_dynamics.figures import marks, panels, theme

RETRACTIONS = {
    "qr": (theme.DYNAMICS_COLORS["grassmannian"], "QR"),
    "polar": (theme.WINE, "polar"),
    "geodesic": (theme.SKY, "geodesic"),
    "none": (theme.DYNAMICS_COLORS["unconstrained"], "none"),
}
METHODS = {"riemannian": "Riemannian", "iteration": "orthogonal\niteration"}
SIDES = {
    0: (theme.DYNAMICS_COLORS["grassmannian"], "step size below the limit"),
    1: (theme.CONTROL, "step size above it"),
}
DODGE = 0.15


def retractions(retractions: pd.DataFrame) -> Figure:
    """Largest ‖P − P'‖_F/√(2z) over the transient against the step size, for each retraction; control: 10 % off."""
    keys = ["dataset", "loss", "dimension", "retraction", "learning_rate", "seed"]
    largest = retractions.groupby(keys, as_index=False)[["error", "error_faster"]].max()
    present = [name for name in RETRACTIONS if name in set(largest["retraction"])]
    grid = panels.grid(largest, scales={"x": "log", "y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, largest):
        for number, name in enumerate(
            present
        ):  # the same to all digits that one sees: larger rings around smaller ones
            part, (color, _) = panel[panel["retraction"] == name], RETRACTIONS[name]
            means = marks.mean_and_interval(axes, part, "learning_rate", "error", color, marker="")
            axes.plot(means.index, means, "o", color=color, markerfacecolor="none", markersize=3.5 + 3 * number)
            marks.mean_and_interval(axes, part, "learning_rate", "error_faster", theme.CONTROL, style="--", marker="")
        marks.write_slope(axes, means, "1", place="below")
    handles = [
        *(
            panels.line(
                RETRACTIONS[name][1],
                RETRACTIONS[name][0],
                marker="o",
                markersize=3.5 + 3 * number,
                markerfacecolor="none",
            )
            for number, name in enumerate(present)
        ),
        panels.line("control: rate 10 % off", theme.CONTROL, "--"),
        marks.SLOPES,
    ]
    return panels.finished(grid, x=r"step size $\eta$", y="largest distance", handles=handles)


def iteration(iteration: pd.DataFrame) -> Figure:
    """Distance of Euclidean gradient plus QR from orthogonal iteration in closed form, and from the flow."""
    columns = {
        "distance": (theme.DYNAMICS_COLORS["grassmannian"], "from orthogonal iteration in closed form"),
        "distance_control": (theme.CONTROL, "control: from the flow"),
    }
    rows = iteration[iteration["time"] > 0]
    grid = panels.grid(rows, scales={"x": "log", "y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, rows):
        for column, (color, _) in columns.items():
            marks.mean_and_interval(axes, panel, "time", column, color, marker="")
        marks.shade_rounding(axes, LEAST_ITERATION_STEPS * EPSILON)
    handles = [panels.line(label, color) for color, label in columns.values()]
    return panels.finished(grid, x="steps", y=r"$\|P-P'\|_F/\sqrt{2z}$", handles=[*handles, marks.ROUNDING])


def drift(drift: pd.DataFrame) -> Figure:
    """‖WᵀW − I‖ along training with each retraction, and without any, over the steps."""
    rows = drift[drift["time"] > 0]
    grid = panels.grid(rows, scales={"x": "log", "y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, rows):
        for name, (color, _) in RETRACTIONS.items():
            marks.mean_and_interval(axes, panel[panel["retraction"] == name], "time", "drift", color, marker="")
        marks.shade_rounding(axes, SUM_OVER_COORDINATES)
    handles = [
        panels.line(label, color) for name, (color, label) in RETRACTIONS.items() if name in set(rows["retraction"])
    ]
    handles.append(marks.ROUNDING)
    return panels.finished(grid, x="steps", y=r"$\|W^\top W-I\|_F$", handles=handles, title="retraction")


def limits(limits: pd.DataFrame) -> Figure:
    """Where training ends on both sides of the limits in η, a point for each seed.

    ‖Wᵀv_d‖, v_d the direction that takes over beyond the limit: of C for Riemannian steps, of −C for iteration.
    """
    grid = panels.grid(limits, scales={"y": "log"})
    for axes, panel in panels.panels(grid, limits):
        for (method, side), points in panel.groupby(["method", "side"]):
            color, _ = SIDES[int(str(side))]
            place = list(METHODS).index(str(method)) + DODGE * (2 * int(str(side)) - 1)
            axes.plot([place] * len(points), points["part"], "o", color=color, markersize=3, alpha=0.7)
        axes.set_xticks(range(len(METHODS)), list(METHODS.values()))
        axes.set_xlim(-0.5, len(METHODS) - 0.5)
    handles = [panels.line(label, color, "", "o") for color, label in SIDES.values()]
    return panels.finished(grid, x="method", y=r"$\|W^\top v_d\|$", handles=handles)
