"""The claims page: records, figures and texts to one HTML file that needs nothing else."""

import base64
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from jinja2 import Environment, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup

from ssl_dynamics import __version__
from ssl_dynamics.report.abstracts import FOLLOW_UP, PAPER, standing
from ssl_dynamics.report.formatting import (
    OVER_DRAWS,
    Record,
    cells_of,
    chance,
    criterion,
    draws_in_words,
    in_a_line,
    in_words,
    number,
    resolves,
    spread,
    typeset,
    verdicts_of,
)
from ssl_dynamics.report.interval_plot import interval_plot
from ssl_dynamics.report.parts import PARTS
from ssl_dynamics.report.workflow_picture import picture
from ssl_dynamics.root_seed import taken_apart

SOURCES = {
    "A1": "naive training collapses",
    "A2": "the constraint prevents it",
    "A3": "exact dynamics, whatever the width",
    "A4": "infinite width departs from the tangent kernel",
    "A5": "a framework for further analysis",
    "follow-up": "a follow-up of the paper",
    "beyond": "beyond the paper",
}
REPLICATION = "full"  # the configuration that replicates the claims; others are smaller, or the user's own

_PIXELS_PER_POINT = 1.8  # of a figure, whose smallest letters have 6 points

# The converter passes what stands in \text on as it is: whatever else comes out of it is refused.
_MATHEMATICS = re.compile(
    "math|m(frac|i|n|o|over|row|space|sqrt|style|sub|subsup|sup|table|td|text|tr|under|underover)"
)


def render(
    records: list[Record],
    figures: Mapping[str, Path],
    files: Mapping[str, str],
    *,
    config_name: str,
    root_seed: int,
    seeds: Mapping[str, int],
    captions: Mapping[str, str],
    rules: Mapping[str, Sequence[str]],
    pins: list[str],
    over_draws: Record | None = None,
) -> str:
    """The whole page.

    figures: file of each figure by its name, without those that were not drawn; files: contents of `template`, `style`
    and `script`; captions: what each figure shows; rules: every rule of the workflow, with those whose files it reads;
    pins: `name==version` of the environment, `python=…` the first; over_draws: what the reference says of many draws of
    this configuration, if it does.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "number": number,
        "typeset": typeset,
        "address": quote,
        "spread": spread,
        "resolves": resolves,
        "cells_of": cells_of,
        "chance": chance,
    }
    return environment.from_string(files["template"]).render(
        config_name=config_name,
        replication=taken_apart(config_name)[0] == REPLICATION,
        parts=_parts(records, figures, f"results/{config_name}/"),
        captions=captions,
        failed=verdicts_of(records, "fail"),
        open=verdicts_of(records, "open"),
        total=len(records),
        abstracts=standing(records),
        of_paper=PAPER,
        of_follow_up=FOLLOW_UP,
        sources={name: meaning for name, meaning in SOURCES.items() if any(r["source"] == name for r in records)},
        data_sets={
            name.removeprefix("triplets-"): image(path)
            for name, path in figures.items()
            if name.startswith("triplets-")
        },
        over_draws=_over_draws(over_draws) if over_draws else None,
        root_seed=root_seed,
        seeds=seeds,
        pins=[re.split("==?", pin) for pin in pins],
        version=__version__,
        workflow=picture(rules),
        style=Markup(files["style"]),
        script=Markup(files["script"]),
    )


def _over_draws(found: Record) -> dict[str, Any]:
    """How many claims have which verdict over draws, and a line for each."""
    claims = found["claims"]
    counts = Counter(claim["verdict"] for claim in claims)
    return {
        "draws": draws_in_words(found),
        "registered": in_words(found["preregistration"]),
        "counts": [f"{verdict}: {counts[verdict]}" for verdict in reversed(OVER_DRAWS) if counts[verdict]],
        "lines": {claim["id"]: f"Over {claim['draws']} draws: {in_a_line(claim)}" for claim in claims},
    }


def _parts(records: list[Record], figures: Mapping[str, Path], folder: str) -> list[dict[str, Any]]:
    """The parts that have claims, each with its figures in the order in which claims name them."""
    parts = []
    for name, (title, sentence) in PARTS.items():
        own = [record for record in records if record["group"] == name]
        blocks: dict[str, list[dict[str, Any]]] = {}
        for record in own:
            blocks.setdefault(PurePosixPath(record["figure"]).stem, []).append(_claim(record, folder))
        if own:
            parts.append(
                {
                    "name": name,
                    "title": title,
                    "sentence": sentence,
                    "total": len(own),
                    "hold": len(verdicts_of(own, "pass")),
                    "blocks": [
                        {
                            "figure": figure,
                            "image": image(figures[figure]) if figure in figures else None,
                            "claims": claims,
                        }
                        for figure, claims in blocks.items()
                    ],
                }
            )
    return parts


def _claim(record: Record, folder: str) -> dict[str, Any]:
    return record | {
        "criterion_text": criterion(record),
        "mathematics": formula(record["formula"]),
        "plot": interval_plot(record),
        "searched": " ".join(
            str(record[key]) for key in ("id", "statement", "quantity", "source", "abstracts")
        ).lower(),
        "files": [
            {"name": artifact["path"].removeprefix(folder), "sha256": artifact["sha256"]}
            for artifact in record["artifacts"]
        ],
        # A text fragment leads to the claim in the file; hyphens have a meaning of their own there.
        "code_address": f"../../{quote(record['code'])}#:~:text={quote(record['id']).replace('-', '%2D')}",
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


def image(figure: Path) -> dict[str, Any]:
    """A figure as `data:` address, its SVG or its PNG where that is shorter, and its width: the same scale for all."""
    drawing = figure.with_suffix(".svg").read_text(encoding="utf-8")
    vector = "data:image/svg+xml," + quote(
        " ".join(line.strip() for line in drawing.splitlines()), safe=" /:;,.()=-'!?*+&|[]{}_~@$"
    )
    pixels = "data:image/png;base64," + base64.b64encode(figure.with_suffix(".png").read_bytes()).decode("ascii")
    points = re.search(r'<svg\b[^>]*\bwidth="([\d.]+)', drawing)
    assert points is not None
    return {"address": min(vector, pixels, key=len), "width": round(float(points[1]) * _PIXELS_PER_POINT)}
