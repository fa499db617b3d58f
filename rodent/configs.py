"""Configs as JSON: frozen dataclasses of plain values, read back strictly."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from rodent.errors import InputError, naming, unknown

Config = TypeVar("Config")


def to_json(config: Any) -> dict[str, Any]:
    """A config's fields as plain values."""
    return dataclasses.asdict(config)


def from_json(kind: type[Config], values: Any, path: Path | str, part: str) -> Config:
    """Build a config from plain values, refusing fields it does not know or lacks.

    Args:
        kind: the dataclass.
        values: what JSON gave.
        path, part: the file and the place in it, for the error.

    Raises:
        InputError: a field is missing, unknown or of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{path}: {part} is {type(values).__name__}; an object is wanted")
    hints = typing.get_type_hints(kind)
    fields = {f.name: hints[f.name] for f in dataclasses.fields(typing.cast(Any, kind))}
    for name in values:
        if name not in fields:
            raise unknown("field", f"{part}.{name}", [f"{part}.{n}" for n in fields], str(path))
    missing = [name for name in fields if name not in values]
    if missing:
        raise InputError(f"{path}: {part} lacks {', '.join(missing)}; it was written by another version")
    plain = {name: _value(hint, values[name], path, f"{part}.{name}") for name, hint in fields.items()}
    with naming(path):
        return kind(**plain)


def _value(hint: Any, value: Any, path: Path | str, place: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return from_json(hint, value, path, place)
    if origin is tuple and isinstance(value, list | tuple):
        if arguments[-1] is not ... and len(value) != len(arguments):
            raise InputError(f"{path}: {place} has {len(value)} values; {len(arguments)} are wanted")
        return tuple(_value(arguments[0], v, path, place) for v in value)
    if origin is typing.Literal:
        if value not in arguments:
            raise unknown("value", f"{place}={value}", [f"{place}={a}" for a in arguments], str(path))
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _value(next(a for a in arguments if a is not type(None)), value, path, place)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if (
        not isinstance(hint, type)
        or not isinstance(value, hint)
        or (isinstance(value, bool) and hint is not bool)
    ):
        raise InputError(f"{path}: {place} is {value!r}; {getattr(hint, '__name__', hint)} is wanted")
    return value
