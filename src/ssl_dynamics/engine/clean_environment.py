"""The one environment in which the project installs, tests, plans, runs jobs and executes notebooks.

What a user has set for programs of their own (Python, pip, matplotlib, Jupyter, Snakemake, git, a shell) would divert
these here, or change the bytes of results without a word. So of the variables only those that say where this machine
has its files, network and devices are kept. A site that needs another names it in SSL_DYNAMICS_KEEP.

It imports nothing outside the standard library: before anything is installed, `make` runs a command in the clean
environment by `python -IS clean_environment.py COMMAND …`.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

MORE = "SSL_DYNAMICS_KEEP"  # names or patterns of variables, between blanks
SOURCE = Path(__file__).resolve().parents[2]  # the folder that holds the package

_KEPT = (
    "SSL_DYNAMICS_*",
    # the user and the terminal
    *("HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "TZ", "LANG", "LC_*"),
    # places
    *("PATH", "PWD", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "PLAYWRIGHT_BROWSERS_PATH"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_*", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
    # the network
    *("*_proxy", "*_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    # accelerators, clusters, and what chooses the Python to begin with
    *("CUDA_*", "NVIDIA_*", "ROCR_*", "HIP_*", "HSA_*", "SLURM*", "SBATCH_*", "KRB5*"),
    *("CONDA_*", "_CE_*", "MAMBA_*", "PYENV_*", "ASDF_*", "MISE_*", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"),
)

# What stands in for settings that are looked for in files too. One thread, as in every job: another count would change
# the last bits of matrix products.
_SET = {
    "MPLBACKEND": "agg",
    "MATPLOTLIBRC": os.devnull,
    "JUPYTER_NO_CONFIG": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
    "PYTHONPATH": str(SOURCE),
    "OMP_NUM_THREADS": "1",
}


def clean(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of the variables that are kept, and those that the project sets itself."""
    patterns = (*_KEPT, *variables.get(MORE, "").split())
    kept = {name: value for name, value in variables.items() if any(fnmatchcase(name, each) for each in patterns)}
    return kept | _SET


@contextmanager
def entered(**more: str) -> Iterator[None]:
    """The clean environment, and more variables, as that of this process and of its children within the block."""
    before = dict(os.environ)
    _become(clean(before) | more)
    try:
        yield
    finally:
        _become(before)


def enter() -> None:
    """The clean environment as that of this process, for good."""
    _become(clean(os.environ))


def enter_with_this_python() -> None:
    """The same, in which `python` is the one that runs this process."""
    enter()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _become(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


if __name__ == "__main__":
    enter()
    try:
        os.execvp(sys.argv[1], sys.argv[1:])
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error.strerror}")
