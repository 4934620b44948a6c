"""Fingerprints of code and lock file: what decides whether a rule runs again."""

import ast
import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = "ssl_dynamics"
_ROOT = Path(__file__).parents[1]


def fingerprint(module: str) -> str:
    """Hash of the syntax trees of `module` and of every project module it imports, transitively.

    Comments, docstrings and layout do not count; everything else does. Imports inside functions count, and so does
    the `__init__` of each package on the way. Raises ValueError if `module` is not a module of this project.
    """
    pending, seen = [module], set[str]()
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending.extend(_parents(name) | _imports(name))
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(f"{name}\0{_normalised_source(name)}\0".encode())
    return digest.hexdigest()[:16]


def forget() -> None:
    """Drop what was read, so that the next fingerprint reads the files again."""
    _tree.cache_clear()
    _normalised_source.cache_clear()


def lock_fingerprint(lock: Path) -> str:
    """Hash of the pins in a requirements file; comments and their order do not count."""
    lines = (line.split("#")[0].strip() for line in lock.read_text().splitlines())
    return hashlib.sha256("\n".join(sorted(filter(None, lines))).encode()).hexdigest()[:16]


def _path(module: str) -> Path | None:
    base = _ROOT.joinpath(*module.split(".")[1:])
    candidates = [base / "__init__.py", base.with_suffix(".py")]
    return next((path for path in candidates if path.is_file()), None)


def _parents(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:i]) for i in range(1, len(parts))}


def _imports(module: str) -> set[str]:
    names = set[str]()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{module}, line {node.lineno}: relative import; the project imports by full name")
            names.add(str(node.module))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == _PACKAGE and _path(name)}


@cache
def _tree(module: str) -> ast.Module:
    path = _path(module)
    if module.split(".", maxsplit=1)[0] != _PACKAGE or path is None:
        raise ValueError(f"{module} is not a module of {_PACKAGE}")
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def _normalised_source(module: str) -> str:
    tree = ast.parse(ast.unparse(_tree(module)))  # a copy: stripping must not touch the cached tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
