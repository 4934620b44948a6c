"""What the claims page shows of one claim."""

import re
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markupsafe import Markup

from ssl_dynamics.report.formatting import Record, criterion, predicted
from ssl_dynamics.report.interval_plot import exact, interval_plot
from ssl_dynamics.report.links import Links

# The converter passes what stands in \text on as it is: whatever else comes out of it is refused.
_MATHEMATICS = re.compile(
    "math|m(frac|i|n|o|over|row|space|sqrt|style|sub|subsup|sup|table|td|text|tr|under|underover)"
)


def claim_row(record: Record, folder: str, links: Links) -> dict[str, Any]:
    """A record with what is shown of it; `folder` is that of the results, as its paths begin."""
    expected = predicted(record)
    return record | {
        "criterion_text": criterion(record),
        "predicted": None if expected is None else exact(expected),
        "mathematics": formula(record["formula"]),
        "plot": interval_plot(record),
        "searched": " ".join(
            str(record[key]) for key in ("id", "statement", "quantity", "source", "abstracts", "evidence")
        ).lower(),
        "data_sets": list(dict.fromkeys(cell["cell"].partition("/")[0] for cell in record["cells"])),
        "files": [
            {"name": artifact["path"].removeprefix(folder), "sha256": artifact["sha256"]}
            for artifact in record["artifacts"]
        ],
        "code_address": links.to_text(record["code"], record["id"]),
    }


def formula(latex: str) -> list[Markup]:
    """MathML of the pieces between quads, which may go to lines of their own.

    Raises ValueError where a piece is not understood.
    """
    pieces = []
    for piece in re.split(r"\\quad\s*", latex):
        try:
            mathematics = convert(piece, display="block")
            elements = list(ElementTree.fromstring(mathematics).iter())
        except Exception as error:
            raise ValueError(f"formula {piece!r} is not understood: {error}") from error
        names = [element.tag.rpartition("}")[2] for element in elements]
        if others := [name for name in names if not _MATHEMATICS.fullmatch(name)]:
            raise ValueError(f"formula {piece!r} is not understood: {others[0]} is no mathematics")
        pieces.append(Markup(mathematics))
    return pieces
