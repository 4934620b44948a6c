"""Resolve requirements.in into requirements.lock and write environment.yml with the same pins (`make lock`).

pip-tools resolves in a throw-away environment. Run this with the oldest Python supported (3.11.2, that of Debian
12): later ones choose pins that it cannot install. The lock holds neither hashes (they pin one file and fail on another
platform), nor addresses of indices, nor local version tags (torch 2.13.0+cpu becomes 2.13.0).
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PIP_TOOLS = "pip-tools==7.6.2"
ENVIRONMENT_HEAD = """\
# The conda face of requirements.lock, for `snakemake --sdm conda`; written by `make lock`, do not edit.
name: ssl-dynamics
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def pins(lock: str) -> list[str]:
    """The `name==version` lines of a lock file."""
    return [line for line in lock.splitlines() if line and not line.startswith("#")]


def environment(lock: str) -> str:
    """environment.yml with the pins of a lock file."""
    return ENVIRONMENT_HEAD + "".join(f"      - {pin}\n" for pin in pins(lock))


def resolve() -> str:
    """Text of the lock file that pip-tools resolves from requirements.in."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        tools = Path(folder) / "bin"
        subprocess.run([tools / "pip", "install", "--quiet", PIP_TOOLS], check=True)
        output = Path(folder) / "requirements.lock"
        options = ["--quiet", "--strip-extras", "--no-header", "--no-annotate"]
        options += ["--no-emit-index-url", "--no-emit-find-links", "--no-emit-options", "--output-file", str(output)]
        subprocess.run([tools / "pip-compile", *options, "requirements.in"], check=True, cwd=TOP)
        resolved = pins(output.read_text(encoding="utf-8"))
    head = "# Written by `make lock` from requirements.in; do not edit.\n"
    return head + "".join(re.sub(r"\+\w+$", "", pin) + "\n" for pin in resolved)


def main() -> None:
    """Write both files. Raises CalledProcessError if pip, which says why, has failed."""
    lock = resolve()
    (TOP / "requirements.lock").write_text(lock, encoding="utf-8")
    (TOP / "environment.yml").write_text(environment(lock), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(TOP / "scripts"))  # `python -I` leaves it out
    from install import enter_reaching_an_index

    try:
        enter_reaching_an_index()
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
