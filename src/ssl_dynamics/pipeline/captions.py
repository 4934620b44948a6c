"""What a figure shows, in a line: the summary of the function that draws it."""

import ast
from pathlib import Path

from ssl_dynamics.pipeline.tables import FIGURE_FUNCTIONS

_FIGURES = Path(__file__).parents[1] / "figures"


def caption(figure: str) -> str:
    """First line of the docstring of the function that draws the figure, read without importing it."""
    module, _, function = FIGURE_FUNCTIONS[figure].partition(":")
    tree = ast.parse((_FIGURES / f"{module}.py").read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    return str(ast.get_docstring(found)).partition("\n")[0]
