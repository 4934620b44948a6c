"""What README.md says is what the project is."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from problems import draws_of, record
from ssl_dynamics.registry import CLAIMS, GROUPS
from ssl_dynamics.report.abstracts import ABSTRACTS, LIMITS, UNTESTED, standing
from ssl_dynamics.report.answers import answer, told
from ssl_dynamics.report.families import EVIDENCE
from ssl_dynamics.report.formatting import criterion, resolves, verdict_word
from ssl_dynamics.report.parts import PARTS, STORY
from test_benchmark import JOBS, finished_run

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
CLAIMS_PAGE = (TOP / "docs/claims.md").read_text(encoding="utf-8")
DOCUMENTS = [
    TOP / "README.md",
    TOP / "CONTRIBUTING.md",
    TOP / "CHANGELOG.md",
    TOP / "config/README.md",
    TOP / "results/README.md",
    *sorted((TOP / "docs").glob("*.md")),
]
TABLE = CLAIMS_PAGE.partition("<!-- verdicts -->")[2].partition("<!-- end of verdicts -->")[0]
WORDS = {verdict_word(verdict): verdict for verdict in ("pass", "open", "fail")}
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")] for line in TABLE.splitlines() if line.startswith("| **")
]


def test_table_of_verdicts_holds_every_claim_as_the_registry_states_it():
    assert [row[0] for row in ROWS] == [f"**{claim.id}** {claim.statement}".replace("|", "∣") for claim in CLAIMS]
    for row, claim in zip(ROWS, CLAIMS, strict=True):
        threshold = claim.criterion.threshold
        stated = {"operator": claim.criterion.operator, "threshold": list(np.atleast_1d(threshold))}
        if not isinstance(threshold, tuple):
            stated["threshold"] = threshold
        assert row[2] == criterion({"criterion": stated})
        assert row[3] in WORDS
        assert row[5] == claim.evidence
        assert row[6].startswith(claim.control.description.replace("|", "∣") + ": ")


def script():
    spec = importlib.util.spec_from_file_location("update_readme", TOP / "scripts/update_readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_must_be_a_run_to_speak_of(tmp_path, monkeypatch):
    module = script()
    monkeypatch.setattr(module, "RESULTS", tmp_path / "full")
    with pytest.raises(SystemExit, match=r"full: there is no finished run: make$"):
        module.main()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/claims.json").write_text("[]")
    monkeypatch.setattr(module, "SHIPPED", {"small": tmp_path / "draws.json"})
    with pytest.raises(SystemExit, match=r"draws\.json: no draws are shipped: make draws, then make reference"):
        module.main()


def test_time_is_that_of_all_jobs_on_the_cores_or_of_the_longest_chain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finished_run(tmp_path, [], JOBS)  # of 30 s, of 20 s after it, and of 40 s
    module = script()
    monkeypatch.setattr(module, "RESULTS", Path("results/quick"))
    seconds = {
        names: module.Jobs().seconds([f"results/quick/{name}.npz" for name in names])
        for names in (("first",), ("second",), ("first", "third"), ("second", "third"))
    }
    assert [*seconds.values()] == pytest.approx([module.START + each for each in (30, 50, 40, 50)])
    monkeypatch.setattr(module, "CORES", 1)
    assert module.Jobs().seconds(["results/quick/second.npz", "results/quick/third.npz"]) == module.START + 90
    (tmp_path / "results/quick/logs/second.log").unlink()
    for name in ("results/quick/claims.json", "draws.json"):
        (tmp_path / name).write_text("[]")
    monkeypatch.setattr(module, "SHIPPED", {"small": tmp_path / "draws.json"})
    with pytest.raises(
        SystemExit, match=r"^results/quick/second\.provenance\.json: the log of this job is gone; delete"
    ):
        module.main()


@pytest.fixture
def records():
    return [record(claim, part) for part, claims in GROUPS.items() for claim in claims]


def test_table_has_a_column_of_draws_where_they_are_shipped(records):
    def lines(*over_draws):
        return [line for line in script().verdicts(records, *over_draws).splitlines() if line.startswith("|")]

    first = records[0]["id"]
    with_draws, plain = lines(draws_of(first)), lines()
    assert with_draws[0].endswith("| over 20 draws, 19 of them fresh |")
    said = "holds on average (predicted [0.9, 1.2], holds in 19 of 20 draws, P ≥ 0.77 by the 19 fresh ones)"
    assert with_draws[2].endswith(f"| {said} |")
    assert with_draws[3].endswith("|  |")
    assert {line.count("|") for line in plain} == {8}
    assert {line.count("|") for line in with_draws} == {9}


@pytest.mark.parametrize("verdict", ["fail", "open"])
@pytest.mark.parametrize("findings", [*(part.answer for part in PARTS.values()), tuple(STORY.values())])
def test_a_finding_is_said_only_if_all_its_claims_hold(records, findings, verdict):
    for finding in findings:
        assert told(finding, records) == finding.sentence
        for claim in finding.claims:
            other = [each | {"verdict": verdict} if each["id"] == claim else each for each in records]
            begins = {"fail": "Not confirmed", "open": "Left open"}[verdict]
            assert told(finding, other).startswith(f"{begins} ({claim} {verdict_word(verdict)}): ")
        with pytest.raises(KeyError):
            told(finding, [each for each in records if each["id"] != finding.claims[0]])


def test_every_question_has_an_answer_from_claims_of_its_own_part_and_of_where_it_ends():
    for name, part in PARTS.items():
        named = {claim for finding in part.answer for claim in finding.claims}
        own = {claim.id for claim in GROUPS[name]}
        assert named & own
        assert named <= own | {claim for limit in LIMITS.values() for claim in limit.claims}


def test_an_answer_leaves_out_what_was_not_measured(records):
    findings = PARTS["collapse"].answer
    assert answer(findings, records) == " ".join(finding.sentence for finding in findings)
    without = [each for each in records if each["id"] not in findings[0].claims]
    assert answer(findings, without) == " ".join(finding.sentence for finding in findings[1:])
    assert answer(findings, []) == ""


def test_how_sure_counts_claims_and_draws_and_names_what_does_not_hold(records):
    own = [each | {"resolves": 0.02} for each in records if each["group"] == "framework"][:3]
    own[1] |= {"verdict": "open", "resolves": None}
    below = [{}, {own[0]["id"]: "fail"}, {"another": "open"}, None]  # the last draw has stopped
    draws = {"roots": [1, 2, 3, 4], "draws": [{"below": each} for each in below], "claims": own}
    held, whole, full, noticed = script().how_sure(own, {"small": draws, "full": draws}).split("; ")
    assert held == f"2 of 3 claims hold ({own[1]['id']} open)"
    assert whole == f"all in 2 of 4 small draws ({own[0]['id']} fails in 1)"
    assert full == f"all in 2 of 4 full draws ({own[0]['id']} fails in 1)"
    assert noticed == "the least sensitive of 2 fails with an error of 2 %"
    newer = script().how_sure(own, {"small": draws | {"claims": own[:2]}}).split("; ")[1]
    assert newer == f"the 2 that were drawn all in 2 of 4 small draws ({own[0]['id']} fails in 1)"


def test_map_of_the_abstracts_names_all_that_bears_on_each_sentence_and_what_was_not_tested(records):
    assert list(UNTESTED) == list(ABSTRACTS)
    records[0]["verdict"] = "fail"
    lines = script().abstracts(records).splitlines()[2:]
    assert len(lines) == len(standing(records)) == len(ABSTRACTS)
    for line, sentence in zip(lines, standing(records), strict=True):
        columns = line.strip("| ").split(" | ")
        assert columns[-1] == UNTESTED[sentence["name"]]
        assert all(each["id"] in columns[2] for each in sentence["bearing"])
        limit = LIMITS.get(sentence["name"])
        assert not limit or limit.sentence in columns[3]
        assert not limit or all(f"{claim} holds" in columns[3] and claim not in columns[2] for claim in limit.claims)
        assert f"| {verdict_word(sentence['verdict'])} |" in line
    assert f"{records[0]['id']} (**fails**)" in lines[0]


def test_page_on_draws_says_on_how_many_the_claims_without_training_rest():
    shipped = json.loads((TOP / "results/reference/quick/draws.json").read_text(encoding="utf-8"))
    page = " ".join((TOP / "docs/draws.md").read_text(encoding="utf-8").split())
    said = f"no draws beside them: there these claims rest on its {len(shipped['roots'])} whole runs"
    assert (said in page) == (not shipped["equation_draws"])


@pytest.mark.parametrize(
    ("there", "copied"),
    [
        ({}, True),
        ({"roots": [7, 8, 9]}, False),
        ({"equation_draws": [{"root_seed": 7, "claims": 1, "below": {}}]}, False),
        ({"draws": []}, False),
    ],
)
def test_figure_of_draws_is_copied_if_they_are_those_that_are_shipped(tmp_path, monkeypatch, there, copied):
    monkeypatch.chdir(tmp_path)
    module, docs = script(), tmp_path / "docs"
    for folder in (module.RESULTS / "figures", module.SWEEP / "figures", docs):
        folder.mkdir(parents=True)
    (module.RESULTS / "figures/story.png").write_bytes(b"story")
    (docs / "draws.svg").write_text("before")
    shipped = draws_of("A1-one")
    shipped["claims"][0]["cells"] = [{"cell": "mixture/contrastive/2"}]
    module.copy_figures(shipped, docs)  # no sweep has been run here
    assert (docs / "story.png").read_bytes() == b"story"
    assert (docs / "draws.svg").read_text() == "before"
    made = draws_of("A1-one") | there
    made["claims"][0]["cells"] = [{"cell": "mixture/contrastive/2", "values": [1.0, 1.1]}]
    (module.SWEEP / "draws.json").write_text(json.dumps(made))
    (module.SWEEP / "figures/draws.svg").write_text("made")
    module.copy_figures(shipped, docs)
    assert (docs / "draws.svg").read_text() == ("made" if copied else "before")


def test_page_on_draws_ends_with_their_figure_once_it_is_shipped():
    page = (TOP / "docs/draws.md").read_text(encoding="utf-8")
    shown = re.search(r"!\[[^\]]+\]\(figures/draws\.svg\)", page.rpartition("\n## ")[2])
    assert bool(shown) == (TOP / "docs/figures/draws.svg").is_file()


def test_page_on_draws_says_in_how_many_all_claims_hold_and_which_are_open_in_the_others():
    shipped = json.loads((TOP / "results/reference/quick/draws.json").read_text(encoding="utf-8"))
    page = " ".join((TOP / "docs/draws.md").read_text(encoding="utf-8").split())
    whole = [draw["root_seed"] for draw in shipped["draws"] if draw["below"] == {}]
    fresh = sum(root != shipped["own_root"] for root in whole)
    total = len(shipped["draws"])
    assert f"All claims hold in {len(whole)} of its {total} draws, {fresh} of the {total - 1} fresh ones." in page
    for draw in shipped["draws"]:
        assert all(name in page for name in draw["below"])
        assert not draw["below"] or str(draw["root_seed"]) in page


def test_theory_says_what_the_correction_leaves_of_extremes():
    counted = sum(claim.statistic != "mean" and claim.every_seed for claim in CLAIMS)
    text = " ".join((TOP / "docs/theory.md").read_text(encoding="utf-8").split())
    assert f"with ten seeds and {counted} such claims, as in the full run, below {counted / 2**10:.4f}." in text


def test_output_layer_was_judged_on_as_many_data_sets_as_is_said():
    reference = json.loads((TOP / "results/reference/full/verdicts.json").read_text(encoding="utf-8"))
    judged = {
        cell["cell"].partition("/")[0] for each in reference if "output-layer" in each["id"] for cell in each["cells"]
    }
    measured_on = {cell["cell"].partition("/")[0] for each in reference for cell in each["cells"]}
    assert judged == {"fashion-mnist", "gaussian-mixture"}
    assert (len(judged), len(measured_on)) == (2, 3)
    assert all("on two of three data sets" in UNTESTED[name] for name in ("A2", "F3"))


def test_page_of_claims_says_what_each_kind_of_evidence_is():
    read = " ".join(CLAIMS_PAGE.split())
    assert all(f"*{kind}*: {meaning}." in read for kind, meaning in EVIDENCE.items())


def test_shipped_table_has_the_least_error_that_fails_in_some_cell():
    reference = json.loads((TOP / "results/reference/full/verdicts.json").read_text(encoding="utf-8"))
    for row, each in zip(ROWS, reference, strict=True):
        known = [cell["resolves"] for cell in each["cells"] if cell["resolves"] is not None]
        assert row[4] == resolves({"resolves": min(known, default=None)})


def test_shipped_pages_say_what_the_shipped_reference_says():
    reference = json.loads((TOP / "results/reference/full/verdicts.json").read_text(encoding="utf-8"))
    assert {re.match(r"\*\*(.+?)\*\*", row[0])[1]: WORDS[row[3]] for row in ROWS} == {
        each["id"]: each["verdict"] for each in reference
    }
    records = [
        each | {"abstracts": claim.abstracts} for each, claim in zip(reference, CLAIMS, strict=True)
    ]  # in the order of the registry
    assert [each["id"] for each in records] == [claim.id for claim in CLAIMS]
    for page in (README, (TOP / "docs/README.md").read_text(encoding="utf-8")):
        assert script().story(records) in page
    assert script().abstracts(records) in (TOP / "docs/abstracts.md").read_text(encoding="utf-8")
    for part in PARTS.values():
        for finding in part.answer:
            assert told(finding, records) in README
            assert told(finding, records) in CLAIMS_PAGE


def test_sections_of_the_theory_name_every_claim_once():
    text = (TOP / "docs/theory.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| [§")]
    assert [re.match(r"\[§(\d+)\]", row[0])[1] for row in rows] == re.findall(r"^## §(\d+)", text, re.MULTILINE)
    named = [claim for row in rows if row[2] != "all" for claim in row[2].split(", ")]
    assert sorted(named) == sorted(claim.id for claim in CLAIMS)


@pytest.mark.parametrize("page", ["README.md", "docs/README.md", "docs/abstracts.md", "docs/theory.md", "CITATION.cff"])
def test_first_lines_say_that_only_the_abstracts_were_at_hand(page):
    beginning = " ".join((TOP / page).read_text(encoding="utf-8")[:1300].split())
    assert re.search(r"Only the (two )?abstracts|Neither paper itself was at hand", beginning)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_failing_claims_are_explained(records, part):
    """On the page of claims, by the answer that rests on them."""
    for finding in part.answer:
        name = finding.claims[0]
        failing = [each | {"verdict": "fail"} if each["id"] == name else each for each in records]
        page = script().verdicts(failing)
        (row,) = [line for line in page.splitlines() if f"**{name}**" in line]
        assert "| fails |" in row
        assert f"Not confirmed ({name} fails): " in page


def test_example_of_the_solver_runs():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(code, names)
    W = names["W"]
    np.testing.assert_allclose(W.mT @ W, np.broadcast_to(np.eye(2), (3, 2, 2)), atol=1e-12)
    losses = [np.trace(w.T @ names["C"] @ w) for w in W]
    assert losses[0] > losses[1] > losses[2]


def test_example_that_gets_one_started_runs():
    (code,) = re.findall(r"```python\n(.*?)```", (TOP / "docs/get-started.md").read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec(code, names)
    losses = np.trace(names["W"].mT @ names["C"] @ names["W"], axis1=1, axis2=2)
    assert (np.diff(losses) < 0).all()
    assert (np.diff(names["logs"][:, 1] - names["logs"][:, 0]) < 0).all()


def test_readme_is_short():
    assert len(README.encode()) <= 9000


def test_families_are_the_parts_of_the_report_with_their_claims():
    table = README.partition("<!-- families -->")[2].partition("<!-- end of families -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == [part.question for part in PARTS.values()]
    verdicts = {re.match(r"\*\*(.+?)\*\*", row[0])[1]: WORDS[row[3]] for row in ROWS}
    for (_, _, sure, link), (name, part) in zip(rows, PARTS.items(), strict=True):
        names = [claim.id for claim in GROUPS[name]]
        others = [name for name in names if verdicts[name] != "pass"]
        assert sure.startswith(f"{len(names) - len(others)} of {len(names)} claims hold")
        assert all(name in sure for name in others)
        assert link.startswith(f"[{part.title}](")


def anchors(document):
    """Of the headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target
