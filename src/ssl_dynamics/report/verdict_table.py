"""The verdict table, as printed at the end of a run."""

import json
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from ssl_dynamics.engine.console import console_of
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.report.formatting import Record, criterion, known, number, verdict_word

_STYLES = {"pass": "green", "open": "bold yellow", "fail": "bold red"}


def print_verdicts(path: Path) -> list[Record]:
    """Print the verdict on every claim of a claims.json and return its records. Raises ConfigError if it is none."""
    try:
        records: list[Record] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; expected a claims.json, which `make` writes") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}: not JSON; expected a claims.json, which `make` writes") from None
    if not isinstance(records, list) or not records:
        raise ConfigError(f"{path}: holds no claims; expected a claims.json, which `make` writes")
    console = console_of(120)
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{path}: the cell of each claim that is closest to failing",
        title_style="",
        padding=(0, 1, 0, 0),
    )
    for header in ("claim", "value", "95 % interval, or seeds", "criterion", "verdict", "control (must fail)"):
        table.add_column(header, no_wrap=True)
    for place, record in enumerate(records, start=1):
        try:
            table.add_row(*_row(record))
        except (AttributeError, LookupError, TypeError, ValueError):
            raise ConfigError(
                f"{path}: record {place} of {len(records)} is of no claim; expected a claims.json, which `make` writes"
            ) from None
    console.print(table)
    return records


def _row(record: Record) -> list[str | Text]:
    control = record["control"]
    return [
        str(record["id"]),
        number(record["value"]),
        Text(known(record)),
        Text(criterion(record)),
        Text(verdict_word(record["verdict"]), style=_STYLES[record["verdict"]]),
        f"{number(control['value'])} {'fails' if control['verdict'] == 'fail' else 'HOLDS'}",
    ]
