"""The figure that tells the whole story: collapse, exactness, departure from the tangent kernel, what replaces it."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ssl_dynamics.experiments.constrained_nets.config import READ_AT
from ssl_dynamics.experiments.constrained_nets.figures import METHODS
from ssl_dynamics.experiments.dynamics.figures import NAMES
from ssl_dynamics.figures import theme


def story(rank: pd.DataFrame, errors: pd.DataFrame, departure: pd.DataFrame, nets: pd.DataFrame) -> Figure:
    """Four panels, each of the first data set and loss that its table has; means and 95 % intervals over the seeds.

    Tables `rank`, `errors`, `departure` and `constrained_nets`.
    """
    figure, ((first, second), (third, fourth)) = plt.subplots(2, 2, figsize=(theme.DOUBLE, 4.8))
    _collapse(first, _of_one_cell(rank))
    _exactness(second, _of_one_cell(errors))
    _departure(third, _of_one_cell(departure))
    _replacement(fourth, _of_one_cell(nets))
    for axes in (first, second, third, fourth):
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(y=0.12)
        axes.legend(frameon=False, fontsize=6.5)
    figure.tight_layout(h_pad=1.5)
    return figure


def _of_one_cell(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first data set, the first loss and the largest dimension."""
    rows = rows[rows["dataset"] == theme.in_order(rows["dataset"])[0]]
    rows = rows[rows["loss"] == rows["loss"].min()]
    cell: pd.DataFrame = rows[rows["dimension"] == rows["dimension"].max()]
    return cell


def _title(axes: Axes, text: str, rows: pd.DataFrame) -> None:
    axes.set_title(f"{text}\n{rows['dataset'].iloc[0]}, z = {rows['dimension'].iloc[0]}", loc="left")


def _collapse(axes: Axes, rows: pd.DataFrame) -> None:
    for dynamics, part in rows[rows["gap_time"] <= 12].groupby("dynamics"):
        color = theme.DYNAMICS_COLORS[str(dynamics)]
        theme.mean_and_interval(axes, part, "gap_time", "effective_rank", color, marker=".", label=NAMES[str(dynamics)])
    axes.set(xlabel=r"time $t\,(\lambda_2-\lambda_1)$", ylabel="effective rank", ylim=(0.8, None))
    _title(axes, "A. Training collapses without the constraint", rows)


def _exactness(axes: Axes, rows: pd.DataFrame) -> None:
    largest = rows.groupby(["extrapolations", "learning_rate", "seed"], as_index=False)[["error"]].max()
    labels = {0: "as trained", 1: "extrapolated once", 2: "extrapolated twice"}
    for extrapolations, label in labels.items():
        part, color = largest[largest["extrapolations"] == extrapolations], theme.EXTRAPOLATION_COLORS[extrapolations]
        means = theme.mean_and_interval(axes, part, "learning_rate", "error", color, label=label)
        theme.write_slope(axes, means, str(extrapolations + 1), color, place="end")
    axes.set(xscale="log", yscale="log", xlabel=r"step size $\eta$", ylabel="largest distance of spans")
    rates = largest["learning_rate"]
    axes.set_xlim(rates.min() / 1.3, rates.max() * 2)  # room for the slope behind the longest line
    _title(axes, "B. With it, the closed form is the limit", rows)


def _departure(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows.assign(scaled=2 * rows["departure"], law=2 * rows["law"])
    solved, trained = (rows[rows["model"] == model] for model in ("equations", "nets"))
    theme.mean_and_interval(axes, solved, "width", "scaled", theme.PALETTE[0], marker="", label="exact equations")
    theme.mean_and_interval(axes, trained, "width", "scaled", theme.INDIGO, style="", label="trained nets")
    law = solved.groupby("width")["law"].mean()
    axes.plot(law.index, law, ":", color="black", linewidth=1, label=r"law of one mode, slope 1 in $\ln h$")
    axes.set_xscale("log", base=2)
    axes.set(xlabel="width $h$", ylabel=r"$2\mu\,t_{0.5}$")
    _title(axes, "C. Nets of any width leave their tangent kernel", rows)


def _replacement(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows[(rows["objective"] == "self-supervised") & (rows["rate"] == "unit") & (rows["time"] == READ_AT)]
    rows = rows[rows["activation"] == rows["activation"].max()]
    means = {
        method: theme.mean_and_interval(axes, rows, "width", f"{method}_error", color, label=label)
        for method, (color, label) in METHODS.items()
    }
    theme.write_slope(axes, means["flow"], "−1", METHODS["flow"][0], place="above")
    axes.set_xscale("log", base=2)
    axes.set(yscale="log", xlabel="width $h$", ylabel=rf"Gram error at $\tau = {READ_AT:g}$")
    _title(axes, "D. Under the constraint, frozen features are the limit", rows)
