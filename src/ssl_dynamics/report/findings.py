"""What each figure shows, in a sentence that follows from the verdicts."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ssl_dynamics.report.formatting import Record, cells_of, criterion, measured, spread


def findings_of(records: Sequence[Record], sentences: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Of every figure that claims name: whether all of them hold, and what it shows.

    `sentences` are for figures all of whose claims hold; {id} in one stands for the value of that claim. A figure that
    has none, or shows a claim that does not hold, is told by its claims.
    """
    by_figure: dict[str, list[Record]] = {}
    for record in records:
        by_figure.setdefault(PurePosixPath(record["figure"]).stem, []).append(record)
    values = {record["id"]: measured(record) for record in records}
    return {
        figure: {
            "holds": all(record["verdict"] == "pass" for record in own),
            "text": _said(own, sentences.get(figure, ""), values),
        }
        for figure, own in by_figure.items()
    }


def _said(records: Sequence[Record], sentence: str, values: Mapping[str, str]) -> str:
    others = [record for record in records if record["verdict"] != "pass"]
    if not others:
        # A claim that this configuration does not measure has no value to be put in.
        try:
            return sentence.format_map(values) or " ".join(record["statement"] for record in records)
        except KeyError:
            return " ".join(record["statement"] for record in records)
    counted = f"{len(records) - len(others)} of the {len(records)} claims on this figure hold. "
    return ("" if len(records) == 1 else counted) + " ".join(
        f"{record['id']} {shortfall_of(record)}" for record in others
    )


def shortfall_of(record: Record) -> str:
    """Why a claim does not hold, to go on after its name."""
    control = record["control"]
    if record["verdict"] == "open":
        return f"is open: {record.get('reason') or 'nothing was settled'} ({decisive_cell(record)})."
    if control["verdict"] == "pass":
        return f"fails: its control, {control['description']}, meets the criterion and must not."
    value = "no finite value" if record["value"] is None else f"{measured(record)} ({spread(record)})"
    return f"fails: {value}, where the criterion is {criterion(record)} ({decisive_cell(record)})."


def decisive_cell(record: Record) -> str:
    """The cell whose numbers a claim's record shows: that which is closest to failing, or fails the most."""
    alike: list[str] = [
        str(cell["cell"])
        for cell in cells_of(record)
        if (cell["verdict"], cell["value"]) == (record["verdict"], record["value"])
    ]
    return alike[0] if alike else str(record["cells"][0]["cell"])
