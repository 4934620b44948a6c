import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_dynamics.report.formatting import criterion, exactly, number, spread

LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def read(text):
    """The number that a reader reads."""
    mantissa, times, power = text.translate(LOWERED).partition("×10")
    if times:
        return float(f"{mantissa}e{power}")
    raised = text.lstrip("−")
    if raised.startswith("10") and any(digit in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹" for digit in raised):
        return math.copysign(10.0 ** int(raised[2:].translate(LOWERED)), -1 if text.startswith("−") else 1)
    return float(text.translate(LOWERED))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not finite"),
        (0.0, "0"),
        (1.0, "1"),
        (-0.5, "−0.5"),
        (0.001, "0.001"),
        (1234.5, "1230"),
        (9999.0, "10⁴"),
        (162_000.0, "1.62×10⁵"),
        (-2e-5, "−2×10⁻⁵"),
        (1e-15, "10⁻¹⁵"),
        (-1e300, "−10³⁰⁰"),
    ],
)
def test_number_is_written_as_a_reader_writes_it(value, text):
    assert number(value) == text


@given(st.floats(-1e300, 1e300, allow_subnormal=False))
def test_written_number_is_that_number_to_three_digits(value):
    text = number(value)
    assert not set("e-") & set(text)
    assert math.isclose(read(text), value, rel_tol=5.1e-3)
    assert math.isclose(read(exactly(value)), value, rel_tol=5.1e-6)


def test_chosen_numbers_keep_their_digits():
    assert criterion({"criterion": {"operator": "<=", "threshold": 0.99995}}) == "≤ 0.99995"
    assert criterion({"criterion": {"operator": "within", "threshold": [-1.02, 1e-6]}}) == "in [−1.02, 10⁻⁶]"


def test_mean_without_an_interval_says_so():
    record = {"statistic": "mean", "low": -2e-5, "high": 1.0}
    assert spread(record) == "[−2×10⁻⁵, 1]"
    assert spread(record | {"low": 1.0}) == "on every seed"
