"""A value with its interval against its criterion, and its control, in one line of SVG."""

import math
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT, MARGIN = 360, 46, 14
_AXIS = 24  # height of the line on which everything lies
_CONTRAST = 8  # a value farther from its threshold than by this factor is drawn on a logarithmic axis


@dataclass(frozen=True)
class Scale:
    """Numbers to pixels, those beyond either end to that end."""

    low: float
    high: float
    logarithmic: bool

    def x(self, number: float) -> float:
        low, high, at = self.low, self.high, number
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(max(number, self.low))
        share = min(max((at - low) / (high - low), 0), 1)
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    def beyond(self, number: float) -> int:
        """-1 or 1 where the number lies beyond that end, else 0."""
        return (number > self.high) - (number < self.low)


def scale_of(numbers: list[float], thresholds: list[float]) -> Scale:
    """An axis that shows the thresholds and the numbers with room around; logarithmic where they are far apart."""
    near = [*numbers, *thresholds]
    if min(near) > 0 and max(near) / min(near) > _CONTRAST:
        return Scale(min(near) / 4, max(near) * (max(near) / min(near)) ** 0.25 * 4, logarithmic=True)
    centre = sum(thresholds) / len(thresholds)
    half = 1.6 * max(*(abs(number - centre) for number in near), 0.05 * abs(centre), 1e-300)
    return Scale(centre - half, centre + half, logarithmic=False)


def interval_plot(record: dict[str, Any]) -> Markup:
    """The picture of a claim's record; empty where its numbers are not finite. Hidden from readers of the text."""
    numbers = [record[name] for name in ("value", "low", "high")]
    if any(number is None for number in numbers):
        return Markup()
    criterion = record["criterion"]
    given = criterion["threshold"]
    thresholds = [float(number) for number in (given if isinstance(given, list) else [given])]
    scale = scale_of(numbers, thresholds)
    value, low, high = map(scale.x, numbers)
    left, right = _meets(criterion["operator"], [scale.x(number) for number in thresholds])
    parts = [
        f'<rect class="meets" x="{left:.1f}" y="10" width="{right - left:.1f}" height="28"/>',
        f'<path class="axis" d="M{MARGIN} {_AXIS}H{WIDTH - MARGIN}"/>',
        *(f'<path class="threshold" d="M{scale.x(number):.1f} 10V38"/>' for number in thresholds),
        _control(scale, record["control"]["value"]),
        f'<path class="interval" d="M{low:.1f} {_AXIS}H{high:.1f}M{low:.1f} 19V29M{high:.1f} 19V29"/>',
        f'<circle class="value" cx="{value:.1f}" cy="{_AXIS}" r="4.5"/>',
    ]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return Markup(f'<svg class="interval-plot" {size} aria-hidden="true">{"".join(parts)}</svg>')


def _meets(operator: str, at: list[float]) -> tuple[float, float]:
    """Ends of the band in which the criterion is met."""
    ends = {"<=": (0.0, at[0]), ">=": (at[0], float(WIDTH)), "within": (at[0], at[-1])}
    return ends[operator]


def _control(scale: Scale, control: float | None) -> str:
    """A cross at the control, or an arrow towards it where it lies off the axis."""
    if control is None:
        return ""
    x, side = scale.x(control), scale.beyond(control)
    if side:
        return f'<path class="control" d="M{x - 6 * side:.1f} 18L{x + 6 * side:.1f} {_AXIS}L{x - 6 * side:.1f} 30"/>'
    return f'<path class="control" d="M{x - 5:.1f} 19l10 10m0 -10l-10 10"/>'
