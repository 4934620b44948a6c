"""Files of arrays that are dataclasses in the code: a typed file between the stages that write and read it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.artifacts import Arrays, read_arrays, write_arrays

_KEY = {int: r"(\d+)", str: r"(.+?)"}


@dataclass(frozen=True)
class ArrayFile:
    """Base of dataclasses that are kept in one .npz file, each field in the array of its name.

    A field is an array, a number, or a tuple of words or numbers. A field `dict[K, V]` is kept in an array NAME_KEY for
    each key; K is `int`, `str` or a tuple of them, whose parts are joined by _. A field that may be None, and is, has
    no array.
    """

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_arrays(path, self.to_arrays())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file. Raises ValueError if an array is missing, or is of no field; Unsettled as `read_arrays`."""
        arrays = read_arrays(path)
        try:
            return cls.from_arrays(arrays)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One of several whose fields hold arrays by key: those of all keys."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: {key: of for part in parts for key, of in getattr(part, name).items()} for name in names})

    def to_arrays(self) -> Arrays:
        """The arrays of the file by name."""
        arrays: Arrays = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, dict):
                arrays |= {f"{field.name}_{_joined(key)}": np.asarray(each) for key, each in value.items()}
            elif value is not None:
                arrays[field.name] = np.asarray(value)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The dataclass of the arrays of a file. Raises ValueError if an array is missing, or is of no field."""
        left = dict(arrays)
        hints = get_type_hints(cls)
        values: dict[str, Any] = {}
        # Longer names first: `first_factor_8` is of `first_factor`, not of `first`.
        for field in sorted(fields(cls), key=lambda field: -len(field.name)):
            hint, optional = _without_none(hints[field.name])
            if get_origin(hint) is dict:
                key_type, value_type = get_args(hint)
                found = dict(_keyed(field.name, key_type, left))
                values[field.name] = {key: _value(value_type, left.pop(name)) for key, name in found.items()}
            elif field.name in left:
                values[field.name] = _value(hint, left.pop(field.name))
            elif optional:
                values[field.name] = None
            else:
                raise ValueError(f"no array {field.name!r}; there are {', '.join(sorted(arrays))}")
        if left:
            raise ValueError(f"arrays of no field of {cls.__name__}: {', '.join(sorted(left))}")
        return cls(**values)


def _without_none(hint: Any) -> tuple[Any, bool]:
    """A type without `| None`, and whether it had it."""
    if isinstance(hint, UnionType):
        (only,) = (part for part in get_args(hint) if part is not NoneType)
        return only, True
    return hint, False


def _keyed(name: str, key_type: Any, arrays: Arrays) -> Iterator[tuple[Any, str]]:
    """Key and name of every array of a field of arrays by key, in the order of the keys' numbers."""
    parts = get_args(key_type) or (key_type,)
    pattern = re.compile("_".join([re.escape(name), *(_KEY[part] for part in parts)]))
    found = []
    for array in arrays:
        if match := pattern.fullmatch(array):
            key = tuple(part(text) for part, text in zip(parts, match.groups(), strict=True))
            found.append((key, array))
    for key, array in sorted(found):
        yield (key if get_args(key_type) else key[0]), array


def _value(hint: Any, array: NDArray[Any]) -> Any:
    if hint in (int, float, bool, str):
        return hint(array)
    if get_origin(hint) is tuple:
        part = get_args(hint)[0]
        return tuple(part(each) for each in array)
    return array


def _joined(key: Any) -> str:
    return "_".join(map(str, key)) if isinstance(key, tuple) else str(key)
