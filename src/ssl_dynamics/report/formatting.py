"""Records of claims as a reader writes them."""

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from ssl_dynamics.claims.resolving import SMALLEST

Record = dict[str, Any]

# Verdicts over draws, from the worst to the best.
OVER_DRAWS = (FAILS, OPEN, AVERAGE, NEXT) = ("fails", "open", "holds on average", "holds for the next draw")

_RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("−+0123456789aehijklmnoprstuvx", "₋₊₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
# Below a single letter or a mark, not in a word such as max_steps.
_SUBSCRIPT = re.compile(r"(?<![a-z]{2})_(\{[^{}]*\}|\d+\.\d+|\d+|[a-z]{1,3}(?![a-z])|[A-Z∞])")
_SUPERSCRIPT = re.compile(r"\^(\{[^{}]*\}|\d+|[a-z])")
_SCIENTIFIC = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([-−+]?\d+)(?!\w)")
_MINUS = re.compile(r"(?<![\w)\].-])-(?=[\d∞])")
_PERCENT = re.compile(r"(?<=\d)%")
OF_THE_MEAN = "the mean over the seeds; "  # so begins the description of a control that is judged by it
COPIES = "of the data alone, so the same on every seed"
_CHOSEN = 6  # digits of a number that somebody chose, and the most that an interval is written with


def failures(records: list[Record]) -> list[str]:
    """Names of the claims that do not hold: they failed, or are open."""
    return [record["id"] for record in records if record["verdict"] != "pass"]


def verdicts_of(records: list[Record], verdict: str) -> list[str]:
    """Names of the claims that have this verdict."""
    return [record["id"] for record in records if record["verdict"] == verdict]


def verdict_word(verdict: str) -> str:
    """A verdict of a claim, which files call pass, open or fail, as a reader is told it."""
    return {"pass": "holds", "open": "open", "fail": "fails"}[verdict]


def chance(p: float) -> str:
    """A p-value as a reader writes it."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def spread(record: Record) -> str:
    """How far the value of a claim or of one of its cells is known: the interval of a mean, the seeds of an extreme.

    `record` has a `statistic`, as a claim has; a cell gets that of its claim (`cells_of`).
    """
    low, high, is_mean = record["low"], record["high"], record["statistic"] == "mean"
    if not is_mean and low is not None and record["least_probability"] is None:
        return COPIES
    first, last = ends(low, high)
    if low == high and low is not None:
        between = "on every seed" if is_mean else "the same on every seed"
    elif first == last and low is not None:
        between = f"± {number((high - low) / 2 if is_mean else high - low)}"
    else:
        between = f"[{first}, {last}]" if is_mean else f"{first} … {last}"
    if is_mean:
        return between
    return f"{between}, {record['met']} of {record['seeds']} seeds, P ≥ {record['least_probability']:.2f}"


def measured(record: Record) -> str:
    """The value of a claim or of one of its cells, with the digits of its interval."""
    low, high = record["low"], record["high"]
    exact = low == high or number(low, digits=_CHOSEN) == number(high, digits=_CHOSEN)
    return number(record["value"], digits=3 if exact else _digits(low, high))


def ends(low: float | None, high: float | None) -> tuple[str, str]:
    """Two numbers to three digits, or to one more than tells them apart; to six at most."""
    digits = _digits(low, high)
    return number(low, digits=digits), number(high, digits=digits)


def _digits(low: float | None, high: float | None) -> int:
    told_apart = (digits for digits in range(3, _CHOSEN) if number(low, digits=digits) != number(high, digits=digits))
    first = next(told_apart, _CHOSEN)
    return first if first == 3 else min(first + 1, _CHOSEN)


def judged_on(control: Record) -> str:
    """Where a control must fail: on the seed nearest to the criterion, unless it says that it is a mean over seeds."""
    of_the_mean = control["description"].startswith(OF_THE_MEAN)
    return "for all seeds together" if of_the_mean else "on the seed nearest to the criterion"


def known(record: Record) -> str:
    """`spread` in short, for narrow columns: the interval of a mean, or the seeds of an extreme that meet it."""
    return spread(record) if record["statistic"] == "mean" else f"{record['met']} of {record['seeds']}"


def cells_of(record: Record) -> list[Record]:
    """The cells of a claim, each with the statistic that it is judged by."""
    return [{"statistic": record["statistic"], **cell} for cell in record["cells"]]


def resolves(record: Record) -> str:
    """The smallest relative error of the theory that makes a claim fail, in percent; a dash where it has none.

    Where the smallest that is tried does, it is a bound.
    """
    error = record["resolves"]
    if error is None:
        return "–"
    return ("≤ " if error <= SMALLEST else "") + f"{number(100 * error, digits=2)} %"


def criterion(record: Record) -> str:
    """The criterion of a claim, as a reader writes it."""
    threshold = record["criterion"]["threshold"]
    text = f"[{', '.join(map(exactly, threshold))}]" if isinstance(threshold, list) else exactly(threshold)
    operator = {"<=": "≤", ">=": "≥", "within": "in"}[record["criterion"]["operator"]]
    return f"{operator} {text}"


def number(value: float | None, *, digits: int = 3) -> str:
    """A number to three digits, as a power of ten where it is small or large; null is one that is not finite."""
    if value is None:
        return "not finite"
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -3 <= power < 4:
        written = f"{float(f'{mantissa}e{power}'):.{max(digits, _CHOSEN)}g}"
    else:
        raised = f"10{str(power).translate(_RAISED)}"
        written = {1.0: raised, -1.0: f"-{raised}"}.get(float(mantissa), f"{float(mantissa):g}×{raised}")
    return written.replace("-", "−")


def exactly(value: float) -> str:
    """A number that somebody chose: with all of its digits, six at most."""
    return number(value, digits=_CHOSEN)


def read_shipped(paths: Sequence[Path]) -> Record | None:
    """What the reference says of draws, from its draws.json; none where it ships none."""
    found: list[Record] = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return found[0] if found else None


def next_draw(claim: Record) -> str:
    """The prediction interval; a dash where there is none, of the largest or smallest over seeds."""
    return "–" if claim["low"] is None else f"[{', '.join(ends(claim['low'], claim['high']))}]"


def in_a_line(claim: Record) -> str:
    """Verdict, prediction and passes of a claim over draws."""
    predicted = "" if claim["low"] is None else f"predicted {next_draw(claim)}, "
    passed = f"holds in {claim['passes']} of {claim['draws']} draws, P ≥ {claim['least_probability']:.2f}"
    if claim["fresh"] < claim["draws"]:
        passed += f" by the {claim['fresh']} fresh ones"
    return f"{claim['verdict']} ({predicted}{passed})"


def draws_in_words(found: Record) -> str:
    """How many draws there are, as a reader is told, from a draws.json, and how many of them are fresh.

    Before draws could be shipped none were kept.
    """
    more, roots, kept = len(found["equation_draws"]), found["roots"], found.get("kept", [])
    fresh = sum(root != found["own_root"] for root in roots)
    return (
        f"{len(roots)} draws"
        + (f", {fresh} of them fresh" if fresh < len(roots) else "")
        + (f", {len(kept)} run before" if kept else "")
        + (f" ({more} of what needs no training)" if more else "")
    )


def in_words(said: Record) -> str:
    """What was registered before, and how much of it was run, as a reader is told (`preregistration.said_of`).

    Before measures were registered, so nothing was said of them.
    """
    if said["date"] is None:
        return "not preregistered"
    if not said["registered"]:
        return f"not as registered on {said['date']}: other {', '.join(said['differs'])}"
    what = "thresholds, measures, sizes and root seeds are those"
    if not said["measures"]:
        what = "thresholds, sizes and root seeds, but not measures, are those"
    return f"{what} registered on {said['date']}" + (f"; {' and '.join(said['run'])} were run" if said["run"] else "")


def predicted(record: Record) -> float | None:
    """What theory predicts for the value of a claim: the middle of the interval around it, if any."""
    threshold = record["criterion"]["threshold"]
    return sum(threshold) / 2 if isinstance(threshold, list) else None


def written_out(text: str) -> str:
    """A text with minus signs, powers of ten, ≤ and a blank before % in the place of what a keyboard has for them."""
    text = _SCIENTIFIC.sub(lambda match: number(float(match[0].replace("−", "-")), digits=_CHOSEN), text)
    text = _PERCENT.sub(" %", _MINUS.sub("−", text))
    return text.replace("<=", "≤").replace(">=", "≥")


def typeset(text: str) -> Markup:
    """A statement, escaped, with its _ and ^ as subscripts and superscripts."""

    def element(name: str) -> Any:
        return lambda match: f"<{name}>{match[1].strip('{}')}</{name}>"

    lowered = _SUBSCRIPT.sub(element("sub"), str(escape(written_out(text))))
    return Markup(_SUPERSCRIPT.sub(element("sup"), lowered))


def plain(text: str) -> str:
    """A statement without markup: subscripts and superscripts are characters where there are such, else as written."""
    lowered = _SUBSCRIPT.sub(partial(_shifted, _LOWERED), written_out(text))
    return _SUPERSCRIPT.sub(partial(_shifted, _RAISED), lowered)


def _shifted(table: dict[int, int], match: re.Match[str]) -> str:
    inner = match[1].strip("{}")
    return inner.translate(table) if all(ord(letter) in table for letter in inner) else match[0]
