"""The plan: what would run and why, from the commands that Snakemake would give."""

import json
import os
import shlex
import time
from pathlib import Path

import pytest

from ssl_dynamics.engine.artifacts import sha256
from ssl_dynamics.engine.fingerprint import definitions, fingerprint
from ssl_dynamics.engine.integrity import check_plan
from ssl_dynamics.engine.stage import units_of
from ssl_dynamics.engine.staleness import FOLLOWS, NOT_MADE, jobs_in, own_work, plan_of, print_plan, put_in_order

STAGE = "ssl_dynamics.experiments.data.quadratic_form:quadratic_form"
UNITS = units_of(STAGE)
SETTINGS = {"loss": "contrastive", "training": {"levels": 3, "steps": [1, 2]}}


def command(
    *, settings=SETTINGS, code=None, lock="abc", inputs=("data=in.npz",), outputs=("result=out.npz",), stem="p"
):
    words = [
        "--stage",
        f"quadratic_form={STAGE}",
        "--settings",
        json.dumps(settings),
        "--code",
        code or fingerprint(*UNITS),
        "--lock",
        lock,
        "--inputs",
        *inputs,
    ]
    words += ["--outputs", *outputs, f"provenance={stem}.provenance.json", "--log", "stage.log"]
    return f"exec python -m ssl_dynamics.engine {shlex.join(words)}"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A folder in which the job of `command()` is done; returns what changes its provenance."""
    monkeypatch.chdir(tmp_path)
    for name in ("in.npz", "out.npz"):
        (tmp_path / name).write_text(name)
    record = {
        "stage": STAGE,
        "extra_roots": [],
        "settings": SETTINGS,
        "code": fingerprint(*UNITS),
        "definitions": definitions(*UNITS),
        "lock": "abc",
        "inputs": {"in.npz": sha256(tmp_path / "in.npz")},
        "outputs": {"out.npz": sha256(tmp_path / "out.npz")},
    }

    def change(**values):
        (tmp_path / "p.provenance.json").write_text(json.dumps(record | values))

    change()
    return change


def why(*commands):
    return [why for _, why in plan_of(jobs_in(commands))]


@pytest.mark.parametrize(
    "path", ["a folder/ü=1.npz", "a\nb.npz", "{a}.npz", 'it\'s "$x"; #.npz', "-x.npz", "\udce9.npz"]
)
def test_values_of_any_characters_come_through(path):
    settings = {"a b": "it's", "c": 'say "x"', "d": path}
    (job,) = jobs_in([command(settings=settings, inputs=[f"data={path}"])])
    assert job.settings == settings
    assert job.inputs == {path}
    assert job.outputs == {"out.npz"}
    assert (job.rule, job.lock, job.provenance) == ("quadratic_form", "abc", "p.provenance.json")


@pytest.mark.usefixtures("made")
def test_nothing_has_changed():
    assert why(command()) == [[]]


def test_not_made_yet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert why(command()) == [[NOT_MADE]]


def test_changed_code_is_named_by_module_and_definition(made):
    then = definitions(*UNITS)
    then["ssl_dynamics.problem.quadratic:quadratic_form"] = "00000000"
    then["ssl_dynamics.problem.quadratic:gone"] = "00000000"
    del then["ssl_dynamics.validation:real"]
    made(definitions=then, code="0")
    assert why(command()) == [["problem.quadratic: gone, quadratic_form", "validation: real"]]


def test_many_changed_definitions_are_counted(made):
    then = definitions(*UNITS) | {f"ssl_dynamics.validation:_{i}": "0" for i in range(9)}
    made(definitions=then, code="0")
    assert why(command()) == [["validation: _0, _1, _2, _3 and 5 more"]]


def test_stage_that_is_no_more(made):
    made(stage=f"{STAGE}_of_old", code="0")
    assert why(command()) == [[f"{STAGE}_of_old: {STAGE.partition(':')[0]} defines no 'quadratic_form_of_old'"]]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({**SETTINGS, "training": {"levels": 4, "steps": [1, 2]}}, "training.levels: 3 → 4"),
        ({**SETTINGS, "training": {"levels": 3, "steps": [1]}}, "training.steps: [1, 2] → [1]"),
        ({**SETTINGS, "seeds": 5}, "seeds: nothing → 5"),
        ({"loss": "contrastive"}, "training.levels: 3 → nothing"),
    ],
)
@pytest.mark.usefixtures("made")
def test_changed_settings_are_named_by_key(settings, reason):
    assert reason in why(command(settings=settings))[0]


@pytest.mark.usefixtures("made")
def test_changed_pins_files_and_inputs(tmp_path):
    assert why(command(lock="def")) == [["requirements.lock: other pins"]]
    assert why(command(inputs=["a=b.npz"])) == [["b.npz: read now", "in.npz: no longer read"]]
    (tmp_path / "out.npz").unlink()
    assert why(command()) == [["out.npz: missing"]]
    (tmp_path / "in.npz").write_text("edited")
    assert why(command()) == [["in.npz: changed since it was read", "out.npz: missing"]]


@pytest.mark.usefixtures("made")
def test_damaged_provenance(tmp_path):
    (tmp_path / "p.provenance.json").write_text("{")
    assert why(command()) == [["p.provenance.json: damaged"]]


@pytest.mark.usefixtures("made")
def test_jobs_that_follow_say_so_and_do_not_blame_what_is_about_to_be_made_again(tmp_path):
    (tmp_path / "in.npz").write_text("edited")
    earlier = command(inputs=[], outputs=["data=in.npz"], stem="q")
    assert why(command(), earlier) == [[NOT_MADE], [FOLLOWS]]  # in the order of the work


@pytest.mark.usefixtures("made")
def test_print_counts_stages_by_reason(capsys):
    earlier = command(inputs=[], outputs=["data=in.npz"], stem="q")
    print_plan(Path("mine.yaml"), plan_of(jobs_in([command(), earlier])))
    printed = capsys.readouterr().out
    assert "mine.yaml: 2 jobs would run" in printed
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert lines.index(f"{NOT_MADE} 1 quadratic_form") < lines.index(f"{FOLLOWS} 1 quadratic_form")
    print_plan(Path("mine.yaml"), [])
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.usefixtures("made")
def test_output_that_was_tampered_with_is_made_anew(tmp_path):
    status = (tmp_path / "out.npz").stat()
    (tmp_path / "out.npz").write_text("OUT.npz")
    os.utime(tmp_path / "out.npz", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert why(command()) == [["out.npz: changed since it was made"]]


def test_check_names_each_file_that_is_not_as_it_should_be_and_what_to_do(made, tmp_path):
    def problems(**changes):
        return check_plan(Path(), plan_of(jobs_in([command(**changes)])))

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/p.log").write_text("12:00 done")
    foreign = ["in.npz: no job leaves it here; delete it"]  # an input from outside
    assert problems() == foreign
    assert problems(lock="def") == [
        "p.provenance.json: requirements.lock: other pins; make it anew: run make",
        *foreign,
    ]
    made(code="0")
    assert problems() == ["p.provenance.json: another function is to be called; make it anew: run make", *foreign]
    made()
    (tmp_path / "out.npz").write_text("forged")
    assert problems() == ["out.npz: changed since it was made; make it anew: run make", *foreign]
    (tmp_path / "out.npz").unlink()
    assert problems() == ["out.npz: missing; make it anew: run make", *foreign]
    (tmp_path / "p.provenance.json").unlink()
    assert problems() == ["p.provenance.json: not made yet; make it anew: run make", *foreign]


def test_another_function_to_call(made):
    made(code="0")
    assert why(command()) == [["another function is to be called"]]


def test_done_work_gets_times_in_its_order(made, tmp_path):
    earlier = command(outputs=["result=out.npz"])
    later = command(inputs=["data=out.npz"], outputs=["result=end.npz"], stem="r")
    (tmp_path / "end.npz").write_text("end.npz")
    made(inputs={"out.npz": sha256(tmp_path / "out.npz")}, outputs={"end.npz": sha256(tmp_path / "end.npz")})
    (tmp_path / "p.provenance.json").rename("r.provenance.json")
    made()
    # Times mean nothing: what was made first seems the latest, and of the future.
    for moment, files in ((2e9, ["out.npz", "p.provenance.json"]), (1e9, ["end.npz", "r.provenance.json"])):
        for file in files:
            os.utime(tmp_path / file, (moment, moment))
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/p.tsv").write_text("s")
    os.utime(tmp_path / "benchmarks/p.tsv", (1e9, 1e9))
    plan = plan_of(jobs_in([later, earlier]))
    assert [reasons for _, reasons in plan] == [[], []]
    put_in_order(plan, [tmp_path / "benchmarks"])

    def times(*files):
        return {(tmp_path / file).stat().st_mtime for file in files}

    (first,), (second,) = times("out.npz", "p.provenance.json"), times("end.npz", "r.provenance.json")
    assert first < second <= times("benchmarks/p.tsv").pop() <= time.time()


@pytest.mark.usefixtures("made")
def test_work_of_its_own_is_that_which_follows_from_no_other():
    earlier = command(outputs=["result=out.npz"])
    later = command(inputs=["data=out.npz"], outputs=["result=end.npz"], stem="r")
    plan = plan_of(jobs_in([later, earlier]))
    assert [reasons for _, reasons in plan] == [[], [NOT_MADE]]
    assert own_work(plan) == ["r.provenance.json"]
    plan = plan_of(jobs_in([later, command(lock="def")]))
    assert [reasons for _, reasons in plan] == [["requirements.lock: other pins"], [FOLLOWS]]
    assert own_work(plan) == ["p.provenance.json"]
