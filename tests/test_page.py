"""The claims page: rendered from made-up records, and driven in Chromium."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from problems import draws_of
from ssl_dynamics import __version__
from ssl_dynamics.registry import CLAIMS, GROUPS
from ssl_dynamics.report import page
from ssl_dynamics.report.abstracts import ABSTRACTS, FOLLOW_UP, PAPER, standing
from ssl_dynamics.report.configured import rules_of_the_workflow
from ssl_dynamics.report.interval_plot import interval_plot, scale_of
from ssl_dynamics.report.workflow_picture import columns_of, picture

TOP = Path(__file__).parents[1]
FILES = {
    "template": (TOP / "workflow/page/report.html.j2").read_text(encoding="utf-8"),
    "style": (TOP / "workflow/page/report.css").read_text(encoding="utf-8"),
    "script": (TOP / "workflow/page/report.js").read_text(encoding="utf-8"),
}
RULES = rules_of_the_workflow()
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_chromium = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
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
        **changes,
    }


def test_claims_of_the_abstracts_stand_as_the_worst_of_what_bears_on_them():
    bearing = [
        record("A4-one", source="A4"),
        record("beyond-two", source="beyond", abstracts=["A4", "F3"], verdict="open"),
        record("A2-three", source="A2", verdict="fail"),
        record("beyond-four", source="beyond"),
    ]
    rows = {row["name"]: row for row in standing(bearing)}
    assert {name: row["verdict"] for name, row in rows.items()} == {"A2": "fail", "A4": "open", "F3": "open"}
    assert [measured["id"] for measured in rows["A4"]["bearing"]] == ["A4-one", "beyond-two"]
    assert (PAPER, FOLLOW_UP) == (5, 4)


def test_something_is_measured_for_every_claim_of_the_abstracts():
    assert {name for claim in CLAIMS for name in claim.abstracts} == set(ABSTRACTS)


RECORDS = [
    record("A1-one"),
    record("A1-two", verdict="fail", value=None, low=None, high=None),
    record("A3-three", group="grassmannian", source="A3", criterion={"operator": "within", "threshold": [0.05, 0.2]}),
    record("beyond-four", group="infinite-width", source="beyond", formula="\\Theta_h+" * 40 + "1"),
]


def rendered(folder, records=RECORDS, missing=(), over_draws=None, config_name="tiny"):
    from matplotlib.figure import Figure  # noqa: PLC0415 -- only here

    figures = {}
    for name in {"collapse", "grassmannian", "infinite-width", "triplets-a"} - set(missing):
        figures[name] = folder / f"{name}.svg"
        figures[name].write_text(SVG, encoding="utf-8")
        Figure(figsize=(0.5, 0.5)).savefig(folder / f"{name}.png")
    return page.render(
        records,
        dict(sorted(figures.items())),
        FILES,
        config_name=config_name,
        root_seed=7,
        seeds={"kernel": 10},
        captions=dict.fromkeys(GROUPS, "‖Θ‖_F of all."),
        rules=RULES,
        pins=["python=3.11", "numpy==2.4.6"],
        over_draws=over_draws,
    )


class Elements(HTMLParser):
    """Every element of a page, as (tag, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_page_ends_with_the_version(tmp_path):
    assert f"<footer><p>ssl-dynamics {__version__}</p></footer>" in rendered(tmp_path)


def test_page_says_of_draws_what_the_reference_ships_and_else_nothing(tmp_path):
    found = draws_of("A1-one", "A1-two")
    text = rendered(tmp_path, over_draws=found)
    line = "Over 20 draws: holds on average (predicted [0.9, 1.2], 19 of 20 draws pass, P ≥ 0.78)"
    assert text.count(line) == 2
    assert "(not preregistered), claims by verdict: holds on average: 2." in text
    assert "Over 20" not in rendered(tmp_path)


@pytest.mark.parametrize(
    ("name", "replicates"), [("full", True), ("full-root-11", True), ("quick", False), ("full-scale", False)]
)
def test_page_of_a_smaller_configuration_says_that_it_is_not_the_replication(tmp_path, name, replicates):
    text = " ".join(rendered(tmp_path, config_name=name).split())
    said = f"<code>{name}</code> has one data set and as few as 10 seeds"
    assert ("This is not the replication." in text, said in text) == (not replicates, not replicates)
    assert "Only the abstracts of the paper" in text


def test_page_says_what_holds_and_what_fails(tmp_path):
    text = rendered(tmp_path)
    assert "3 of 4 claims hold." in text
    assert '<a href="#A1-two">A1-two</a>' in text
    assert "not finite" in text
    assert "✗ fail" in text
    assert text.count('class="claim ') == 4
    assert 'alt="‖Θ‖_F of all."' in text
    assert "‖Θ‖<sub>F</sub> of all." in text
    assert "ln(σ<sub>2</sub>/σ<sub>1</sub>) stays within e<sup>−2(λ<sub>z+1</sub> − λ<sub>z</sub>)t</sup>." in text


def test_page_has_the_same_bytes_twice_and_needs_nothing_else(tmp_path):
    text = rendered(tmp_path)
    assert text == rendered(tmp_path)
    for tag, attributes in Elements(text).found:
        if tag in ("img", "script", "link", "iframe"):
            assert attributes.get("src", attributes.get("href", "data:")).startswith("data:")
        if tag == "a":
            assert not attributes["href"].startswith(("http", "/"))
    assert str(tmp_path) not in text


def test_addresses_are_those_of_names_and_anchors_lead_somewhere(tmp_path):
    found = Elements(rendered(tmp_path)).found
    identities = [attributes["id"] for _, attributes in found if "id" in attributes]
    addresses = [attributes["href"] for tag, attributes in found if tag == "a"]
    assert len(set(identities)) == len(identities)
    assert {address[1:] for address in addresses if address.startswith("#")} <= set(identities)
    assert "a/b%20c.csv" in addresses
    assert "../../src/ssl_dynamics/experiments/dynamics/claims.py#:~:text=A1%2Done" in addresses
    assert "notebooks/infinite-width.html" in addresses


def test_missing_figure_is_named(tmp_path):
    assert "Figure grassmannian was not drawn." in rendered(tmp_path, missing=["grassmannian"])


def test_words_of_records_stay_words(tmp_path):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>_{<b>}'
    control = {"description": evil, "value": 1.0, "verdict": "fail"}
    own = record("A1-one", statement=evil, quantity=evil, command=evil, control=control)
    text = rendered(tmp_path, [own])
    tags = [tag for tag, _ in Elements(text).found]
    assert tags.count("script") == 1
    assert "b" not in tags
    assert "onerror=alert(1)>" not in text


def test_formula_that_is_not_understood_is_named():
    for wrong in (r"\begin{aligned}a&=b\end{aligned}", r"\text{<script>alert(1)</script>}"):
        with pytest.raises(ValueError, match="is not understood"):
            page.formula(wrong)


@pytest.mark.parametrize(
    ("numbers", "thresholds", "logarithmic"),
    [
        ([1e-6, 1e-7], [1e-3], True),
        ([0.98, 1.02], [0.95, 1.05], False),
        ([-0.7, -0.6], [-0.4], False),
        ([0, 0], [0], False),
    ],
)
def test_axis_shows_value_and_threshold(numbers, thresholds, logarithmic):
    scale = scale_of(numbers, thresholds)
    assert scale.logarithmic == logarithmic
    assert not any(scale.beyond(number) for number in [*numbers, *thresholds])


def test_control_beyond_the_axis_is_an_arrow_at_its_end():
    near, far = (record("A1", control={"value": value, "verdict": "fail"}) for value in (0.21, 1e5))
    assert "l10 10m0 -10" in interval_plot(near)
    assert "l10 10m0 -10" not in interval_plot(far)
    assert interval_plot(record("A1", value=None)) == ""


def test_every_edge_of_the_workflow_is_drawn_once():
    drawn = picture(RULES)
    assert drawn.count("<path") == sum(map(len, RULES.values()))
    assert all(drawn.count(f">{rule}</text>") == 1 for rule in RULES)
    assert {source for sources in RULES.values() for source in sources} <= set(RULES)


def test_every_rule_is_drawn_right_of_what_it_reads_and_at_the_end_if_nothing_reads_it():
    columns = columns_of(RULES)
    place = {rule: level for level, column in enumerate(columns) for rule in column}
    assert sorted(rule for column in columns for rule in column) == sorted(RULES)
    readers = {rule: [reader for reader, sources in RULES.items() if rule in sources] for rule in RULES}
    for rule, reading in readers.items():
        assert place[rule] + 1 == min((place[reader] for reader in reading), default=len(columns))


@pytest.mark.slow
def test_picture_of_the_workflow_is_that_of_snakemake():
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "dot", "--configfile", "tests/config/tiny-all.yaml"]
    graph = subprocess.run([*command, "--forceall"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    names = {
        number: re.sub("^figures_.*", "figures", rule)  # the rules of figures are one box
        for number, rule in re.findall(r'(\d+)\[label = "(\w+)"', graph)
    }
    edges = {(names[source], names[rule]) for source, rule in re.findall(r"(\d+) -> (\d+)", graph)}
    assert {(source, rule) for rule, sources in RULES.items() for source in sources} == {
        edge for edge in edges if edge[1] != "all"
    }
    assert set(RULES) == set(names.values()) - {"all"}


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- takes half a second

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, tmp_path):
    """The page in a window, with all that it asked for and said."""
    path = tmp_path / "report.html"
    path.write_text(rendered(tmp_path), encoding="utf-8")
    tab = browser.new_page()
    tab.asked, tab.said = [], []
    tab.route(re.compile(r"^(?!file:|data:)"), lambda route: route.abort())
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("console", lambda message: tab.said.append(message.text))
    tab.on("pageerror", lambda error: tab.said.append(str(error)))
    tab.goto(path.as_uri())
    yield tab
    asked = [url for url in tab.asked if not url.startswith("data:")]
    assert set(asked) <= {path.as_uri()}
    assert tab.said == []
    tab.close()


def shown(tab):
    return tab.locator(".claim:visible").evaluate_all("claims => claims.map(claim => claim.id)")


class TestInChromium:
    pytestmark = in_chromium

    def test_filters_and_their_address(self, opened):
        status = opened.get_by_role("status")
        assert status.text_content() == "4 of 4 claims shown"
        opened.get_by_label("Source").select_option("A1")
        assert shown(opened) == ["A1-one", "A1-two"]
        opened.get_by_label("Verdict").select_option("fail")
        assert shown(opened) == ["A1-two"]
        assert not opened.locator("#part-grassmannian").is_visible()
        assert opened.url.endswith("#source=A1&verdict=fail")
        opened.reload()
        assert shown(opened) == ["A1-two"]
        assert status.text_content() == "1 of 4 claims shown"
        opened.get_by_role("button", name="Show all").click()
        opened.locator(".claim:visible").nth(3).wait_for()
        assert "#" not in opened.url
        opened.get_by_label("Text").fill("three LARGEST")
        assert shown(opened) == ["A3-three"]
        opened.evaluate("location.hash = '#A1-two'")  # a link to a claim that is filtered out
        opened.locator(".claim:visible").nth(3).wait_for()

    def test_every_image_loads(self, opened):
        images = opened.locator("img")
        assert images.count() == 4
        assert images.evaluate_all("images => images.every(image => image.complete && image.naturalWidth > 0)")

    def test_accessibility(self, opened):
        from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 -- as above

        opened.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        found = Axe().run(opened).response["violations"]
        assert [(finding["id"], finding["impact"], finding["nodes"][0]["html"]) for finding in found] == []

    @pytest.mark.parametrize("width", [360, 1200])
    def test_page_is_not_wider_than_the_screen(self, opened, width):
        opened.set_viewport_size({"width": width, "height": 740})
        opened.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        assert opened.evaluate("document.documentElement.scrollWidth") <= width

    def test_keyboard_reaches_filters_claims_and_copy(self, opened):
        opened.set_viewport_size({"width": 360, "height": 740})
        reached = []
        for _ in range(60):
            opened.keyboard.press("Tab")
            here = "const e = document.activeElement; return e.id || e.className || e.type || e.tagName"
            reached.append(opened.evaluate(f"() => {{ {here} }}"))
        assert reached[0] == "skip"
        inputs = [name for name in dict.fromkeys(reached) if name in ("source", "verdict", "text", "reset")]
        assert inputs == ["source", "verdict", "text", "reset"]
        assert "SUMMARY" in reached
        assert "formula" in reached  # the one that must be scrolled

    def test_command_is_selected_and_copied(self, opened):
        claim = opened.locator("#A1-one")
        claim.get_by_text("Redo it alone").click()
        claim.get_by_role("button").click()
        claim.get_by_role("button", name=re.compile("^(?!Copy the command)")).wait_for()
        assert opened.evaluate("getSelection().toString()") == RECORDS[0]["command"]

    def test_print_shows_every_claim_with_all_its_cells(self, opened):
        opened.get_by_label("Verdict").select_option("fail")
        opened.emulate_media(media="print")
        assert shown(opened) == [record["id"] for record in RECORDS]
        assert not opened.get_by_label("Source").is_visible()
        assert all(table.is_visible() for table in opened.locator(".claim table").all())

    def test_without_script_everything_is_there(self, browser, tmp_path):
        (tmp_path / "report.html").write_text(rendered(tmp_path), encoding="utf-8")
        tab = browser.new_page(java_script_enabled=False)
        tab.goto((tmp_path / "report.html").as_uri())
        assert tab.locator(".claim:visible").count() == 4
        assert not tab.locator(".filters").is_visible()
        tab.close()
