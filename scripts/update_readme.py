"""Put verdicts and figures of results/full into README.md and docs/ (`make readme`, after `make`).

The figure of draws is that of results/quick-draws, where these draws are the ones that are shipped.
"""

import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from archive.inventory import jobs_below
from ssl_dynamics.report.abstracts import standing
from ssl_dynamics.report.answers import told
from ssl_dynamics.report.formatting import (
    Record,
    criterion,
    draws_in_words,
    in_a_line,
    number,
    resolves,
    spread,
    verdict_word,
)
from ssl_dynamics.report.parts import PARTS, STORY, Part
from ssl_dynamics.verify.expectation import DRAWS, REFERENCE
from ssl_dynamics.verify.reference import without_values

TOP = Path(__file__).parents[1]
RESULTS = Path("results/full")
SHIPPED = {"small": REFERENCE / "quick" / DRAWS, "full": REFERENCE / "full" / DRAWS}  # draws by size
FIGURES = ("story",)
SWEEP = Path("results/quick-draws")  # after `make draws CONFIG=config/quick.yaml`
CORES = 2
START = 8.0  # seconds of the command itself


def interval(record: Record) -> str:
    return (
        f"{number(record['value'])} {spread(record)}"
        if record["statistic"] == "mean"
        else f"{number(record['value'])}; {spread(record)}"
    )


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def table(columns: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join([row(columns), f"|{'---|' * len(columns)}", *map(row, rows)])


def families(records: list[Record], drawn: Mapping[str, Record]) -> str:
    """A row for each part of the report: its question, the answer, how sure that is, and where its claims are.

    `drawn` is what the references say of many draws, by their size.
    """
    rows = []
    for name, part in PARTS.items():
        own = [record for record in records if record["group"] == name]
        address = part.title.lower().replace(" ", "-")
        rows.append(
            [part.question, answer(part, records), how_sure(own, drawn), f"[{part.title}](docs/claims.md#{address})"]
        )
    return table(["question", "answer", "how sure", "claims"], rows)


def answer(part: Part, records: list[Record]) -> str:
    """Every sentence of the answer: of a full run all claims that it rests on were judged."""
    return " ".join(told(finding, records) for finding in part.answer)


def how_sure(own: list[Record], drawn: Mapping[str, Record]) -> str:
    """How many of these claims hold; in how many draws all do; the least error of the theory that none would miss."""
    held = [record["id"] for record in own if record["verdict"] == "pass"]
    others = [f"{record['id']} {verdict_word(record['verdict'])}" for record in own if record["id"] not in held]
    known = [record["resolves"] for record in own if record["resolves"] is not None]
    parts = [f"{len(held)} of {len(own)} claims hold" + (f" ({', '.join(others)})" if others else "")]
    parts += [held_in({record["id"] for record in own}, size, draws) for size, draws in drawn.items()]
    parts += [f"the least sensitive of {len(known)} fails with an error of {resolves({'resolves': max(known)})}"]
    return "; ".join(parts)


def held_in(names: set[str], size: str, draws: Record) -> str:
    """In how many draws all of these claims hold, and which do not in the others."""
    whole = [draw for draw in draws["draws"] if draw["below"] is not None and not names & draw["below"].keys()]
    below = Counter(
        f"{name} {verdict_word(verdict)}"
        for draw in draws["draws"]
        for name, verdict in (draw["below"] or {}).items()
        if name in names
    )
    short = ", ".join(f"{what} in {count}" for what, count in below.items())
    drawn = names & {claim["id"] for claim in draws["claims"]}  # a claim may be newer than the draws
    which = "all" if drawn == names else f"the {len(drawn)} that were drawn all"
    held = f"{which} in {len(whole)} of {len(draws['draws'])} {size} draws"
    return held + (f" ({short})" if short else "")


def story(records: list[Record]) -> str:
    """What each panel of the figure of the whole story shows."""
    return " ".join(f"**{panel}** {told(finding, records)}" for panel, finding in STORY.items())


def abstracts(records: list[Record]) -> str:
    """What each sentence of the abstracts rests on, how it stands, and what was not tested."""
    rows = []
    for sentence in standing(records):
        bearing = sentence["bearing"]
        held = sum(record["verdict"] == "pass" for record in bearing)
        names = ", ".join(
            record["id"] + ("" if record["verdict"] == "pass" else f" (**{verdict_word(record['verdict'])}**)")
            for record in bearing
        )
        rows.append(
            [
                f"**{sentence['name']}** {sentence['words']}",
                verdict_word(sentence["verdict"]),
                f"{held} of {len(bearing)} hold: {names}",
                where_it_ends(sentence["limit"]),
                sentence["untested"],
            ]
        )
    return table(["sentence", "verdict", "claims that bear on it", "where it ends", "what was not tested"], rows)


def where_it_ends(limit: Record | None) -> str:
    """The limit of a sentence, and the claims that measure it, each with its verdict."""
    if limit is None:
        return ""
    measured = ", ".join(f"{claim} {verdict_word(verdict)}" for claim, verdict in limit["measured"].items())
    return f"{limit['words']} Measured by {measured}."


def verdicts(records: list[Record], over_draws: Record | None = None) -> str:
    """Every claim with its number, criterion, verdict, resolving power, evidence and control.

    A table for each part of the report, below its title and what came out. What the reference says of draws, if it
    does, stands in the last column.
    """
    columns = [
        "claim",
        "value; 95 % interval or range over seeds",
        "criterion",
        "verdict",
        "resolves",
        "evidence",
        "control, which fails it",
    ]
    lines: dict[str, str] = {}
    if over_draws:
        columns.append(f"over {draws_in_words(over_draws)}")
        lines = {claim["id"]: in_a_line(claim) for claim in over_draws["claims"]}
    sections = []
    for name, part in PARTS.items():
        rows = [
            [
                f"**{record['id']}** {record['statement']}",
                interval(record),
                criterion(record),
                verdict_word(record["verdict"]),
                resolves(record),
                record["evidence"],
                f"{record['control']['description']}: {number(record['control']['value'])}",
                *([lines.get(record["id"], "")] if over_draws else []),
            ]
            for record in records
            if record["group"] == name
        ]
        sections.append(f"## {part.title}\n\n*{part.question}* {answer(part, records)}\n\n{table(columns, rows)}")
    return "\n\n".join(sections)


def review(records: list[Record]) -> str:
    """Every claim with the command that redoes it alone, how long that takes from nothing, and what it should print."""
    jobs = Jobs()
    columns = ["command", "time", "expected value; 95 % interval or range over seeds", "verdict"]
    rows = (
        [
            f"`make verify CLAIM={record['id']}`",
            f"{jobs.seconds([artifact['path'] for artifact in record['artifacts']]) / 60:.1f} min",
            interval(record),
            verdict_word(record["verdict"]),
        ]
        for record in records
    )
    return table(columns, rows)


class Jobs:
    """The jobs of the run: what each has read and made, and the seconds that it took."""

    def __init__(self) -> None:
        self._jobs = {job["name"]: job for job in jobs_below(RESULTS, [])}
        self._maker = {path: name for name, job in self._jobs.items() for path in job["outputs"]}

    def seconds(self, files: list[str]) -> float:
        """Time to make `files` from nothing: that of all jobs shared by the cores, or that of the longest chain."""
        needed: dict[str, float] = {}  # the time until each job is done, on cores enough
        for file in files:
            self._finish(file, needed)
        total = sum(map(self._took, needed))
        return START + max([total / CORES, *needed.values()])

    def _finish(self, file: str, done: dict[str, float]) -> float:
        job = self._maker.get(file)
        if job is None:  # a file of the user's, or of the source tree
            return 0.0
        if job not in done:
            read = self._jobs[job]["inputs"]
            done[job] = self._took(job) + max((self._finish(path, done) for path in read), default=0.0)
        return done[job]

    def _took(self, job: str) -> float:
        return float(self._jobs[job]["usage"]["s"])


def put(file: Path, mark: str, content: str) -> None:
    """Replace what stands in a file between <!-- mark --> and <!-- end of mark -->."""
    marked = rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)"
    text, found = re.subn(
        marked, lambda match: f"{match[1]}{content}\n{match[2]}", file.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    if not found:
        raise SystemExit(f"{file} has no <!-- {mark} --> … <!-- end of {mark} -->")
    file.write_text(text, encoding="utf-8")


def copy_figures(shipped: Record, folder: Path) -> None:
    """Copy the figures of the run, and that of the sweep if it is the one that is shipped."""
    for name in FIGURES:
        shutil.copy(RESULTS / "figures" / f"{name}.png", folder)
    made, figure = SWEEP / DRAWS, SWEEP / "figures/draws.svg"
    if not (made.is_file() and figure.is_file()):
        return
    if without_values(json.loads(made.read_text(encoding="utf-8"))) == shipped:
        shutil.copy(figure, folder)


def main() -> None:
    if not (RESULTS / "claims.json").is_file():
        sys.exit(f"{RESULTS}: there is no finished run: make")
    drawn = {size: json.loads(path.read_text(encoding="utf-8")) for size, path in SHIPPED.items() if path.is_file()}
    if "small" not in drawn:
        sys.exit(
            f"{SHIPPED['small']}: no draws are shipped: make draws, then make reference (CONFIG=config/quick.yaml)"
        )
    records = json.loads((RESULTS / "claims.json").read_text(encoding="utf-8"))
    try:
        reviewed = review(records)
    except (OSError, ValueError) as error:  # a log or a benchmark that is gone
        sys.exit(str(error))
    put(TOP / "README.md", "families", families(records, drawn))
    for page in ("README.md", "docs/README.md"):
        put(TOP / page, "story", story(records))
    put(TOP / "docs/abstracts.md", "abstracts", abstracts(records))
    put(TOP / "docs/claims.md", "verdicts", verdicts(records, drawn.get("full")))
    put(TOP / "docs/reviewing.md", "review", reviewed)
    copy_figures(drawn["small"], TOP / "docs/figures")


if __name__ == "__main__":
    main()
