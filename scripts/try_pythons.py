"""The library by itself, on each supported Python that is installed (`make try-pythons`).

For each: the wheel in a new environment with numpy and scipy alone, as locked; every public module is imported and the
example of README.md runs; the same from the sdist; then the fast tests of the library. Others are named and skipped.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PACKAGES = ("theory", "problem", "kernels", "analysis")
# Of tests/, those that need nothing but the library and what tests with.
TESTS = ["test_analysis.py", "test_solved_flow.py", *(path.name for path in TOP.glob("tests/test_theory_*.py"))]
TESTED_WITH = ["pytest", "hypothesis", "mpmath"]

IMPORTED = """\
import importlib, pkgutil
for name in {packages}:
    package = importlib.import_module(f"ssl_dynamics.{{name}}")
    for module in pkgutil.walk_packages(package.__path__, f"{{package.__name__}}."):
        importlib.import_module(module.name)
"""


def supported() -> list[str]:
    """The versions of Python that the package names."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))


def interpreter(version: str) -> str | None:
    """A Python of this version, on the path or of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    on_path = shutil.which(f"python{version}")
    for found in filter(None, [on_path, *map(str, pyenv.glob(f"versions/{version}.*/bin/python"))]):
        # A shim of pyenv's is on the path whether or not it leads anywhere.
        if subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    return None


def distributions(folder: Path) -> tuple[Path, Path]:
    """The wheel and the sdist, built into a folder by the environment that runs this."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=TOP, check=True, capture_output=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def example() -> str:
    """The example of the library in README.md."""
    (code,) = re.findall(r"```python\n(.*?)```", (TOP / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return code


class Environment:
    """A new environment of a Python. What it runs sees neither the folder nor the variables of the project."""

    def __init__(self, python: str, folder: Path) -> None:
        subprocess.run([python, "-m", "venv", folder], check=True)
        self.bin, self.empty = folder / "bin", folder / "empty"
        self.empty.mkdir()

    def install(self, *words: str | Path) -> None:
        self._run("-m", "pip", "install", "--quiet", "--constraint", TOP / "requirements.lock", *words)

    def packages(self) -> set[str]:
        listed = self._run("-m", "pip", "list", "--format=freeze")
        return {line.partition("==")[0] for line in listed.splitlines()} - {"pip", "setuptools"}

    def run(self, code: str) -> str:
        return self._run("-c", code)

    def try_library(self) -> None:
        """Import every public module, and run the example."""
        self.run(IMPORTED.format(packages=PACKAGES))
        self.run(example())

    def test(self) -> None:
        files = [TOP / "tests" / name for name in TESTS]
        self._run("-m", "pytest", "-c", TOP / "pyproject.toml", "-p", "no:cacheprovider", "-m", "not slow", *files)

    def _run(self, *words: str | Path) -> str:
        result = subprocess.run(
            [self.bin / "python", "-I", *words], cwd=self.empty, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise RuntimeError(f"{' '.join(map(str, words))[:200]}\n{result.stdout}{result.stderr}")
        return result.stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel, sdist = distributions(Path(folder) / "dist")
        for version in supported():
            python = interpreter(version)
            if python is None:
                print(f"Python {version}: not installed, skipped", flush=True)
                continue
            environment = Environment(python, Path(folder) / version)
            environment.install(wheel)
            environment.try_library()
            environment.install("--force-reinstall", "--no-deps", sdist)
            environment.try_library()
            environment.install(*TESTED_WITH)
            environment.test()
            print(f"Python {version}: the library needs numpy and scipy alone, and its tests pass", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(TOP / "scripts"))  # `python -I` leaves it out
    from install import enter_reaching_an_index

    try:
        enter_reaching_an_index()
        main()
    except RuntimeError as error:
        sys.exit(str(error))
