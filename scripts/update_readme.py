"""Put the verdicts and figures of results/full into README.md and docs/figures (`make readme`, after `make`)."""

import json
import re
import shutil
from pathlib import Path

from ssl_dynamics.pipeline.wording import Record, criterion, number

TOP = Path(__file__).parents[1]
RESULTS = TOP / "results/full"
FIGURES = ("story",)


def row(record: Record) -> str:
    """One claim as a row of a Markdown table."""
    interval = f"[{number(record['ci_low'])}, {number(record['ci_high'])}]"
    control = f"{record['control']['description']}: {number(record['control']['value'])}"
    claim = f"**{record['id']}** {record['statement']}"
    cells = [claim, f"{number(record['value'])} {interval}", criterion(record), record["verdict"], control]
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def main() -> None:
    records = json.loads((RESULTS / "claims.json").read_text(encoding="utf-8"))
    head = "| claim | value [95 % interval] | criterion | verdict | control, which fails it |\n|---|---|---|---|---|\n"
    table = head + "\n".join(map(row, records))
    readme = TOP / "README.md"
    marked = r"(<!-- verdicts -->\n).*?(\n<!-- end of verdicts -->)"
    text, found = re.subn(
        marked, lambda match: match[1] + table + match[2], readme.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    if not found:
        raise SystemExit("README.md has no <!-- verdicts --> … <!-- end of verdicts -->")
    readme.write_text(text, encoding="utf-8")
    for name in FIGURES:
        shutil.copy(RESULTS / "figures" / f"{name}.png", TOP / "docs/figures")


if __name__ == "__main__":
    main()
