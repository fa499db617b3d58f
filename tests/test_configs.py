"""Configurations as JSON: round trips, names of kinds, defaults for what is missing, versions of files."""

import dataclasses
from typing import Annotated, Any, Literal

import pytest

from rodent.configs import Format, Tagged, from_json, to_json
from rodent.errors import InputError
from rodent.registry import Registry

SHAPES = Registry("shape", "virtual_rodent.tests", {"ball": f"{__name__}:Ball", "box": f"{__name__}:Box"})


@dataclasses.dataclass(frozen=True)
class Ball:
    radius: float = 1.0

    def __post_init__(self):
        if self.radius <= 0:
            raise InputError(f"radius is {self.radius}; it must be positive")


@dataclasses.dataclass(frozen=True)
class LargeBall(Ball):
    colour: Literal["red", "blue"] = "red"


@dataclasses.dataclass(frozen=True)
class Box:
    edges: tuple[float, float] = (1.0, 2.0)


SHAPES.register("large")(LargeBall)


@dataclasses.dataclass(frozen=True)
class World:
    size: int
    shape: Annotated[Ball, Tagged(SHAPES)] = dataclasses.field(default_factory=Ball)
    box: Box = dataclasses.field(default_factory=Box)
    name_of: str | None = None


def read(values: Any) -> World:
    return from_json(World, values, "world.json", "world")


@pytest.mark.parametrize(
    "world", [World(3), World(3, Ball(2.0), Box((3.0, 4.0)), "a"), World(1, LargeBall(2.0, "blue"))]
)
def test_what_is_written_is_read(world):
    assert read(to_json(world)) == world


def test_a_part_is_stored_with_the_name_of_its_kind():
    assert to_json(World(3))["shape"] == {"name": "ball", "radius": 1.0}
    assert to_json(World(3, LargeBall()))["shape"] == {"name": "large", "radius": 1.0, "colour": "red"}
    assert to_json(World(3))["box"] == {"edges": (1.0, 2.0)}


def test_what_an_older_file_does_not_say_is_the_default():
    assert read({"size": 2}) == World(2)
    assert read({"size": 2, "shape": {"radius": 3}}) == World(2, Ball(3.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], "world.json: world is list; an object is expected"),
        ({}, "world.json: world lacks size"),
        ({"size": 2, "wings": 1}, "unknown field 'world.wings' in world.json.*world.size"),
        ({"size": 2.5}, "world.size is 2.5; int is expected"),
        (
            {"size": 2, "shape": {"name": "cone"}},
            r"unknown shape 'cone' in world.json, world.shape.*ball \(b",
        ),
        ({"size": 2, "shape": {"name": "box"}}, "world.shape is 'box'; only 'ball' can be used here"),
        ({"size": 2, "shape": {"name": 3}}, "world.shape.name is 3; a name is expected"),
        ({"size": 2, "shape": "ball"}, "world.shape is str; an object is expected"),
        ({"size": 2, "shape": {"radius": -1}}, "world.json: radius is -1"),
        (
            {"size": 2, "shape": {"name": "large", "colour": "pink"}},
            "unknown value 'world.shape.colour=pink'",
        ),
        ({"size": 2, "box": {"edges": [1]}}, "world.box.edges has 1 values; 2 are expected"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_place(values, message):
    with pytest.raises(InputError, match=message):
        read(values)


def test_a_field_called_name_would_hide_the_name_of_the_kind():
    @dataclasses.dataclass(frozen=True)
    class Named(Ball):
        name: str = "mine"

    with pytest.raises(TypeError, match="Named has a field 'name'"):
        to_json(World(1, Named()))


CARD = Format("world", "tests/world", 3, {1: lambda c: c | {"b": c["a"]}, 2: lambda c: c | {"c": c["b"]}})


def test_older_versions_are_brought_up_step_by_step():
    old = CARD.upgraded({"schema": "tests/world", "version": 1, "a": 5}, "world.json")
    assert old == {"schema": "tests/world", "version": 3, "a": 5, "b": 5, "c": 5}
    assert CARD.upgraded(CARD.head(), "world.json") == CARD.head()


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ([], "world.json is not a world: its schema is None, not 'tests/world'"),
        ({"schema": "x"}, "is not a world"),
        (
            {"schema": "tests/world", "version": 4},
            "version 4.*reads versions 1, 2, 3; it was written by a newer",
        ),
        (
            {"schema": "tests/world", "version": 0},
            "version 0 of tests/world; this program reads versions 1, 2, 3$",
        ),
        ({"schema": "tests/world", "version": True}, "version True"),
        ({"schema": "tests/world"}, "version None"),
    ],
)
def test_files_of_other_kinds_and_versions_are_refused(card, message):
    with pytest.raises(InputError, match=message):
        CARD.upgraded(card, "world.json")
