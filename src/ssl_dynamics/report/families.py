"""Claims by family: the question, its answer, and how sure it is, from the verdicts."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ssl_dynamics.report.answers import answer
from ssl_dynamics.report.formatting import OVER_DRAWS, Record
from ssl_dynamics.report.parts import PARTS

EVIDENCE = {
    "trained": "models that were trained",
    "equations": "equations against formulas, without training",
    "random nets": "random nets, without dynamics",
}


def families(records: Sequence[Record], over_draws: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each part of the report that has claims; `over_draws` is the verdict of each claim over many draws, if known.

    `others` are the claims that do not hold and that no sentence of the answer names.
    """
    found = []
    for name, part in PARTS.items():
        own = [record for record in records if record["group"] == name]
        if not own:
            continue
        said = answer(part.answer, records)  # it may rest on claims of other parts, too
        failing = [record for record in own if record["verdict"] != "pass"]
        evidence = Counter(record["evidence"] for record in own)
        drawn = Counter(over_draws[record["id"]] for record in own if record["id"] in over_draws)
        found.append(
            {
                "name": name,
                "title": part.title,
                "question": part.question,
                "answer": said,
                "others": [record for record in failing if record["id"] not in re.findall(r"[\w-]+", said)],
                "hold": len(own) - len(failing),
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
