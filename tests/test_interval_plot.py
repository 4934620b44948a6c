"""The picture of a claim: its axis, value, interval, criterion and control."""

import itertools
import re

import pytest

from pages import record
from ssl_dynamics.report.interval_plot import Scale, interval_plot, scale_of


@pytest.mark.parametrize(
    ("numbers", "thresholds", "logarithmic"),
    [
        ([1e-6, 1e-7], [1e-3], True),
        ([0.98, 1.02], [0.95, 1.05], False),
        ([-0.7, -0.6], [-0.4], False),
        ([0, 0], [0], False),
    ],
)
def test_axis_shows_value_and_threshold(numbers, thresholds, logarithmic):
    scale = scale_of(numbers, thresholds)
    assert scale.logarithmic == logarithmic
    assert not any(scale.beyond(number) for number in [*numbers, *thresholds])


def test_control_is_on_the_axis_where_it_leaves_room_to_the_others_else_an_arrow_with_its_value():
    near, far = (interval_plot(record("A1", control={"value": value, "verdict": "fail"})) for value in (0.21, 1e5))
    assert "l10 10m0 -10" in near
    assert "l10 10m0 -10" not in far
    assert ">control 10⁵</text>" in far
    assert interval_plot(record("A1", value=None)) == ""
    assert scale_of([0.1, 0.1], [0.2], 0.5).beyond(0.5) == 0
    assert scale_of([0.1, 0.1], [0.2], 50).beyond(50) == 1
    assert scale_of([1e-6], [1e-3], 10.0).beyond(10.0) == 0
    assert scale_of([1e-6], [1e-3], -1.0).beyond(-1.0) == -1


def test_plot_writes_criterion_prediction_ticks_and_kind_of_axis():
    order = record("A3", value=1.99, low=1.97, high=2.01, criterion={"operator": "within", "threshold": [1.85, 2.15]})
    drawn = interval_plot(order)
    assert ">predicted 2, criterion in [1.85, 2.15]</text>" in drawn
    assert 'class="predicted"' in drawn
    assert ">linear axis</text>" in drawn
    small = interval_plot(record("A3", value=1e-6, low=1e-7, high=1e-6))
    assert ">criterion ≤ 0.2</text>" in small
    assert 'class="predicted"' not in small
    assert ">logarithmic axis</text>" in small


def test_interval_is_not_behind_the_value_however_short_it_is():
    drawn = interval_plot(record("A1", value=0.1, low=0.1 - 1e-9, high=0.1 + 1e-9))
    value = re.search(r'class="value" d="M[\d.]+ (\d+)', drawn)
    interval = re.search(r'class="interval" d="M([\d.]+) (\d+)H', drawn)
    assert int(value[1]) < int(interval[2]) - 5  # the tip is above the caps


@pytest.mark.parametrize(
    ("low", "high", "logarithmic"), [(1e-15, 1e-3, True), (0.9, 1.1, False), (0.02, 0.7, True), (-0.58, -0.42, False)]
)
def test_axis_has_ticks_whose_labels_do_not_touch(low, high, logarithmic):
    scale = Scale(low, high, logarithmic)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 10
    places = [scale.x(tick) for tick in ticks]
    assert all(second - first > 20 for first, second in itertools.pairwise(places))
