"""What README.md says is what the project is."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from problems import draws_of
from ssl_dynamics.registry import CLAIMS, GROUPS
from ssl_dynamics.report.formatting import criterion
from ssl_dynamics.report.parts import PARTS, QUESTIONS

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
CLAIMS_PAGE = (TOP / "docs/claims.md").read_text(encoding="utf-8")
DOCUMENTS = [
    TOP / "README.md",
    TOP / "CONTRIBUTING.md",
    TOP / "results/README.md",
    *sorted((TOP / "docs").glob("*.md")),
]
TABLE = CLAIMS_PAGE.partition("<!-- verdicts -->")[2].partition("<!-- end of verdicts -->")[0]
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
        assert row[3] in ("pass", "open", "fail")
        assert row[4].startswith(claim.control.description.replace("|", "∣") + ": ")


def load_script():
    spec = importlib.util.spec_from_file_location("update_readme", TOP / "scripts/update_readme.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_there_must_be_a_run_to_speak_of(tmp_path, monkeypatch):
    script = load_script()
    monkeypatch.setattr(script, "RESULTS", tmp_path / "full")
    with pytest.raises(SystemExit, match=r"full: there is no finished run: make$"):
        script.main()


def test_table_has_a_column_of_draws_where_they_are_shipped():
    script = load_script()
    numbers = {"value": 0.1, "low": 0.05, "high": 0.12, "verdict": "pass", "statistic": "mean"}
    criterion = {"operator": "<=", "threshold": 0.2}
    control = {"description": "a control", "value": 0.5}
    ids = ("A1-one", "A1-two")
    records = [{"id": name, "statement": "So.", "criterion": criterion, "control": control, **numbers} for name in ids]
    head, rule, first, second = script.verdicts(records, draws_of("A1-one")).splitlines()
    assert head.endswith("| over 20 draws |")
    assert first.endswith("| holds on average (predicted [0.9, 1.2], 19 of 20 draws pass, P ≥ 0.78) |")
    assert second.endswith("|  |")
    plain = script.verdicts(records).splitlines()
    assert [line.count("|") for line in plain] == [6] * 4
    assert [line.count("|") for line in (head, rule, first, second)] == [7] * 4


def test_failing_claims_are_explained():
    for row in ROWS:
        if row[3] == "fail":
            name = re.match(r"\*\*(.+?)\*\*", row[0])[1]
            assert CLAIMS_PAGE.count(name) > 1


def test_example_of_the_solver_runs():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(code, names)
    W = names["W"]
    np.testing.assert_allclose(W.mT @ W, np.broadcast_to(np.eye(2), (3, 2, 2)), atol=1e-12)
    losses = [np.trace(w.T @ names["C"] @ w) for w in W]
    assert losses[0] > losses[1] > losses[2]


def test_readme_is_short():
    assert len(README.encode()) <= 9000


def test_families_are_the_parts_of_the_report_with_their_claims():
    table = README.partition("<!-- families -->")[2].partition("<!-- end of families -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if line[:2] == "| "][
        1:
    ]
    assert [row[0] for row in rows] == [QUESTIONS[part] for part in PARTS]
    assert [int(row[1]) for row in rows] == [len(GROUPS[part]) for part in PARTS]
    verdicts = {re.match(r"\*\*(.+?)\*\*", row[0])[1]: row[3] for row in ROWS}
    for row, part in zip(rows, PARTS, strict=True):
        names = [claim.id for claim in GROUPS[part]]
        others = [name for name in names if verdicts[name] != "pass"]
        assert int(row[2]) == len(names) - len(others)
        assert row[-1] == (", ".join(f"{name} ({verdicts[name]})" for name in others) or "none")


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
