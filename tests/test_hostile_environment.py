"""What a user has set for other programs reaches neither jobs nor figures, notebooks or the installation."""

import ast
import importlib.util
import os
import subprocess
import sys

import nbformat
import pytest

from hostile import LOUD, hostile
from ssl_dynamics.engine import clean_environment
from ssl_dynamics.engine.clean_environment import clean, entered
from trees import SMALLEST, TOP, call, command, contents, copy_of_the_tree

HARMLESS = {"HOME", "XDG_CACHE_HOME", "LC_ALL"}


def test_nothing_set_for_other_programs_is_kept(tmp_path):
    variables = hostile(tmp_path)
    left = clean(variables | {"PATH": "/bin", "SLURM_JOB_ID": "7", "https_proxy": "p", "CUDA_VISIBLE_DEVICES": "1"})
    changed = {name for name in variables if name in left and left[name] == variables[name]}
    assert changed == HARMLESS
    assert {"PATH", "SLURM_JOB_ID", "https_proxy", "CUDA_VISIBLE_DEVICES"} <= left.keys()


def test_a_site_keeps_what_it_names():
    assert "LICENCE_SERVER" not in clean({"LICENCE_SERVER": "x"})
    kept = clean({"LICENCE_SERVER": "x", "MKL_CBWR": "y", "MKL_DEBUG": "z", "SSL_DYNAMICS_KEEP": "LICENCE_* MKL_CBWR"})
    assert kept.keys() >= {"LICENCE_SERVER", "MKL_CBWR"}
    assert "MKL_DEBUG" not in kept


def test_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("PIP_TARGET", "/nowhere")
    before = dict(os.environ)
    with entered(IPYTHONDIR="/there"):
        assert "PIP_TARGET" not in os.environ
        assert os.environ["IPYTHONDIR"] == "/there"
    assert dict(os.environ) == before


def test_command_runs_in_the_clean_environment_and_says_if_there_is_none(tmp_path):
    script = [sys.executable, "-IS", clean_environment.__file__]
    environment = {**os.environ, **hostile(tmp_path)}
    printed = subprocess.run([*script, "env"], env=environment, capture_output=True, text=True, check=True).stdout
    assert "nonsense" not in printed
    assert f"PYTHONPATH={TOP / 'src'}" in printed.splitlines()
    missing = subprocess.run([*script, "no-such-command"], capture_output=True, text=True, check=False)
    assert (missing.returncode, missing.stderr) == (1, "no-such-command: No such file or directory\n")


DRAW = """
import sys
import numpy as np
from ssl_dynamics.figures import theme
from ssl_dynamics.figures.solution import solution
from ssl_dynamics.figures.writing import write_figure
from pathlib import Path
theme.apply()
times = np.arange(5.0)
figure = solution(times, np.exp(-times), np.exp(-times)[:, None])
write_figure(figure, Path(sys.argv[1] + ".svg"), Path(sys.argv[1] + ".png"))
"""


def test_figures_are_the_same_whatever_matplotlib_finds(tmp_path):
    home = tmp_path / "home"
    settings = hostile(home)
    here = tmp_path / "here"
    here.mkdir()
    (here / "matplotlibrc").write_text(LOUD)  # looked for in the working folder first of all
    matplotlib = {"MATPLOTLIBRC", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME", "SOURCE_DATE_EPOCH"}
    user = {name: settings[name] for name in matplotlib}
    drawn = []
    for name, folder, variables in (("plain", tmp_path, {}), ("user", here, user)):
        environment = clean(os.environ) | variables
        subprocess.run([sys.executable, "-c", DRAW, str(tmp_path / name)], cwd=folder, env=environment, check=True)
        drawn.append([(tmp_path / f"{name}.{suffix}").read_bytes() for suffix in ("svg", "png")])
    assert drawn[0] == drawn[1]


def install_script():
    spec = importlib.util.spec_from_file_location("install", TOP / "scripts/install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REACH = "import os, sys; sys.path.insert(0, sys.argv[1]); import install; install.enter_reaching_an_index(); "


def test_of_the_settings_of_pip_those_count_that_reach_an_index(tmp_path):
    environment = {**os.environ, **hostile(tmp_path), "PIP_TRUSTED_HOST": "mine.invalid"}
    environment.pop("PIP_CONFIG_FILE", None)
    words = [sys.executable, "-I", "-c", REACH + "print(dict(os.environ))", TOP / "scripts"]
    printed = subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout
    left = ast.literal_eval(printed)
    assert left["PIP_CONFIG_FILE"] == os.devnull
    wanted = {
        "INDEX_URL": "https://mirror.invalid/simple",
        "TRUSTED_HOST": "mine.invalid",
        "TIMEOUT": "7",
        "RETRIES": "2",
    }
    assert {name: left[f"PIP_{name}"] for name in wanted} == wanted
    assert not {f"PIP_{name}" for name in ("USER", "REQUIRE_HASHES", "TARGET", "PREFIX", "NO_BINARY")} & left.keys()
    assert left["PYTHONPATH"] == str(TOP / "src")


def test_installed_command_runs_the_code_of_its_own_environment(tmp_path):
    script = tmp_path / "ssl-dynamics"
    script.write_text(install_script().COMMAND.format(python=sys.executable))
    environment = {**os.environ, **hostile(tmp_path)}
    said = subprocess.run(["sh", script, "--version"], env=environment, capture_output=True, text=True, check=True)
    installed = "import pathlib, ssl_dynamics; print(pathlib.Path(ssl_dynamics.__file__).parents[1])"
    own = subprocess.run([sys.executable, "-I", "-c", installed], capture_output=True, text=True, check=True)
    assert said.stdout.endswith(f"the code in {own.stdout}")


CELLS = """
import os, sys
print(sys.executable, "PYTHONSTARTUP" in os.environ, os.environ["MPLBACKEND"])
"""


@pytest.mark.slow
def test_notebooks_run_in_the_python_of_the_job_below_a_long_folder(tmp_path):
    source = tmp_path / "source.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(CELLS)],
            metadata={"kernelspec": {"name": "other", "language": "python", "display_name": "Other"}},
        ),
        source,
    )
    temporary = tmp_path / ("long" * 30)
    temporary.mkdir()
    code = "import sys, pathlib; from ssl_dynamics.report.stages.notebook import execute; "
    code += (
        "print(execute(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), {})['cells'][-1]['outputs'][0]['text'])"
    )
    variables = hostile(tmp_path / "home") | {
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(TOP / "src"),
        "MPLBACKEND": "pdf",
    }
    del variables["PYTHONWARNINGS"]
    result = subprocess.run(
        [sys.executable, "-c", code, str(source), str(tmp_path / "copy.ipynb")],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{sys.executable} False agg" in result.stdout, result.stderr


@pytest.mark.slow
def test_a_run_in_a_hostile_environment_leaves_the_same_bytes(undisturbed, tmp_path):
    tree = copy_of_the_tree(tmp_path / "tree")
    (tree / "matplotlibrc").write_text(LOUD)
    variables = hostile(tmp_path / "home") | {"PYTHONPATH": str(tree / "src")}
    del variables["PYTHONWARNINGS"]  # acts on this first process before it can do anything about it
    for words in (["plan", SMALLEST], ["run", SMALLEST, "--cores", "2"], ["check", SMALLEST], ["schema"]):
        result = call(tree, *words, variables=variables)
        assert result.returncode == 0, result.stdout + result.stderr
    assert contents(tree) == contents(undisturbed)


@pytest.mark.slow
def test_snakemake_by_hand_starts_jobs_with_its_own_python_and_none_of_the_users_settings(undisturbed, tmp_path):
    tree = copy_of_the_tree(tmp_path / "tree")
    variables = hostile(tmp_path / "home")
    left_out = (
        "PYTHONWARNINGS",
        "PYTHONPATH",
        "SNAKEMAKE_PROFILE",
        "SNAKEMAKE_OUTPUT_CACHE",
        "BASH_ENV",
        "PYTHONOPTIMIZE",
    )
    variables = {name: value for name, value in variables.items() if name not in left_out}
    target = "results/smallest/figures/triplets-mixture.svg"
    snakemake = [
        sys.executable,
        "-m",
        "snakemake",
        "--configfile",
        SMALLEST,
        "--cores",
        "1",
        "--quiet",
        "all",
        "--",
        target,
    ]
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexit 9\n")
    python.chmod(0o755)
    environment = {**os.environ, **variables, "PATH": f"{python.parent}:{os.environ['PATH']}"}
    result = subprocess.run(snakemake, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert (tree / target).read_bytes() == (undisturbed / target).read_bytes()


def test_command_of_one_project_refuses_the_folder_of_another(tmp_path):
    tree = copy_of_the_tree(tmp_path / "copy")
    for words in (["plan", SMALLEST], ["run", SMALLEST], ["check", SMALLEST]):
        environment = {**os.environ, "PYTHONPATH": str(TOP / "src")}
        result = subprocess.run(command(*words), cwd=tree, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 3
        assert len(result.stderr.splitlines()) == 1
        assert str(TOP) in result.stderr
        assert "run make" in result.stderr
