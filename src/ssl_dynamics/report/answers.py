"""What came out, in sentences: each is said only if all claims that it rests on hold in the run at hand."""

from collections.abc import Sequence

from ssl_dynamics.claims.common import WORST_FIRST
from ssl_dynamics.report.formatting import Record, verdict_word
from ssl_dynamics.report.parts import Finding


def told(finding: Finding, records: Sequence[Record]) -> str:
    """The sentence, if all its claims hold; else that it is not confirmed, or open, and which claims say so.

    Raises KeyError if a claim was not judged: a sentence must not rest on nothing.
    """
    verdicts = {record["id"]: record["verdict"] for record in records}
    own = {claim: verdicts[claim] for claim in finding.claims}
    others = {claim: verdict for claim, verdict in own.items() if verdict != "pass"}
    if not others:
        return finding.sentence
    worst = min(others.values(), key=WORST_FIRST.index)
    named = ", ".join(f"{claim} {verdict_word(verdict)}" for claim, verdict in others.items())
    return f"{'Not confirmed' if worst == 'fail' else 'Left open'} ({named}): “{finding.sentence}”"


def answer(findings: Sequence[Finding], records: Sequence[Record]) -> str:
    """All of these sentences whose claims were judged; of a small configuration that may be none."""
    judged = {record["id"] for record in records}
    return " ".join(told(finding, records) for finding in findings if judged.issuperset(finding.claims))
