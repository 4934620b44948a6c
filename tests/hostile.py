"""A home, and variables, of a user who has set up every other program to their taste."""

import json
import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from matplotlib import get_data_path

LOUD = "figure.dpi: 31\nfont.size: 20\nlines.markersize: 9\naxes.grid: True\nsavefig.transparent: True\n"
MIRROR = {"index-url": "https://mirror.invalid/simple", "timeout": "7", "trusted-host": "mirror.invalid"}
EXITS = "import os\nif 'ipykernel' in str(os.sys.argv) or __name__ == 'ssl_dynamics': os._exit(9)"
OWN_PYTHON = f".local/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
GIT = """\
[core]
fsmonitor = {0}/breaks.sh
excludesFile = {0}/all
[status]
showUntrackedFiles = no
[color]
ui = always
"""
PIP = """\
[global]
user = true
require-hashes = true
{0}
[install]
target = /nowhere
no-binary = :all:
"""


def hostile(folder, index=MIRROR):
    """Variables and files of a user who has set up every other program; `folder` is the home.

    `index` is what pip is told of an index, which is all of its settings that the installation keeps.
    """
    _write_settings_of_jupyter_and_matplotlib(folder)
    _write_settings_of_pip(folder, index)
    _write(folder / ".config/snakemake/mine/profile.yaml", "directory: /nowhere\nexecutor: slurm\n")
    for name in ("old/ssl_dynamics/__init__.py", "exits.py", "old/sitecustomize.py", "old/usercustomize.py"):
        _write(folder / name, EXITS)
    _write(folder / OWN_PYTHON / "usercustomize.py", EXITS)
    _write(folder / ".gitconfig", GIT.format(folder))
    _write(folder / "all", "*\n")
    _write(folder / "breaks.sh", "exit 9\n")
    _write_font(folder / ".fonts/Arial.ttf")
    return _variables(folder)


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_settings_of_jupyter_and_matplotlib(folder):
    kernel = json.dumps({"argv": ["false"], "display_name": "", "language": "x"})
    for place in (folder / "jupyter/kernels", folder / ".local/share/jupyter/kernels"):
        for name in ("python3", "ssl-dynamics"):
            _write(place / name / "kernel.json", kernel)
    for profile in (folder / "profile_default", folder / ".ipython/profile_default"):
        _write(profile / "startup/exits.py", "import os\nos._exit(9)\n")
    _write(folder / ".jupyter/jupyter_config.py", "raise SystemExit(9)\n")
    for place in (folder / ".config/matplotlib", folder / ".matplotlib", folder / "xdg/matplotlib"):
        _write(place / "matplotlibrc", LOUD)
        _write(place / "stylelib/classic.mplstyle", LOUD)


def _write_settings_of_pip(folder, index):
    reaching = "\n".join(f"{name} = {value}" for name, value in index.items())
    for place in (".config/pip", "xdg/pip"):
        _write(folder / place / "pip.conf", PIP.format(reaching))


def _write_font(path):
    arial = TTFont(Path(get_data_path(), "fonts/ttf/DejaVuSerif-Bold.ttf"))
    for record in arial["name"].names:
        record.string = {1: "Arial", 2: "Regular", 4: "Arial", 6: "Arial"}.get(record.nameID, record.toUnicode())
    arial["OS/2"].usWeightClass = 400
    path.parent.mkdir()
    arial.save(path)


def _variables(folder):
    return {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "xdg"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "MPLBACKEND": "nonsense",
        "MATPLOTLIBRC": str(folder / ".matplotlib"),
        "MPLCONFIGDIR": str(folder / ".matplotlib"),
        "JUPYTER_PATH": str(folder / "jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "IPYTHONDIR": str(folder),
        "PYTHONSTARTUP": str(folder / "exits.py"),
        "PYTHONPATH": str(folder / "old"),
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PYTHONIOENCODING": "ascii",
        "PYTHONBREAKPOINT": "nonsense.x",
        "SNAKEMAKE_PROFILE": "mine",
        "SNAKEMAKE_OUTPUT_CACHE": "/nowhere",
        "BASH_ENV": str(folder / "breaks.sh"),
        "ENV": str(folder / "breaks.sh"),
        "GIT_DIR": "/nowhere",
        "SOURCE_DATE_EPOCH": "1",
        "OPENBLAS_CORETYPE": "Nehalem",
        "OMP_NUM_THREADS": "3",
        "LC_ALL": "C",
        "PIP_USER": "1",
        "PIP_REQUIRE_HASHES": "1",
        "PIP_TARGET": "/nowhere",
        "PIP_PREFIX": "/nowhere",
        "PIP_QUIET": "3",
        "PIP_RETRIES": "2",
        "PIP_TOOLS_CACHE_DIR": "/nowhere",
        "PYTEST_ADDOPTS": "-k nonsense",
        "PYTEST_PLUGINS": "nonsense",
        "RUFF_OUTPUT_FORMAT": "nonsense",
        "MYPYPATH": str(folder / "old"),
        "NODE_OPTIONS": "--require=/nowhere",
        "JAX_PLATFORMS": "nonsense",
        "VIRTUAL_ENV": "/nowhere",
        "PYTHON": "python2",
        **dict.fromkeys(("TARGET", "PROFILE", "CONFIG", "CLAIM", "CORES", "ROOT_SEED"), "nonsense"),
        **dict.fromkeys(("DRAWS", "EQUATION_DRAWS", "ROOTS"), "nonsense"),
    }
