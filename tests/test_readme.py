"""What README.md says is what the project is."""

import re
from pathlib import Path

import numpy as np

from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.formatting import criterion

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
TABLE = README.partition("<!-- verdicts -->")[2].partition("<!-- end of verdicts -->")[0]
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


def test_failing_claims_are_explained():
    for row in ROWS:
        if row[3] == "fail":
            name = re.match(r"\*\*(.+?)\*\*", row[0])[1]
            assert README.count(name) > 1


def test_example_of_the_solver_runs():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(code, names)
    W = names["W"]
    np.testing.assert_allclose(W.mT @ W, np.broadcast_to(np.eye(2), (3, 2, 2)), atol=1e-12)
    losses = [np.trace(w.T @ names["C"] @ w) for w in W]
    assert losses[0] > losses[1] > losses[2]


def test_paths_and_pictures_exist():
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (TOP / path).exists()
