"""The list of mutants (`make mutants`) is what it says, and the run tells one that is noticed from one that is not."""

import ast
import dataclasses
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[1]


def load_script():
    spec = importlib.util.spec_from_file_location("mutants", TOP / "scripts/mutants.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    return module


script = load_script()
MUTANTS = script.read_mutants()


def test_mutants_are_many_and_of_every_room_of_the_science():
    assert len(MUTANTS) >= 40
    assert f"puts {len(MUTANTS)} wrong formulas" in (TOP / "docs/reviewing.md").read_text(encoding="utf-8")
    rooms = {mutant.file.partition("/")[0] for mutant in MUTANTS}
    assert rooms == {
        "theory",
        "simulation",
        "kernels",
        "problem",
        "analysis",
        "claims",
        "experiments",
        "report",
        "draws.py",
        "sweep.py",
    }


def without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body[0].value.value = ""
    return ast.dump(tree)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_is_other_code_and_names_tests_that_exist(mutant):
    text = (TOP / "src/ssl_dynamics" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    mutated = text.replace(mutant.old, mutant.new)
    assert without_docstrings(ast.parse(mutated)) != without_docstrings(ast.parse(text))
    for test in mutant.tests:
        file, _, function = test.partition("::")
        assert f"def {function.partition('[')[0]}(" in (TOP / "tests" / file).read_text(encoding="utf-8")


ENTRY = {"name": "a", "wrong": "half", "old": "x = 1", "new": "x = 2", "tests": ["test_a.py"]}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([ENTRY | {"old": "x = 3"}], "a: its old text occurs 0 times in a.py; it must occur once"),
        ([ENTRY | {"old": "1"}], "a: its old text occurs 2 times in a.py; it must occur once"),
        ([ENTRY | {"new": "x = 1"}], "a: its new text is the old one"),
        ([ENTRY, ENTRY], "a: 2 mutants have this name"),
        ([ENTRY | {"tests": []}], "a: it names no test that should fail"),
    ],
)
def test_list_that_is_not_what_it_says_is_refused(tmp_path, entries, message):
    (tmp_path / "a.py").write_text("x = 1\ny = 1\n")
    (tmp_path / "list.yaml").write_text(yaml.safe_dump({"a.py": entries}))
    with pytest.raises(ValueError, match=f"^list.yaml: {message}"):
        script.read_mutants(tmp_path / "list.yaml", tmp_path)


def test_files_that_the_user_has_git_ignore_are_of_the_tree(tmp_path, monkeypatch):
    (tmp_path / ".gitconfig").write_text(f"[core]\nexcludesFile = {tmp_path}/all\n")
    (tmp_path / "all").write_text("*\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(script, "TOP", tmp_path / "project")
    subprocess.run(["git", "init", "--quiet", script.TOP], check=True)
    (script.TOP / ".gitignore").write_text("own\n")
    for name in ("new.py", "own"):
        (script.TOP / name).write_text("")
    script.copy_of_the_tree(tmp_path / "copy")
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {".gitignore", "new.py"}


def test_unknown_name_is_refused():
    assert script.chosen(MUTANTS, []) == MUTANTS
    assert script.chosen(MUTANTS, [MUTANTS[3].name]) == [MUTANTS[3]]
    with pytest.raises(ValueError, match=r"no mutant is named no-such; mutants\.yaml lists all"):
        script.chosen(MUTANTS, ["no-such", MUTANTS[0].name])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "Met(failed='test_theory_grassmann.py::test_limit_is_the_leading_eigenspace'"),
        ({"new": "(np.linalg.eigh(form)[1][:, :z])"}, "Met(failed=None"),
        ({"tests": ("test_theory_grassmann.py::test_no_such",)}, "RuntimeError: pytest ended with code 4"),
        ({"new": "nonsense ="}, "RuntimeError: pytest ended with code 4"),
    ],
)
def test_noticed_unnoticed_and_broken_mutants_are_told_apart(change, said):
    (mutant,) = script.chosen(MUTANTS, ["trailing-eigenspace"])
    code = "import sys; from mutants import Mutant, meet; m = eval(sys.argv[1]); print(meet(m, m.tests))"
    result = subprocess.run(
        [sys.executable, "-c", code, repr(dataclasses.replace(mutant, **change))],
        cwd=TOP, env={**os.environ, "PYTHONPATH": str(TOP / "scripts")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said in result.stdout + result.stderr
