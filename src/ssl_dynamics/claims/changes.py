"""The register: every claim, criterion or size that was changed or withdrawn after a first result.

`make changes` writes docs/changes-after-results.md from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

Kind = Literal["criterion", "measure", "size", "withdrawn", "added", "judgement"]

KINDS: dict[Kind, str] = {
    "criterion": "what the number must meet was changed",
    "measure": "what is measured was changed, the criterion kept",
    "size": "step sizes, widths, seeds or horizons were changed, measure and criterion kept",
    "withdrawn": "the claim is no longer made",
    "added": "the claim was made after the result of another",
    "judgement": "how numbers become verdicts was changed, for all claims",
}

NOT_RECORDED = "not recorded"  # in place of a result that nobody kept


@dataclass(frozen=True)
class Change:
    """What was changed after which result, and why; `claims` are ids, of withdrawn claims too, none for all claims."""

    date: str
    claims: tuple[str, ...]
    kind: Kind
    before: str
    result: str
    after: str
    reason: str


CHANGES = tuple(
    Change(**entry | {"claims": tuple(entry["claims"])})
    for entry in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
)


def register(changes: Sequence[Change] = CHANGES) -> str:
    """The register as Markdown, newest first."""
    head = (
        "# What was changed after a result\n\n"
        "Written by `make changes` from [`claims/changes.yaml`](../src/ssl_dynamics/claims/changes.yaml); "
        "do not edit.\n\n"
        "Criteria are derived where theory bounds what is left, and chosen elsewhere ([theory](theory.md#criteria)). "
        "Whatever was changed once a result was known is listed here, claims that are no longer made included.\n\n"
        + "\n".join(f"- *{kind}*: {text}" for kind, text in KINDS.items())
    )
    rows = "\n".join(map(_row, reversed(changes)))
    table = "| date | claims | kind | before | result | after | reason |\n|---|---|---|---|---|---|---|\n"
    return f"{head}\n\n{table}{rows}\n"


def _row(change: Change) -> str:
    claims = ", ".join(change.claims) or "all"
    cells = (change.date, claims, change.kind, change.before, change.result, change.after, change.reason)
    # A bar would end a cell.
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"
