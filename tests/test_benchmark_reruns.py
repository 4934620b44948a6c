"""What a benchmark does to time runs: from nothing, with nothing to do, after a change of code. No time is real."""

import ast
import json
from pathlib import Path

import pytest

from benchmarks import reruns
from benchmarks.pipeline import Measure
from ssl_dynamics.errors import RunError

TOP = Path(__file__).parents[1]
FIGURE = Path("results/quick", reruns.FIGURE)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Of a tree, as much as is copied and read."""
    source = tmp_path / "top" / reruns.SOURCE
    source.parent.mkdir(parents=True)
    source.write_bytes((TOP / reruns.SOURCE).read_bytes())
    for file in ("results/quick/claims.json", "results/reference/quick.json", ".git/HEAD", "src/__pycache__/old.pyc"):
        path = tmp_path / "top" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "top/config").symlink_to(TOP / "config")
    monkeypatch.chdir(tmp_path / "top")
    return tmp_path / "top"


class Runs:
    """In place of processes: takes scripted seconds, and draws the figure where its code has changed."""

    def __init__(self):
        self.labels = []  # that runs have met

    def elapsed(self, arguments, tree):
        if arguments[0] == "-c":
            seconds = {"import ssl_dynamics.commands": 0.5, "import snakemake.cli": 1.5, "pass": 0.25}
            return seconds.get(arguments[1], 0.75)
        assert arguments == ["-m", "ssl_dynamics.cli", "run", "config/quick.yaml", "--cores", "2"]
        figure, code = tree / FIGURE, (tree / reruns.SOURCE).read_text(encoding="utf-8")
        if not figure.exists():
            figure.parent.mkdir(parents=True)
            (tree / "results/quick/logs").mkdir()
            (tree / "results/quick/logs/runs.jsonl").write_text(json.dumps({"cpu_seconds": 180.0}) + "\n")
        first, new = not self.labels, not figure.exists() or figure.read_text(encoding="utf-8") != code
        self.labels.append(new)
        figure.write_text(code, encoding="utf-8")
        return 100.0 if first else 20.0 if new else 1.0 + len(self.labels)

    def said(self, arguments, tree):
        if arguments[1] == "compileall":
            left = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
            assert {path for path in left if not path.startswith("config")} == {
                reruns.SOURCE.as_posix(),
                "results/reference/quick.json",
            }
            return ""
        assert arguments == ["-c", reruns.HASHING, "config/quick.yaml"]
        return "0.625\n"


@pytest.mark.usefixtures("tree")
def test_runs_are_timed_from_nothing_with_nothing_to_do_and_after_a_change_of_code(monkeypatch):
    runs = Runs()
    monkeypatch.setattr(reruns, "elapsed", runs.elapsed)
    monkeypatch.setattr(reruns, "said", runs.said)
    fresh, nothing, drawn = reruns.reruns(Path("config/quick.yaml"))
    assert runs.labels == [True, *[False, True] * reruns.TURNS]
    assert [(each.value, each.met) for each in (fresh, nothing, drawn)] == [(100.0, True), (7.0, False), (20.0, False)]
    assert fresh.note.startswith("one turn: without results")
    assert fresh.note.endswith("at least 90.0 s on 2 cores, even if never idle")
    assert nothing.note.startswith("3 to 11 in 5 turns; imports take 0.5 s, hashing all files and code 0.6 s; the rest")
    assert drawn.note == "20 to 20 in 5 turns"  # no job of a whole run has drawn it
    maker = {"rule": "figures", "name": "results/quick/figures/dynamics", "inputs": [], "outputs": [FIGURE.as_posix()]}
    monkeypatch.setattr(reruns, "whole_run", lambda _: ([maker | {"usage": {"s": "7"}}], {}))
    runs.labels.clear()
    assert reruns.reruns(Path("config/quick.yaml"))[2].note.endswith(
        "; beside a run with nothing to do, 7.0 s, Snakemake is imported twice, 1.5 s each, to be asked for the jobs "
        "of the new code and to run them, and it does jobs one after the other 7.0 s: dynamics 7.0"
    )


@pytest.mark.usefixtures("tree")
def test_a_change_that_draws_nothing_anew_is_an_error(monkeypatch):
    runs = Runs()
    monkeypatch.setattr(reruns, "elapsed", runs.elapsed)
    monkeypatch.setattr(reruns, "said", runs.said)
    monkeypatch.setattr(reruns, "change", lambda *_: None)
    with pytest.raises(RunError, match=r"was changed, but figures/steps\.svg was not drawn anew"):
        reruns.reruns(Path("config/quick.yaml"))


def test_every_change_is_another_one_of_the_function_that_draws_the_figure(tmp_path):
    def definitions():
        return {each.name: ast.dump(each) for each in ast.parse(source.read_text()).body if hasattr(each, "name")}

    source = tmp_path / "figures.py"
    source.write_bytes((TOP / reruns.SOURCE).read_bytes())
    met = [definitions()]
    for turn in range(3):
        reruns.change(source, turn)
        met.append(definitions())
        assert {name for name, code in met[-1].items() if code != met[-2][name]} == {Path(reruns.FIGURE).stem}
    assert len({each[Path(reruns.FIGURE).stem] for each in met}) == 4
    source.write_text("nothing", encoding="utf-8")
    with pytest.raises(RunError, match=r"figures\.py: .* occurs in it 0 times, not once"):
        reruns.change(source, 0)


@pytest.mark.usefixtures("tree")
def test_an_import_is_timed_next_to_what_bounds_it(monkeypatch):
    monkeypatch.setattr(reruns, "elapsed", Runs().elapsed)
    monkeypatch.setattr(reruns, "said", Runs().said)
    note = "a whole process, 0.75 to 0.75 in 5 turns; Python alone 0.25 s; with numpy and scipy, which it needs 0.75 s"
    assert reruns.imports() == Measure("`import ssl_dynamics.theory`, elapsed", 0.75, "s", most=0.25, note=note)
    assert not reruns.imports().met


def test_a_process_runs_the_code_of_its_tree_and_says_why_it_failed(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/here.py").write_text("print('here')")
    assert reruns.said(["-c", "import here"], tmp_path) == "here\n"
    reruns.elapsed(["-c", "import os; assert os.environ['XDG_CACHE_HOME'].endswith('/cache')"], tmp_path)
    with pytest.raises(RunError, match=r"python -c import nowhere failed:\n(.*\n)*ModuleNotFoundError.*nowhere"):
        reruns.said(["-c", "import nowhere"], tmp_path)
