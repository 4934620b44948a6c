import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.formatting import criterion, exactly, judged_on, number, plain, spread, typeset, written_out

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


def test_interval_has_as_many_digits_as_tell_its_ends_apart():
    mean = {"statistic": "mean", "low": 0.99996, "high": 1.00002}
    assert spread(mean) == "[0.99996, 1.00002]"
    assert spread(mean | {"low": 1 - 3e-12, "high": 1 + 3e-12}) == "± 3×10⁻¹²"
    extreme = mean | {"statistic": "largest", "met": 3, "seeds": 4, "least_probability": 0.25}
    assert spread(extreme) == "0.99996 … 1.00002, 3 of 4 seeds, P ≥ 0.25"
    assert spread(extreme | {"least_probability": None}) == "of the data alone, so the same on every seed"
    assert spread(extreme | {"low": 1.00002}) == "the same on every seed, 3 of 4 seeds, P ≥ 0.25"


def made_of(measure):
    """The names of the functions that a measure was made by, as those that it encloses tell them."""
    enclosed = [cell.cell_contents for cell in getattr(measure, "__closure__", None) or ()]
    own = getattr(measure, "__qualname__", "").partition(".")[0]
    return {own}.union(*(made_of(each) for each in enclosed if callable(each)))


def test_control_says_that_it_is_judged_by_the_mean_where_its_code_does():
    by_mean = {claim.id for claim in CLAIMS if "of_the_mean" in made_of(claim.control.measure)}
    assert by_mean == {"A4-departure-time-relu", "A4-departure-time-erf", "A5-finite-sample"}
    for claim in CLAIMS:
        said = judged_on({"description": claim.control.description})
        assert said == ("for all seeds together" if claim.id in by_mean else "on the seed nearest to the criterion")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("1e-6 of 1.62e+05", "10⁻⁶ of 1.62×10⁵"),
        ("σ > 1e−8", "σ > 10⁻⁸"),
        ("at -1, in [-0.5, 2]", "at −1, in [−0.5, 2]"),
        ("bottom-2, x - 1, 2-3", "bottom-2, x - 1, 2-3"),
        ("a <= 1% and >= 0", "a ≤ 1 % and ≥ 0"),
        ("the 3rd edge", "the 3rd edge"),
    ],
)
def test_keyboard_is_written_out(raw, text):
    assert written_out(raw) == text


def test_subscripts_are_those_of_mathematics_alone():
    text = "U_linᵀ at t_0.5, E_zE_zᵀ, S_12, G_jk, λ_{z+1}, θ_max, max_steps, 2^13 < K^{1/2}"
    assert typeset(text) == (
        "U<sub>lin</sub>ᵀ at t<sub>0.5</sub>, E<sub>z</sub>E<sub>z</sub>ᵀ, S<sub>12</sub>, G<sub>jk</sub>, "
        "λ<sub>z+1</sub>, θ<sub>max</sub>, max_steps, 2<sup>13</sup> &lt; K<sup>1/2</sup>"
    )
    assert plain("λ_2 of S_12, 2^13, ‖U‖_F, x_{i+1}") == "λ₂ of S₁₂, 2¹³, ‖U‖_F, xᵢ₊₁"
