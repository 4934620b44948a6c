"""Thresholds, sizes and root seeds, fixed in the repository before the draws are run (`make preregister`)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from ssl_dynamics.claims.verdict import Claim
from ssl_dynamics.config import Config
from ssl_dynamics.draws import sizes_of
from ssl_dynamics.registry import CLAIMS

REGISTER = Path("src/ssl_dynamics/claims/preregistered.yaml")

Entry = dict[str, Any]  # date, configuration, thresholds, sizes: hashes; roots; equation_draws, since there are any


def thresholds(claims: Sequence[Claim] = CLAIMS) -> str:
    """Hash of what every claim says and how it is judged: id, statement, statistic, criterion, control."""
    return _hash(
        [
            [claim.id, claim.statement, claim.statistic, asdict(claim.criterion), claim.control.description]
            for claim in sorted(claims, key=lambda claim: claim.id)
        ]
    )


def sizes_hash(sizes: Mapping[str, Any]) -> str:
    """Hash of the sizes of a configuration."""
    return _hash(sizes)


def read_register(path: Path = REGISTER) -> list[Entry]:
    """What has been registered, oldest first."""
    entries: list[Entry] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return entries


def register(config: Config, roots: Sequence[int], equation_draws: int, path: Path = REGISTER) -> str:
    """Add the present thresholds, the sizes of a configuration and these root seeds; what has been done, in a line.

    The root seeds of so many draws of what needs no training are derived from the first by name: their number says all.
    """
    entries = read_register(path)
    entry = {
        "date": date.today().isoformat(),
        "configuration": config.name,
        "thresholds": thresholds(),
        "sizes": sizes_hash(sizes_of(config)),
        "roots": list(roots),
        "equation_draws": equation_draws,
    }
    if any({**entry, "date": each["date"]} == each for each in entries):
        return f"{config.name}: these thresholds, sizes and root seeds are registered already, in {path}"
    comment = path.read_text(encoding="utf-8").partition("\n")[0]
    text = yaml.safe_dump([*entries, entry], sort_keys=False, default_flow_style=None, width=120)
    path.write_text(f"{comment}\n{text}", encoding="utf-8")
    return (
        f"{config.name}: thresholds, sizes, {len(roots)} root seeds and {equation_draws} draws of the equations "
        f"registered in {path}: commit it, then make draws"
    )


def said_of(
    entries: Sequence[Entry], configuration: str, sizes: Mapping[str, Any], roots: Sequence[int], equation_draws: int
) -> Entry:
    """Whether thresholds, sizes and root seeds are those that were registered, with the date; else what differs.

    The latest entry of the configuration counts. A sweep may stop short of all root seeds, not choose among them.
    """
    own = [entry for entry in entries if entry["configuration"] == configuration]
    if not own:
        return {"registered": False, "date": None, "differs": ["nothing is registered"]}
    latest = own[-1]
    differs = [
        what
        for what, same in (
            ("thresholds", latest["thresholds"] == thresholds()),
            ("sizes", latest["sizes"] == sizes_hash(sizes)),
            ("root seeds", list(roots) == latest["roots"][: len(roots)]),
            ("draws of the equations", equation_draws <= latest.get("equation_draws", 0)),
        )
        if not same
    ]
    return {"registered": not differs, "date": latest["date"], "differs": differs}


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
