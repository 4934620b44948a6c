"""The verdicts of a run against those of the shipped reference: what was to be expected, and what is worse."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ssl_dynamics.claims.common import WORST_FIRST
from ssl_dynamics.report.formatting import FAILS, Record, verdict_word
from ssl_dynamics.root_seed import taken_apart

REFERENCE = Path("results/reference")
VERDICTS = "verdicts.json"
DRAWS = "draws.json"


def shipped_for(name: str) -> Path | None:
    """The folder of the reference for a run of this name; that of the same configuration serves any root seed."""
    own, _ = taken_apart(name)
    folders = [REFERENCE / each for each in (name, own)]
    return next((folder for folder in folders if (folder / VERDICTS).is_file()), None)


def as_expected(records: Sequence[Record], name: str, *, strict: bool = False) -> bool:
    """Whether every claim is as the reference says or better; says what does not hold, each kind in a line.

    A claim that the reference lacks must hold, and so must every claim if no reference is shipped, or if `strict`.
    """
    folder = shipped_for(name)
    shipped = _shipped(folder) if folder else {}
    below = [record for record in records if record["verdict"] != "pass"]
    worse = [record for record in below if strict or place_of(record["verdict"]) < place_of(shipped.get(record["id"]))]
    known = [record for record in below if record not in worse]
    better = [record for record in records if place_of(record["verdict"]) > place_of(shipped.get(record["id"]))]
    print(f"{len(records) - len(below)} of {len(records)} claims hold")
    if known:
        print(f"known not to hold, as {folder} says: {_named(known)}")
    if better:
        print(f"better than {folder} says: {_named(better)}")
    if worse:
        every = "every claim must hold"
        expected = f"worse than {folder} says" if folder else f"no reference is shipped for {name}: {every}"
        print(f"{every if strict else expected}: {_named(worse)}", file=sys.stderr)
    return not worse


def draws_as_expected(found: Record) -> bool:
    """Whether no claim fails over draws that the reference does not say fails; those that do are named in a line."""
    path = REFERENCE / found["configuration"] / DRAWS
    shipped = json.loads(path.read_text(encoding="utf-8"))["claims"] if path.is_file() else []
    known = {claim["id"] for claim in shipped if claim["verdict"] == FAILS}
    new = [claim["id"] for claim in found["claims"] if claim["verdict"] == FAILS and claim["id"] not in known]
    if new:
        print(
            f"fails over draws{', which the reference does not say' if shipped else ''}: {', '.join(new)}",
            file=sys.stderr,
        )
    return not new


def _shipped(folder: Path) -> Mapping[str, str]:
    """Verdicts by the ids of the claims."""
    records = json.loads((folder / VERDICTS).read_text(encoding="utf-8"))
    return {record["id"]: record["verdict"] for record in records}


def place_of(verdict: str | None) -> int:
    """Of a verdict from the worst to the best; a claim that the reference lacks, None, is to hold."""
    return WORST_FIRST.index(verdict or "pass")


def _named(records: Sequence[Record]) -> str:
    return ", ".join(f"{record['id']} ({verdict_word(record['verdict'])})" for record in records)
