"""What the exit code of a run says of its verdicts: as shipped or better, or worse."""

import json

import pytest

from ssl_dynamics.engine.artifacts import write_json
from ssl_dynamics.engine.exit_codes import DISAGREES
from ssl_dynamics.verify.expectation import REFERENCE, VERDICTS, as_expected
from trees import SMALLEST, call, run

CLAIMS = {"A1-one": "pass", "A1-two": "fail", "A1-three": "open"}


def records(**verdicts):
    return [{"id": name, "verdict": verdict} for name, verdict in verdicts.items()]


def of(**changes):
    return records(**CLAIMS | {f"A1-{name}": verdict for name, verdict in changes.items()})


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_json(REFERENCE / "mine" / VERDICTS, of())


@pytest.mark.parametrize(
    ("changes", "worse"),
    [
        ({}, None),
        ({"one": "open"}, "A1-one (open)"),
        ({"one": "fail"}, "A1-one (fails)"),
        ({"two": "open"}, None),
        ({"two": "pass"}, None),
        ({"three": "fail"}, "A1-three (fails)"),
        ({"three": "pass"}, None),
        ({"new": "pass"}, None),
        ({"new": "open"}, "A1-new (open)"),  # a claim that the reference lacks must hold
        ({"one": "open", "three": "fail"}, "A1-one (open), A1-three (fails)"),
    ],
)
@pytest.mark.parametrize("name", ["mine", "mine-root-11"])  # with another root seed the same is expected
@pytest.mark.usefixtures("shipped")
def test_verdicts_are_as_shipped_or_better(capsys, name, changes, worse):
    assert as_expected(of(**changes), name) == (worse is None)
    said = capsys.readouterr().err
    assert said == (f"worse than results/reference/mine says: {worse}\n" if worse else "")


@pytest.mark.usefixtures("shipped")
def test_what_is_known_not_to_pass_is_named_in_a_line_and_so_is_what_is_better(capsys):
    assert as_expected(of(), "mine")
    assert capsys.readouterr().out.splitlines() == [
        "1 of 3 claims hold",
        "known not to hold, as results/reference/mine says: A1-two (fails), A1-three (open)",
    ]
    assert as_expected(of(two="open", three="pass"), "mine")
    assert capsys.readouterr().out.splitlines() == [
        "2 of 3 claims hold",
        "known not to hold, as results/reference/mine says: A1-two (open)",
        "better than results/reference/mine says: A1-two (open), A1-three (holds)",
    ]


@pytest.mark.usefixtures("shipped")
def test_claim_that_the_configuration_has_no_more_is_not_missed():
    assert as_expected(records(**{"A1-one": "pass"}), "mine")


@pytest.mark.usefixtures("shipped")
def test_strict_lets_nothing_pass_that_does_not(capsys):
    assert not as_expected(of(), "mine", strict=True)
    assert capsys.readouterr().err == "every claim must hold: A1-two (fails), A1-three (open)\n"
    assert as_expected(of(two="pass", three="pass"), "mine", strict=True)


@pytest.mark.usefixtures("shipped")
def test_without_a_reference_every_claim_must_pass(capsys):
    assert not as_expected(of(), "yours")
    assert capsys.readouterr().err == (
        "no reference is shipped for yours: every claim must hold: A1-two (fails), A1-three (open)\n"
    )
    assert as_expected(records(**{"A1-one": "pass"}), "yours")


@pytest.mark.usefixtures("shipped")
def test_reference_of_the_root_seed_itself_comes_first():
    write_json(REFERENCE / "mine-root-11" / VERDICTS, of(one="fail"))
    assert as_expected(of(one="fail"), "mine-root-11")
    assert not as_expected(of(one="fail"), "mine-root-12")


@pytest.mark.slow
def test_exit_codes_of_run_strict_and_verify(small):
    """A claim that fails: `run` looks at what was shipped, `verify` at the numbers, `--strict` at the claim alone."""
    claims = small / "src/ssl_dynamics/experiments/dynamics/claims.py"
    text = claims.read_text(encoding="utf-8")
    assert run(small, config=SMALLEST).returncode == 0
    assert call(small, "reference", SMALLEST).returncode == 0
    claims.write_text(text.replace('Criterion("<=", 1e-9)', 'Criterion("<=", 1e-19)'), encoding="utf-8")
    worse = run(small, config=SMALLEST)
    assert worse.returncode == DISAGREES
    assert worse.stderr == "worse than results/reference/smallest says: A3-integration (fails)\n"
    assert call(small, "verify", SMALLEST, "--cores", "2").returncode == DISAGREES
    assert call(small, "reference", SMALLEST).returncode == 0
    known = run(small, config=SMALLEST)
    assert (known.returncode, known.stderr) == (0, "")
    line = "known not to hold, as results/reference/smallest says: A3-integration (fails)"
    assert line in known.stdout.splitlines()
    strict = run(small, "--strict", config=SMALLEST)
    assert strict.returncode == DISAGREES
    assert strict.stderr == "every claim must hold: A3-integration (fails)\n"
    verified = call(small, "verify", SMALLEST, "--cores", "2")
    assert verified.returncode == 0, verified.stderr
    assert "does not hold here: A3-integration" in verified.stdout.splitlines()
    (last,) = (small / "results/smallest/logs/runs.jsonl").read_text(encoding="utf-8").splitlines()[-2:-1]
    assert json.loads(last)["status"] == DISAGREES
