"""Which source this process runs."""

from pathlib import Path

from ssl_dynamics import __version__
from ssl_dynamics.engine.clean_environment import SOURCE
from ssl_dynamics.errors import RunError


def described() -> str:
    """Its version, and the folder of the code that answers."""
    return f"ssl-dynamics {__version__}, the code in {SOURCE}"


def require_source_here() -> None:
    """Raise RunError if this folder holds the project and this process runs the code of another one.

    An environment that was copied along with a project runs the code of the original, which would judge the copy.
    """
    here = Path("src").resolve()
    if (here / "ssl_dynamics").is_dir() and here != SOURCE:
        raise RunError(
            f"this is the command of the project in {SOURCE.parent}, and this folder has code of its own: "
            "run make, which installs that, or name its command, .venv/bin/ssl-dynamics"
        )
