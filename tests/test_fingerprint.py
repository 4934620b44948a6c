import shutil
from pathlib import Path

import pytest

from ssl_dynamics.catalogue import function_of, stages
from ssl_dynamics.engine import fingerprint as module
from ssl_dynamics.engine.stage import units_of

REPORT = [path.stem for path in (Path(module.__file__).parents[1] / "report/stages").glob("[a-z]*.py")]
STAGES = {
    **{stage.rule: function_of(folder, stage) for folder, stage in stages()},
    "triplet_figure": "ssl_dynamics.experiments.data.figures:triplet_figure",
    **{name: f"ssl_dynamics.report.stages.{name}:{name}" for name in REPORT},
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A copy of the package whose files may be edited; fingerprints are taken of it."""
    root = tmp_path / "ssl_dynamics"
    shutil.copytree(Path(module.__file__).parents[1], root, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    monkeypatch.setattr(module, "_ROOT", root)
    start_anew()
    yield root
    start_anew()


def start_anew():
    """Take nothing over from another tree."""
    for cached in (module._module, module._unit):
        cached.cache_clear()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def changed_by(root, file, old, new):
    """The rules whose stages are changed by an edit."""
    before = {rule: module.fingerprint(*units_of(function)) for rule, function in STAGES.items()}
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    module.forget()
    return {rule for rule, value in before.items() if module.fingerprint(*units_of(STAGES[rule])) != value}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def grassmann_flow", "# a comment\ndef grassmann_flow"),
        ("Orthonormal basis of span W(t)", "Another docstring"),
        ("    return SolvedFlow(C).bases(", "\n\n    return SolvedFlow(C).bases("),
        ('"""Gradient flow of L(W)', '"""Another module docstring'),
    ],
)
def test_comments_docstrings_and_layout_do_not_count(tree, old, new):
    assert changed_by(tree, "theory/grassmann.py", old, new) == set()


def test_edit_in_the_theory_reaches_what_solves_and_no_training(tree):
    changed = changed_by(tree, "theory/solved_flow.py", "rates = 2 * (", "rates = 1 * (")
    assert "solve" in changed
    assert not {
        stage for stage in changed if stage.startswith(("triplet", "quadratic", "simulate", "compare", "claims"))
    }


def test_edit_in_the_simulation_reaches_what_simulates_and_nothing_else(tree):
    changed = changed_by(tree, "simulation/manifolds.py", "-learning_rate * horizontal", "learning_rate * horizontal")
    assert "simulate" in changed
    assert all(stage.startswith("simulate") for stage in changed)


def test_edit_behind_several_imports_reaches_all_that_use_it(tree):
    assert changed_by(tree, "problem/rng.py", "<u4", ">u4") >= {"triplets", "design_dynamics", "simulate_kernel_limit"}


def test_what_a_package_does_when_it_is_loaded_counts(tree):
    assert "solve" in changed_by(tree, "theory/__init__.py", "__all__ = [", "print()\n__all__ = [")
    assert "solve" in changed_by(tree, "validation.py", "_SYMMETRY = ", "np.seterr(all='raise')\n_SYMMETRY = ")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "cells.py",
            "class LossSettings",
            "class OtherSettings(Settings):\n    x: int\n\n\nclass LossSettings",
        ),
        ("theory/grassmann.py", "def leading_eigenspace", "EXTRA = 1\n\n\ndef leading_eigenspace"),
        ("validation.py", "import numpy as np", "import sys\n\nimport numpy as np"),
        ("theory/__init__.py", "__all__ = [", "EXTRA = 1\n__all__ = ["),
    ],
)
def test_definitions_that_nothing_uses_do_not_count(tree, file, old, new):
    assert changed_by(tree, file, old, new) == set()


def test_only_what_uses_a_definition_is_changed(tree):
    # A stage imports it from the package, which imports it from the module.
    assert changed_by(tree, "theory/kernel.py", "decay(eigenvalues", "decay(2 * eigenvalues") == {"solve_kernel"}


def test_constant_behind_a_function_counts(tree):
    assert "solve" in changed_by(tree, "validation.py", "_SYMMETRY = 1e-10", "_SYMMETRY = 1e-9")


def test_same_name_from_another_module_counts(tree):
    assert "claims" in changed_by(
        tree, "report/verdicts.py", "artifacts import read_tables, sha256", "provenance import read_tables, sha256"
    )
    assert "solve" in changed_by(tree, "validation.py", "import numpy as np", "import autograd.numpy as np")


def test_attribute_of_an_imported_module_counts_alone(tree):
    (tree / "theory/parts.py").write_text("USED = 1\nUNUSED = 2\n")
    changed_by(
        tree,
        "theory/grassmann.py",
        "def grassmann_flow",
        "from ssl_dynamics.theory import parts\nFACTOR = parts.USED\n\n\ndef grassmann_flow",
    )
    bases = "    return SolvedFlow(C).bases("
    changed_by(tree, "theory/grassmann.py", bases, f"    FACTOR\n{bases}")
    assert changed_by(tree, "theory/parts.py", "UNUSED = 2", "UNUSED = 3") == set()
    assert "solve" in changed_by(tree, "theory/parts.py", "USED = 1\n", "USED = 4\n")


def test_late_imports_count(tree):
    (tree / "theory/late.py").write_text("VALUE = 1\n")
    assert "solve" in changed_by(
        tree, "theory/grassmann.py", "    form = sym", "    from ssl_dynamics.theory import late\n    form = sym"
    )
    assert "solve" in changed_by(tree, "theory/late.py", "1", "2")


def test_imports_for_type_checkers_run_nothing(tree):
    late = "ssl_dynamics.theory.late"
    (tree / "theory/late.py").write_text("VALUE = 1\n")
    edit(tree / "theory/grassmann.py", "import numpy", f"if TYPE_CHECKING:\n    from {late} import VALUE\nimport numpy")
    assert changed_by(tree, "theory/late.py", "1", "2") == set()
    edit(tree / "theory/grassmann.py", "    form = sym", "    form = VALUE * sym")
    module.forget()
    assert "solve" in changed_by(tree, "theory/late.py", "2", "3")


def test_what_the_settings_name_counts_alone(tree):
    figures = "ssl_dynamics.experiments.dynamics.figures"

    def of(function):
        module.forget()
        return module.fingerprint(STAGES["figures"], f"{figures}:{function}")

    before = {name: of(name) for name in ("exactness", "steps")}
    edit(tree / "experiments/dynamics/figures.py", ".max() * 5)", ".max() * 6)")  # in `exactness` alone
    assert of("exactness") != before["exactness"]
    assert of("steps") == before["steps"]
    edit(tree / "figures/theme.py", 'style="ticks"', 'style="dark"')
    assert of("steps") != before["steps"]
    with pytest.raises(ValueError, match=r"figures:misspelt: .*figures defines no 'misspelt'"):
        of("misspelt")


def test_relative_imports_are_refused(tree):
    (tree / "theory/late.py").write_text("from . import validation\n")
    module.forget()
    with pytest.raises(ValueError, match="late, line 1: relative import"):
        module.fingerprint("ssl_dynamics.theory.late:validation")


def test_foreign_modules_are_refused():
    with pytest.raises(ValueError, match="numpy is not a module of ssl_dynamics"):
        module.fingerprint("numpy:array")


def test_function_of_a_module_counts_without_the_others_of_it(tree):
    # Of one module, which also makes the design.
    solve = "experiments/kernel/solve.py"
    assert changed_by(tree, solve, "B0, rate * times", "B0, rate / 3 * times") == {"solve_kernel"}
    assert changed_by(tree, solve, "np.geomspace(1, ", "np.geomspace(2, ") == {"design_kernel"}


def test_lock_counts_by_its_pins(tmp_path):
    lock = tmp_path / "requirements.lock"

    def of(text):
        lock.write_text(text)
        return module.lock_fingerprint(lock)

    same = {of("a==1\nb==2\n"), of("# written by hand\nb==2\na==1  # comment\n\n")}
    assert len(same) == 1
    assert of("a==1\nb==3\n") not in same
