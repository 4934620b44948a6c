"""Fingerprints of code and lock file: what decides whether a rule runs again.

Code counts by its definitions: the top-level functions, classes and constants of the project's modules. A stage, which
is a function, depends on those that it reaches by name, through whatever imports, and on every statement that runs when
a module that it imports is loaded. What a module defines besides, for others, does not count.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ssl_dynamics.engine.syntax import text_of

_PACKAGE = "ssl_dynamics"
_ROOT = Path(__file__).parents[1]

# A definition (module, its name); (module, "*"): all that the module holds; (module, ""): what runs when it is loaded.
Unit = tuple[str, str]


_READ: dict[Path, str] = {}  # the text of every module taken apart

# Imports inside these run when they are called, not when the module is loaded.
_BODIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class _Module:
    """A module taken apart."""

    definitions: dict[str, list[ast.stmt]]  # the statements that bind a name, imports of other projects included
    imports: dict[str, Unit]  # what a name stands for that comes from another module of the project
    loaded: set[str]  # modules of the project that are loaded with it
    effects: list[ast.stmt]  # statements that do something when it is loaded, other than binding names


def fingerprint(*units: str) -> str:
    """Hash of the syntax trees of definitions, "module:definition", and of every one that they reach in the project.

    Comments, docstrings and layout do not count; everything else does, and so do imports inside functions. It is the
    same under every Python. Raises ValueError if one of the modules is none of this project, or lacks the definition.
    """
    digest = hashlib.sha256()
    for unit, source in sorted(_reached(map(_named, units)).items()):
        digest.update(f"{unit}\0{source}\0".encode())
    return digest.hexdigest()[:16]


def definitions(*units: str) -> dict[str, str]:
    """What a fingerprint counts: "module:definition" ("module:" is what runs when it is loaded), a hash of each."""
    sources = sorted(_reached(map(_named, units)).items())
    return {
        f"{name}:{what}": hashlib.sha256(source.encode()).hexdigest()[:8]
        for (name, what), source in sources
        if what != "*"
    }


def forget() -> None:
    """Drop what was taken apart, if a file has changed since, so that the next fingerprint reads them again."""
    if any(not path.is_file() or path.read_text(encoding="utf-8") != text for path, text in _READ.items()):
        _READ.clear()
        for cached in (_module, _unit):
            cached.cache_clear()


def lock_fingerprint(lock: Path) -> str:
    """Hash of the pins in a requirements file; comments and their order do not count."""
    lines = (line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    return hashlib.sha256("\n".join(sorted(filter(None, lines))).encode()).hexdigest()[:16]


def _named(text: str) -> Unit:
    """The unit of a "module:definition", or of a "package:module"."""
    name, _, what = text.partition(":")
    unit = _resolved(name, what)
    if unit[1] == what and what not in _module(name).definitions | _module(name).imports:
        raise ValueError(f"{text}: {name} defines no {what!r}")
    return unit


def _reached(roots: Iterable[Unit]) -> dict[Unit, str]:
    """The normalised source of units and of all that they reach, each unit by its name."""
    sources: dict[Unit, str] = {}
    pending = [*roots]
    while pending:
        unit = pending.pop()
        if unit not in sources:
            sources[unit], referred = _unit(unit)
            pending.extend(referred)
    return sources


@cache
def _unit(unit: Unit) -> tuple[str, set[Unit]]:
    """Normalised source of one unit, and the units that it refers to itself."""
    name, what = unit
    module = _module(name)
    if what == "":
        loaded = {(other, "") for other in _parents(name) | module.loaded}
        return text_of(module.effects), loaded | _references(name, module.effects)
    if what == "*":
        return "", {(name, ""), *((name, each) for each in module.definitions), *module.imports.values()}
    if what in module.definitions:
        statements = module.definitions[what]
        return text_of(statements), {(name, "")} | _references(name, statements)
    # A name that is imported from elsewhere or, failing that, made at run time: then all of the module counts.
    return "", {(name, ""), module.imports.get(what, (name, "*"))}


def _references(name: str, statements: Iterable[ast.stmt]) -> set[Unit]:
    """The units of the project that statements of a module refer to by name, or import."""
    module = _module(name)
    found: set[Unit] = set()
    through = set[int]()  # names of modules of which an attribute is taken: the attribute counts, not the module
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target = module.imports.get(node.value.id)
            if target and target[1] == "*":
                through.add(id(node.value))
                found.add(_resolved(target[0], node.attr))
        elif isinstance(node, ast.Name) and id(node) not in through:
            if node.id in module.imports:
                found.add(module.imports[node.id])
            elif node.id in module.definitions:
                found.add((name, node.id))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update(unit for _, unit in _imported(name, node))
    return found


@cache
def _module(name: str) -> _Module:
    path = _path(name)
    if name.split(".", maxsplit=1)[0] != _PACKAGE or path is None:
        raise ValueError(f"{name} is not a module of {_PACKAGE}")
    _READ[path] = path.read_text(encoding="utf-8")
    tree = ast.parse(_READ[path], str(path))
    _strip_docstrings(tree.body)
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, Unit] = {}
    effects: list[ast.stmt] = []
    for statement in tree.body:
        own = {
            local: unit
            for node in ([] if isinstance(statement, _BODIES) else ast.walk(statement))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for local, unit in _imported(name, node)
        }
        imports |= own
        bound = {each: binding for each, binding in _bound(statement) if each not in own}
        for each, binding in bound.items():
            definitions.setdefault(each, []).append(binding)
        imported = isinstance(statement, ast.Import | ast.ImportFrom)
        if not (bound or imported or _is_docstring(statement) or _is_for_type_checkers(statement)):
            effects.append(statement)
    return _Module(definitions, imports, {unit[0] for unit in imports.values()}, effects)


def _bound(statement: ast.stmt) -> list[tuple[str, ast.stmt]]:
    """The names that a statement binds, and what binds each; none for what does anything else when it runs."""
    if isinstance(statement, _BODIES):
        return [(statement.name, statement)]
    if isinstance(statement, ast.Import):
        return [(alias.asname or alias.name.split(".")[0], ast.Import([alias])) for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        source, level = statement.module, statement.level
        return [(alias.asname or alias.name, ast.ImportFrom(source, [alias], level)) for alias in statement.names]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        names: list[tuple[str, ast.stmt]] = [(part.id, statement) for part in parts if isinstance(part, ast.Name)]
        return names if len(names) == len(parts) else []  # x[0] = … and x.y = … do something to what is there
    return []


def _imported(module: str, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Unit]]:
    """Local names and what they stand for, of the imports from this project."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if _path(alias.name) and alias.name.split(".")[0] == _PACKAGE:
                yield alias.asname or alias.name, (alias.name, "*")
        return
    if node.level:
        raise ValueError(f"{module}, line {node.lineno}: relative import; the project imports by full name")
    source = str(node.module)
    if source.split(".", maxsplit=1)[0] == _PACKAGE and _path(source):
        for alias in node.names:
            yield alias.asname or alias.name, _resolved(source, alias.name)


def _resolved(module: str, name: str) -> Unit:
    """What `module.name` stands for: a module of the project, or a definition."""
    return (f"{module}.{name}", "*") if _path(f"{module}.{name}") else (module, name)


def _path(module: str) -> Path | None:
    base = _ROOT.joinpath(*module.split(".")[1:])
    candidates = [base / "__init__.py", base.with_suffix(".py")]
    return next((path for path in candidates if path.is_file()), None)


def _parents(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:i]) for i in range(1, len(parts))}


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _strip_docstrings(statements: Iterable[ast.AST]) -> None:
    """Take the docstrings out of all that statements define, in the parts of them that hold statements again."""
    for node in statements:
        if isinstance(node, _BODIES) and _is_docstring(node.body[0]):
            node.body = node.body[1:] or [ast.Pass()]
        for part in ("body", "orelse", "handlers", "finalbody", "cases"):
            _strip_docstrings(getattr(node, part, ()))
