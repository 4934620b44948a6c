"""Put verdicts and figures of results/full into README.md and docs/ (`make readme`, after `make`)."""

import json
import re
import shutil
import sys
from pathlib import Path

from ssl_dynamics.engine.provenance import SUFFIX, records_below
from ssl_dynamics.report.formatting import (
    NEXT,
    Record,
    criterion,
    draws_in_words,
    in_a_line,
    number,
    read_shipped,
    spread,
)
from ssl_dynamics.report.parts import PARTS, QUESTIONS
from ssl_dynamics.verify.expectation import DRAWS, REFERENCE

TOP = Path(__file__).parents[1]
RESULTS = Path("results/full")
FIGURES = ("story",)
CORES = 2
START, JOB_START = 8.0, 1.0  # seconds: of the command itself, and of the process of each job


def interval(record: Record) -> str:
    return (
        f"{number(record['value'])} {spread(record)}"
        if record["statistic"] == "mean"
        else f"{number(record['value'])}; {spread(record)}"
    )


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def families(records: list[Record], over_draws: Record | None = None) -> str:
    """A row for each part of the report: its question, how many of its claims hold, and the verdicts of the others."""
    next_draw = {claim["id"] for claim in over_draws["claims"] if claim["verdict"] == NEXT} if over_draws else None
    columns = ["question", "claims", "hold", *([] if next_draw is None else ["hold for the next draw"]), "others"]
    rows = []
    for part in PARTS:
        own = [record for record in records if record["group"] == part]
        known = [] if next_draw is None else [f"{sum(record['id'] in next_draw for record in own)}"]
        others = {record["id"]: record["verdict"] for record in own if record["verdict"] != "pass"}
        named = ", ".join(f"{name} ({verdict})" for name, verdict in others.items()) or "none"
        rows.append([QUESTIONS[part], f"{len(own)}", f"{len(own) - len(others)}", *known, named])
    return f"{row(columns)}\n|{'---|' * len(columns)}\n" + "\n".join(map(row, rows))


def verdicts(records: list[Record], over_draws: Record | None = None) -> str:
    """Every claim with its number, criterion, verdict and control, and what the reference says of draws, if it does."""
    columns = ["claim", "value; 95 % interval or range over seeds", "criterion", "verdict", "control, which fails it"]
    lines: dict[str, str] = {}
    if over_draws:
        columns.append(f"over {draws_in_words(over_draws)}")
        lines = {claim["id"]: in_a_line(claim) for claim in over_draws["claims"]}
    head = f"{row(columns)}\n|{'---|' * len(columns)}\n"
    rows = (
        [
            f"**{record['id']}** {record['statement']}",
            interval(record),
            criterion(record),
            record["verdict"],
            f"{record['control']['description']}: {number(record['control']['value'])}",
            *([lines.get(record["id"], "")] if over_draws else []),
        ]
        for record in records
    )
    return head + "\n".join(map(row, rows))


def review(records: list[Record]) -> str:
    """Every claim with the command that redoes it alone, how long that takes from nothing, and what it should print."""
    jobs = Jobs()
    head = "| command | time | expected value; 95 % interval or range over seeds | verdict |\n|---|---|---|---|\n"
    rows = (
        [
            f"`make verify CLAIM={record['id']}`",
            f"{jobs.seconds([artifact['path'] for artifact in record['artifacts']]) / 60:.1f} min",
            interval(record),
            record["verdict"],
        ]
        for record in records
    )
    return head + "\n".join(map(row, rows))


class Jobs:
    """The jobs of the run: what each has read and made, and the seconds that it took."""

    def __init__(self) -> None:
        self._maker: dict[str, Path] = {}
        self._inputs: dict[Path, list[str]] = {}
        for path, record in records_below(RESULTS):
            self._inputs[path] = list(record["inputs"])
            self._maker |= dict.fromkeys(record["outputs"], path)
        # The last line of each job's log.
        logs = "\n".join(path.read_text(encoding="utf-8") for path in (RESULTS / "logs").rglob("*.log"))
        self._seconds = {
            path: float(seconds) for path, seconds in re.findall(r" (results/\S+): ([\d.]+) s$", logs, re.M)
        }

    def seconds(self, files: list[str]) -> float:
        """Time to make `files` from nothing: that of all jobs shared by the cores, or that of the longest chain."""
        needed: dict[Path, float] = {}  # the time until each job is done, on cores enough
        for file in files:
            self._finish(file, needed)
        total = sum(map(self._took, needed))
        return START + max([total / CORES, *needed.values()])

    def _finish(self, file: str, done: dict[Path, float]) -> float:
        job = self._maker.get(file)
        if job is None:  # a file of the user's, or of the source tree
            return 0.0
        if job not in done:
            done[job] = self._took(job) + max((self._finish(path, done) for path in self._inputs[job]), default=0.0)
        return done[job]

    def _took(self, job: Path) -> float:
        return JOB_START + self._seconds[job.as_posix().removesuffix(SUFFIX)]


def put(file: Path, mark: str, content: str) -> None:
    """Replace what stands in a file between <!-- mark --> and <!-- end of mark -->."""
    marked = rf"(<!-- {mark} -->\n).*?(\n<!-- end of {mark} -->)"
    text, found = re.subn(
        marked, lambda match: match[1] + content + match[2], file.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    if not found:
        raise SystemExit(f"{file} has no <!-- {mark} --> … <!-- end of {mark} -->")
    file.write_text(text, encoding="utf-8")


def main() -> None:
    if not (RESULTS / "claims.json").is_file():
        sys.exit(f"{RESULTS}: there is no finished run: make")
    records = json.loads((RESULTS / "claims.json").read_text(encoding="utf-8"))
    shipped = read_shipped([path for path in [REFERENCE / RESULTS.name / DRAWS] if path.is_file()])
    put(TOP / "README.md", "families", families(records, shipped))
    put(TOP / "docs/claims.md", "verdicts", verdicts(records, shipped))
    put(TOP / "docs/reviewing.md", "review", review(records))
    for name in FIGURES:
        shutil.copy(RESULTS / "figures" / f"{name}.png", TOP / "docs/figures")


if __name__ == "__main__":
    main()
