"""Fingerprints are the same under every Python: stored ones, and those of the project itself."""

import ast
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from ssl_dynamics.catalogue import function_of, stages
from ssl_dynamics.engine.fingerprint import fingerprint
from ssl_dynamics.engine.stage import units_of
from ssl_dynamics.engine.syntax import text_of
from trees import TOP

# Run by each Python: fingerprints of what the words after the folder name, in the project in there.
PROGRAM = """
import json, sys
from pathlib import Path
folder, project, units = sys.argv[1], sys.argv[2], sys.argv[3:]
sys.path.insert(0, folder)
from ssl_dynamics.engine import fingerprint as module
module._ROOT = Path(project)
print(json.dumps([sys.version_info[:2], [module.fingerprint(*unit.split()) for unit in units]]))
"""

# Of each: the first Python that reads it, its fingerprint, and the source.
SOURCES = {
    "f_strings": (
        (3, 11),
        "4c25ece93b3a851d",
        r'''
        def used(x, w, p, d, name="", **more):
            long = f"{x!r:>{w}.{p}}" f"{x:{w}}" '' f"{x:{w}{p}}" "and" f"" u"unicode" f"{x!a}" u""
            quoted = f"{d['a']}{d[name]}" f'{d["b"]}' f"""{f'{f"{x}"}'}""" rf"\d{{{x}}}\n" fr'{x:\d}'
            return f"{x=}" f"{x = !s:%Y-%m}" f"{(lambda y: y)(x)}" f"{x:}" f"{x,}" f"\N{DIGIT ONE}{{}}", long, quoted
        ''',
    ),
    "texts": (
        (3, 11),
        "547df2e1e42b27b9",
        r'''
        TEXT = "\U0001FAE8 \u3130 \ud800 é \x00", b"\xff", 'it"s', """two
        lines""", r"\d", "a" 'b'
        NUMBERS = 0xFFFF_FFFF_FFFF_FFFF_FFFF, 1e999, -0.0, 1j, 1_000.5, 0b1, True, None, ..., 10**400
        HUGE = 0x'''
        + 5000 * "f"
        + r"""
        def used(): return TEXT, NUMBERS, HUGE
        """,
    ),
    "functions": (
        (3, 11),
        "7b524735f95dbb04",
        '''
        import functools
        def decorated(*_, **options): return lambda function: function
        @decorated(1, *[2], key=3, **{"a": 4})
        @functools.cache
        def used(a, b=1, /, c: int = 2, *args: "str", d, e: int | None = None, **kwargs: dict[str, list[int]]) -> None:
            """A docstring."""
            global counter
            counter: int = 0
            (a): int
            first, *rest = args
            print(*args, *rest, **kwargs, **{"x": first})
            return lambda x, /, *, y=1: (yield)
        ''',
    ),
    "control": (
        (3, 11),
        "e4cfe81eeffd7fd0",
        """
        def used(x):
            while (n := len(x)) > 1 and not n is None: x = x[1:n:2, ..., *x]
            else: del x
            try: assert x, "no"
            except (ValueError, TypeError) as error: raise RuntimeError from error
            except Exception: pass
            else: pass
            finally: pass
            with (open(x) as a, open(x)): pass
            for i, *j in *x, 1: continue
            return {**x, "a": 1}, {i for i in x if i if not i}, {*x}, [*x], x if x else x, -x @ x ** ~x << 1 // 2
        """,
    ),
    "groups": (
        (3, 11),
        "fa9ff7b0dcde5495",
        """
        def used(x):
            try: pass
            except* (ValueError, OSError) as group: print(group.exceptions)
            except* TypeError: pass
        """,
    ),
    "matching": (
        (3, 11),
        "622f1092c3f6c29c",
        """
        def used(x):
            match x, *x:
                case None | True | 1 | -1 + 2j | "a" "b" | b"c" | used.limit: pass
                case {"a": 1, used.key: [a, *_], **rest} if rest: return a
                case str() | int(real=0, imag=b) as b: return b
                case (c, *others): return c, others
                case _: pass
        """,
    ),
    "asynchronous": (
        (3, 11),
        "df68161ded8b9acf",
        """
        async def used(x):
            async for i in x: await i
            async with x as y, x: yield [j async for j in y if await j]
            return
        """,
    ),
    "classes": (
        (3, 11),
        "b934cfdfa1cfd4f7",
        '''
        from dataclasses import dataclass, field
        from typing import Generic, TypeVar
        T = TypeVar("T", bound="used")
        @dataclass(frozen=True)
        class used(Generic[T], metaclass=type):
            """A docstring."""
            a: list[T] = field(default_factory=list)
            b: "int"
            class Inner: pass
            @property
            def c(self) -> T: return super().c
        ''',
    ),
    "generics": (
        (3, 12),
        "b234e91151fc7635",
        """
        def used[T: (int, str), *Ts, **P](x: T, *args: *Ts) -> "T":
            class Inner[U](list[U]): pass
            type Alias[V] = dict[str, V]
            return Inner, Alias, f"{x!r:{'>'}{f"{x:{"nested"}}"}}", f"{
                x  # a comment
            }"
        """,
    ),
}


def pythons():
    """Those on this machine, by version: this one, those on the path, and those of pyenv."""
    found = {sys.version_info[:2]: sys.executable}
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(11, 20):
        for python in [shutil.which(f"python3.{minor}"), *map(str, folder.glob(f"3.{minor}.*/bin/python"))]:
            ask = "import sys; print(*sys.version_info[:2])"
            if python and (3, minor) not in found:
                said = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=False).stdout
                if said.split() == ["3", str(minor)]:  # not so if pyenv has it switched off
                    found[3, minor] = python
    return found


@cache
def of_python(python, project, *units):
    words = [python, "-I", "-W", "ignore", "-c", PROGRAM, TOP / "src", project, *units]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    version, values = json.loads(result.stdout)
    return tuple(version), values


PYTHONS = pythons()


@pytest.fixture(params=PYTHONS.items(), ids=lambda item: ".".join(map(str, item[0])))
def python(request):
    version, path = request.param
    return version, path


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "ssl_dynamics"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for name, (_, _, source) in SOURCES.items():
        (folder / f"{name}.py").write_text(dedent(source), encoding="utf-8")
    return folder


def test_stored_fingerprints_come_out(python, project):
    version, path = python
    names = [name for name, (first, _, _) in SOURCES.items() if first <= version]
    _, found = of_python(path, project, *(f"ssl_dynamics.{name}:used" for name in names))
    assert dict(zip(names, found, strict=True)) == {name: SOURCES[name][1] for name in names}


def test_every_stage_of_the_project_has_one_fingerprint(python):
    _, path = python
    units = [" ".join(units_of(function_of(folder, stage))) for folder, stage in stages()]
    _, found = of_python(path, TOP / "src/ssl_dynamics", *units)
    assert found == [fingerprint(*unit.split()) for unit in units]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("return", "return None"),
        ("{**a}", "{None: a}"),
        ("1", "True"),
        ("1", "1.0"),
        ("0.0", "0"),
        ("1", "'1'"),
        ("'1'", "b'1'"),
        ("None", "..."),
        ("[]", "()"),
        ("['', 'a']", "['a']"),
        ("f'{a}'", "a"),
        ("f'{a}'", "f'{a} '"),
        ("f'{a:{b}}'", "f'{a:{b} }'"),
        ("f'{a!r}'", "f'{a}'"),
        ("f'{a}b'", "f'b{a}'"),
        ("f(a)", "f(*a)"),
        ("f(a=a)", "f(**a)"),
        ("lambda a, b: a", "lambda a, /, b: a"),
        ("lambda a, b: a", "lambda a, *, b: a"),
        ("lambda *, a, b=1: a", "lambda *, a=1, b: a"),
        ("a: int = 1", "a = 1"),
        ("a[1:]", "a[:1]"),
        ("match a:\n case None: pass", "match a:\n case True: pass"),
        ("match a:\n case _: pass", "match a:\n case b: pass"),
        ("try: pass\nexcept A: pass", "try: pass\nexcept* A: pass"),
        ("def f(): pass", "async def f(): pass"),
        ("import a", "import a as b"),
        ("'\\U0001fae8'", "r'\\U0001fae8'"),
    ],
)
def test_what_means_something_else_is_another_text(one, other):
    assert text_of(ast.parse(one).body) != text_of(ast.parse(other).body)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'a' 'b'", '"ab"'),
        ("u'a'", "'a'"),
        ("f'{a}' '' u'b'", "f'{a}b'"),
        ("f'' f'{a}'", "f'{a}'"),
        ("0x10", "16"),
        ("1_0", "10"),
        ("(a)", "a"),
        ("with (a as b, c): pass", "with a as b, c:\n    pass"),
        ("'\\x41'", "'A'"),
    ],
)
def test_what_means_the_same_is_the_same_text(one, other):
    assert text_of(ast.parse(one).body) == text_of(ast.parse(other).body)
