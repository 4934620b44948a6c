"""Claims pages of made-up records."""

import re
from pathlib import Path

from ssl_dynamics.registry import GROUPS
from ssl_dynamics.report import page
from ssl_dynamics.report.configured import boxes_of_the_workflow, rules_of_the_workflow
from ssl_dynamics.report.findings import findings_of

TOP = Path(__file__).parents[1]
FILES = {
    "template": (TOP / "workflow/page/report.html.j2").read_text(encoding="utf-8"),
    "style": (TOP / "workflow/page/report.css").read_text(encoding="utf-8"),
    "script": (TOP / "workflow/page/report.js").read_text(encoding="utf-8"),
}
RULES, BOXED = rules_of_the_workflow(), boxes_of_the_workflow()
BANNER = "This is not the replication. The configuration tiny has one data set."
SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><g id="a#b"/></svg>'


def record(name, *, group="collapse", source="A1", verdict="pass", **changes):
    control = {"description": "the same at θ_max", "value": 0.5, "verdict": "fail"}
    numbers = {"value": 0.1, "low": 0.05, "high": 0.12, "met": 4, "seeds": 4}
    numbers |= {"least_probability": 0.473, "resolves": 0.012}
    return {
        "group": group,
        "id": name,
        "source": source,
        "abstracts": [source] if source.startswith("A") else [],
        "statement": "ln(σ_2/σ_1) stays within e^{−2(λ_{z+1} − λ_z)t}.",
        "formula": r"\ln\frac{\sigma_2}{\sigma_1}\quad\text{for}\quad t>0",
        "quantity": "largest error",
        "evidence": "trained",
        "statistic": "largest",
        "p": 0.0625,
        **numbers,
        "criterion": {"operator": "<=", "threshold": 0.2},
        "verdict": verdict,
        "control": control,
        "figure": f"results/tiny/figures/{group}.svg",
        "command": "make run CONFIG=config/tiny.yaml TARGET='results/tiny/a/b c.csv'",
        "code": "src/ssl_dynamics/experiments/dynamics/claims.py",
        "artifacts": [{"path": "results/tiny/a/b c.csv", "sha256": "00ff"}],
        "cells": [{"cell": "a/b/2", **numbers, "verdict": verdict, "control": {"value": None, "verdict": "fail"}}],
        **({"reason": "max_steps ends the training, at 1.62e+05"} if verdict == "open" else {}),
        **changes,
    }


RECORDS = [
    record("A1-one"),
    record("A1-two", verdict="fail", value=None, low=None, high=None),
    record("A3-three", group="grassmannian", source="A3", criterion={"operator": "within", "threshold": [0.05, 0.2]}),
    record(
        "beyond-four", group="infinite-width", source="beyond", formula="\\Theta_h+" * 40 + "1", evidence="equations"
    ),
]


def cell(name, verdict="pass"):
    return RECORDS[0]["cells"][0] | {"cell": name, "verdict": verdict}


RECORDS[2]["cells"] = [cell("a/b/2"), cell("other/b/2"), cell("other/b/8")]
RECORDS[1]["cells"] = [cell("a/b/2", "fail"), cell("other/b/2")]


def rendered(
    folder, records=RECORDS, missing=(), names=("collapse", "grassmannian", "infinite-width"), inches=None, **changes
):
    from matplotlib.figure import Figure  # noqa: PLC0415 -- only here

    figures = {}
    for name in {*names, "triplets-a"} - set(missing):
        figures[name] = folder / f"{name}.svg"
        figure = Figure(figsize=inches or (0.5, 0.5))
        figure.savefig(folder / f"{name}.png")
        if inches:
            figure.savefig(figures[name])
        else:
            figures[name].write_text(SVG, encoding="utf-8")
    return page.render(
        records,
        dict(sorted(figures.items())),
        FILES,
        **{
            "config_name": "tiny",
            "root_seed": 7,
            "seeds": {"kernel": 10},
            "captions": dict.fromkeys(GROUPS, "‖Θ_2‖_F of all."),
            "findings": findings_of(records, {"grassmannian": "The error is at most {A3-three}."}),
            "rules": RULES,
            "boxes": BOXED,
            "pins": ["python=3.11", "numpy==2.4.6"],
            **changes,
        },
    )


def words_of(text):
    """What a reader reads, in one line."""
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", "", text))
