"""Make a virtual environment of pins, or install the project into one, as the source that lies here.

`python -I install.py FOLDER REQUIREMENTS [options of pip]`; `python -I install.py FOLDER`. Of the user's settings of
pip, in variables or in files, those count that say how to reach an index; others would divert the installation.
"""

import ast
import os
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "src/ssl_dynamics/engine"))  # by itself: the package is not installed yet

import clean_environment  # noqa: E402

# Long options of pip that say how to reach an index.
REACHING = {
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "cert", "client-cert"),
    *("timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir", "keyring-provider"),
}
# Python's variables name no other code than that of the environment; names of files are UTF-8, as for jobs.
COMMAND = """\
#!/bin/sh
exec {python} -I -X utf8 -m ssl_dynamics "$@"
"""


def variable(option: str) -> str:
    """The variable of an option of pip's."""
    return f"PIP_{option.upper().replace('-', '_')}"


def kept_settings(pip: list[str], user: Mapping[str, str]) -> dict[str, str]:
    """Variables with those settings of pip that are kept, wherever the user has them; no file is read any more."""
    own = {name: user[name] for name in map(variable, {*REACHING, "config-file"}) if name in user}
    places = {name: user[name] for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS") if name in user}
    asked = [*pip, "config", "list"]
    said = subprocess.run(asked, env={**os.environ, **places, **own}, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # the later the stronger, as for pip
        found |= dict(re.findall(rf"^{section}\.([\w-]+)=(.*)$", said.stdout, re.MULTILINE))
    kept = {variable(name): ast.literal_eval(found[name]) for name in sorted(REACHING & found.keys())}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def enter_reaching_an_index() -> None:
    """The clean environment as that of this process, and of every pip below it, with the settings that are kept."""
    user = dict(os.environ)
    clean_environment.enter()
    os.environ.update(kept_settings([sys.executable, "-I", "-m", "pip"], user))


def main(folder: Path, requirements: str | None = None, *options: str) -> None:
    """Do what the arguments say. Raises CalledProcessError if pip, which says why, has failed."""
    user = dict(os.environ)
    clean_environment.enter()
    if requirements is not None:
        venv.create(folder, clear=True, with_pip=True, symlinks=True)
    python = str(folder.absolute() / "bin/python")
    pip = [python, "-I", "-m", "pip"]
    wanted = ["-r", requirements] if requirements else ["--no-deps", "--no-build-isolation", "--editable", str(TOP)]
    # Pip compiles one module after the other: left to as many processes as there are cores.
    install = [*pip, "install", "--quiet", "--no-compile", *options, *wanted]
    subprocess.run(install, check=True, env={**os.environ, **kept_settings(pip, user)})
    if requirements is None:
        command = folder / "bin/ssl-dynamics"
        command.write_text(COMMAND.format(python=shlex.quote(python)), encoding="utf-8")
    compiled = str(folder / "lib" if requirements else TOP / "src")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Some packages ship templates that are no Python: those that cannot be compiled are left as they are.
    subprocess.run(
        [python, "-I", "-m", "compileall", "-q", "-j", "0", compiled], check=False, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), *sys.argv[2:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
