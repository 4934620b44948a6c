import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]


def test_import_contracts_hold():
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint], cwd=TOP, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_import_contracts_see_a_breach(tmp_path):
    shutil.copytree(TOP / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.npz", "__pycache__"))
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    with (tmp_path / "src/ssl_dynamics/theory/grassmann.py").open("a") as file:
        file.write("\nfrom ssl_dynamics.simulation import training\n")
    lint = Path(sys.executable).with_name("lint-imports")
    environment = {"PYTHONPATH": str(tmp_path / "src"), "PATH": ""}
    command = [lint, "--no-cache"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Theory and simulation are independent of each other BROKEN" in result.stdout


@pytest.mark.parametrize("stage", ["triplets", "solve", "compare_grassmannian", "solve_objectives", "claims", "figure"])
def test_only_the_simulation_pays_for_torch(stage):
    code = f"import sys, ssl_dynamics.pipeline.stages.{stage}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
