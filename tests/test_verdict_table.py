"""The printed verdicts of a claims.json, whatever the file holds."""

import json

import pytest

from problems import record
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.verdict_table import print_verdicts

CLAIM = record(CLAIMS[0], "part") | {"control": {"value": 0.5, "verdict": "fail"}}


def test_a_row_says_what_its_record_says(tmp_path, capsys):
    path = tmp_path / "claims.json"
    path.write_text(json.dumps([CLAIM]), encoding="utf-8")
    assert print_verdicts(path) == [CLAIM]
    printed = " ".join(capsys.readouterr().out.split())
    assert f"{CLAIM['id']} 0.1 [0.05, 0.12] ≤ 0.2 holds 0.5 fails" in printed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("{}", "holds no claims"),
        ("[]", "holds no claims"),
        ("[1]", "record 1 of 1 is of no claim"),
        ("[[]]", "record 1 of 1 is of no claim"),
        ("[null]", "record 1 of 1 is of no claim"),
        *(
            (json.dumps([CLAIM, {name: part for name, part in CLAIM.items() if name != left_out}]), "record 2 of 2 is")
            for left_out in ("id", "value", "criterion", "verdict", "control", "statistic", "low")
        ),
        (json.dumps([CLAIM | {"verdict": "perhaps"}]), "record 1 of 1 is of no claim"),
        (json.dumps([CLAIM | {"value": "0.1"}]), "record 1 of 1 is of no claim"),
        (json.dumps([CLAIM | {"control": 3}]), "record 1 of 1 is of no claim"),
    ],
)
def test_what_is_no_table_of_claims_is_refused_in_a_line(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(
        ConfigError, match=f"x.json: {message}.*; expected a claims.json, which `make` writes$"
    ) as refused:
        print_verdicts(path)
    assert len(str(refused.value).splitlines()) == 1
