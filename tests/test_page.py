"""The claims page: rendered from made-up records."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy import stats

from pages import BANNER, BOXED, RECORDS, RULES, TOP, record, rendered, words_of
from problems import draws_of
from ssl_dynamics import __version__
from ssl_dynamics.config_file import load_config
from ssl_dynamics.registry import CLAIMS, GROUPS
from ssl_dynamics.report.abstracts import ABSTRACTS, FOLLOW_UP, LIMITS, PAPER, UNTESTED, standing
from ssl_dynamics.report.claim_rows import formula
from ssl_dynamics.report.configured import banner, verdicts_settings
from ssl_dynamics.report.families import families
from ssl_dynamics.report.findings import findings_of
from ssl_dynamics.report.links import Links
from ssl_dynamics.report.page import by_fresh_draws, least_p_of_extremes
from ssl_dynamics.report.parts import PARTS
from ssl_dynamics.report.stages.claims import corrected
from ssl_dynamics.report.workflow_picture import BOXES, columns_of, picture, schematic


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


def test_what_measures_the_limit_of_a_sentence_is_no_support_of_it(tmp_path):
    measured = [record("A2-one", source="A2"), *(record(name, source="beyond") for name in LIMITS["A2"].claims)]
    measured[1] |= {"verdict": "open"}
    (row,) = standing(measured)
    assert (row["verdict"], [each["id"] for each in row["bearing"]]) == ("pass", ["A2-one"])
    assert row["limit"]["measured"] == dict(zip(LIMITS["A2"].claims, ["open", "pass"], strict=True))
    assert row["limit"]["words"] == LIMITS["A2"].sentence
    (unmeasured,) = standing(measured[:2])
    assert unmeasured["limit"] is None
    table = rendered(tmp_path, measured).partition('<table class="abstracts">')[2].partition("</table>")[0]
    first, second = LIMITS["A2"].claims
    assert f"Where it ends: {LIMITS['A2'].sentence} Measured by {first} open, {second} holds." in words_of(table)


def test_limits_are_of_sentences_that_their_claims_do_not_support():
    bearing = {claim.id: claim.abstracts for claim in CLAIMS}
    for name, limit in LIMITS.items():
        assert name in ABSTRACTS
        assert all(name not in bearing[claim] for claim in limit.claims)


def test_answers_rest_on_claims_of_any_part():
    part_of = {claim.id: part for part, claims in GROUPS.items() for claim in claims}
    records = [record(claim, group=part) for claim, part in part_of.items()]
    (grassmannian,) = [each for each in families(records, {}) if each["name"] == "grassmannian"]
    for finding in PARTS["grassmannian"].answer:
        assert finding.sentence in grassmannian["answer"]
    assert any(part_of[claim] != "grassmannian" for each in PARTS["grassmannian"].answer for claim in each.claims)


def test_something_is_measured_for_every_claim_of_the_abstracts():
    assert {name for claim in CLAIMS for name in claim.abstracts} == set(ABSTRACTS)
    assert set(UNTESTED) == set(ABSTRACTS)


class Elements(HTMLParser):
    """Every element of a page, as (tag, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


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
    line = "holds on average (predicted [0.9, 1.2], holds in 19 of 20 draws, P ≥ 0.77 by the 19 fresh ones)"
    assert text.count(f"Over 20 draws: {line}; sign test of the fresh ones: p ≤ 3.81×10⁻⁵") == 2
    read = words_of(text)
    assert "20 draws, 19 of them fresh, as the reference ships them (not preregistered)" in read
    assert read.count("draws on average, 19 of 20") == 2
    assert "over draws: 2 on average" in read
    without = words_of(rendered(tmp_path))
    assert "Over 20" not in without
    assert "make draws CONFIG=config/tiny.yaml asks what holds for the next one" in without


@pytest.mark.parametrize("seeds", [[4] * 9, [10, 10, 10, 6, 4]])
def test_no_claim_on_an_extreme_comes_below_the_least_p(seeds):
    """By Holm's method itself, on p-values of all kinds that a sign test can have."""
    means = [record(f"mean-{k}", statistic="mean", p=0.0) for k in range(5)]
    copies = record("copies", seeds=1, p=None)
    extremes = [record(f"extreme-{k}", seeds=n) for k, n in enumerate(seeds)]
    least = least_p_of_extremes([*means, copies, *extremes])
    random = np.random.default_rng(0)
    seen = []
    for share in random.random(25):  # of seeds that meet the criterion; the first draw has all
        met = [n if not seen else random.binomial(n, share) for n in seeds]
        p = [stats.binomtest(int(of), n, alternative="greater").pvalue for of, n in zip(met, seeds, strict=True)]
        judged = corrected([*means, copies, *(each | {"p": q} for each, q in zip(extremes, p, strict=True))])
        seen.append(min(each["p"] for each in judged if each["id"].startswith("extreme")))
    assert least == pytest.approx(len(seeds) / 2 ** max(seeds))
    assert least == pytest.approx(min(seen))
    assert least_p_of_extremes([*means, copies]) is None
    assert least_p_of_extremes([record(f"extreme-{k}", seeds=2) for k in range(5)]) == 1


def test_sign_test_of_draws_is_that_of_the_fresh_ones():
    held = {"draws": 21, "fresh": 20, "passes": 21}
    assert by_fresh_draws(held).endswith("p ≤ 9.54×10⁻⁷")  # 2⁻²⁰
    assert by_fresh_draws(held | {"passes": 20}).endswith("p ≤ 2×10⁻⁵")  # the own draw may be one of the 20: 21/2²⁰
    assert by_fresh_draws({"draws": 20, "fresh": 20, "passes": 0}).endswith("p ≤ 1")


def test_page_opens_with_the_claims_of_both_abstracts(tmp_path):
    text = rendered(tmp_path)
    header = text.partition("<header")[2].partition("</header>")[0]
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", header) == [
        f"{PAPER} claims of the paper, {FOLLOW_UP} of the follow-up",
        "What was asked, and what came out",
        "How sure that is",
    ]
    assert text.index("3 of 4 claims hold.") < text.index('id="abstracts"')
    table = header.partition('<table class="abstracts">')[2].partition("</table>")[0]
    assert f"A1 to A{PAPER} are of the paper, F1 to F{FOLLOW_UP} of the follow-up" in words_of(table)
    for sentence in standing(RECORDS):
        row = words_of(table.partition(f'<th scope="row">{sentence["name"]}</th>')[2].partition("</tr>")[0])
        assert ", ".join(each["id"] for each in sentence["bearing"]) in row


def test_page_says_what_holds_and_what_fails(tmp_path):
    text = rendered(tmp_path)
    read = words_of(text)
    assert "3 of 4 claims hold. These do not:" in read
    assert "before that correction, and none of them below 0.25 after it, whatever the data" in read
    assert '<a href="#A1-two">A1-two</a>' in text
    assert "It fails: no finite value, where the criterion is ≤ 0.2 (a/b/2)." in read
    assert "This configuration does not measure all that an answer rests on. A1-two fails." in read
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


def test_answer_of_a_family_follows_from_the_verdicts_that_it_rests_on(tmp_path):
    first, *_, last = PARTS["collapse"].answer
    records = [record(name) for finding in (first, last) for name in finding.claims]
    read = words_of(rendered(tmp_path, [*records, record("A1-two", verdict="fail")]))
    assert f"{first.sentence} {last.sentence} A1-two fails. 5" in read
    records[-1] |= {"verdict": "fail"}
    read = words_of(rendered(tmp_path, records))
    assert f"{first.sentence} Not confirmed ({last.claims[0]} fails): “{last.sentence}” 4 of 5" in read


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
