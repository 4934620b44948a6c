"""Every claim in a row: its draws, what is predicted for the next one, and the criterion."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ssl_dynamics.claims.verdict import Criterion
from ssl_dynamics.figures import panels, theme
from ssl_dynamics.report.draw_verdicts import criterion_of
from ssl_dynamics.report.formatting import AVERAGE, FAILS, NEXT, OPEN, Record

LEFT, RIGHT = -1.6, 2.2  # ends of the axis, in units of the criterion; what lies beyond is drawn there as an arrow
_ROW = 0.125  # inches
_COLORS: dict[str, Any] = {NEXT: theme.TEAL, AVERAGE: theme.INDIGO, OPEN: theme.OLIVE, FAILS: theme.PURPLE}


def in_units(value: float, criterion: Criterion) -> float:
    """A value in units of its criterion, which is met up to 1 and, where it is an interval, from −1 on.

    Of an interval the distance from its middle in half widths; of a bound θ 1 ± (value − θ)/|θ|, which for "<= θ > 0"
    is value/θ; of the bound 0, as of a count of ranks, 1 ± value.
    """
    threshold = criterion.threshold
    if isinstance(threshold, tuple):
        low, high = threshold
        return (2 * value - low - high) / (high - low)
    return 1 + (value - threshold) / (abs(threshold) or 1) * (1 if criterion.operator == "<=" else -1)


def draws_figure(claims: Sequence[Record]) -> Figure:
    """Claims in order from the top, each in its worst cell; a claim on a mean with its prediction interval."""
    figure, axes = plt.subplots(figsize=(theme.DOUBLE, 1.2 + _ROW * len(claims)))
    for place, claim in enumerate(claims):
        criterion = criterion_of(claim["criterion"])
        color = _COLORS[claim["verdict"]]
        start = -1.0 if criterion.operator == "within" else LEFT
        axes.barh(place, 1 - start, left=start, height=0.8, color="0.92", linewidth=0, zorder=0)
        if claim["low"] is not None:
            ends = np.clip([in_units(claim[name], criterion) for name in ("low", "high")], LEFT, RIGHT)
            axes.plot(ends, [place, place], color=color, linewidth=2.4, alpha=0.5, solid_capstyle="butt", zorder=1)
        cell = next(each for each in claim["cells"] if each["cell"] == claim["cell"])
        values = [in_units(value, criterion) for value in cell["values"] if value is not None]
        inside = [value for value in values if LEFT <= value <= RIGHT]
        axes.scatter(inside, [place] * len(inside), s=3, color=color, linewidth=0, zorder=2)
        for end, marker, beyond in ((LEFT, "<", min), (RIGHT, ">", max)):
            if values and not LEFT <= beyond(values) <= RIGHT and (beyond(values) < LEFT) == (end == LEFT):
                axes.scatter([end], [place], s=8, marker=marker, color=color, linewidth=0, zorder=2, clip_on=False)
    for bound in (-1, 1):
        axes.axvline(bound, color="0.6", linewidth=0.6, zorder=0.5)
    axes.set_yticks(range(len(claims)), [claim["id"] for claim in claims], fontsize=theme.SMALL)
    axes.set(
        xlim=(LEFT, RIGHT),
        ylim=(len(claims) - 0.4, -0.6),
        xlabel="value in units of the criterion: met up to 1, of an interval from −1 on",
    )
    counted = [f"{claim['passes']} of {claim['draws']}" for claim in claims]
    for place, text in enumerate(counted):
        axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), fontsize=theme.SMALL, va="center")
    axes.text(1.02, -1.2, "holds in", transform=axes.get_yaxis_transform(), fontsize=theme.SMALL, va="center")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    present = {claim["verdict"] for claim in claims}
    handles = [
        Patch(color="0.92", label="criterion met"),
        Line2D([], [], color="0.3", linewidth=2.4, alpha=0.5, label="95 % prediction interval"),
        *(
            Line2D([], [], color=color, marker="o", linestyle="", markersize=3, label=verdict)
            for verdict, color in _COLORS.items()
            if verdict in present
        ),
    ]
    figure.tight_layout()
    panels.legend(figure, handles)
    return figure
