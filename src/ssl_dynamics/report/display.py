"""What the notebooks share: artifacts of a run in, figures, tables and verdicts out."""

import html
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from IPython.display import HTML, Image, Markdown, display

from ssl_dynamics.engine.artifacts import read_tables
from ssl_dynamics.figures.left_open import sentences
from ssl_dynamics.report.formatting import Record, criterion, measured, number, spread, typeset, verdict_word

ABSENT = "*Not part of this configuration.*"
_HOW_TO_READ = (
    "A claim holds only if its value and its whole interval meet the criterion on every data set, loss and z, with no "
    "seed missing, and if its control fails everywhere."
)
_HEADERS = ("claim", "value, and 95 % interval or range over seeds", "criterion", "verdict", "control, which must fail")


def show(name: str, figures: list[str], findings: str, *, alt: str) -> Image | Markdown:
    """The figure of that name among the files of the run, below what it shows; or a line that says there is none."""
    found = [path for path in figures if Path(path).stem == name]
    if not found:
        return Markdown(ABSENT)
    said: Record = json.loads(Path(findings).read_text(encoding="utf-8"))
    if name in said:
        display(HTML(f'<p class="finding"><strong>{typeset(said[name]["text"])}</strong></p>'))
    return Image(found[0], format="png", alt=alt)


def numbers(summarise: Callable[[pd.DataFrame], pd.DataFrame], paths: list[str], *, caption: str) -> HTML | Markdown:
    """The numbers that `summarise` takes from the tables at `paths`, to three digits; its index heads the rows."""
    table, missing = _read(paths)
    if missing:
        return missing
    summary = summarise(table)
    across = f"{summary.columns.name} = " if summary.columns.name else ""
    head = [*map(str, summary.index.names), *(f"{across}{name}" for name in summary.columns)]
    rows = [_numbers(key if isinstance(key, tuple) else (key,), list(line)) for key, *line in summary.itertuples()]
    return HTML(_table(caption, head, rows))


def verdicts(claims: str, group: str) -> HTML | Markdown:
    """The claims of a group with their verdicts, a sentence that names those that fail, and how to read them."""
    records: list[Record] = [
        record for record in json.loads(Path(claims).read_text(encoding="utf-8")) if record["group"] == group
    ]
    if not records:
        return Markdown(ABSENT)
    rows = [_verdict(record) for record in records]
    caption = "Each claim in the cell (data set, loss, z) where it is closest to failing"
    return HTML(f"<p>{_sentence(records)} {_HOW_TO_READ}</p>\n" + _table(caption, _HEADERS, rows))


def _read(paths: list[str]) -> tuple[pd.DataFrame, Markdown | None]:
    """The rows of the tables, and what stands in for them where there are none."""
    rows, reasons = read_tables(map(Path, paths))
    if not rows.empty:
        return rows, None
    return rows, Markdown(ABSENT if reasons.empty else f"*Left open by this draw.* {' '.join(sentences(reasons))}")


def _sentence(records: list[Record]) -> str:
    said = []
    for verdict, one, many in (("fail", "fails", "fail"), ("open", "is open", "are open")):
        names = [f"<strong>{html.escape(record['id'])}</strong>" for record in records if record["verdict"] == verdict]
        if names:
            word = one if len(names) == 1 else many
            said.append(f"{len(names)} of the {len(records)} claims of this part {word}: {', '.join(names)}.")
    every = "The one claim" if len(records) == 1 else f"All {len(records)} claims"
    hold = "holds" if len(records) == 1 else "hold"
    return " ".join(said) or f"{every} of this part {hold}, and every control fails, as it must."


def _verdict(record: Record) -> str:
    control = record["control"]
    fails = "fails" if control["verdict"] == "fail" else "meets the criterion, which breaks the claim"
    interval = f"{measured(record)}<br>{spread(record)}"
    return (
        f'<tr><th scope="row">{html.escape(record["id"])}<br><span style="font-weight: normal">'
        f"{typeset(record['statement'])}</span></th><td>{interval}</td><td>{html.escape(criterion(record))}</td>"
        f'<td class="{record["verdict"]}">{verdict_word(record["verdict"])}</td>'
        f"<td>{typeset(control['description'])}: {number(control['value'])}, {fails}</td></tr>"
    )


def _numbers(key: tuple[object, ...], line: list[float]) -> str:
    names = "".join(f'<th scope="row">{html.escape(str(name))}</th>' for name in key)
    cells = "".join(f'<td class="number">{"–" if pd.isna(value) else number(value)}</td>' for value in line)
    return f"<tr>{names}{cells}</tr>"


def _table(caption: str, headers: Sequence[str], rows: list[str]) -> str:
    """A table that scrolls sideways on a narrow screen, also by keyboard."""
    name = html.escape(caption)
    head = "".join(f'<th scope="col">{html.escape(header)}</th>' for header in headers)
    body = "\n".join(rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table><caption>{name}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )
