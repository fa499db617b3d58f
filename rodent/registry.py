"""Parts found by name: those of the project, and those that installed packages add.

    TASKS = Registry("task", "virtual_rodent.tasks", {"imitation": "rodent.tasks.settings:ImitationConfig"})
    TASKS.names()                 # ('imitation', 'velocity'); imports nothing
    TASKS.get("velocity")         # imports that one

A package adds a part by an entry point of the registry's group, in its pyproject.toml:

    [project.entry-points."virtual_rodent.tasks"]
    velocity = "rodent_velocity:Velocity"

A notebook adds one with `TASKS.register("velocity")` as a decorator. A part whose package is broken is listed
like any other, and only asking for it is an error.
"""

import functools
import importlib
import sys
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rodent.errors import InputError, one_line, unknown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")
_BUILT_IN, _HERE = "built in", "registered here"


class Registry(Generic[T]):
    """The parts of one kind, by name.

    Args:
        kind: what a part is called in errors, such as `task`.
        group: the entry points that add parts, such as `virtual_rodent.tasks`.
        built_in: the project's own, as `module:attribute`; imported when asked for.
    """

    def __init__(self, kind: str, group: str, built_in: Mapping[str, str]):
        self.kind, self.group = kind, group
        self._built_in = dict(built_in)
        self._registered: dict[str, T] = {}

    def __repr__(self) -> str:
        return f"<registry of {self.group}: {', '.join(self.names())}>"

    def register(self, name: str) -> Callable[[T], T]:
        """A decorator that adds a part for as long as this process runs.

        Raises:
            InputError: another part has this name.
        """
        if origins := self.origins().get(name):
            raise InputError(f"there is a {self.kind} {name!r} already ({origins}); choose another name")

        def add(part: T) -> T:
            self._registered[name] = part
            return part

        return add

    def names(self) -> tuple[str, ...]:
        """Names of all parts, the project's own first; nothing is imported for it."""
        return tuple(self.origins())

    def origins(self) -> dict[str, str]:
        """Where each part comes from: `built in`, `registered here`, or a package and its version."""
        origins = dict.fromkeys(self._built_in, _BUILT_IN) | dict.fromkeys(self._registered, _HERE)
        added = {point.name: _package(point) for point in self._entry_points()}
        return origins | {name: origin for name, origin in added.items() if name not in origins}

    def require(self, name: str, where: str = "") -> None:
        """Refuse a name that no part has; nothing is imported for it.

        Args:
            name: as in a configuration.
            where: the file and place that ask for it, for the error.

        Raises:
            InputError: there is no such part; the message lists the parts and where each comes from.
        """
        if name not in self._built_in and name not in (origins := self.origins()):
            known = [f"{known} ({origin})" for known, origin in origins.items()]
            raise unknown(self.kind, name, known, where, list(origins))

    def get(self, name: str, where: str = "") -> T:
        """The part of a name.

        Args:
            name: as in a configuration, such as `imitation`.
            where: the file and place that ask for it, for the error.

        Raises:
            InputError: there is none, two packages add one, or its package cannot be imported.
        """
        points = [point for point in self._entry_points() if point.name == name]
        offers = [_package(point) for point in points]
        if name in self._built_in:
            offers.insert(0, "this program")
        if len(offers) > 1:
            raise InputError(
                f"{self.kind} {name!r} is added by {' and by '.join(offers)}; uninstall all but one"
            )
        if name in self._registered:
            return self._registered[name]
        if name in self._built_in:
            return self.built_in(name)
        self.require(name, where)
        try:
            return points[0].load()
        except Exception as error:  # a stranger's code may raise anything
            reason = f"{type(error).__name__}: {one_line(error)}"
            raise InputError(f"{self.kind} {name!r} of {offers[0]} cannot be imported: {reason}") from error

    def built_in(self, name: str) -> T:
        """One of the project's own parts, without a look at installed packages.

        Raises:
            KeyError: it is none of them.
        """
        module, _, attribute = self._built_in[name].partition(":")
        return getattr(importlib.import_module(module), attribute)

    def config(self, name: str, where: str = "") -> type:
        """The dataclass that configures the part of a name: the part itself, or the type of its `config`.

        Raises:
            InputError: as `get`; or the part has no field `config`.
        """
        part: Any = self.get(name, where)
        if hasattr(part, "__dataclass_params__") and "config" not in getattr(part, "__annotations__", {}):
            return part
        hints = typing.get_type_hints(part) if isinstance(part, type) else {}
        if "config" not in hints:
            raise InputError(
                f"{self.kind} {name!r} of {self.origins()[name]} does not say how it is configured; give its "
                "class a field `config` whose type is a dataclass"
            )
        return hints["config"]

    def name_of(self, config: type) -> str:
        """The name of the part that a class configures; the reverse of `config`.

        Raises:
            KeyError: no part is configured by it.
        """
        own = [*self._built_in, *self._registered]
        for name in (*own, *(name for name in self.names() if name not in own)):
            try:
                if self.config(name) is config:
                    return name
            except InputError:  # a broken package is no other's concern
                continue
        raise KeyError(f"{config.__name__} configures no {self.kind} of {', '.join(self.names())}")

    def _entry_points(self) -> "tuple[EntryPoint, ...]":
        return _entry_points(self.group, tuple(sys.path))


@functools.lru_cache(maxsize=64)
def _entry_points(group: str, path: tuple[str, ...]) -> "tuple[EntryPoint, ...]":
    """Entry points of a group that are installed on a path, by name; looked up once."""
    # the command line is derived from configurations without it
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=group), key=lambda point: point.name))


def _package(point: "EntryPoint") -> str:
    return f"package {point.dist.name} {point.dist.version}" if point.dist else f"entry point {point.value}"
