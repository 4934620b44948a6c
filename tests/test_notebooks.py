import importlib
import inspect
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from chromium import in_chromium, violations
from ssl_dynamics.catalogue import FIGURES, table_names
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.notebook_imports import notebook_figures, notebook_imports, notebook_parameters
from ssl_dynamics.registry import GROUPS
from ssl_dynamics.report.configured import notebook_settings
from ssl_dynamics.report.display import ABSENT, numbers, show, verdicts
from ssl_dynamics.report.links import Links as LinksToCode
from ssl_dynamics.report.notebook_page import around, page
from ssl_dynamics.report.stages.notebook import execute, scrub, with_banner

WORKFLOW = Path(__file__).parents[1] / "workflow"
NOTEBOOKS = sorted((WORKFLOW / "notebooks").glob("*.ipynb"))
FILES = {
    "template": (WORKFLOW / "page/notebook.html.j2").read_text(encoding="utf-8"),
    "style": (WORKFLOW / "page/notebook.css").read_text(encoding="utf-8"),
}
AROUND = {
    "name": "collapse",
    "notebooks": [("collapse", "Dimension collapse"), ("framework", "What else")],
    "source": "../../../workflow/notebooks/collapse.ipynb",
    "code": {"ssl_dynamics.experiments.dynamics.figures": "../../../src/figures.py"},
}
HEADING = nbformat.v4.new_markdown_cell("# A heading\n\nA formula $x^2$ and another:\n\n$$\\dot W=-2CW$$")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def parameters(path):
    """Names and values of the cell of parameters."""
    (cell,) = [cell for cell in read(path).cells if "parameters" in cell.metadata.get("tags", [])]
    values = {}
    exec(cell.source, values)
    del values["__builtins__"]
    return values


def write(folder, *cells):
    path = folder / "notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells), metadata={"language_info": {"name": "python"}}), path)
    return path


class Loaded(HTMLParser):
    """What a page loads, and the texts in place of its images."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.alternatives, self.tags = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.addresses += [given[name] for name in ("src", "srcset", "data", "poster") if name in given]
        if tag == "link":
            self.addresses.append(given["href"])
        if tag == "img":
            self.alternatives.append(given.get("alt"))


def test_every_group_of_claims_has_a_notebook():
    assert {path.stem for path in NOTEBOOKS} == set(GROUPS)


@every_notebook
def test_notebook_is_committed_without_outputs(path):
    for number, cell in enumerate(read(path).cells):
        assert cell.id == str(number)
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@every_notebook
def test_parameters_are_the_tables_and_figures_that_the_rule_gives(path):
    values = parameters(path)
    assert values.pop("claims") == "results/quick/claims.json"
    assert values.pop("findings") == "results/quick/findings.json"
    assert values.pop("figures") == [f"results/quick/figures/{name}.png" for name in notebook_figures(path)]
    assert list(values) == notebook_parameters(path)
    for name, paths in values.items():
        assert name in table_names()
        assert all(Path(example).name == f"{name}.csv" for example in paths)
        assert any(re.search(rf"\b{name}\b", cell.source) for cell in read(path).cells[3:] if cell.cell_type == "code")


@every_notebook
def test_notebook_ends_with_the_verdicts_of_its_group(path):
    assert read(path).cells[-1].source == f'verdicts(claims, "{path.stem}")'


def test_notebooks_show_every_figure_but_the_story_and_the_errors_over_time():
    shown = {name for path in NOTEBOOKS for name in notebook_figures(path)}
    assert shown == set(FIGURES) - {"story", "transient"}


def test_figures_are_those_that_cells_show(tmp_path):
    cells = ['show("rank", figures, alt="a")\nshow(\n    "spans", figures, alt=""\n)', 'numbers(show, "rank")']
    path = write(tmp_path, nbformat.v4.new_markdown_cell('show("steps")'), *map(nbformat.v4.new_code_cell, cells))
    assert notebook_figures(path) == ["rank", "spans"]


@every_notebook
def test_imports_of_a_notebook_are_definitions_that_exist(path):
    names = notebook_imports(path)
    assert "ssl_dynamics.report.display:verdicts" in names
    for name in names:
        module, _, definition = name.partition(":")
        assert not inspect.ismodule(getattr(importlib.import_module(module), definition))


def test_imports_are_listed_whatever_they_are_called(tmp_path):
    path = write(
        tmp_path,
        nbformat.v4.new_markdown_cell("from ssl_dynamics.experiments.depth.figures import depth_drift"),
        nbformat.v4.new_code_cell(
            "import json\nfrom ssl_dynamics.experiments.dynamics.figures import collapse as draw, rank"
        ),
        nbformat.v4.new_code_cell("def late():\n    from ssl_dynamics.report.display import show"),
    )
    assert notebook_imports(path) == [
        "ssl_dynamics.experiments.dynamics.figures:collapse",
        "ssl_dynamics.experiments.dynamics.figures:rank",
        "ssl_dynamics.report.display:show",
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import ssl_dynamics.experiments.dynamics.figures", "write `from"),
        ("%matplotlib inline", "cell 0: line 1 is no plain"),
    ],
)
def test_imports_that_hide_what_is_used_are_refused(tmp_path, source, message):
    with pytest.raises(ValueError, match=message):
        notebook_imports(write(tmp_path, nbformat.v4.new_code_cell(source)))


def test_notebook_without_a_cell_of_parameters_is_refused(tmp_path):
    path = write(tmp_path, HEADING, nbformat.v4.new_code_cell("claims = ''"))
    with pytest.raises(ValueError, match=r"notebook\.ipynb: no cell has the tag `parameters`"):
        notebook_parameters(path)


def executed(output, **cell_metadata):
    cell = nbformat.v4.new_code_cell("1", outputs=[output], metadata=cell_metadata)
    notebook = nbformat.v4.new_notebook(cells=[HEADING, cell], metadata={"papermill": {"start_time": "2026"}})
    return json.loads(nbformat.writes(notebook))


def test_scrubbed_copies_of_two_runs_are_the_same():
    image = {"image/png": "aGVsbG8="}
    meta = {"image/png": {"alt": "A figure", "width": 3}}
    first, second = (
        executed(nbformat.v4.new_output("execute_result", image, metadata=meta), papermill={"duration": duration})
        for duration in (1.5, 2.5)
    )
    assert first != second
    assert scrub(first) == scrub(second)
    assert scrub(first)["cells"][1]["outputs"][0]["metadata"] == {"image/png": {"alt": "A figure"}}


def test_warnings_with_their_paths_are_scrubbed():
    warned = executed(nbformat.v4.new_output("stream", name="stderr", text="/tmp/ipykernel_7/1.py:1: UserWarning"))
    assert scrub(warned)["cells"][1]["outputs"] == []


def test_page_loads_nothing_and_says_what_it_is():
    image = nbformat.v4.new_output(
        "execute_result", {"image/png": "aGVsbG8="}, metadata={"image/png": {"alt": "A figure"}}
    )
    notebook = scrub(executed(image))
    text = page(notebook, **FILES, around=AROUND)
    loaded = Loaded(text)
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>A heading</title>" in text
    assert 'name="viewport"' in text
    assert {"math", "details"} <= loaded.tags
    assert "script" not in loaded.tags
    assert "$" not in text
    assert loaded.addresses == ["data:image/png;base64,aGVsbG8="]
    assert loaded.alternatives == ["A figure"]
    assert "url(" not in text
    assert page(notebook, **FILES, around=AROUND) == text


class Links(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self, text):
        super().__init__()
        self.addresses = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.addresses.append(dict(attrs)["href"])


def test_page_leads_to_the_claims_the_other_notebooks_and_the_code():
    prose = nbformat.v4.new_markdown_cell("See [what else](framework.ipynb).")
    notebook = nbformat.v4.new_notebook(cells=[HEADING, prose])
    addresses = Links(page(scrub(json.loads(nbformat.writes(notebook))), **FILES, around=AROUND)).addresses
    assert addresses == [
        "../report.html#part-collapse",
        "framework.html",
        "framework.html",  # of the prose, which leads from notebook to notebook in its source
        "collapse.ipynb",
        "../../../workflow/notebooks/collapse.ipynb",
        "../../../src/figures.py",
    ]


@every_notebook
def test_links_between_notebooks_lead_to_notebooks(path):
    prose = "".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    linked = set(re.findall(r"\]\(([^)]+)\)", prose))
    assert linked
    assert linked <= {other.name for other in NOTEBOOKS if other != path}


def test_code_around_a_notebook_is_there():
    config = load_config(WORKFLOW.parent / "config/quick.yaml")
    for path in NOTEBOOKS:
        shown = [FIGURES[name] for name in notebook_figures(path)]
        names = [other.stem for other in NOTEBOOKS]
        settings = notebook_settings(config, f"workflow/notebooks/{path.name}", names, shown)
        led = around(settings, LinksToCode())
        assert [name for name, _ in led["notebooks"]] == list(GROUPS)
        for address in (led["source"], *led["code"].values()):
            assert (WORKFLOW.parent / "results/quick/notebooks" / address).resolve().is_file()
        assert len(led["code"]) >= 1


def test_run_that_is_no_replication_says_so_below_the_title():
    notebook = json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=[HEADING])))
    told = with_banner(notebook, "This is not the replication. It has one data set.")
    assert told["cells"][1]["source"] == "> **This is not the replication.** It has one data set."
    assert "<blockquote>" in page(scrub(told), **FILES, around=AROUND)
    assert len(with_banner(json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=[HEADING]))), "")["cells"]) == 1


def test_page_needs_a_heading():
    with pytest.raises(ValueError, match="begins with a heading"):
        page({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **FILES, around=AROUND)


@every_notebook
def test_formulas_of_a_notebook_become_mathml(path):
    text = page(scrub(json.loads(path.read_text())), **FILES, around=AROUND)
    assert "<math" in text
    assert "\\" not in re.sub(r"<pre>.*?</pre>|<style>.*?</style>", "", text, flags=re.DOTALL)


def record(**changes):
    return {
        "id": "A1-x", "group": "collapse", "statement": "σ_2 < σ_1", "value": 0.5, "low": 0.25, "high": None,
        "statistic": "mean",
        "criterion": {"operator": "within", "threshold": [0, 1]}, "verdict": "pass",
        "control": {"description": "rate 1", "value": 2.0, "verdict": "fail"},
    } | changes  # fmt: skip


def claims_file(folder, *records):
    path = folder / "claims.json"
    path.write_text(json.dumps(records))
    return str(path)


def test_verdicts_say_that_all_pass_or_name_what_fails(tmp_path):
    foreign = record(id="A2-y", group="grassmannian", verdict="fail")
    passing = verdicts(claims_file(tmp_path, record(), foreign), "collapse").data
    assert "The one claim of this part holds, and every control fails, as it must." in passing
    assert "A2-y" not in passing
    assert "0.5<br>[0.25, not finite]" in passing
    assert "σ<sub>2</sub> &lt; σ<sub>1</sub>" in passing
    assert "rate 1: 2, fails" in passing
    failing = verdicts(claims_file(tmp_path, record(), record(id="A1-y", verdict="fail")), "collapse").data
    assert "1 of the 2 claims of this part fails: <strong>A1-y</strong>." in failing
    undecided = verdicts(claims_file(tmp_path, record(), record(id="A1-y", verdict="open")), "collapse").data
    assert "1 of the 2 claims of this part is open: <strong>A1-y</strong>." in undecided


def test_what_is_not_part_of_a_configuration_says_so(tmp_path):
    def never(_):
        raise AssertionError

    assert show("rank", [str(tmp_path / "steps.png")], "", alt="").data == ABSENT
    assert numbers(never, [], caption="").data == ABSENT
    assert verdicts(claims_file(tmp_path), "collapse").data == ABSENT
    pd.DataFrame(columns=["a"]).to_csv(tmp_path / "empty.csv", index=False)
    assert numbers(never, [str(tmp_path / "empty.csv")], caption="").data == ABSENT


def test_a_figure_is_shown_as_it_is_below_what_it_shows(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("ssl_dynamics.report.display.display", said.append)
    findings = tmp_path / "findings.json"
    findings.write_text(json.dumps({"rank": {"holds": True, "text": "σ_2 < σ_1"}}))
    drawn = {name: str(tmp_path / f"{name}.png") for name in ("rank", "kernel-rank")}
    for name, path in drawn.items():
        Path(path).write_bytes(f"picture of {name}".encode())
    image = show("rank", list(drawn.values()), str(findings), alt="Effective rank")
    assert [each.data for each in said] == ['<p class="finding"><strong>σ<sub>2</sub> &lt; σ<sub>1</sub></strong></p>']
    show("kernel-rank", list(drawn.values()), str(findings), alt="")  # of which nothing is claimed
    assert len(said) == 1
    assert (image.data, image.alt, image.format) == (b"picture of rank", "Effective rank", "png")


def test_numbers_are_a_table_with_heads_of_rows_and_columns(tmp_path):
    pd.DataFrame({"seed": [0, 0, 1], "width": [2, 4, 2], "error": [0.12345, 1, 2]}).to_csv(
        tmp_path / "t.csv", index=False
    )
    table = numbers(
        lambda rows: rows.groupby(["seed", "width"])["error"].max().unstack(),
        [str(tmp_path / "t.csv")],
        caption="Errors",
    ).data
    assert "<caption>Errors</caption>" in table
    assert '<th scope="col">width = 4</th>' in table
    assert '<tr><th scope="row">0</th><td class="number">0.123</td><td class="number">1</td></tr>' in table
    assert '<tr><th scope="row">1</th><td class="number">2</td><td class="number">–</td></tr>' in table


class TestInChromium:
    pytestmark = in_chromium

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1280])
    def test_accessibility(self, browser, tmp_path, scheme, width):
        judged = [record(), record(id="A1-y", verdict="fail"), record(id="A1-z", verdict="open")]
        tables = verdicts(claims_file(tmp_path, *judged), "collapse").data
        notebook = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
        notebook["cells"][-1]["outputs"] = [
            {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/html": tables}}
        ]
        told = with_banner(notebook, "This is not the replication. It has one data set.")
        path = tmp_path / "notebook.html"
        path.write_text(page(scrub(told), **FILES, around=AROUND), encoding="utf-8")
        tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        tab.goto(path.as_uri())
        assert tab.locator("td.fail").count() == 1
        assert violations(tab) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.close()


@pytest.mark.slow
def test_failing_notebook_leaves_its_copy_and_names_the_cell(tmp_path):
    source = write(
        tmp_path,
        HEADING,
        nbformat.v4.new_code_cell("claims = ''", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("print(claims)"),
        nbformat.v4.new_code_cell("claims.no_such_method()"),
    )
    copy = tmp_path / "logs/notebook.failed.ipynb"
    with pytest.raises(RuntimeError, match=r"notebook.ipynb, In \[4\]: AttributeError: .*logs/notebook.failed.ipynb"):
        execute(source, copy, {"claims": "given"})
    outputs = [output for cell in read(copy).cells for output in cell.get("outputs", [])]
    assert any(output.get("text") == "given\n" for output in outputs)
    assert any(output.output_type == "error" for output in outputs)


@pytest.mark.slow
def test_kernels_of_notebooks_that_run_side_by_side_in_one_folder_do_not_meet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "source.ipynb"
    cells = [nbformat.v4.new_code_cell("name = ''", metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell("import time; time.sleep(1); print(name)")]
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), source)
    code = "import sys, pathlib; from ssl_dynamics.report.stages.notebook import execute; "
    code += "execute(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), {'name': sys.argv[2]})"
    copies = [f"{number}.ipynb" for number in range(4)]
    running = [subprocess.Popen([sys.executable, "-c", code, str(source), copy]) for copy in copies]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0, 0]
    for copy in copies:
        assert nbformat.read(copy, 4).cells[-1].outputs[0]["text"] == f"{copy}\n"
    assert not list(tmp_path.glob("kernel*"))
