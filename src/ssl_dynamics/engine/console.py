"""The console on which tables are printed."""

from rich.console import Console


def console_of(width: int) -> Console:
    """As wide as the terminal; of this width where the output goes elsewhere."""
    return Console(width=None if Console().is_terminal else width)
