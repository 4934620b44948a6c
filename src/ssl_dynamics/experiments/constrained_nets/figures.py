"""Figures of constrained nets: two approximations of infinite width side by side; drifts, rates, supervised nets."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import StrMethodFormatter

from ssl_dynamics.experiments.constrained_nets.config import READ_AT, REGRESSION, SELF_SUPERVISED, UNIT, WIDTH
from ssl_dynamics.figures import marks, panels, theme

CONSTRAINED = theme.DYNAMICS_COLORS["grassmannian"]
METHODS = {
    "flow": (CONSTRAINED, "features frozen, constraint kept"),
    "linearised": (theme.LINEARISED_COLOR, "linearised at the start"),
}
RATES = {UNIT: (CONSTRAINED, "1"), "sqrt(h)": (theme.SKY, r"\sqrt{h}"), WIDTH: (theme.TAN, "h")}
OBJECTIVES = {SELF_SUPERVISED: (CONSTRAINED, "self-supervised"), REGRESSION: (theme.REGRESSION_COLOR, "supervised")}
ACTIVATIONS = ("relu", "erf", "identity")  # the first of them that there is has the panels over time
SLOPE = panels.line(r"slope $-1$", theme.GUIDE, ":")
Panel = Callable[[Axes, pd.DataFrame], None]


def constrained_nets(constrained_nets: pd.DataFrame) -> Figure:
    """Gram error over τ for several widths; at τ = 8 over the width, at two rates; drift of the tangent kernel.

    Left, the wider the darker.
    Points are of trained nets (geometric mean and 95 % interval over seeds); lines in the last column are predicted.
    """
    rows = constrained_nets[constrained_nets["objective"] == SELF_SUPERVISED]
    methods = [panels.line(label, color, marker=".") for color, label in METHODS.values()]
    return _columns(
        rows,
        [
            (_errors_over_time, [*methods, _note("the wider the darker")]),
            (
                _errors_over_width,
                [
                    panels.line(r"features frozen, $\kappa = h$", RATES[WIDTH][0]),
                    panels.line("linearised, late, predicted", theme.THEORY, "--"),
                    SLOPE,
                    marks.SLOPES,
                    *_activations(rows),
                ],
            ),
            (
                _tangent_drift,
                [
                    panels.line("trained", CONSTRAINED, "", "o"),
                    panels.line(r"$\|RE_zE_z^\top R\|/\|K\|$, predicted", theme.THEORY),
                ],
            ),
        ],
    )


def constrained_drift(constrained_nets: pd.DataFrame) -> Figure:
    """Drift of the features over the width, at three rates; errors and tangent drift of supervised nets beside SSL."""
    return _columns(
        constrained_nets,
        [
            (
                _feature_drift,
                [
                    *(panels.line(rf"$\kappa = {label}$", color) for color, label in RATES.values()),
                    SLOPE,
                    marks.SLOPES,
                    *_activations(constrained_nets),
                ],
            ),
            (
                _supervised_errors,
                [
                    *(panels.line(label, color) for color, label in METHODS.values()),
                    panels.line("self-supervised"),
                    panels.line("supervised", style="--"),
                ],
            ),
            (
                _supervised_drift,
                [
                    *(panels.line(label, color, "", "o") for color, label in OBJECTIVES.values()),
                    panels.line("predicted", theme.THEORY),
                ],
            ),
        ],
    )


def _errors_over_time(axes: Axes, panel: pd.DataFrame) -> None:
    first = _first_activation(panel)
    rows = panel[(panel["rate"] == UNIT) & (panel["activation"] == first) & (panel["time"] > 0)]
    axes.set(yscale="log", xlabel=rf"$\tau = 2|\lambda_z|t$, {theme.ACTIVATION_NAMES[first]}", ylabel="Gram error")
    widths = sorted(rows["width"].unique())
    for width, shade in zip(widths, np.linspace(0.25, 1, len(widths)), strict=True):
        for method, (color, _) in METHODS.items():
            mean = np.exp(
                np.log(rows[rows["width"] == width].set_index("time")[f"{method}_error"]).groupby("time").mean()
            )
            axes.plot(mean.index, mean, ".-", color=color, alpha=shade, linewidth=1)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def _errors_over_width(axes: Axes, panel: pd.DataFrame) -> None:
    rows = panel[panel["time"] == READ_AT]
    _over_width(axes, "Gram error", at=rf"$\tau = {READ_AT:g}$")
    for activation, part in rows.groupby("activation"):
        marker = theme.ACTIVATION_MARKERS[str(activation)]
        unit, wide = (part[part["rate"] == rate] for rate in (UNIT, WIDTH))
        for method, (color, _) in METHODS.items():
            marks.mean_and_interval(axes, unit, "width", f"{method}_error", color, marker=marker)
        marks.mean_and_interval(axes, wide, "width", "flow_error", RATES[WIDTH][0], marker=marker)
        late = np.sqrt(2 * part["mismatch_limit"].iloc[0])  # 1 − cos is the square of the Gram error, halved
        axes.axhline(late, color=theme.THEORY, linewidth=0.8, linestyle="--", zorder=0)
    _slope(axes, rows[rows["rate"] == UNIT], "flow_error")


def _tangent_drift(axes: Axes, panel: pd.DataFrame) -> None:
    unit = panel[panel["rate"] == UNIT]
    rows = unit[unit["time"] == unit.groupby("activation")["time"].transform("max")]
    _over_width(axes, "kernel drift", at="the end", logarithmic=False)
    for activation, part in rows.groupby("activation"):
        marker = theme.ACTIVATION_MARKERS[str(activation)]
        marks.mean_and_interval(axes, part, "width", "tangent_drift", CONSTRAINED, style="", marker=marker)
        limit = part.groupby("width")["limit"].first()
        axes.plot(limit.index, limit, "-", color=theme.THEORY, linewidth=0.8)
    axes.set(ylim=(0, 1.1 * axes.get_ylim()[1]))


def _feature_drift(axes: Axes, panel: pd.DataFrame) -> None:
    rows = panel[(panel["time"] == READ_AT) & (panel["objective"] == SELF_SUPERVISED)]
    _over_width(axes, "feature drift", at=rf"$\tau = {READ_AT:g}$")
    for (rate, activation), part in rows.groupby(["rate", "activation"]):
        color, marker = RATES[str(rate)][0], theme.ACTIVATION_MARKERS[str(activation)]
        marks.mean_and_interval(axes, part, "width", "feature_drift", color, marker=marker)
    _slope(axes, rows[rows["rate"] == UNIT], "feature_drift")


def _supervised_errors(axes: Axes, panel: pd.DataFrame) -> None:
    trained = panel[(panel["rate"] == UNIT) & (panel["time"] == READ_AT)]
    rows = trained[trained["width"].isin(trained.loc[trained["objective"] == REGRESSION, "width"])]
    _over_width(axes, "Gram error", at=rf"$\tau = {READ_AT:g}$")
    for (objective, activation), part in rows.groupby(["objective", "activation"]):
        style, marker = "--" if objective == REGRESSION else "-", theme.ACTIVATION_MARKERS[str(activation)]
        for method, (color, _) in METHODS.items():
            marks.mean_and_interval(axes, part, "width", f"{method}_error", color, style=style, marker=marker)


def _supervised_drift(axes: Axes, panel: pd.DataFrame) -> None:
    first = _first_activation(panel)
    trained = panel[(panel["rate"] == UNIT) & (panel["activation"] == first)]
    width = trained.loc[trained["objective"] == REGRESSION, "width"].max()
    for objective, part in trained[trained["width"] == width].groupby("objective"):
        marks.mean_and_interval(axes, part, "time", "tangent_drift", OBJECTIVES[str(objective)][0], style="")
        limit = part.groupby("time")["limit"].first()
        axes.plot(limit.index, limit, "-", color=theme.THEORY, linewidth=0.8)
    axes.set(
        xlabel=rf"$\tau$, {theme.ACTIVATION_NAMES[first]}, $h={width}$",
        ylabel="kernel drift",
        ylim=(0, 1.1 * axes.get_ylim()[1]),
    )


def _over_width(axes: Axes, quantity: str, *, at: str, logarithmic: bool = True) -> None:
    axes.set(xlabel=f"width $h$, at {at}", ylabel=quantity)
    panels.over_widths(axes)
    if logarithmic:
        axes.set_yscale("log")


def _slope(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    """A line of slope −1 through the geometric mean of the widest nets."""
    widths = np.array(sorted(rows["width"].unique()), dtype=np.float64)
    at = np.exp(np.log(rows.loc[rows["width"] == widths[-1], column]).mean())
    axes.plot(widths, at * widths[-1] / widths, ":", color=theme.GUIDE, linewidth=1)
    lines = [
        np.exp(np.log(line.set_index("width")[column]).groupby("width").mean())
        for _, line in rows.groupby("activation")
    ]
    *others, upper = sorted(lines, key=pd.Series.mean)
    marks.write_slope(axes, upper, "−1", place="above")
    for lower in others[:1]:
        marks.write_slope(axes, lower, "−1")


def _first_activation(panel: pd.DataFrame) -> str:
    present = set(panel["activation"])
    return next(name for name in ACTIVATIONS if name in present)


def _columns(rows: pd.DataFrame, columns: list[tuple[Panel, list[Line2D]]]) -> Figure:
    """A row of panels for each data set, dimension and loss; below each column its own legend."""
    figure, cells = panels.table(rows, len(columns), sharex="col", sharey=False)
    for line, (title, panel) in cells:
        for axes, (draw, _) in zip(line, columns, strict=True):
            draw(axes, panel)
        panels.name_row(line[-1], title)
    return panels.tidied(figure, below=[handles for _, handles in columns])


def _activations(rows: pd.DataFrame) -> list[Line2D]:
    present = set(rows["activation"])
    return [
        panels.line(theme.ACTIVATION_NAMES[name], theme.CONTROL, "", marker)
        for name, marker in theme.ACTIVATION_MARKERS.items()
        if name in present
    ]


def _note(text: str) -> Line2D:
    return panels.line(text, style="")
