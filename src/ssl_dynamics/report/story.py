"""The figure that tells the whole story: collapse, exactness, departure from the tangent kernel, what replaces it."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ssl_dynamics.experiments.constrained_nets.config import READ_AT
from ssl_dynamics.experiments.constrained_nets.figures import METHODS
from ssl_dynamics.experiments.dynamics.figures import NAMES
from ssl_dynamics.figures import marks, panels, theme

SHOWN_GAP_TIMES = 12


def story(rank: pd.DataFrame, errors: pd.DataFrame, departure: pd.DataFrame, nets: pd.DataFrame) -> Figure:
    """Four panels, each of the first data set and loss that its table has; means and 95 % intervals over the seeds.

    Tables `rank`, `errors`, `departure` and `constrained_nets`.
    """
    figure, ((first, second), (third, fourth)) = plt.subplots(2, 2, figsize=(theme.DOUBLE, 5.0))
    _collapse(first, _of_one_cell(rank))
    _exactness(second, _of_one_cell(errors))
    _departure(third, _of_one_cell(departure))
    _replacement(fourth, _of_one_cell(nets))
    return panels.tidied(figure)


def _of_one_cell(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first data set, the first loss and the largest dimension."""
    rows = rows[rows["dataset"] == panels.in_order(rows["dataset"])[0]]
    rows = rows[rows["loss"] == rows["loss"].min()]
    cell: pd.DataFrame = rows[rows["dimension"] == rows["dimension"].max()]
    return cell


def _title(axes: Axes, text: str, rows: pd.DataFrame) -> None:
    axes.set_title(f"{text}\n{rows['dataset'].iloc[0]}, z = {rows['dimension'].iloc[0]}", loc="left")


def _collapse(axes: Axes, rows: pd.DataFrame) -> None:
    shown = rows[rows["gap_time"] <= SHOWN_GAP_TIMES]
    for dynamics, above in (("grassmannian", -8), ("unconstrained", 5)):
        part = shown[shown["dynamics"] == dynamics]
        color = theme.DYNAMICS_COLORS[dynamics]
        means = marks.mean_and_interval(axes, part, "gap_time", "effective_rank", color, marker=".")
        marks.write(
            axes, NAMES[dynamics], (means.index[-1] / 2, _at(means, means.index[-1] / 2)), color, shift=(0, above)
        )
    axes.set(xlabel=r"time $t\,(\lambda_2-\lambda_1)$", ylabel="effective rank", ylim=(0.8, None))
    _title(axes, "A. Effective rank without a constraint and with one", rows)


def _exactness(axes: Axes, rows: pd.DataFrame) -> None:
    largest = rows.groupby(["extrapolations", "learning_rate", "seed"], as_index=False)[["error"]].max()
    axes.set(xscale="log", yscale="log", xlabel=r"step size $\eta$", ylabel="largest distance of spans")
    for extrapolations, label in enumerate(("as trained", "extrapolated once", "extrapolated twice")):
        part, color = largest[largest["extrapolations"] == extrapolations], theme.EXTRAPOLATION_COLORS[extrapolations]
        means = marks.mean_and_interval(axes, part, "learning_rate", "error", color)
        slope = marks.slope_of(means, f"predicted {extrapolations + 1}")
        marks.write(axes, f"{label}:\nslope {slope}", (means.index[-1], means.iloc[-1]), color)
    rates = largest["learning_rate"]
    axes.set_xlim(rates.min() / 1.3, rates.max() * 10)  # room for the names behind the lines
    _title(axes, "B. With it: distance from the closed form", rows)


def _departure(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows.assign(scaled=2 * rows["departure"], law=2 * rows["law"])
    color = theme.DYNAMICS_COLORS["unconstrained"]
    panels.over_widths(axes)
    solved, trained = (rows[rows["model"] == model] for model in ("equations", "nets"))
    marks.mean_and_interval(axes, solved, "width", "scaled", color, marker="")
    marks.mean_and_interval(axes, trained, "width", "scaled", color, style="")
    law = solved.groupby("width")["law"].mean()
    axes.plot(law.index, law, ":", color=theme.THEORY, linewidth=1)
    handles = [
        panels.line("trained nets", color, "", "o"),
        panels.line("exact equations", color),
        panels.line(r"law of one mode, slope 1 in $\ln h$", theme.THEORY, ":"),
    ]
    axes.legend(handles=handles, frameon=False, loc="upper left")
    axes.set(xlabel="width $h$", ylabel=r"time of departure $2\mu\,t_{0.5}$", ylim=(0, None))
    axes.margins(y=0.2)
    _title(axes, "C. Without it: when nets leave their tangent kernel", rows)


def _replacement(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows[(rows["objective"] == "self-supervised") & (rows["rate"] == "unit") & (rows["time"] == READ_AT)]
    rows = rows[rows["activation"] == rows["activation"].max()]
    axes.set(yscale="log", xlabel="width $h$", ylabel=rf"Gram error at $\tau = {READ_AT:g}$")
    panels.over_widths(axes)
    for method, (color, label) in METHODS.items():
        means = marks.mean_and_interval(axes, rows, "width", f"{method}_error", color)
        if method == "flow":  # in the corner that a falling line leaves
            slope = marks.slope_of(means, "predicted −1")
            marks.write(axes, f"{label}:\nslope {slope}", (means.index[0], means.iloc[-1]), color, shift=(1, 3))
        else:
            marks.write(axes, label, (means.index[0], means.iloc[0]), color, shift=(1, 8))
    axes.margins(y=0.25)
    _title(axes, "D. With it: errors of two limits of infinite width", rows)


def _at(means: "pd.Series[float]", x: float) -> float:
    """The mean at the place nearest to x."""
    return float(means.iloc[abs(means.index.to_numpy() - x).argmin()])
