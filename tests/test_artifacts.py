import hashlib
import json
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine import stage
from ssl_dynamics.engine.artifacts import (
    leftovers,
    read_arrays,
    read_table,
    sha256,
    whole_file,
    write_arrays,
    write_json,
    write_table,
)
from ssl_dynamics.engine.fingerprint import definitions, fingerprint
from ssl_dynamics.engine.provenance import require_as_made
from ssl_dynamics.experiments.data.quadratic_form import quadratic_form

STAGE = "ssl_dynamics.experiments.data.quadratic_form:quadratic_form"
UNITS = stage.units_of(STAGE)


def test_equal_arrays_give_equal_bytes_in_any_order(tmp_path):
    a, b = np.arange(6.0).reshape(2, 3), np.array(3)
    write_arrays(tmp_path / "1.npz", {"a": a, "b": b})
    write_arrays(tmp_path / "2.npz", {"b": b, "a": a})
    assert sha256(tmp_path / "1.npz") == sha256(tmp_path / "2.npz")
    np.testing.assert_array_equal(read_arrays(tmp_path / "1.npz")["a"], a)


def test_tables_come_back_to_the_last_bit(tmp_path):
    values = np.random.default_rng(0).standard_normal(1000) * 10.0 ** np.linspace(-300, 300, 1000)
    table = pd.DataFrame({"value": np.concatenate([values, [1e-300, 0.1 + 0.2, np.pi]])})
    write_table(tmp_path / "t.csv", table)
    np.testing.assert_array_equal(read_table(tmp_path / "t.csv")["value"], table["value"])


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="Out of range float values"):
        write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_a_killed_job_are_found(tmp_path):
    with whole_file(tmp_path / "deep" / "a.npz") as part:
        part.write_bytes(b"half")
        assert leftovers(tmp_path) == [part]
    assert leftovers(tmp_path) == []


def run_stage(tmp_path, monkeypatch, compute, code=None):
    (tmp_path / "in.txt").write_text("input")
    monkeypatch.chdir(tmp_path)
    arguments = ["--stage", f"quadratic_form={STAGE}", "--settings", '{"loss": "contrastive"}']
    arguments += ["--code", code or fingerprint(*UNITS), "--lock", "abc", "--inputs", "data=in.txt"]
    arguments += ["--outputs", "result=out.json", "provenance=p.provenance.json", "--log", "stage.log"]
    monkeypatch.setattr(sys, "argv", ["engine", *arguments])
    monkeypatch.setattr(stage, "stage_named", lambda _: (compute, LossSettings))
    try:
        stage.main()
    finally:
        log = logging.getLogger("quadratic_form")
        for handler in list(log.handlers):
            log.removeHandler(handler)
            handler.close()


def write_output(job):
    write_json(job.output("result"), job.settings.loss)


def test_stage_is_a_function_whose_parameter_tells_its_settings():
    assert stage.stage_named(STAGE) == (quadratic_form, LossSettings)


def test_stage_leaves_its_provenance(tmp_path, monkeypatch):
    run_stage(tmp_path, monkeypatch, write_output)
    record = json.loads((tmp_path / "p.provenance.json").read_text())
    assert record == {
        "rule": "quadratic_form",
        "stage": STAGE,
        "settings": {"loss": "contrastive"},
        "code": fingerprint(*UNITS),
        "definitions": definitions(*UNITS),
        "extra_roots": [],
        "lock": "abc",
        "inputs": {"in.txt": sha256(tmp_path / "in.txt")},
        "outputs": {"out.json": sha256(tmp_path / "out.json")},
    }
    assert "quadratic_form p: " in (tmp_path / "stage.log").read_text()


def test_stage_reports_an_error_in_one_line_and_keeps_the_traceback_for_the_log(tmp_path, monkeypatch):
    def fail(_):
        raise ValueError("images.idx: truncated")

    with pytest.raises(SystemExit, match=r"^quadratic_form: images.idx: truncated \(log: stage.log\)$"):
        run_stage(tmp_path, monkeypatch, fail)
    assert "Traceback" in (tmp_path / "stage.log").read_text()
    assert not (tmp_path / "p.provenance.json").exists()


def test_error_that_nobody_expected_is_one_line_too_with_its_type(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"^quadratic_form: KeyError: 'C' \(log: stage.log\)$"):
        run_stage(tmp_path, monkeypatch, lambda _: {}["C"])
    assert "Traceback" in (tmp_path / "stage.log").read_text()


@pytest.mark.parametrize("content", ["inpu", "inputs", "input of other parameters"])
def test_input_that_is_not_as_it_was_made_is_refused(tmp_path, monkeypatch, content):
    record = {"stage": STAGE, "extra_roots": [], "code": "", "lock": "", "inputs": {}}
    made = record | {"outputs": {"in.txt": hashlib.sha256(content.encode()).hexdigest()}}
    (tmp_path / "in.provenance.json").write_text(json.dumps(made))
    with pytest.raises(SystemExit, match=r"in\.txt is not what in\.provenance\.json says was made; delete it and run"):
        run_stage(tmp_path, monkeypatch, write_output)
    assert not (tmp_path / "out.json").exists()


def test_damaged_provenance_of_an_input_is_refused(tmp_path, monkeypatch):
    (tmp_path / "in.provenance.json").write_text('{"stage": ')
    with pytest.raises(SystemExit, match=r"in\.provenance\.json: holds no provenance"):
        run_stage(tmp_path, monkeypatch, write_output)


def test_inputs_are_checked_while_a_job_beside_this_one_is_done_again(tmp_path, monkeypatch):
    """Snakemake removes what a job made before it does it again: a provenance that was listed may be gone when read."""
    (tmp_path / "beside.provenance.json").symlink_to("removed")
    run_stage(tmp_path, monkeypatch, write_output)
    assert (tmp_path / "p.provenance.json").exists()
    record = {"stage": STAGE, "extra_roots": [], "code": "", "lock": "", "inputs": {}, "outputs": {"in.txt": "other"}}
    (tmp_path / "in.provenance.json").write_text(json.dumps(record))
    with pytest.raises(SystemExit, match=r"in\.txt is not what in\.provenance\.json says was made"):
        run_stage(tmp_path, monkeypatch, write_output)


def test_provenance_that_comes_and_goes_stops_nothing(tmp_path):
    beside = tmp_path / "beside.provenance.json"
    record = {"stage": STAGE, "extra_roots": [], "code": "", "lock": "", "inputs": {}, "outputs": {}}
    done = threading.Event()

    def make_again():
        while not done.is_set():
            write_json(beside, record)
            beside.unlink()

    with ThreadPoolExecutor(1) as executor:
        again = executor.submit(make_again)
        try:
            for _ in range(2000):
                require_as_made({str(tmp_path / "in.txt"): "hash"})
        finally:
            done.set()
        again.result()


def test_code_that_is_not_the_planned_code_makes_nothing(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="the code changed after this run was planned"):
        run_stage(tmp_path, monkeypatch, write_output, code="0" * 16)
    assert not (tmp_path / "out.json").exists()


def test_code_that_changes_while_the_stage_runs_leaves_no_provenance(tmp_path, monkeypatch):
    def edit_meanwhile(job):
        write_output(job)
        monkeypatch.setattr(stage, "fingerprint", lambda *_: "changed")

    with pytest.raises(SystemExit, match="the code changed"):
        run_stage(tmp_path, monkeypatch, edit_meanwhile)
    assert not (tmp_path / "p.provenance.json").exists()


def test_progress_says_what_how_far_and_how_long(monkeypatch, caplog):
    clock = iter([0.0, 1.0, 6.0, 7.0])
    monkeypatch.setattr(stage.time, "monotonic", lambda: next(clock))
    job = stage.Job(LossSettings(loss="contrastive"), {}, {}, logging.getLogger("test-progress"), "train x")
    progress = stage.Progress(job, 30)
    for _ in range(3):
        progress.advance()
    assert [record.getMessage() for record in caplog.records] == [
        "train x: step 2 of 30 (6 %), 6 s gone, about 84 s to go"
    ]
