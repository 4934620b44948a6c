"""Verification: claims computed here against the shipped reference (`reference.py`), printed and written as JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from ssl_dynamics.claims.rounding import SPREAD
from ssl_dynamics.claims.verdict import Claim
from ssl_dynamics.config import Config
from ssl_dynamics.engine.artifacts import sha256, write_json
from ssl_dynamics.engine.console import console_of
from ssl_dynamics.engine.provenance import require_as_made
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.registry import CLAIMS, GROUPS
from ssl_dynamics.report import configured
from ssl_dynamics.report.formatting import Record, failures, number
from ssl_dynamics.report.verdicts import record_of
from ssl_dynamics.verify.reference import Compared


def claim_named(name: str) -> Claim:
    """The claim of that id. Raises ConfigError, with the ids that begin alike, if there is none."""
    for claim in CLAIMS:
        if claim.id == name:
            return claim
    alike = [claim.id for claim in CLAIMS if claim.id.startswith(name.partition("-")[0])]
    raise ConfigError(f"{name!r} is no claim; expected one of {', '.join(alike or [claim.id for claim in CLAIMS])}")


def tables_of(claim: Claim, config: Config) -> dict[str, list[Path]]:
    """The tables that a claim and its control read, by name. Raises ConfigError if the configuration lacks them."""
    if not config.cells(claim.experiment):
        raise ConfigError(f"{claim.id}: the configuration {config.name!r} has no experiment {claim.experiment!r}")
    return {claim.table: [config.results / path for path in configured.tables_of(claim, config)]}


def record_alone(claim: Claim, config: Config, files: Mapping[str, Sequence[Path]]) -> Record:
    """The record of one claim, from its tables alone. Raises ValueError if one is not as it was made."""
    require_as_made({path.as_posix(): sha256(path) for paths in files.values() for path in paths})
    (group,) = [group for group, claims in GROUPS.items() if claim in claims]
    record = record_of(claim, group, files, configured.claims_settings(config))
    assert record is not None  # `tables_of` has seen to it
    return record


def report(records: Sequence[Record], compared: Sequence[Compared], path: Path) -> list[str]:
    """Print what agrees and what differs, write all of it to `path`; returns what differs.

    Of each claim and table the number that is nearest to its tolerance, or furthest beyond, is printed. A claim that
    fails here and in the reference agrees with it: it is named, and no more.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for header in ("claim or table", "number", "here", "reference", "may differ by", ""):
        table.add_column(header, overflow="fold")
    for name in dict.fromkeys(each.claim for each in compared):
        worst = max((each for each in compared if each.claim == name), key=Compared.excess)
        verdict = Text("agrees", style="green") if worst.agrees else Text("DIFFERS", style="bold red")
        tolerance = f"× {SPREAD:g}" if worst.rounding else number(worst.tolerance)
        table.add_row(name, worst.place, _digits(worst.here), _digits(worst.reference), tolerance, verdict)
    console_of(140).print(table)
    differing = [each for each in compared if not each.agrees]
    failed = failures(list(records))
    write_json(
        path,
        {
            "claims": len(records),
            "failed": failed,
            "numbers": len(compared),
            "differing": len(differing),
            "compared": [{**each._asdict(), "agrees": each.agrees} for each in compared],
        },
    )
    print(f"{len(compared)} numbers compared, {len(differing)} differ; all of them: {path}")
    if failed:
        print(f"does not hold here: {', '.join(failed)}")
    return [f"{each.claim}: {each.place} differs from the reference" for each in differing]


def _digits(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.6g}"
