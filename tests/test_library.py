"""The library by itself: the wheel and the sdist in environments of their own, with numpy and scipy alone."""

import ast
import importlib.util
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest

TOP = Path(__file__).parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def load_script():
    spec = importlib.util.spec_from_file_location("try_pythons", TOP / "scripts/try_pythons.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


def names(requirements):
    lines = (line.partition("#")[0].strip() for line in requirements)
    return {re.split(r"[<>=\[]", line)[0].strip().lower() for line in lines if line}


def test_library_and_extras_are_what_a_run_needs():
    run, _, _ = (TOP / "requirements.in").read_text(encoding="utf-8").partition("# test and check")
    extras = PROJECT["optional-dependencies"]
    assert names(PROJECT["dependencies"]) == {"numpy", "scipy"}
    assert names(extras["simulation"]) == {"torch"}
    everything = names(PROJECT["dependencies"]) | names(extras["simulation"]) | names(extras["pipeline"])
    assert everything == names(run.splitlines()) | {"ssl-dynamics"}


# The environment of a library that lacks a package: its import fails as where it is not installed.
WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.argv = ["ssl-dynamics", *sys.argv[1:]]
{code}
"""
HEAVY = ("matplotlib", "pandas", "psutil", "pydantic", "rich", "seaborn", "sklearn", "snakemake", "torch", "yaml")
COMMAND = "from ssl_dynamics.__main__ import main; main()"


def without(missing, code, *words, cwd=None):
    program = WITHOUT.format(missing=missing, code=code)
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_solve_needs_no_pipeline_and_names_it_where_a_picture_does(tmp_path):
    np.savez(tmp_path / "problem.npz", C=np.diag([1.0, 2.0, 3.0]), W0=np.eye(3)[:, :2], times=[0.0, 1.0])
    words = ("solve", "problem.npz", "solution.npz")
    refused = without(HEAVY, COMMAND, *words, "--plot", "plot.png", cwd=tmp_path)
    assert refused.returncode == 2
    assert re.fullmatch(
        r"plot\.png: \w+ is not installed; a picture needs the extra 'pipeline': "
        r"pip install 'ssl-dynamics\[pipeline\]'\n",
        refused.stderr,
    )
    assert not (tmp_path / "solution.npz").exists()
    done = without(HEAVY, COMMAND, *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    with np.load(tmp_path / "solution.npz") as solution:
        np.testing.assert_allclose(solution["loss"], [3.0, 3.0])


@pytest.mark.parametrize("command", ["run", "plan", "verify", "draws"])
@pytest.mark.parametrize("missing", ["pydantic", "yaml", "psutil"])
def test_commands_of_the_pipeline_name_its_extra(command, missing):
    result = without((missing,), COMMAND, command, "config/quick.yaml", cwd=TOP)
    assert result.returncode == 2
    assert result.stderr == (
        f"{command}: {missing} is not installed; it needs the extra 'pipeline': pip install 'ssl-dynamics[pipeline]'\n"
    )


def test_simulation_names_its_extra():
    code = "import importlib.util as u; f = u.find_spec; u.find_spec = lambda n, *a: None if n == 'torch' else f(n, *a)"
    result = without((), f"{code}\nimport ssl_dynamics.simulation")
    assert result.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: ssl_dynamics.simulation needs the extra 'simulation': "
        "pip install 'ssl-dynamics[simulation]'"
    )


def test_digits_name_the_extra_that_has_them(monkeypatch):
    from ssl_dynamics.problem import datasets  # noqa: PLC0415 -- as the tests below, which import nothing here
    from ssl_dynamics.settings.data import Digits  # noqa: PLC0415

    def none(name):
        raise datasets.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(datasets.metadata, "distribution", none)
    with pytest.raises(ValueError, match=r"^digits are .* scikit-learn's, which needs the extra 'pipeline': pip "):
        datasets.load(Digits(source="digits", triplets=10, augmentations=[]), "x", 0)


def test_pythons_that_are_not_here_are_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    shim = tmp_path / "python3.12"  # leads nowhere, as one of pyenv's for a version that is not chosen
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    assert script.interpreter("3.12") is None
    shim.write_text("#!/bin/sh\nexit 0\n")
    assert script.interpreter("3.12") == str(shim)
    assert script.interpreter("3.13") is None


def imported(path):
    """What a module imports when it is loaded, by full names."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            above = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from (above + alias.name for alias in node.names)


@pytest.mark.parametrize("name", [*script.TESTS, "problems.py", "conftest.py", "trees.py"])
def test_tests_of_the_library_need_nothing_but_it_and_what_tests_with(name):
    allowed = {"numpy", "scipy", "problems", "trees", "chromium", *script.TESTED_WITH, *sys.stdlib_module_names}
    rooms = tuple(f"ssl_dynamics.{room}" for room in script.PACKAGES)
    others = {each for each in imported(TOP / "tests" / name) if each.partition(".")[0] not in allowed}
    assert {each for each in others if not each.startswith(rooms)} == set()


@pytest.mark.slow
def test_wheel_and_sdist_need_numpy_and_scipy_alone(tmp_path):
    wheel, sdist = script.distributions(tmp_path / "dist")
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
    assert "ssl_dynamics/py.typed" in files
    assert {"ssl_dynamics/problem/data/fashion-mnist-subset.npz", "ssl_dynamics/claims/changes.yaml"} <= set(files)
    assert all(name.startswith(("ssl_dynamics/", "ssl_dynamics-")) for name in files)
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "pyproject.toml", "src/ssl_dynamics/__init__.py"} <= packed
    environment = script.Environment(sys.executable, tmp_path / "environment")
    environment.install(wheel)
    assert environment.packages() == {"numpy", "scipy", "ssl-dynamics"}
    environment.try_library()
    environment.install("--force-reinstall", "--no-deps", sdist)
    environment.try_library()
    with pytest.raises(RuntimeError, match="needs the extra 'simulation'"):
        environment.run("import ssl_dynamics.simulation")
