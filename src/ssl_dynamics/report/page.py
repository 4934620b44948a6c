"""The claims page: records, figures and texts to one HTML file that needs nothing else."""

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ssl_dynamics import __version__
from ssl_dynamics.analysis import sign_test
from ssl_dynamics.report.abstracts import FOLLOW_UP, PAPER, standing
from ssl_dynamics.report.claim_rows import claim_row
from ssl_dynamics.report.families import EVIDENCE, families
from ssl_dynamics.report.findings import shortfall_of
from ssl_dynamics.report.formatting import (
    Record,
    cells_of,
    chance,
    draws_in_words,
    in_a_line,
    in_words,
    judged_on,
    measured,
    number,
    plain,
    resolves,
    spread,
    typeset,
    verdict_word,
    verdicts_of,
)
from ssl_dynamics.report.links import Links
from ssl_dynamics.report.workflow_picture import picture, schematic
from ssl_dynamics.root_seed import variables

SOURCES = {
    "A1": "naive training collapses",
    "A2": "the constraint prevents it",
    "A3": "exact dynamics, whatever the width",
    "A4": "infinite width departs from the tangent kernel",
    "A5": "a framework for further analysis",
    "follow-up": "a follow-up of the paper",
    "beyond": "beyond the paper",
}
SIGNIFICANT = 0.05

_PIXELS_PER_POINT = 1.8  # of a figure, whose smallest letters have 6 points


def render(
    records: list[Record],
    figures: Mapping[str, Path],
    files: Mapping[str, str],
    *,
    config_name: str,
    root_seed: int,
    seeds: Mapping[str, int],
    captions: Mapping[str, str],
    findings: Mapping[str, Record],
    rules: Mapping[str, Sequence[str]],
    boxes: Mapping[str, str],
    pins: list[str],
    banner: str = "",
    verifiable: bool = False,
    links: Links = Links(),  # noqa: B008 -- immutable
    over_draws: Record | None = None,
) -> str:
    """The whole page.

    figures: file of each figure by its name, without those that were not drawn; files: contents of `template`, `style`
    and `script`; captions: what each figure is of; findings: what it shows (`findings_of`); rules: every rule of the
    workflow, with those whose files it reads; boxes: the part of the workflow that each is of; pins: `name==version` of
    the environment, `python=…` the first; banner: why the run is not the replication, if it is not; verifiable: whether
    its numbers are shipped; links: where the code is; over_draws: what the reference says of many draws, if it does.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "number": number,
        "measured": measured,
        "typeset": typeset,
        "plain": plain,
        "address": quote,
        "spread": spread,
        "judged_on": judged_on,
        "resolves": resolves,
        "cells_of": cells_of,
        "chance": chance,
        "verdict": verdict_word,
        "shortfall": shortfall_of,
    }
    drawn = _over_draws(over_draws) if over_draws else None
    return environment.from_string(files["template"]).render(
        config_name=config_name,
        run=variables(config_name),
        banner=banner,
        verifiable=verifiable,
        families=families(records, drawn["verdicts"] if drawn else {}),
        blocks=_blocks(records, figures, f"results/{config_name}/", links),
        captions=captions,
        findings=findings,
        others=[record for verdict in ("fail", "open") for record in records if record["verdict"] == verdict],
        hold=len(verdicts_of(records, "pass")),
        total=len(records),
        bearing=sum(bool(record["abstracts"]) for record in records),
        significant=sum(
            record["p"] is not None and record["p"] < SIGNIFICANT for record in records if record["verdict"] == "pass"
        ),
        least_p=least_p_of_extremes(records),
        abstracts=standing(records),
        of_paper=PAPER,
        of_follow_up=FOLLOW_UP,
        sources={name: meaning for name, meaning in SOURCES.items() if any(r["source"] == name for r in records)},
        evidence={kind: meaning for kind, meaning in EVIDENCE.items() if any(r["evidence"] == kind for r in records)},
        data_sets={
            name.removeprefix("triplets-"): image(path)
            for name, path in figures.items()
            if name.startswith("triplets-")
        },
        measured_on=sorted({cell["cell"].partition("/")[0] for record in records for cell in record["cells"]}),
        over_draws=drawn,
        root_seed=root_seed,
        seeds=seeds,
        pins=[re.split("==?", pin) for pin in pins],
        version=__version__,
        links=links,
        schematic=schematic(rules, boxes),
        rule_count=len(rules),
        workflow=picture(rules),
        style=Markup(files["style"]),
        script=Markup(files["script"]),
    )


def least_p_of_extremes(records: Sequence[Record]) -> float | None:
    """Below what no p-value of a claim on an extreme can come after Holm's correction; None where there is none.

    Of E such claims on n seeds or fewer the smallest p is 2^{−n} at least, and E or more are not before it, so that its
    factor is E at least; the others come after it, and Holm's p-values never fall.
    """
    seeds = [record["seeds"] for record in records if record["statistic"] != "mean" and record["p"] is not None]
    return min(len(seeds) * sign_test(max(seeds), max(seeds)), 1.0) if seeds else None


def by_fresh_draws(claim: Record) -> str:
    """The sign test over fresh draws, that of the own root seed counted as one of those in which the claim holds."""
    fresh: int = claim["fresh"]
    met = max(claim["passes"] - (claim["draws"] - fresh), 0)
    return f"sign test of the fresh ones: p ≤ {number(sign_test(met, fresh))}"


def _over_draws(found: Record) -> dict[str, Any]:
    """What is said of many draws: of all claims together, and the verdict and a line of each."""
    claims = found["claims"]
    return {
        "draws": draws_in_words(found),
        "registered": in_words(found["preregistration"]),
        "verdicts": {claim["id"]: claim["verdict"] for claim in claims},
        "short": {
            claim["id"]: f"{claim['verdict'].removeprefix('holds ').removeprefix('for the ')}, {claim['passes']} of "
            f"{claim['draws']}"
            for claim in claims
        },
        "lines": {
            claim["id"]: f"Over {claim['draws']} draws: {in_a_line(claim)}; {by_fresh_draws(claim)}" for claim in claims
        },
    }


def _blocks(
    records: Sequence[Record], figures: Mapping[str, Path], folder: str, links: Links
) -> dict[str, list[dict[str, Any]]]:
    """Of each part, its figures in the order in which claims name them, with these claims."""
    parts: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for record in records:
        figure = PurePosixPath(record["figure"]).stem
        parts.setdefault(record["group"], {}).setdefault(figure, []).append(claim_row(record, folder, links))
    return {
        part: [
            {"figure": figure, "image": image(figures[figure]) if figure in figures else None, "claims": claims}
            for figure, claims in blocks.items()
        ]
        for part, blocks in parts.items()
    }


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
