import json
import logging
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import typst

from problems import draws_of
from ssl_dynamics import __version__
from ssl_dynamics.catalogue import FIGURES, paper_figures
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.artifacts import write_arrays, write_json
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.configured import paper_settings
from ssl_dynamics.report.stages import paper

TOP = Path(__file__).parents[1]
SOURCES = sorted((TOP / "paper").glob("*.typ"))
PAPER_FIGURES = [figure.name for figure in paper_figures()]
STYLE = {
    "style.typ",
    "numbers.typ",
    "tables.typ",
    "figures.typ",
}  # lengths of the layout are typed here and nowhere else
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><text x="9" y="30">σ</text></svg>'


def record(claim, *, value=0.5, verdict="pass", control="fail"):
    numbers = {"value": value, "low": value, "high": value, "met": 4, "seeds": 4, "least_probability": 0.473}
    cell = {"cell": "mixture/contrastive/2", **numbers, "verdict": verdict}
    return {
        "id": claim.id,
        "source": claim.source,
        "abstracts": list(claim.abstracts),
        "statement": claim.statement,
        "quantity": f"{claim.quantity}; {claim.statistic} over seeds",
        "statistic": claim.statistic,
        **numbers,
        "criterion": {"operator": claim.criterion.operator, "threshold": claim.criterion.threshold},
        "verdict": verdict,
        "control": {"description": claim.control.description, "value": -3e-17, "verdict": control},
        "cells": [cell],
    }


@pytest.fixture
def job(tmp_path):
    """Makes the job of the stage on given records; of the figures it has the first only, which tells both cases."""

    def make(records, folder="run", config="tiny-all", figures=PAPER_FIGURES[:1], over_draws=None):
        data = tmp_path / folder
        write_json(data / "claims.json", records)
        for name in figures:
            (data / f"{name}.svg").write_text(SVG, encoding="utf-8")
        write_arrays(data / "quadratic_form.npz", {"C": np.diag([-2.0, -1.0, 0.5])})
        loaded = load_config(TOP / f"tests/config/{config}.yaml")
        inputs = {
            "main": [TOP / "paper/paper.typ"],
            "sources": [*(path for path in SOURCES if path.name != "paper.typ"), TOP / "paper/references.bib"],
            "claims": [data / "claims.json"],
            "forms": [data / "quadratic_form.npz"],
            "figures": [data / f"{name}.svg" for name in figures],
        }
        if over_draws:
            write_json(data / "draws.json", over_draws)
            inputs["over_draws"] = [data / "draws.json"]
        settings = paper_settings(loaded, [("mixture", "contrastive")])
        return Job(settings, inputs, {"pdf": [data / "paper.pdf"]}, logging.getLogger("paper"), "paper")

    return make


def texts(content):
    """Every piece of text of a Typst content tree, in order."""
    if isinstance(content, dict):
        if content.get("func") == "text":
            yield content["text"]
        else:
            yield from (piece for value in content.values() for piece in texts(value))
    elif isinstance(content, list):
        yield from (piece for value in content for piece in texts(value))


def rendered(job, folder, label):
    """Text of the labelled elements of the typeset document."""
    folder.mkdir()
    paper.lay_out(folder, job)
    fonts = [Path(mpl.get_data_path()) / "fonts/ttf"]
    found = typst.query(folder / "paper.typ", label, root=folder, font_paths=fonts, ignore_system_fonts=True)
    return [" ".join(texts(element)) for element in json.loads(found)]


def without_comments(path):
    return re.sub(r"//.*", "", path.read_text(encoding="utf-8").replace("https://", ""))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_number_is_typed(path):
    text = re.sub(r"\bshare: \d+%,", "", without_comments(path))  # of the column, that a figure fills
    if path.name in STYLE:
        # Layout: colours, numbers with a unit of length, and the pattern of section numbers.
        text = re.sub(r'rgb\("#[0-9a-f]{6}"\)|\b\d+(\.\d+)?(em|pt|mm|fr|%)|numbering: "1\.1"', "", text)
    found = re.findall(r"\d[.,]\d|\d\s*(?:~|\\u\{a0\})?\s*%|\d[eE][-−+]?\d|\b10\s*\^(?!#)", text)
    assert found == []


def test_every_claim_that_the_text_names_is_in_the_registry_and_every_claim_is_named():
    known = {claim.id for claim in CLAIMS}
    pattern = re.compile(rf'"((?:{"|".join(sorted({claim.source for claim in CLAIMS}))})-[a-z0-9-]+)"')
    named = {name for path in SOURCES for name in pattern.findall(without_comments(path))}
    assert named == known


def test_the_text_shows_the_figures_that_the_rule_gives_it():
    text = "".join(map(without_comments, SOURCES))
    shown = re.findall(r'#plot\("([a-z-]+)"', text)
    assert sorted(shown) == sorted(PAPER_FIGURES)
    assert set(shown) <= set(FIGURES)
    assert set(re.findall(r'#see\("([a-z-]+)"', text)) == set(shown)


def test_every_source_is_included():
    text = "".join(map(without_comments, SOURCES))
    assert {path.name for path in SOURCES} == {"paper.typ", *re.findall(r'#(?:include|import) "([a-z-]+\.typ)"', text)}


def test_draws_are_told_where_the_reference_ships_them_and_else_not(job, tmp_path):
    (table,) = rendered(job([record(CLAIMS[0])], over_draws=draws_of(CLAIMS[0].id)), tmp_path / "told", "<draws-table>")
    for said in (CLAIMS[0].id, "19 of 20", "holds on average"):
        assert said in table
    assert rendered(job([record(CLAIMS[0])], "other"), tmp_path / "silent", "<draws-table>") == []


def test_penalties_that_the_spectrum_asks_for_are_told_where_one_is_trained(job, tmp_path):
    """C has the eigenvalues −2, −1 and 1/2: with r² = 1/4 (−1 + 2/4)/(3/4) < 0, and (1/2 + 2/4)/(3/4) = 0.667·2."""
    (table,) = rendered(job([record(CLAIMS[0])]), tmp_path / "told", "<tab-penalty>")
    assert "mixture , contrastive 2 1 0.5 0.25 0 0.667 " in table  # minus signs are no text


def test_every_page_names_the_version(job, tmp_path):
    footers = rendered(job([record(CLAIMS[0])]), tmp_path / "typeset", "<made-by>")
    assert len(footers) > 1
    assert set(footers) == {f"ssl-dynamics {__version__}"}


def test_failing_missing_and_unmeasured_claims_show_as_such(job, tmp_path):
    claims = CLAIMS[:4]
    records = [
        record(claims[0]),
        record(claims[1], verdict="fail"),
        record(claims[2], value=None, verdict="fail"),
        record(claims[3], verdict="fail", control="pass"),
    ]
    made = job(records)
    (table,) = rendered(made, tmp_path / "table", "<claims-table>")
    rows = {}
    for claim, following in zip(CLAIMS, [*CLAIMS[1:], None], strict=True):
        start = table.index(f"{claim.id} ")
        rows[claim.id] = table[start : table.index(f"{following.id} ") if following else None]
    assert "holds" in rows[claims[0].id]
    assert "fails" not in rows[claims[0].id]
    for claim in claims[1:]:
        assert "fails" in rows[claim.id]
        assert "holds" not in rows[claim.id]
    assert "not finite" in rows[claims[2].id]
    assert "which meets it" in rows[claims[3].id]
    for claim in CLAIMS[4:]:
        assert "not measured in this run" in rows[claim.id]
    (failing,) = rendered(made, tmp_path / "failing", "<failing-claims>")
    assert [claim.id for claim in CLAIMS if f"{claim.id} " in failing] == [claim.id for claim in claims[1:]]
    (summary,) = rendered(made, tmp_path / "summary", "<tab-summary>")
    assert re.search(r"A1 .*dimension collapse\. 1 0 3 A2", summary)


@pytest.mark.parametrize("config", ["tiny", "tiny-all"])
@pytest.mark.parametrize("figures", [[], PAPER_FIGURES])
def test_the_paper_is_typeset_whatever_a_run_has(job, config, figures):
    made = job([record(CLAIMS[0])] if config == "tiny" else list(map(record, CLAIMS)), config=config, figures=figures)
    paper.paper(made)
    assert made.output("pdf").read_bytes().startswith(b"%PDF")


def test_the_same_bytes_in_another_folder_and_nothing_to_warn_of(job):
    records = list(map(record, CLAIMS))
    first, second = job(records), job(records, folder="elsewhere/run")
    for made in (first, second):
        paper.paper(made)
    assert first.output("pdf").read_bytes() == second.output("pdf").read_bytes()


def test_typeset_gives_typst_s_message_and_warnings(tmp_path):
    (tmp_path / "a.typ").write_text("#unknown", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"^a\.typ: .*unknown variable: unknown"):
        paper.typeset(tmp_path / "a.typ", tmp_path)
    (tmp_path / "b.typ").write_text('#set text(font: "No Such Font")\na', encoding="utf-8")
    _, warnings = paper.typeset(tmp_path / "b.typ", tmp_path)
    assert any("no such font" in warning for warning in warnings)
