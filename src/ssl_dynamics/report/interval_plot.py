"""A value with its interval against its criterion, what is predicted, and its control: a line of SVG with an axis.

From above: what the criterion asks, the value and below it its interval, the axis with ticks and its kind, the control.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

from ssl_dynamics.report.formatting import criterion, number, predicted

WIDTH, HEIGHT, MARGIN = 380, 100, 16
_TOP, _VALUE, _INTERVAL, _AXIS, _TICKS, _KIND = 12, 27, 41, 54, 70, 92  # heights: of baselines for what is written
_CONTRAST = 8  # a value farther from its threshold than by this factor is drawn on a logarithmic axis
_LEAST_SHARE = 0.3  # of the axis that value and criterion keep where the control is to be on it, too
_LETTER = 6.2  # width of a letter, in pixels
_TICKS_AT_MOST = 5


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

    def ticks(self) -> list[float]:
        """Round numbers on the axis, so few that their labels do not touch."""
        locators: list[Locator]
        if self.logarithmic:
            locators = [LogLocator(subs=subs, numticks=_TICKS_AT_MOST) for subs in ((1,), (1, 3), (1, 2, 5))]
        else:
            locators = [MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]) for most in (4, _TICKS_AT_MOST, 6)]
        found: list[float] = []
        for locator in locators:
            ticks = map(float, locator.tick_values(self.low, self.high))
            inside = [tick for tick in ticks if not self.beyond(tick)]
            if len(inside) > len(found) and _apart([(self.x(tick), exact(tick)) for tick in inside]):
                found = inside
        return found


def scale_of(numbers: Sequence[float], thresholds: Sequence[float], control: float | None = None) -> Scale:
    """An axis that shows the thresholds and the numbers with room around; logarithmic where they are far apart.

    The control is on it, too, where it leaves enough of the axis to the others.
    """
    near = [*numbers, *thresholds]
    wanted = near if control is None else [*near, control]
    if min(near) > 0 and max(near) / min(near) > _CONTRAST:
        low, high = min(near), max(near)
        if min(wanted) > 0 and math.log(high / low) >= _LEAST_SHARE * math.log(max(wanted) / min(wanted)):
            low, high = min(wanted), max(wanted)
        room = max((high / low) ** 0.12, 1.5)
        return Scale(low / room, high * room, logarithmic=True)
    centre = sum(thresholds) / len(thresholds)
    half = 1.3 * max(*(abs(number - centre) for number in near), 0.05 * abs(centre), 1e-300)
    low, high = centre - half, centre + half
    if control is not None and high - low >= _LEAST_SHARE * (max(high, control) - min(low, control)):
        room = 0.06 * (max(high, control) - min(low, control))
        low, high = min(low, control - room), max(high, control + room)
    return Scale(low, high, logarithmic=False)


def interval_plot(record: dict[str, Any]) -> Markup:
    """The picture of a claim's record; empty where its numbers are not finite. Hidden from readers of the text."""
    numbers = [record[name] for name in ("value", "low", "high")]
    if any(number is None for number in numbers):
        return Markup()
    given = record["criterion"]["threshold"]
    thresholds = [float(number) for number in (given if isinstance(given, list) else [given])]
    control = record["control"]["value"]
    scale = scale_of(numbers, thresholds, control)
    parts = [
        *_criterion(scale, record, thresholds),
        *_axis(scale, control),
        *_value(*map(scale.x, numbers)),
        *_control(scale, control),
    ]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return Markup(f'<svg class="interval-plot" {size} aria-hidden="true">{"".join(parts)}</svg>')


def _criterion(scale: Scale, record: dict[str, Any], thresholds: list[float]) -> list[str]:
    """The band in which it is met, its bounds, what is predicted, and both in words."""
    at = [scale.x(threshold) for threshold in thresholds]
    left, right = {"<=": (0.0, at[0]), ">=": (at[0], float(WIDTH)), "within": (at[0], at[-1])}[
        record["criterion"]["operator"]
    ]
    words, expected = f"criterion {criterion(record)}", predicted(record)
    drawn = [
        f'<rect class="meets" x="{left:.1f}" y="{_TOP + 5}" width="{right - left:.1f}" height="{_AXIS - _TOP - 5}"/>',
        *(f'<path class="threshold" d="M{x:.1f} {_TOP + 4}V{_AXIS}"/>' for x in at),
    ]
    if expected is not None:
        words = f"predicted {exact(expected)}, {words}"
        drawn.append(f'<path class="predicted" d="M{scale.x(expected):.1f} {_TOP + 4}V{_AXIS}"/>')
    return [*drawn, _text(words, sum(at) / len(at), _TOP)]


def _axis(scale: Scale, control: float | None) -> list[str]:
    """The axis with its ticks, and what kind it is, on the side on which the control is not."""
    left = control is None or scale.x(control) > WIDTH / 2
    ticks = [(scale.x(tick), exact(tick)) for tick in scale.ticks()]
    kind = "logarithmic axis" if scale.logarithmic else "linear axis"
    return [
        f'<path class="axis" d="M{MARGIN} {_AXIS}H{WIDTH - MARGIN}'
        + "".join(f"M{x:.1f} {_AXIS}v4" for x, _ in ticks)
        + '"/>',
        *(_text(label, x, _TICKS) for x, label in ticks),
        f'<text class="kind" x="{MARGIN if left else WIDTH - MARGIN}" y="{_KIND}" '
        f'text-anchor="{"start" if left else "end"}">{kind}</text>',
    ]


def _value(value: float, low: float, high: float) -> list[str]:
    """The value points down to its interval, which nothing hides, however short it is."""
    return [
        f'<path class="value" d="M{value:.1f} {_VALUE + 7}l-5 -9h10z"/>',
        f'<path class="interval" d="M{low:.1f} {_INTERVAL}H{high:.1f}M{low:.1f} {_INTERVAL - 5}v10'
        f'M{high:.1f} {_INTERVAL - 5}v10"/>',
    ]


def _control(scale: Scale, control: float | None) -> list[str]:
    """A cross at the control, or an arrow at the end of the axis beyond which it lies; its value is written below."""
    if control is None:
        return []
    x, side = scale.x(control), scale.beyond(control)
    label = _text(f"control {number(control)}", x, _KIND)
    if side:
        tip = x + 10 * side
        return [
            f'<path class="control" d="M{x:.1f} {_AXIS}H{tip:.1f}m{-6 * side} -5l{6 * side} 5l{-6 * side} 5"/>',
            label,
        ]
    return [f'<path class="control" d="M{x - 5:.1f} {_AXIS - 5}l10 10m0 -10l-10 10"/>', label]


def _text(words: str, x: float, y: float) -> str:
    """Words around x, moved where they would leave the picture."""
    half = _LETTER * len(words) / 2
    return f'<text x="{min(max(x, half), WIDTH - half):.1f}" y="{y}" text-anchor="middle">{words}</text>'


def _apart(labels: list[tuple[float, str]]) -> bool:
    return all(
        second - first > _LETTER * (len(label) + len(following)) / 2 + 6
        for (first, label), (second, following) in pairwise(labels)
    )


def exact(value: float) -> str:
    """A round number, without the rounding of its computation."""
    return number(value, digits=4)
