"""What Snakemake has said of the jobs is kept while everything that it goes by is as it was, and no longer."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from ssl_dynamics.engine import answers, run
from ssl_dynamics.engine.run import Configuration, jobs_of
from test_plan import command
from trees import SMALLEST, copy_of_the_tree

CONFIGURATION = Configuration(Path(SMALLEST))
pytestmark = pytest.mark.usefixtures("asked")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return copy_of_the_tree(tmp_path_factory.mktemp("answers") / "tree")


@pytest.fixture
def asked(whole, tmp_path, monkeypatch):
    """A tree of our own, in which what Snakemake is asked is written down; it answers with a job that reads data."""
    tree = tmp_path / "tree"
    shutil.copytree(whole, tree)
    (tree / "results/reference/full").mkdir(parents=True)
    (tree / "in.npz").touch()
    monkeypatch.chdir(tree)
    questions = []

    def ask(configuration, targets):
        questions.append((configuration, targets))
        return [command(stem=f"p{len(questions)}")]

    monkeypatch.setattr(run, "_ask", ask)
    return questions


def made(configuration=CONFIGURATION, targets=()):
    (job,) = jobs_of(configuration, targets)
    return job.provenance


def test_the_same_question_is_asked_once(asked):
    assert [made(), made(), made()] == 3 * ["p1.provenance.json"]
    assert asked == [(CONFIGURATION, ())]


def edited(name, line="\n# changed\n"):
    def change():
        path = Path(name)
        path.write_text(path.read_text() + line)

    return change


def added(name):
    return lambda: Path(name).touch()


@pytest.mark.parametrize(
    "change",
    [
        edited(SMALLEST, "\nname: other\n"),
        edited("Snakefile"),
        edited("workflow/rules/common.smk"),
        edited("workflow/notebooks/collapse.ipynb", " "),
        edited("workflow/page/report.css"),
        edited("src/ssl_dynamics/theory/grassmann.py"),
        edited("src/ssl_dynamics/claims/changes.yaml"),
        edited("paper/related.typ"),
        edited("requirements.lock"),
        edited("environment.yml"),
        added("src/ssl_dynamics/experiments/extra.py"),
        added("paper/more.typ"),
        added("results/reference/full/verdicts.json"),
        lambda: Path("paper/related.typ").rename("paper/unrelated.typ"),
        lambda: Path("src/ssl_dynamics/theory/oja.py").write_bytes(b"\xff"),
        lambda: Path("in.npz").unlink(),
        lambda: Path("in.npz").write_bytes(b"with labels"),
    ],
)
def test_whatever_it_goes_by_makes_it_ask_again(change):
    made()
    change()
    assert made() == "p2.provenance.json"


@pytest.mark.parametrize(
    "change",
    [added("README.md"), edited("config/tiny-all.yaml"), lambda: Path("results/full").mkdir(), added("in.npz")],
)
def test_other_files_do_not(change):
    made()
    change()
    assert made() == "p1.provenance.json"


def test_other_targets_and_other_keys_are_other_questions():
    other = Configuration(CONFIGURATION.file, {"root_seed": 11})
    assert len({made(), made(other), made(targets=("results/smallest/claims.json",))}) == 3
    assert [made(), made(other)] == ["p1.provenance.json", "p2.provenance.json"]


def test_a_copy_in_another_folder_asks_for_itself(tmp_path, monkeypatch):
    made()
    shutil.copytree(Path.cwd(), tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    assert made() == "p2.provenance.json"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"question": 1}', '{"question": "x", "commands": 3}', "no read"])
def test_a_damaged_answer_is_none(damage):
    made()
    (kept,) = Path(".snakemake/answers").iterdir()
    without = {name: part for name, part in json.loads(kept.read_text()).items() if name != "read"}
    kept.write_text(json.dumps(without) if damage == "no read" else damage)
    assert made() == "p2.provenance.json"


def test_where_nothing_can_be_written_it_is_asked_each_time():
    Path(".snakemake").touch()
    assert [made(), made()] == ["p1.provenance.json", "p2.provenance.json"]


def test_a_version_of_snakemake_counts(monkeypatch):
    made()
    monkeypatch.setattr(answers, "version", lambda _: "0")
    assert made() == "p2.provenance.json"


def test_what_is_kept_is_what_was_said():
    made()
    (kept,) = Path(".snakemake/answers").iterdir()
    said = json.loads(kept.read_text())
    assert said["commands"] == [command(stem="p1")]
    assert said["read"] == {"in.npz": sha256(b"").hexdigest()}
