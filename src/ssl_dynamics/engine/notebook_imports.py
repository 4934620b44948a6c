"""What the code cells of a notebook take from the project: it decides whether the notebook runs again."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = "ssl_dynamics"
_NO_TABLES = ("claims", "figures", "findings")


def notebook_imports(path: Path) -> list[str]:
    """Names "module:definition" that the code cells of a notebook import from the project, sorted.

    Raises ValueError if a cell is no plain Python, or imports a module of the project other than by
    `from module import definition`: the names would not tell what is used.
    """
    names = set()
    for number, source in _code_of(path):
        names |= _imported(source, f"{path}, cell {number}")
    return sorted(names)


def notebook_parameters(path: Path) -> list[str]:
    """The tables that a notebook reads: what its cell of parameters sets, without claims, figures and findings.

    Raises ValueError if it has no such cell.
    """
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            statements = ast.parse("".join(cell["source"])).body
            targets = [each.targets[0] for each in statements if isinstance(each, ast.Assign)]
            return [target.id for target in targets if isinstance(target, ast.Name) and target.id not in _NO_TABLES]
    raise ValueError(f"{path}: no cell has the tag `parameters`")


def notebook_figures(path: Path) -> list[str]:
    """The names of the figures that a notebook shows: what its cells give first to `show`."""
    names = []
    for _, source in _code_of(path):
        calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
        names += [ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", None) == "show"]
    return names


def _code_of(path: Path) -> Iterator[tuple[int, str]]:
    """The code cells of a notebook, each with its number among all cells."""
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            yield number, "".join(cell["source"])


def _imported(source: str, place: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"{place}: line {error.lineno} is no plain Python: {error.msg}") from None
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names if _of_the_project(alias.name)]
            if modules:
                raise ValueError(f"{place}: write `from {modules[0]} import ...`, which names what the cell uses")
        elif isinstance(node, ast.ImportFrom) and _of_the_project(node.module or ""):
            names |= {f"{node.module}:{alias.name}" for alias in node.names}
    return names


def _of_the_project(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] == _PACKAGE
