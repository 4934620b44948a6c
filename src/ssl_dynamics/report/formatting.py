"""Records of claims as a reader writes them."""

import re
from typing import Any

from markupsafe import Markup, escape

Record = dict[str, Any]

_SUBSCRIPT = re.compile(r"_(\{[^{}]*\}|max|\d+\.\d+|[A-Za-z0-9∞])")
_SUPERSCRIPT = re.compile(r"\^(\{[^{}]*\}|\d+|[a-z])")


def failures(records: list[Record]) -> list[str]:
    """Names of the claims that failed."""
    return [record["id"] for record in records if record["verdict"] != "pass"]


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
