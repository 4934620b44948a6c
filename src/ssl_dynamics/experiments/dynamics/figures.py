"""Figures of the single-layer dynamics: the collapse, the distance from the closed form, the convergence."""

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.claims.rounding import STEP_OF_DOP853
from ssl_dynamics.experiments.dynamics.config import ROUNDING
from ssl_dynamics.figures import marks, panels, theme
from ssl_dynamics.problem.levels import COLLAPSE_TIME
from ssl_dynamics.problem.schedule import HORIZON

NAMES = {"unconstrained": "no constraint", "grassmannian": r"$W^\top W = I$"}
EXTRAPOLATIONS = {0: "as trained (order 1)", 1: "extrapolated once (order 2)", 2: "extrapolated twice (order 3)"}
CONSTRAINED = theme.DYNAMICS_COLORS["grassmannian"]


def collapse(collapse: pd.DataFrame) -> Figure:
    """ln(σ_2/σ_1) as trained (points, finest step size) and as predicted (lines), a curve for each seed."""
    rows = collapse[collapse["extrapolations"] == 0]
    keys = ["dataset", "loss", "dimension"]
    rows = rows[rows["learning_rate"] == rows.groupby(keys)["learning_rate"].transform("min")]
    grid = panels.grid(rows, by_loss=True)
    for axes, panel in panels.panels(grid, rows):
        for (loss, _), curve in panel.groupby(["loss", "seed"]):
            color = theme.LOSS_COLORS[str(loss)]
            axes.plot(curve["gap_time"], curve["predicted"], color=color, linewidth=0.5)
            axes.plot(curve["gap_time"], curve["log_ratio"], ".", color=color, markersize=1.5)
        axes.plot(curve["gap_time"], -2 * curve["gap_time"], ":", color=theme.GUIDE, linewidth=1)
    handles = [
        *(panels.line(loss, color, marker=".") for loss, color in panels.by_loss(rows["loss"]).items()),
        panels.line(r"slope $-2(\lambda_2-\lambda_1)$", theme.GUIDE, ":"),
    ]
    return panels.finished(grid, x=r"time $t\,(\lambda_2-\lambda_1)$", y=r"$\ln(\sigma_2/\sigma_1)$", handles=handles)


def rank(rank: pd.DataFrame) -> Figure:
    """Effective rank of the representation with and without the constraint, mean and 95 % interval over the seeds."""
    rows = rank[(rank["dimension"] >= 2) & (rank["gap_time"] <= HORIZON)]
    grid = panels.grid(rows, sharey=False)
    for axes, panel in panels.panels(grid, rows):
        for (dynamics, loss), part in panel.groupby(["dynamics", "loss"]):
            color, style = theme.DYNAMICS_COLORS[str(dynamics)], theme.LOSS_LINES[str(loss)]
            marks.mean_and_interval(axes, part, "gap_time", "effective_rank", color, style=style, marker="")
        axes.axvline(COLLAPSE_TIME, color=theme.GUIDE, linestyle=":", linewidth=1)
        axes.set_ylim(bottom=0.9)
    handles = [
        *(panels.line(NAMES[name], color) for name, color in theme.DYNAMICS_COLORS.items()),
        *panels.loss_handles(rows["loss"]),
        panels.line(rf"$t = {COLLAPSE_TIME}\,/(\lambda_2-\lambda_1)$", theme.GUIDE, ":"),
    ]
    return panels.finished(grid, x=r"time $t\,(\lambda_2-\lambda_1)$", y="effective rank", handles=handles)


def exactness(errors: pd.DataFrame) -> Figure:
    """Largest ‖P − P'‖_F/√(2z) over the trajectory against the step size; geometric mean, 95 % interval."""
    keys = ["dataset", "loss", "dimension", "extrapolations", "learning_rate", "seed"]
    largest = errors.groupby(keys, as_index=False)[["error", "error_faster"]].max()
    grid = panels.grid(largest, by_loss=True, scales={"x": "log", "y": "log"}, sharex="row", sharey="row")
    for axes, panel in panels.panels(grid, largest):
        for loss, of_loss in panel.groupby("loss"):
            style = theme.LOSS_LINES[str(loss)]
            for extrapolations, color in theme.EXTRAPOLATION_COLORS.items():
                group = of_loss[of_loss["extrapolations"] == extrapolations]
                means = marks.mean_and_interval(axes, group, "learning_rate", "error", color, style=style)
                if loss == panel["loss"].min():
                    marks.write_slope(axes, means, f"{extrapolations + 1}", color, place="end")
            trained = of_loss[of_loss["extrapolations"] == 0]
            marks.mean_and_interval(
                axes, trained, "learning_rate", "error_faster", theme.CONTROL, style=style, marker=""
            )
        axes.set_xlim(panel["learning_rate"].min() / 1.3, panel["learning_rate"].max() * 5)  # room for the slopes
    handles = [
        *(panels.line(EXTRAPOLATIONS[i], color, marker="o") for i, color in theme.EXTRAPOLATION_COLORS.items()),
        panels.line("control: rate 10 % off", theme.CONTROL),
        *panels.loss_handles(errors["loss"]),
        marks.SLOPES,
    ]
    return panels.finished(grid, x=r"step size $\eta$", y="largest distance", handles=handles)


def transient(errors: pd.DataFrame) -> Figure:
    """Projector error over time at the finest step size, a curve for each seed."""
    keys = ["dataset", "loss", "dimension", "extrapolations"]
    finest = errors[errors["learning_rate"] == errors.groupby(keys)["learning_rate"].transform("min")]
    rows = finest[finest["time"] > 0]
    grid = panels.grid(rows, by_loss=True, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, rows):
        for (extrapolations, loss, _), curve in panel.groupby(["extrapolations", "loss", "seed"]):
            color, style = theme.EXTRAPOLATION_COLORS[int(str(extrapolations))], theme.LOSS_LINES[str(loss)]
            axes.plot(curve["time"], curve["error"], style, color=color, linewidth=0.6)
    handles = [panels.line(EXTRAPOLATIONS[i], color) for i, color in theme.EXTRAPOLATION_COLORS.items()]
    handles += panels.loss_handles(rows["loss"])
    return panels.finished(grid, x=r"time $t$", y=r"$\|P-P'\|_F/\sqrt{2z}$", handles=handles)


def integration(integration: pd.DataFrame) -> Figure:
    """Distance of the closed form from DOP853 integration of the flow over time; control: a rate 1 % off."""
    rows = integration[integration["time"] > 0]
    grid = panels.grid(rows, scales={"y": "log"}, sharex=False)
    for axes, panel in panels.panels(grid, rows):
        for loss, part in panel.groupby("loss"):
            style = theme.LOSS_LINES[str(loss)]
            for column, color in (("distance", CONSTRAINED), ("distance_fast", theme.CONTROL)):
                marks.mean_and_interval(axes, part, "time", column, color, style=style, marker="")
        marks.shade_rounding(axes, STEP_OF_DOP853)
    handles = [
        panels.line("closed form", CONSTRAINED),
        panels.line("control: rate 1 % off", theme.CONTROL),
        *panels.loss_handles(rows["loss"]),
        marks.ROUNDING,
    ]
    return panels.finished(grid, x=r"time $t$", y=r"$\|P-P'\|_F/\sqrt{2z}$", handles=handles)


def convergence(angles: pd.DataFrame) -> Figure:
    """Tangent of the largest angle to the limit: trained (points), predicted (lines), bound (dashes), for each seed."""
    grid = panels.grid(angles, by_loss=True, scales={"y": "log"}, sharex=False, sharey=False)
    for axes, panel in panels.panels(grid, angles):
        for (loss, _), curve in panel.groupby(["loss", "seed"]):
            color = theme.LOSS_COLORS[str(loss)]
            axes.plot(curve["time"], curve["predicted"], color=color, linewidth=0.7)
            axes.plot(curve["time"], curve["bound"], "--", color=theme.GUIDE, linewidth=0.4, alpha=0.5)
            axes.plot(curve["time"], curve["tangent"], ".", color=color, markersize=2.5)
        marks.shade_rounding(axes, ROUNDING, least=panel["tangent"])
    handles = [
        *(
            panels.line(f"{loss}, trained and predicted", color, marker=".")
            for loss, color in panels.by_loss(angles["loss"]).items()
        ),
        panels.line("bound", theme.GUIDE, "--"),
        marks.ROUNDING,
    ]
    return panels.finished(grid, x=r"time $t$", y=r"$\tan\theta_{\max}$", handles=handles)


def steps(steps: pd.DataFrame) -> Figure:
    """How far a step leaves the Grassmannian before retraction, against the step size, with and without projection."""
    keys = ["dataset", "loss", "dimension", "learning_rate", "seed"]
    largest = steps.groupby(keys, as_index=False)[["defect", "defect_euclidean"]].max()
    grid = panels.grid(largest, scales={"x": "log", "y": "log"}, sharex="row")
    for axes, panel in panels.panels(grid, largest):
        for loss, part in panel.groupby("loss"):
            style = theme.LOSS_LINES[str(loss)]
            for column, color in (("defect", CONSTRAINED), ("defect_euclidean", theme.CONTROL)):
                marks.mean_and_interval(axes, part, "learning_rate", column, color, style=style)
    handles = [
        panels.line("horizontal step (order 2)", CONSTRAINED, marker="o"),
        panels.line("control: not projected (order 1)", theme.CONTROL, marker="o"),
        *panels.loss_handles(steps["loss"]),
    ]
    return panels.finished(grid, x=r"step size $\eta$", y=r"largest $\|R-I\|_F$", handles=handles)
