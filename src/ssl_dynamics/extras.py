"""What `pip install ssl-dynamics` leaves out, and how to have it."""

from typing import Literal


def needs(extra: Literal["simulation", "pipeline"]) -> str:
    """The end of an error about a package that is not installed: which extra brings it."""
    return f"needs the extra '{extra}': pip install 'ssl-dynamics[{extra}]'"
