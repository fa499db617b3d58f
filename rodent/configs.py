"""Configurations as JSON: frozen dataclasses of plain values, which old files still fill.

    to_json(TrainConfig())                                     # nested dicts
    from_json(TrainConfig, values, path, "config")             # what is not said is the default
    RUN = Format("run", "virtual-rodent/run", 4, {3: from_3})  # a file with a version
    RUN.upgraded(read_json(path), path)

A configuration that can be of several kinds is stored with the name of its kind: a field of type
`Annotated[ImitationConfig, Tagged(TASKS)]` as `{"name": "imitation", "horizon": 5, …}`. So a setting is
added by giving it a default, which is what older files meant; and only what is renamed or moved needs a
migration. A field whose metadata says `always_stored` was in every file from the start: one without it is
damaged.
"""

import copy
import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rodent.errors import InputError, naming, unknown
from rodent.registry import Registry

Config = TypeVar("Config")
Card = dict[str, Any]
"""A JSON object that describes a file, such as that of policy.json."""
TAG = "name"
"""The key under which a part's name is stored."""


@dataclasses.dataclass(frozen=True)
class Tagged:
    """Marks a field whose configuration is of one of several kinds, told apart by their names.

    Attributes:
        registry: the kinds.
        usual: the kind of a file that does not name one, where any kind of the registry can be used; None
            for the field's own type, of which all kinds must be.
    """

    registry: Registry[Any]
    usual: type | None = None


@dataclasses.dataclass(frozen=True)
class Table:
    """Marks a field that is a mapping whose keys are names of a registry's parts.

    Attributes:
        registry: the parts that the mapping may name.
        unused: the value of a part that is not used.
    """

    registry: Registry[Any]
    unused: Any


@dataclasses.dataclass(frozen=True)
class Format:
    """A JSON file that says what it is, and how those of older versions are read.

    Attributes:
        kind: in words, such as `policy`.
        schema: as it stands in the file, such as `virtual-rodent/policy`.
        version: the one that is written.
        migrations: by the version of a file, what makes of its card one of the next version.
    """

    kind: str
    schema: str
    version: int
    migrations: Mapping[int, Callable[[Card], Card]] = dataclasses.field(default_factory=dict)

    def head(self) -> Card:
        """What a new file begins with."""
        return {"schema": self.schema, "version": self.version}

    def upgraded(self, card: Any, path: Path | str) -> Card:
        """The card as a file of the present version would have it.

        Raises:
            InputError: it is of another schema, newer than this program, or too old.
        """
        found = card.get("schema") if isinstance(card, dict) else None
        if found != self.schema:
            raise InputError(f"{path} is not a {self.kind}: its schema is {found!r}, not {self.schema!r}")
        version = card.get("version")
        read = sorted({*self.migrations, self.version})
        if isinstance(version, bool) or version not in read:
            newer = isinstance(version, int) and version > self.version
            raise InputError(
                f"{path} is version {version} of {self.schema}; this program reads "
                f"version{'s' if len(read) > 1 else ''} {', '.join(map(str, read))}"
                + ("; it was written by a newer one: update virtual-rodent" if newer else "")
            )
        for number in range(version, self.version):
            card = self.migrations[number](card)
        return card | self.head()


def to_json(config: Any) -> Card:
    """A configuration's fields as plain values, each part that has a name with it."""
    return {
        name: _named(tag, value) if (tag := _tag(hint)) else _plain(value)
        for name, hint in _hints(type(config)).items()
        for value in (getattr(config, name),)
    }


def from_json(kind: type[Config], values: Any, path: Path | str, part: str) -> Config:
    """Build a configuration from plain values; what they do not say is the default.

    Args:
        kind: the dataclass.
        values: what JSON gave.
        path, part: the file and the place in it, for the error.

    Raises:
        InputError: a field is unknown or of the wrong type, one without a default or always stored is
            missing, or a part of that name is not installed.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{path}: {part} is {type(values).__name__}; an object is expected")
    hints = _hints(kind)
    for name in values:
        if name not in hints:
            raise unknown("field", f"{part}.{name}", [f"{part}.{n}" for n in hints], str(path))
    missing = [f.name for f in dataclasses.fields(typing.cast(Any, kind)) if _required(f)]
    if missing := [name for name in missing if name not in values]:
        raise InputError(f"{path}: {part} lacks {', '.join(missing)}; it was written by another version")
    plain = {
        name: _value(hint, values[name], path, f"{part}.{name}")
        for name, hint in hints.items()
        if name in values
    }
    with naming(path):
        return kind(**plain)


def with_all_rows(config: Config) -> Config:
    """The same, where every table has a row for every part that is installed, so that each can be set.

    The result is what an option's default is taken from. It is not a configuration to be used or stored: a
    table of a configuration has no rows that are not used.
    """
    full = copy.copy(config)
    for name, hint in _hints(type(config)).items():
        for table in (extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Table)):
            rows = dict.fromkeys(table.registry.names(), table.unused) | dict(getattr(config, name))
            object.__setattr__(full, name, rows)
    return full


@functools.cache
def _hints(kind: type) -> Mapping[str, Any]:
    """The types of a dataclass's fields, with what is annotated beside."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {f.name: hints[f.name] for f in dataclasses.fields(typing.cast(Any, kind))}


def _required(field: dataclasses.Field[Any]) -> bool:
    no_default = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return no_default or bool(field.metadata.get("always_stored"))


def _tag(hint: Any) -> Tagged | None:
    found = (extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Tagged))
    return next(found, None)


def _named(tag: Tagged, config: Any) -> Card:
    values = to_json(config)
    if TAG in values:
        raise TypeError(f"{type(config).__name__} has a field {TAG!r}, where its kind's name is stored")
    return {TAG: tag.registry.name_of(type(config)), **values}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_json(value)
    if isinstance(value, list | tuple):
        return type(value)(_plain(x) for x in value)
    if isinstance(value, Mapping):
        return {name: _plain(x) for name, x in value.items()}
    return value


def _of_a_kind(tag: Tagged, usual: type, values: Any, path: Path | str, place: str) -> Any:
    """A part of the kind that is named, or of the usual one."""
    if not isinstance(values, Mapping) or TAG not in values:
        return from_json(tag.usual or usual, values, path, place)
    name = values[TAG]
    if not isinstance(name, str):
        raise InputError(f"{path}: {place}.{TAG} is {name!r}; a name is expected")
    kind = tag.registry.config(name, f"{path}, {place}")
    if tag.usual is None and not issubclass(kind, usual):
        expected = tag.registry.name_of(usual)
        raise InputError(f"{path}: {place} is {name!r}; only {expected!r} can be used here")
    return from_json(kind, {k: v for k, v in values.items() if k != TAG}, path, place)


def _value(hint: Any, value: Any, path: Path | str, place: str) -> Any:
    if tag := _tag(hint):
        return _of_a_kind(tag, typing.get_args(hint)[0], value, path, place)
    if hint is Any:
        return value
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _value(arguments[0], value, path, place)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise InputError(f"{path}: {place} is {type(value).__name__}; an object is expected")
        return {name: _value(arguments[1], one, path, f"{place}.{name}") for name, one in value.items()}
    if dataclasses.is_dataclass(hint):
        return from_json(typing.cast(type, hint), value, path, place)
    if origin is tuple and isinstance(value, list | tuple):
        if arguments[-1] is not ... and len(value) != len(arguments):
            raise InputError(f"{path}: {place} has {len(value)} values; {len(arguments)} are expected")
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
        raise InputError(f"{path}: {place} is {value!r}; {getattr(hint, '__name__', hint)} is expected")
    return value
