"""The claims page: rendered from made-up records, and driven in Chromium."""

import itertools
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chromium import in_chromium, violations
from problems import draws_of
from ssl_dynamics import __version__
from ssl_dynamics.config import load_config
from ssl_dynamics.registry import CLAIMS, GROUPS
from ssl_dynamics.report import page
from ssl_dynamics.report.abstracts import ABSTRACTS, FOLLOW_UP, NOT_TESTED, PAPER, standing
from ssl_dynamics.report.claim_rows import formula
from ssl_dynamics.report.configured import banner, boxes_of_the_workflow, rules_of_the_workflow, verdicts_settings
from ssl_dynamics.report.findings import findings_of
from ssl_dynamics.report.interval_plot import Scale, interval_plot, scale_of
from ssl_dynamics.report.links import Links
from ssl_dynamics.report.workflow_picture import BOXES, columns_of, picture, schematic

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
    assert set(NOT_TESTED) == set(ABSTRACTS)


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


class Elements(HTMLParser):
    """Every element of a page, as (tag, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def words_of(text):
    """What a reader reads, in one line."""
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", "", text))


def footer_of(text):
    return words_of(text.partition("<footer>")[2].partition("</footer>")[0])


def test_page_ends_with_version_and_commit(tmp_path):
    assert footer_of(rendered(tmp_path)) == f"ssl-dynamics {__version__}, configuration tiny; its commit is not known"
    clean = rendered(tmp_path, links=Links("0123456789abcdef", dirty=False, repository="https://github.com/a/b"))
    assert footer_of(clean).endswith(", commit 0123456789ab")
    assert 'href="https://github.com/a/b/commit/0123456789abcdef"' in clean
    file = "src/ssl_dynamics/experiments/dynamics/claims.py#:~:text=A1%2Done"
    assert f'href="https://github.com/a/b/blob/0123456789abcdef/{file}"' in clean
    changed = rendered(tmp_path, links=Links("0123456789abcdef", dirty=True, repository="https://github.com/a/b"))
    assert footer_of(changed).endswith("with changes that are not committed")
    assert f'href="../../{file}"' in changed  # the commit has not what this tree has


def test_page_says_what_a_run_is_not(tmp_path):
    text = words_of(rendered(tmp_path, banner=BANNER))
    assert text.index(BANNER) < text.index("Do self-supervised models collapse")
    assert "not the replication" not in rendered(tmp_path)


@pytest.mark.parametrize(("file", "root_seed"), [("full", None), ("full", "11"), ("quick", None)])
def test_what_is_no_replication_is_known_by_its_sizes(file, root_seed):
    config = load_config(TOP / f"config/{file}.yaml", root_seed)
    renamed = config.model_copy(update={"name": "full"})
    for each in (config, renamed):
        said = banner(each)
        assert bool(said) == (file == "quick")
    if said:
        assert "one data set (digits) and 4 to " in said
        assert "the replication has 3 data sets (fashion-mnist, digits, gaussian-mixture)" in said


def test_smaller_version_of_the_replication_is_none():
    config = load_config(TOP / "config/full.yaml")
    assert banner(config.model_copy(update={"seeds": 3}))


def test_page_says_of_draws_what_the_reference_ships_and_else_nothing(tmp_path):
    found = draws_of("A1-one", "A1-two")
    text = rendered(tmp_path, over_draws=found)
    line = "Over 20 draws: holds on average (predicted [0.9, 1.2], 19 of 20 draws pass, P ≥ 0.78)"
    assert text.count(line) == 2
    read = words_of(text)
    assert "20 draws, as the reference ships them (not preregistered)" in read
    assert read.count("draws on average, 19 of 20") == 2
    assert "over draws: 2 on average" in read
    without = words_of(rendered(tmp_path))
    assert "Over 20" not in without
    assert "make draws CONFIG=config/tiny.yaml asks what holds for the next one" in without


def test_page_says_what_holds_and_what_fails(tmp_path):
    text = rendered(tmp_path)
    read = words_of(text)
    assert "3 of 4 claims hold. These do not:" in read
    assert '<a href="#A1-two">A1-two</a>' in text
    assert "It fails: no finite value, where the criterion is ≤ 0.2 (a/b/2)." in read
    assert "Not in every point. A1-two fails." in read
    assert "✗ fails" in text
    assert text.count('class="claim ') == 4
    assert 'alt="‖Θ₂‖_F of all."' in text
    assert "‖Θ<sub>2</sub>‖<sub>F</sub> of all." in text
    assert "ln(σ<sub>2</sub>/σ<sub>1</sub>) stays within e<sup>−2(λ<sub>z+1</sub> − λ<sub>z</sub>)t</sup>." in text
    assert "Only the abstracts of the paper" in read


def test_page_says_that_nothing_fails_only_where_nothing_does(tmp_path):
    assert "1 of 1 claims hold. None fails, none is open." in words_of(rendered(tmp_path, [record("A1-one")]))
    undecided = words_of(rendered(tmp_path, [record("A1-one", verdict="open")]))
    assert "0 of 1 claims hold. These do not: ? open A1-one" in undecided
    assert "None fails" not in undecided
    assert undecided.count("max_steps ends the training, at 1.62×10⁵") == 3  # on top, at the figure, in the row


def test_answer_of_a_family_is_given_only_where_all_of_its_claims_hold(tmp_path):
    answer = "Without a constraint, linear models and models on a fixed kernel turn into a scalar representation"
    assert answer not in words_of(rendered(tmp_path))
    assert answer in words_of(rendered(tmp_path, [record("A1-one")]))


def test_finding_of_a_figure_follows_from_the_verdicts():
    sentences = {"collapse": "The error is {A1-one}."}
    holding = [record("A1-one"), record("A1-two")]
    assert findings_of(holding, sentences)["collapse"] == {"holds": True, "text": "The error is 0.1."}
    told = findings_of([holding[0], record("A1-two", verdict="fail")], sentences)["collapse"]
    assert not told["holds"]
    assert told["text"].startswith(
        "1 of the 2 claims on this figure hold. A1-two fails: 0.1 (0.05 … 0.12, 4 of 4 seeds"
    )
    met = record("A1-two", verdict="fail", control={"description": "half", "value": 0.1, "verdict": "pass"})
    assert "its control, half, meets the criterion" in findings_of([met], sentences)["collapse"]["text"]
    without = findings_of([record("A1-one")], {"collapse": "It is {A1-gone}."})["collapse"]["text"]
    assert without == record("A1-one")["statement"]


def test_every_sentence_of_a_finding_names_claims_of_its_figure():
    own = {}
    for claim in CLAIMS:
        own.setdefault(claim.figure, set()).add(claim.id)
    sentences = verdicts_settings(load_config(TOP / "config/quick.yaml")).findings
    assert set(sentences) == set(own)
    for figure, sentence in sentences.items():
        assert set(re.findall(r"{([^}]*)}", sentence)) <= own[figure]


def test_command_that_redoes_a_claim_gives_a_verdict_where_numbers_are_shipped(tmp_path):
    shipped = rendered(tmp_path, verifiable=True)
    assert "<code>make verify CONFIG=config/tiny.yaml CLAIM=A1-one</code>" in shipped
    assert "TARGET" not in shipped
    read = words_of(rendered(tmp_path))
    assert "make verify" not in read
    assert "make run CONFIG=config/tiny.yaml then prints the verdict of every claim: look for A1-one." in read


def test_numbers_are_written_as_a_reader_writes_them(tmp_path):
    tiny = record("A1-one", value=1e-7, low=-1e-7, high=1.62e5, quantity="η <= 1e-6 at -1 of λ_2, U_linU_2, 2^13, 1%")
    read = words_of(text := rendered(tmp_path, [tiny]))
    assert "−10⁻⁷ … 1.62×10⁵" in read
    assert "η ≤ 10⁻⁶ at −1 of λ<sub>2</sub>, U<sub>lin</sub>U<sub>2</sub>, 2<sup>13</sup>, 1 %" in text
    assert not re.search(r"\de[-+]\d", read)


def test_page_has_the_same_bytes_twice_and_needs_nothing_else(tmp_path):
    text = rendered(tmp_path)
    assert text == rendered(tmp_path)
    for tag, attributes in Elements(text).found:
        if tag in ("img", "script", "link", "iframe"):
            assert attributes.get("src", attributes.get("href", "data:")).startswith("data:")
        if tag == "a":  # what is linked on the web are the papers alone
            assert not attributes["href"].startswith("/")
            assert (
                attributes["href"].startswith("https://arxiv.org/abs/") or ":" not in attributes["href"].split("#")[0]
            )
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
            formula(wrong)


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


def test_control_is_on_the_axis_where_it_leaves_room_to_the_others_else_an_arrow_with_its_value():
    near, far = (interval_plot(record("A1", control={"value": value, "verdict": "fail"})) for value in (0.21, 1e5))
    assert "l10 10m0 -10" in near
    assert "l10 10m0 -10" not in far
    assert ">control 10⁵</text>" in far
    assert interval_plot(record("A1", value=None)) == ""
    assert scale_of([0.1, 0.1], [0.2], 0.5).beyond(0.5) == 0
    assert scale_of([0.1, 0.1], [0.2], 50).beyond(50) == 1
    assert scale_of([1e-6], [1e-3], 10.0).beyond(10.0) == 0
    assert scale_of([1e-6], [1e-3], -1.0).beyond(-1.0) == -1


def test_plot_writes_criterion_prediction_ticks_and_kind_of_axis():
    order = record("A3", value=1.99, low=1.97, high=2.01, criterion={"operator": "within", "threshold": [1.85, 2.15]})
    drawn = interval_plot(order)
    assert ">predicted 2, criterion in [1.85, 2.15]</text>" in drawn
    assert 'class="predicted"' in drawn
    assert ">linear axis</text>" in drawn
    small = interval_plot(record("A3", value=1e-6, low=1e-7, high=1e-6))
    assert ">criterion ≤ 0.2</text>" in small
    assert 'class="predicted"' not in small
    assert ">logarithmic axis</text>" in small


def test_interval_is_not_behind_the_value_however_short_it_is():
    drawn = interval_plot(record("A1", value=0.1, low=0.1 - 1e-9, high=0.1 + 1e-9))
    value = re.search(r'class="value" d="M[\d.]+ (\d+)', drawn)
    interval = re.search(r'class="interval" d="M([\d.]+) (\d+)H', drawn)
    assert int(value[1]) < int(interval[2]) - 5  # the tip is above the caps


@pytest.mark.parametrize(
    ("low", "high", "logarithmic"), [(1e-15, 1e-3, True), (0.9, 1.1, False), (0.02, 0.7, True), (-0.58, -0.42, False)]
)
def test_axis_has_ticks_whose_labels_do_not_touch(low, high, logarithmic):
    scale = Scale(low, high, logarithmic)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 10
    places = [scale.x(tick) for tick in ticks]
    assert all(second - first > 20 for first, second in itertools.pairwise(places))


def test_schematic_has_six_boxes_and_every_rule_in_one():
    columns = schematic(RULES, BOXED)
    boxes = [box for column in columns for box in column]
    assert len(boxes) == len(BOXES) == 6
    assert sum(box["rules"] for box in boxes) == len(RULES)
    titles = [[box["title"] for box in column] for column in columns]
    assert titles == [["Data"], ["Design"], ["Simulate", "Solve"], ["Compare"], ["Report"]]
    by_title = {box["title"]: box["reads"] for box in boxes}
    assert by_title["Data"] == {}
    assert "Simulate" not in by_title["Solve"]
    assert {"Simulate", "Solve"} <= set(by_title["Compare"])


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
        assert not opened.locator(".none").is_visible()
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
        opened.get_by_label("Evidence").select_option("equations")
        assert shown(opened) == ["beyond-four"]
        opened.get_by_role("button", name="Show all").click()
        opened.get_by_label("Text").fill("three LARGEST")
        assert shown(opened) == ["A3-three"]
        opened.evaluate("location.hash = '#A1-one'")  # a link to a claim that is filtered out, and folded
        opened.locator(".claim:visible").nth(3).wait_for()
        assert opened.locator("#A1-one .measured").is_visible()

    def test_data_set_shows_its_cells_and_the_verdict_by_them(self, opened):
        opened.get_by_label("Data set").select_option("other")
        assert shown(opened) == ["A1-two", "A3-three"]
        failing = opened.locator("#A1-two")
        assert failing.locator(".there").text_content() == "on other: holds"
        opened.get_by_role("button", name="Unfold all").click()
        for summary in opened.locator(".cells > summary:visible").all():
            summary.click()
        assert opened.locator("#A3-three tbody tr:visible").count() == 2
        opened.get_by_label("Verdict").select_option("fail")
        assert shown(opened) == []
        opened.get_by_label("Data set").select_option("a")
        assert shown(opened) == ["A1-two"]
        assert failing.locator(".there").text_content() == "on a: fails"

    def test_no_hit_says_so_and_offers_to_show_all(self, opened):
        opened.get_by_label("Text").fill("nothing like it")
        assert shown(opened) == []
        assert opened.get_by_role("status").text_content() == "none of 4 claims matches"
        assert opened.get_by_text("No claim matches these filters.").is_visible()
        opened.locator(".none button").click()
        opened.locator(".claim:visible").nth(3).wait_for()
        assert opened.get_by_role("status").text_content() == "4 of 4 claims shown"

    def test_claims_that_do_not_hold_are_unfolded_and_the_others_are_not(self, opened):
        unfolded = opened.locator(".claim[open]").evaluate_all("claims => claims.map(claim => claim.id)")
        assert unfolded == ["A1-two"]
        opened.locator("#A1-one > summary").click()
        assert opened.locator("#A1-one .measured").is_visible()
        assert not opened.locator("#A1-one .cells table").is_visible()

    def test_navigation_stays_in_sight(self, opened):
        opened.evaluate("scrollTo(0, document.body.scrollHeight)")
        bar = opened.get_by_role("navigation").bounding_box()
        assert bar["y"] == 0
        opened.get_by_role("navigation").get_by_text("Infinite width").click()
        heading = opened.locator("#part-infinite-width").bounding_box()
        assert heading["y"] >= bar["height"]  # not behind it

    def test_figure_is_left_of_its_claims_and_above_them_on_a_phone(self, opened):
        def places():
            boxes = [opened.locator(f".block >> nth=0 >> {part}").bounding_box() for part in ("figure", ".claims")]
            return [(box["x"], box["y"]) for box in boxes]

        opened.set_viewport_size({"width": 1280, "height": 800})
        (left, top), (right, beside) = places()
        assert left < right
        assert abs(top - beside) < 1
        opened.set_viewport_size({"width": 390, "height": 800})
        (left, top), (right, below) = places()
        assert abs(left - right) < 1
        assert top < below

    def test_every_image_loads(self, opened):
        images = opened.locator("img")
        assert images.count() == 4
        assert images.evaluate_all("images => images.every(image => image.complete && image.naturalWidth > 0)")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1280])
    def test_accessibility(self, opened, scheme, width):
        opened.emulate_media(color_scheme=scheme)
        opened.set_viewport_size({"width": width, "height": 800})
        assert violations(opened) == []

    @pytest.mark.parametrize("width", [360, 1200])
    def test_page_is_not_wider_than_the_screen(self, opened, width):
        opened.set_viewport_size({"width": width, "height": 740})
        opened.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        assert opened.evaluate("document.documentElement.scrollWidth") <= width

    def test_keyboard_reaches_filters_claims_and_copy(self, opened):
        opened.set_viewport_size({"width": 360, "height": 740})
        wide = opened.locator("#beyond-four")
        wide.locator("> summary").click()
        wide.get_by_text("formula continues").wait_for(state="hidden")  # said by the style alone, not by a text
        assert wide.locator(".formula-box.more").count() == 1
        opened.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        opened.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
        reached = []
        for _ in range(80):
            opened.keyboard.press("Tab")
            here = "const e = document.activeElement; return e.id || e.className || e.type || e.tagName"
            reached.append(opened.evaluate(f"() => {{ {here} }}"))
        assert reached[0] == "skip"
        names = ("dataset", "verdict", "source", "evidence", "text", "reset")
        inputs = [name for name in dict.fromkeys(reached) if name in names]
        assert inputs == list(names)
        assert "SUMMARY" in reached
        assert "formula" in reached  # the one that must be scrolled

    def test_command_is_selected_and_copied(self, opened):
        claim = opened.locator("#A1-one")
        claim.locator("> summary").click()
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
        assert all(formula.is_visible() for formula in opened.locator(".formula").all())

    def test_the_replication_prints_on_25_pages(self, browser, tmp_path):
        shipped = json.loads((TOP / "results/reference/full/verdicts.json").read_text(encoding="utf-8"))
        cells = {verdict["id"]: verdict["cells"] for verdict in shipped}
        records = [
            record(
                claim.id,
                group=part,
                source=claim.source,
                figure=f"results/full/figures/{claim.figure}.svg",
                **{
                    name: getattr(claim, name) for name in ("statement", "formula", "quantity", "statistic", "evidence")
                },
                cells=cells[claim.id],
            )
            for part, claims in GROUPS.items()
            for claim in claims
        ]
        names = {claim.figure for claim in CLAIMS}
        path = tmp_path / "report.html"
        captions = dict.fromkeys(names, "Distances over time, of trained and predicted spans, for each seed.")
        text = rendered(tmp_path, records, names=names, inches=(7, 3), captions=captions)
        path.write_text(text, encoding="utf-8")
        tab = browser.new_page()
        tab.goto(path.as_uri())
        pages = len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format="A4")))
        tab.close()
        assert 10 < pages <= 25

    def test_without_script_everything_is_there(self, browser, tmp_path):
        (tmp_path / "report.html").write_text(rendered(tmp_path), encoding="utf-8")
        tab = browser.new_page(java_script_enabled=False)
        tab.goto((tmp_path / "report.html").as_uri())
        assert tab.locator(".claim:visible").count() == 4
        tab.locator("#A1-one > summary").click()
        assert tab.locator("#A1-one .measured").is_visible()
        assert not tab.locator(".filters").is_visible()
        tab.close()
