"""Figures of the single-layer dynamics: the collapse, the distance from the closed form, the convergence."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ssl_dynamics.figures import theme
from ssl_dynamics.problem.levels import COLLAPSE_TIME
from ssl_dynamics.problem.schedule import HORIZON

NAMES = {"unconstrained": "no constraint", "grassmannian": r"$W^\top W = I$"}
EXTRAPOLATIONS = {0: "as trained (order 1)", 1: "extrapolated once (order 2)", 2: "extrapolated twice (order 3)"}


def collapse(collapse: pd.DataFrame) -> Figure:
    """ln(σ_2/σ_1) as trained (points, finest step size) and as predicted (lines), a curve for each seed."""
    rows = collapse[collapse["extrapolations"] == 0]
    keys = ["dataset", "loss", "dimension"]
    rows = rows[rows["learning_rate"] == rows.groupby(keys)["learning_rate"].transform("min")]
    colors = theme.by_loss(rows["loss"])
    grid = sns.FacetGrid(rows, **theme.layout(rows))
    for axes, panel in theme.panels(grid, rows):
        for (_, loss), curve in panel.groupby(["seed", "loss"]):  # so that neither loss covers the other
            axes.plot(curve["gap_time"], curve["predicted"], color=colors[str(loss)], linewidth=0.5)
            axes.plot(curve["gap_time"], curve["log_ratio"], ".", color=colors[str(loss)], markersize=1.5)
        axes.plot(curve["gap_time"], -2 * curve["gap_time"], ":", color="black", linewidth=1)
    theme.label_panels(grid, x=r"time $t\,(\lambda_2-\lambda_1)$", y=r"$\ln(\sigma_2/\sigma_1)$")
    handles = [Line2D([], [], color=color, marker=".", label=loss) for loss, color in colors.items()]
    handles.append(Line2D([], [], color="black", linestyle=":", label=r"slope $-2(\lambda_2-\lambda_1)$"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def rank(rank: pd.DataFrame) -> Figure:
    """Effective rank of the representation with and without the constraint, mean and 95 % interval over the seeds."""
    rows = rank[(rank["dimension"] >= 2) & (rank["gap_time"] <= HORIZON)]
    grid = sns.relplot(
        rows,
        x="gap_time",
        y="effective_rank",
        hue="dynamics",
        style="loss",
        dashes={"contrastive": "", "non-contrastive": (3, 2)},
        **theme.layout(rows),
        kind="line",
        errorbar=theme.interval,
        palette=theme.DYNAMICS_COLORS,
        facet_kws={"sharey": False, "legend_out": False},
    )
    for axes in grid.axes.flat:
        axes.axvline(COLLAPSE_TIME, color="black", linestyle=":", linewidth=1)
        axes.set_ylim(bottom=0.9)
    theme.label_panels(grid, x=r"time $t\,(\lambda_2-\lambda_1)$", y="effective rank")
    grid.legend.remove()
    handles = [Line2D([], [], color=color, label=NAMES[name]) for name, color in theme.DYNAMICS_COLORS.items()]
    handles += theme.loss_handles(rows["loss"], "black")
    handles.append(
        Line2D([], [], color="black", linestyle=":", label=rf"$t = {COLLAPSE_TIME}\,/(\lambda_2-\lambda_1)$")
    )
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def exactness(errors: pd.DataFrame) -> Figure:
    """Largest ‖P − P'‖_F/√(2z) over the trajectory against the step size, mean and 95 % interval over the seeds."""
    keys = ["dataset", "loss", "dimension", "extrapolations", "learning_rate", "seed"]
    largest = errors.groupby(keys, as_index=False)[["error", "error_faster"]].max()
    largest["training"] = largest["extrapolations"].map(EXTRAPOLATIONS)
    palette = dict(zip(EXTRAPOLATIONS.values(), theme.EXTRAPOLATION_COLORS.values(), strict=True))
    grid = sns.relplot(
        largest,
        x="learning_rate",
        y="error",
        hue="training",
        style="loss",
        **theme.layout(largest),
        kind="line",
        markers=True,
        errorbar=theme.interval,
        palette=palette,
        facet_kws={"sharex": False, "sharey": "row", "legend_out": False},
    )
    for axes, panel in theme.panels(grid, largest):
        for extrapolations in EXTRAPOLATIONS:
            group = panel[panel["extrapolations"] == extrapolations]
            means = group.groupby("learning_rate")["error"].mean()
            slope = means.iloc[0] * (means.index / means.index[0]) ** (extrapolations + 1)
            axes.plot(means.index, slope, ":", color="black", linewidth=0.8)
            color = theme.EXTRAPOLATION_COLORS[extrapolations]
            theme.write_slope(axes, means, f"{extrapolations + 1}", color, place="end")
        control = panel[panel["extrapolations"] == 0].groupby("learning_rate")["error_faster"].mean()
        axes.plot(control.index, control, "--", color="grey", linewidth=1)
        rates = panel["learning_rate"]
        axes.set_xlim(rates.min() / 1.3, rates.max() * 2.8)  # room for the slope behind the longest line
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"step size $\eta$", y="largest distance")
    grid.legend.remove()
    handles = [Line2D([], [], color=color, label=label) for label, color in palette.items()]
    handles += [
        Line2D([], [], color="black", linestyle=":", label="slopes 1, 2, 3"),
        Line2D([], [], color="grey", linestyle="--", label="control: rate 10 % off"),
        Line2D([], [], color="black", marker="o", label="contrastive"),
        Line2D([], [], color="black", marker="X", linestyle="--", label="non-contrastive"),
    ]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def transient(errors: pd.DataFrame) -> Figure:
    """Projector error over time at the finest step size, a curve for each seed."""
    keys = ["dataset", "loss", "dimension", "extrapolations"]
    finest = errors[errors["learning_rate"] == errors.groupby(keys)["learning_rate"].transform("min")]
    rows = finest[finest["time"] > 0]
    grid = sns.FacetGrid(rows, **theme.layout(rows), sharex=False)
    for axes, panel in theme.panels(grid, rows):
        for (extrapolations, _, _), curve in panel.groupby(["extrapolations", "loss", "seed"]):
            axes.plot(curve["time"], curve["error"], color=theme.EXTRAPOLATION_COLORS[extrapolations], linewidth=0.6)
    grid.set(yscale="log")
    theme.label_panels(grid, x=r"time $t$", y=r"$\|P-P'\|_F/\sqrt{2z}$")
    handles = [Line2D([], [], color=theme.EXTRAPOLATION_COLORS[i], label=label) for i, label in EXTRAPOLATIONS.items()]
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def integration(integration: pd.DataFrame) -> Figure:
    """Distance of the closed form from DOP853 integration of the flow over time; control: a rate 1 % off."""
    names = {"distance": "closed form", "distance_fast": "control: rate 1 % off"}
    keys = ["dataset", "loss", "dimension", "seed", "time"]
    tidy = integration.rename(columns=names).melt(keys, list(names.values()), var_name="against", value_name="distance")
    grid = sns.relplot(
        tidy[tidy["time"] > 0],
        x="time",
        y="distance",
        hue="against",
        style="loss",
        **theme.layout(tidy),
        kind="line",
        errorbar=theme.interval,
        palette={names["distance"]: theme.DYNAMICS_COLORS["grassmannian"], names["distance_fast"]: "grey"},
        facet_kws={"sharex": False, "legend_out": False},
    )
    grid.set(yscale="log")
    theme.label_panels(grid, x=r"time $t$", y=r"$\|P-P'\|_F/\sqrt{2z}$")
    theme.move_legend(grid)
    return theme.finished(grid)


def convergence(angles: pd.DataFrame) -> Figure:
    """Tangent of the largest angle to the limit: trained (points), predicted (lines), bound (dashes), for each seed."""
    colors = theme.by_loss(angles["loss"])
    grid = sns.FacetGrid(angles, **theme.layout(angles), sharex=False, sharey=False)
    for axes, panel in theme.panels(grid, angles):
        for (loss, _), curve in panel.groupby(["loss", "seed"]):
            axes.plot(curve["time"], curve["predicted"], color=colors[str(loss)], linewidth=0.7)
            axes.plot(curve["time"], curve["bound"], "--", color=colors[str(loss)], linewidth=0.4, alpha=0.5)
            axes.plot(curve["time"], curve["tangent"], ".", color=colors[str(loss)], markersize=2.5)
    grid.set(yscale="log")
    theme.label_panels(grid, x=r"time $t$", y=r"$\tan\theta_{\max}$")
    handles = [
        Line2D([], [], color=color, marker=".", label=f"{loss}, trained and predicted")
        for loss, color in colors.items()
    ]
    handles.append(Line2D([], [], color="grey", linestyle="--", label="bound"))
    theme.legend(grid.figure, handles)
    return theme.finished(grid)


def steps(steps: pd.DataFrame) -> Figure:
    """How far a step leaves the Grassmannian before retraction, against the step size, with and without projection."""
    keys = ["dataset", "loss", "dimension", "learning_rate", "seed"]
    largest = steps.groupby(keys, as_index=False)[["defect", "defect_euclidean"]].max()
    names = {"defect": "horizontal step (order 2)", "defect_euclidean": "control: not projected (order 1)"}
    tidy = largest.rename(columns=names).melt(keys, list(names.values()), var_name="step", value_name="distance")
    grid = sns.relplot(
        tidy,
        x="learning_rate",
        y="distance",
        hue="step",
        style="loss",
        **theme.layout(tidy),
        kind="line",
        markers=True,
        errorbar=theme.interval,
        palette={names["defect"]: theme.DYNAMICS_COLORS["grassmannian"], names["defect_euclidean"]: "grey"},
        facet_kws={"sharex": False, "legend_out": False},
    )
    theme.logarithmic(grid)
    theme.label_panels(grid, x=r"step size $\eta$", y=r"largest $\|R-I\|_F$")
    theme.move_legend(grid)
    return theme.finished(grid)
