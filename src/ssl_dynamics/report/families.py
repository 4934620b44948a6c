"""Claims by family: the question, its answer, and how sure it is, from the verdicts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ssl_dynamics.report.formatting import OVER_DRAWS, Record
from ssl_dynamics.report.parts import PARTS, QUESTIONS

EVIDENCE = {
    "trained": "models that were trained",
    "equations": "equations against formulas, without training",
    "random nets": "random nets, without dynamics",
}


def families(records: Sequence[Record], over_draws: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each part of the report that has claims; `over_draws` is the verdict of each claim over many draws, if known.

    The sentence of a part is its answer only where all of its claims hold.
    """
    found = []
    for name, (title, sentence) in PARTS.items():
        own = [record for record in records if record["group"] == name]
        if not own:
            continue
        others = [record for record in own if record["verdict"] != "pass"]
        evidence = Counter(record["evidence"] for record in own)
        drawn = Counter(over_draws[record["id"]] for record in own if record["id"] in over_draws)
        found.append(
            {
                "name": name,
                "title": title,
                "question": QUESTIONS[name],
                "sentence": sentence,
                "others": [{"id": record["id"], "verdict": record["verdict"]} for record in others],
                "hold": len(own) - len(others),
                "total": len(own),
                "evidence": [f"{evidence[kind]} {kind}" for kind in EVIDENCE if evidence[kind]],
                "draws": [
                    f"{drawn[verdict]} {verdict.removeprefix('holds ')}"
                    for verdict in reversed(OVER_DRAWS)
                    if drawn[verdict]
                ],
            }
        )
    return found
