"""Figures of constrained nets: two approximations of infinite width side by side; drifts, rates, supervised nets."""

from collections.abc import Callable, Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from ssl_dynamics.experiments.constrained_nets.config import READ_AT, REGRESSION, SELF_SUPERVISED, UNIT, WIDTH
from ssl_dynamics.figures import theme

METHODS = {
    "flow": (theme.DYNAMICS_COLORS["grassmannian"], "features frozen, constraint kept"),
    "linearised": (theme.PURPLE, "linearised at the start"),
}
RATES = {
    UNIT: (theme.DYNAMICS_COLORS["grassmannian"], "1"),
    "sqrt(h)": (theme.PALETTE[9], r"\sqrt{h}"),
    WIDTH: (theme.OLIVE, "h"),
}
ACTIVATIONS = ("relu", "erf", "identity")  # the first of them that there is has the panels over time
Panel = Callable[[Axes, pd.DataFrame], None]


def constrained_nets(constrained_nets: pd.DataFrame) -> Figure:
    """Gram error over τ for several widths; at τ = 8 over the width, at two rates; drift of the tangent kernel.

    Left, the wider the darker.
    Points are of trained nets (mean and 95 % interval over seeds); lines in the last column are predicted.
    """
    rows = constrained_nets[constrained_nets["objective"] == SELF_SUPERVISED]
    figure = _grid(rows, [_errors_over_time, _errors_over_width, _tangent_drift])
    handles = [Line2D([], [], color=color, label=label) for color, label in METHODS.values()]
    handles.append(Line2D([], [], color=RATES[WIDTH][0], label=r"middle: features frozen, $\kappa = h$"))
    handles.append(Line2D([], [], color="grey", linestyle=":", label=r"middle: slope $-1$"))
    handles.append(Line2D([], [], color="black", linestyle="--", label="middle: linearised, late, predicted"))
    handles.append(Line2D([], [], color="black", label=r"right: $\|RE_zE_z^\top R\|/\|K\|$, predicted"))
    return _finished(figure, handles, rows)


def constrained_drift(constrained_nets: pd.DataFrame) -> Figure:
    """Drift of the features over the width, at three rates; errors and tangent drift of supervised nets beside SSL."""
    figure = _grid(constrained_nets, [_feature_drift, _supervised_errors, _supervised_drift])
    handles = [Line2D([], [], color=color, label=rf"left: $\kappa = {label}$") for color, label in RATES.values()]
    handles.append(Line2D([], [], color="grey", linestyle=":", label=r"left: slope $-1$"))
    handles += [Line2D([], [], color=color, label=f"middle: {label}") for color, label in METHODS.values()]
    handles += [
        Line2D([], [], color=theme.DYNAMICS_COLORS["grassmannian"], label="right: self-supervised"),
        Line2D([], [], color=theme.REGRESSION_COLOR, label="right: supervised"),
        Line2D([], [], color="black", label="right: predicted"),
        Line2D([], [], color="grey", linestyle="--", label="middle: supervised (self-supervised solid)"),
    ]
    return _finished(figure, handles, constrained_nets)


def _errors_over_time(axes: Axes, panel: pd.DataFrame) -> None:
    first = _first_activation(panel)
    rows = panel[(panel["rate"] == UNIT) & (panel["activation"] == first) & (panel["time"] > 0)]
    widths = sorted(rows["width"].unique())
    for width, shade in zip(widths, np.linspace(0.25, 1, len(widths)), strict=True):
        for method, (color, _) in METHODS.items():
            mean = rows[rows["width"] == width].groupby("time")[f"{method}_error"].mean()
            axes.plot(mean.index, mean, ".-", color=color, alpha=shade, linewidth=1)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set(yscale="log", xlabel=rf"$\tau = 2|\lambda_z|t$, {theme.ACTIVATION_NAMES[first]}", ylabel="Gram error")


def _errors_over_width(axes: Axes, panel: pd.DataFrame) -> None:
    rows = panel[panel["time"] == READ_AT]
    for activation, part in rows.groupby("activation"):
        marker = theme.ACTIVATION_MARKERS[str(activation)]
        for method, (color, _) in METHODS.items():
            _over_width(axes, part[part["rate"] == UNIT], f"{method}_error", color, marker)
        _over_width(axes, part[part["rate"] == WIDTH], "flow_error", RATES[WIDTH][0], marker)
        late = np.sqrt(2 * part["mismatch_limit"].iloc[0])  # 1 − cos is the square of the Gram error, halved
        axes.axhline(late, color="black", linewidth=0.8, linestyle="--", zorder=0)
    _slope(axes, rows[rows["rate"] == UNIT], "flow_error")
    axes.set(xlabel=rf"width $h$, at $\tau = {READ_AT:g}$", ylabel="Gram error")


def _tangent_drift(axes: Axes, panel: pd.DataFrame) -> None:
    unit = panel[panel["rate"] == UNIT]
    rows = unit[unit["time"] == unit.groupby("activation")["time"].transform("max")]
    for activation, part in rows.groupby("activation"):
        _over_width(
            axes,
            part,
            "tangent_drift",
            METHODS["flow"][0],
            theme.ACTIVATION_MARKERS[str(activation)],
            line="",
            logarithmic=False,
        )
        limit = part.groupby("width")["limit"].first()
        axes.plot(limit.index, limit, "-", color="black", linewidth=0.8)
    axes.set(xlabel="width $h$, at the end", ylabel="kernel drift", ylim=(0, 1.1 * axes.get_ylim()[1]))


def _feature_drift(axes: Axes, panel: pd.DataFrame) -> None:
    rows = panel[(panel["time"] == READ_AT) & (panel["objective"] == SELF_SUPERVISED)]
    for (rate, activation), part in rows.groupby(["rate", "activation"]):
        _over_width(axes, part, "feature_drift", RATES[str(rate)][0], theme.ACTIVATION_MARKERS[str(activation)])
    _slope(axes, rows[rows["rate"] == UNIT], "feature_drift")
    axes.set(xlabel=rf"width $h$, at $\tau = {READ_AT:g}$", ylabel="feature drift")


def _supervised_errors(axes: Axes, panel: pd.DataFrame) -> None:
    trained = panel[(panel["rate"] == UNIT) & (panel["time"] == READ_AT)]
    rows = trained[trained["width"].isin(trained.loc[trained["objective"] == REGRESSION, "width"])]
    for (objective, activation), part in rows.groupby(["objective", "activation"]):
        line = "--" if objective == REGRESSION else "-"
        for method, (color, _) in METHODS.items():
            _over_width(axes, part, f"{method}_error", color, theme.ACTIVATION_MARKERS[str(activation)], line=line)
    axes.set(xlabel=rf"width $h$, at $\tau = {READ_AT:g}$", ylabel="Gram error")


def _supervised_drift(axes: Axes, panel: pd.DataFrame) -> None:
    first = _first_activation(panel)
    trained = panel[(panel["rate"] == UNIT) & (panel["activation"] == first)]
    width = trained.loc[trained["objective"] == REGRESSION, "width"].max()
    colors = {SELF_SUPERVISED: theme.DYNAMICS_COLORS["grassmannian"], REGRESSION: theme.REGRESSION_COLOR}
    for objective, part in trained[trained["width"] == width].groupby("objective"):
        theme.mean_and_interval(axes, part, "time", "tangent_drift", colors[str(objective)], style="")
        limit = part.groupby("time")["limit"].first()
        axes.plot(limit.index, limit, "-", color="black", linewidth=0.8)
    axes.set(
        xlabel=rf"$\tau$, {theme.ACTIVATION_NAMES[first]}, $h={width}$",
        ylabel="kernel drift",
        ylim=(0, 1.1 * axes.get_ylim()[1]),
    )


def _over_width(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    color: theme.Color,
    marker: str,
    *,
    line: str = "-",
    logarithmic: bool = True,
) -> None:
    """Mean and 95 % interval over the seeds."""
    theme.mean_and_interval(axes, rows, "width", column, color, style=line, marker=marker)
    axes.set_xscale("log", base=2)
    if logarithmic:
        axes.set(yscale="log")


def _slope(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """A line of slope −1 through the geometric mean of the widest nets."""
    widths = np.array(sorted(rows["width"].unique()), dtype=np.float64)
    at = np.exp(np.log(rows.loc[rows["width"] == widths[-1], column]).mean())
    axes.plot(widths, at * widths[-1] / widths, ":", color="grey", linewidth=1)
    lines = [line.groupby("width")[column].mean() for _, line in rows.groupby("activation")]
    lower, *others = sorted(lines, key=pd.Series.mean)
    theme.write_slope(axes, lower, "−1")
    for upper in others[-1:]:
        theme.write_slope(axes, upper, "−1", place="above")


def _first_activation(panel: pd.DataFrame) -> str:
    present = set(panel["activation"])
    return next(name for name in ACTIVATIONS if name in present)


def _grid(rows: pd.DataFrame, draw: list[Panel]) -> Figure:
    """A row of panels for each data set, dimension and loss."""
    cells = list(_cells(rows))
    figure, axes = plt.subplots(
        len(cells),
        len(draw),
        figsize=(theme.DOUBLE, max(1.9, 0.4 + 1.05 * len(cells))),
        sharex="col",
        squeeze=False,
    )
    for line, (title, panel) in zip(axes, cells, strict=True):
        line[-1].annotate(
            title, (1.03, 0.5), xycoords="axes fraction", rotation=270, va="center", ma="center", fontsize=7
        )
        for ax, function in zip(line, draw, strict=True):
            function(ax, panel)
            if ax.get_yscale() == "log":
                ax.yaxis.set_minor_formatter(NullFormatter())
                low, high = ax.get_ylim()
                ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 30 * low else (1,)))
            ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[:-1].flat:
        ax.set_xlabel("")
    return figure


def _cells(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for (dataset, dimension, loss), panel in rows.groupby(["dataset", "dimension", "loss"]):
        yield f"{dataset}\n{loss}\nz = {dimension}", panel


def _finished(figure: Figure, handles: list[Line2D], rows: pd.DataFrame) -> Figure:
    present = set(rows["activation"])
    handles += [
        Line2D([], [], color="black", linestyle="", marker=marker, label=theme.ACTIVATION_NAMES[name])
        for name, marker in theme.ACTIVATION_MARKERS.items()
        if name in present
    ]
    figure.tight_layout(h_pad=0.4)
    theme.legend(figure, handles)
    return figure
