"""Thresholds, measures, sizes and root seeds, fixed in the repository before draws are run (`make preregister`)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from ssl_dynamics.catalogue import claim_roots, function_of, stages
from ssl_dynamics.claims.verdict import Claim
from ssl_dynamics.config import Config
from ssl_dynamics.draws import sizes_of
from ssl_dynamics.engine.fingerprint import fingerprint
from ssl_dynamics.registry import CLAIMS

REGISTER = Path("src/ssl_dynamics/claims/preregistered.yaml")

# date, configuration; thresholds, measures, sizes: hashes; roots; equation_draws. Earlier entries have no measures, and
# the first no equation_draws.
Entry = dict[str, Any]

# How numbers become verdicts, of a run and of many draws.
_JUDGES = (
    "ssl_dynamics.claims.verdict:judge_claim",
    "ssl_dynamics.report.draw_verdicts:over_draws",
    "ssl_dynamics.report.draw_verdicts:over_equation_draws",
)


def thresholds(claims: Sequence[Claim] = CLAIMS) -> str:
    """Hash of what every claim says and how it is judged: id, statement, statistic, criterion, control."""
    return _hash(
        [
            [claim.id, claim.statement, claim.statistic, asdict(claim.criterion), claim.control.description]
            for claim in sorted(claims, key=lambda claim: claim.id)
        ]
    )


def measures(claims: Sequence[Claim] = CLAIMS) -> str:
    """Hash of how every claim is measured: what it reads, and the code of all that makes its number and its verdict.

    The code is what the stages reach, from data and designs over training and theory to tables, and what the claims
    reach (`engine.fingerprint`): constants count, comments and docstrings do not. So a moved threshold changes it, too.
    """
    made_by = [function_of(folder, stage) for folder, stage in stages()]
    return _hash(
        [
            fingerprint(*made_by, *claim_roots(), *_JUDGES),
            [
                [
                    claim.id, claim.source, claim.bears_on, claim.quantity, claim.formula, claim.evidence,
                    claim.own_table, claim.control_table, claim.every_loss, claim.every_seed,
                    claim.control.theory is not None, claim.wrong is not None,
                    claim.rounding and asdict(claim.rounding),
                ]
                for claim in sorted(claims, key=lambda claim: claim.id)
            ],
        ]
    )  # fmt: skip


def sizes_hash(sizes: Mapping[str, Any]) -> str:
    """Hash of the sizes of a configuration."""
    return _hash(sizes)


def hashes(sizes: Mapping[str, Any]) -> dict[str, str]:
    """The three that say whether draws are of one kind: of thresholds, of measures and of these sizes."""
    return {"thresholds": thresholds(), "measures": measures(), "sizes": sizes_hash(sizes)}


def made_with(config: Config) -> dict[str, str]:
    """Those of a configuration."""
    return hashes(sizes_of(config))


def read_register(path: Path = REGISTER) -> list[Entry]:
    """What has been registered, oldest first."""
    entries: list[Entry] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return entries


def register(config: Config, roots: Sequence[int], equation_draws: int, path: Path = REGISTER) -> str:
    """Add the present thresholds and measures, the sizes of a configuration and these root seeds; returns a line on it.

    The root seeds of so many draws of what needs no training are derived from the first by name: their number says all.
    """
    entries = read_register(path)
    entry = {
        "date": date.today().isoformat(),
        "configuration": config.name,
        **made_with(config),
        "roots": list(roots),
        "equation_draws": equation_draws,
    }
    if any({**entry, "date": each["date"]} == each for each in entries):
        return f"{config.name}: these thresholds, measures, sizes and root seeds are registered already, in {path}"
    comment = path.read_text(encoding="utf-8").partition("\n")[0]
    text = yaml.safe_dump([*entries, entry], sort_keys=False, default_flow_style=None, width=120)
    path.write_text(f"{comment}\n{text}", encoding="utf-8")
    return (
        f"{config.name}: thresholds, measures, sizes, {len(roots)} root seeds and {equation_draws} draws of the "
        f"equations registered in {path}: commit it, then make draws with ROOTS=registered"
    )


def latest_of(entries: Sequence[Entry], configuration: str) -> Entry | None:
    """The last entry of a configuration, by its name; None where there is none."""
    return next((entry for entry in reversed(entries) if entry["configuration"] == configuration), None)


def said_of(
    entries: Sequence[Entry], configuration: str, sizes: Mapping[str, Any], roots: Sequence[int], equation_draws: int
) -> Entry:
    """Whether all is as it was registered, with the date; else what differs. Whether measures were registered.

    The latest entry of the configuration counts. A sweep may stop short of all root seeds, not choose among them;
    `run` says how many of those registered there are, where it has.
    """
    latest = latest_of(entries, configuration)
    if latest is None:
        return {"registered": False, "date": None, "measures": False, "run": [], "differs": ["nothing is registered"]}
    registered = latest.get("equation_draws", 0)
    differs = [
        what
        for what, same in (
            ("thresholds", latest["thresholds"] == thresholds()),
            ("measures", latest.get("measures") in (None, measures())),
            ("sizes", latest["sizes"] == sizes_hash(sizes)),
            ("root seeds", list(roots) == latest["roots"][: len(roots)]),
            ("draws of the equations", equation_draws <= registered),
        )
        if not same
    ]
    run = [
        f"{there} of {all_of_them} {what}"
        for there, all_of_them, what in (
            (len(roots), len(latest["roots"]), "root seeds"),
            (equation_draws, registered, "draws of the equations"),
        )
        if there < all_of_them
    ]
    return {
        "registered": not differs,
        "date": latest["date"],
        "measures": "measures" in latest,
        "run": run,
        "differs": differs,
    }


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
