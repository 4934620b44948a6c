"""Import contracts: they hold, and each of them sees what would break it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ssl_dynamics.catalogue import function_of, stages

TOP = Path(__file__).parents[1]
LINT = Path(sys.executable).with_name("lint-imports")

# Contract to a module and an import that breaks it.
BREACHES = {
    "Rooms: lower ones never import higher ones": ("problem/starts/orthonormal.py", "ssl_dynamics.theory"),
    "Theory and simulation are independent of each other": ("theory/grassmann.py", "ssl_dynamics.simulation.training"),
    "What simulates never sees the theory": ("experiments/departure/simulate.py", "ssl_dynamics.theory.departure"),
    "What solves never sees the simulation": (
        "experiments/departure/solve.py",
        "ssl_dynamics.simulation.linear_nets",
    ),
    "What compares sees neither side": ("experiments/widths/compare/wide.py", "ssl_dynamics.theory.two_layer"),
    "Claims see neither side": ("experiments/kernel/claims.py", "ssl_dynamics.simulation.functions"),
    "Figures see neither side": ("experiments/depth/figures.py", "ssl_dynamics.theory.frozen_kernel"),
    "Experiments never import each other": ("experiments/depth/solve.py", "ssl_dynamics.experiments.drift.design"),
    "The Snakefile reads experiments without what they compute with": (
        "experiments/drift/config.py",
        "ssl_dynamics.kernels",
    ),
    "Simulation never sees C": ("simulation/training.py", "ssl_dynamics.problem.quadratic"),
    "What simulates never forms C": ("experiments/dynamics/simulate.py", "ssl_dynamics.problem.forms"),
    "Theory never sees a loss": ("experiments/objectives/solve.py", "ssl_dynamics.problem.losses"),
    "Analysis stands alone": ("analysis/rank.py", "ssl_dynamics.problem.names"),
    "The library needs numpy and scipy alone": ("problem/quadratic.py", "pandas"),
    "The engine knows nothing of the science": ("engine/stage.py", "ssl_dynamics.problem.names"),
}
# Behind another module: what an experiment's own design imports counts for both of its sides.
INDIRECT = {
    "What simulates never sees the theory": ("experiments/kernel/design.py", "ssl_dynamics.theory.kernel"),
    "What solves never sees the simulation": ("experiments/kernel/design.py", "ssl_dynamics.simulation.functions"),
    "What compares sees neither side": ("experiments/depth/design.py", "ssl_dynamics.theory.frozen_kernel"),
}


def test_import_contracts_hold():
    result = subprocess.run([LINT], cwd=TOP, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_contract_has_a_breach():
    configured = (TOP / "pyproject.toml").read_text().split("importlinter.contracts")[1:]
    contracts = [text.split('"')[1] for text in configured]
    assert contracts == list(BREACHES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "file", "module"), [(name, *breach) for each in (BREACHES, INDIRECT) for name, breach in each.items()]
)
def test_contract_sees_its_breach(tmp_path, contract, file, module):
    shutil.copytree(TOP / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.npz", "__pycache__"))
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    with (tmp_path / "src/ssl_dynamics" / file).open("a") as written:
        written.write(f"\nimport {module} as breach\n")
    environment = {"PYTHONPATH": str(tmp_path / "src"), "PATH": ""}
    command = [LINT, "--no-cache"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert f"{contract} BROKEN" in result.stdout


def without_torch():
    """Modules of stages that train nothing."""
    modules = {function_of(folder, stage).partition(":")[0] for folder, stage in stages()}
    modules |= {f"ssl_dynamics.report.stages.{name}" for name in ("claims", "figures", "page", "paper")}
    return sorted(name for name in modules if not name.endswith(".simulate"))


def test_only_the_simulation_pays_for_torch():
    code = f"import sys, {', '.join(without_torch())}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def loaded_with(module, heavy):
    """Those of the heavy modules that an import of `module` loads."""
    code = f"import sys, {module}; print(*(name for name in {heavy} if name in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return result.stdout.split()


def test_the_workflow_is_read_without_what_computes():
    heavy = ("torch", "scipy", "pandas", "matplotlib", "ssl_dynamics.theory", "ssl_dynamics.analysis")
    assert not loaded_with("ssl_dynamics.report.configured", heavy)


def test_theory_is_imported_without_what_only_some_of_it_needs():
    heavy = ("torch", "pandas", "matplotlib", "scipy.integrate", "scipy.linalg", "scipy.special", "scipy.spatial")
    assert not loaded_with("ssl_dynamics.theory", heavy)
