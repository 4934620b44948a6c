"""Records of claims as a reader writes them."""

import re
from typing import Any

from markupsafe import Markup, escape

Record = dict[str, Any]

_SUBSCRIPT = re.compile(r"_(\{[^{}]*\}|max|\d+\.\d+|[A-Za-z0-9∞])")
_SUPERSCRIPT = re.compile(r"\^(\{[^{}]*\}|\d+|[a-z])")


def failures(records: list[Record]) -> list[str]:
    """Names of the claims that do not hold: they failed, or are open."""
    return [record["id"] for record in records if record["verdict"] != "pass"]


def verdicts_of(records: list[Record], verdict: str) -> list[str]:
    """Names of the claims that have this verdict."""
    return [record["id"] for record in records if record["verdict"] == verdict]


def chance(p: float) -> str:
    """A p-value as a reader writes it."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def spread(record: Record) -> str:
    """How far the value of a claim or of one of its cells is known: the interval of a mean, the seeds of an extreme.

    `record` has a `statistic`, as a claim has; a cell gets that of its claim (`cells_of`).
    """
    low, high = f"{number(record['low'])}", f"{number(record['high'])}"
    if record["statistic"] == "mean":
        return f"[{low}, {high}]"
    return f"{low} … {high}, {record['met']} of {record['seeds']} seeds, P ≥ {record['least_probability']:.2f}"


def known(record: Record) -> str:
    """`spread` in short, for narrow columns: the interval of a mean, or the seeds of an extreme that meet it."""
    return spread(record) if record["statistic"] == "mean" else f"{record['met']} of {record['seeds']}"


def cells_of(record: Record) -> list[Record]:
    """The cells of a claim, each with the statistic that it is judged by."""
    return [{"statistic": record["statistic"], **cell} for cell in record["cells"]]


def resolves(record: Record) -> str:
    """The smallest relative error of the theory that a claim notices, in percent; a dash where it has none."""
    return "–" if record["resolves"] is None else f"{100 * record['resolves']:.2g} %"


def criterion(record: Record) -> str:
    """The criterion of a claim, as a reader writes it."""
    threshold = record["criterion"]["threshold"]
    text = f"[{threshold[0]:g}, {threshold[1]:g}]" if isinstance(threshold, list) else f"{threshold:g}"
    operator = {"<=": "≤", ">=": "≥", "within": "in"}[record["criterion"]["operator"]]
    return f"{operator} {text}"


def number(value: float | None) -> str:
    """A number to three digits; null stands for one that is not finite."""
    return "not finite" if value is None else f"{value:.3g}"


def typeset(text: str) -> Markup:
    """A statement, escaped, with its _ and ^ as subscripts and superscripts."""

    def element(name: str) -> Any:
        return lambda match: f"<{name}>{match[1].strip('{}')}</{name}>"

    lowered = _SUBSCRIPT.sub(element("sub"), str(escape(text)))
    return Markup(_SUPERSCRIPT.sub(element("sup"), lowered))
