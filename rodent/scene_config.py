"""The configuration of a scene: a body in an arena. Light to import."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Protocol

from rodent.body_config import BodyConfig
from rodent.configs import Tagged
from rodent.errors import InputError
from rodent.parts import ARENAS, BODIES

if TYPE_CHECKING:
    import mujoco

    from rodent.scene.maze import Layout
    from rodent.scene.roles import BodySpec


class BodyKind(Protocol):
    """The configuration of a body: a frozen dataclass."""

    def build(self) -> "BodySpec":
        """The body, and the roles of its parts."""
        ...


class ArenaKind(Protocol):
    """The configuration of an arena: a frozen dataclass."""

    def build(self) -> "mujoco.MjSpec | None":
        """The arena; None for nothing."""
        ...


@dataclasses.dataclass(frozen=True)
class FloorConfig:
    """A flat floor without end."""

    def build(self) -> "mujoco.MjSpec":
        """See `rodent.scene.arenas.floor`."""
        from rodent.scene.arenas import floor

        return floor()


@dataclasses.dataclass(frozen=True)
class LeverArenaConfig:
    """A floor with a lever in front of the right fore paw: a pad on a spring."""

    position: tuple[float, float] = (0.1, -0.022)
    """Centre of the pad on the floor, m; the body starts at the origin and faces x."""
    height: float = 0.03
    """Height of the top of the pad at rest, m."""
    travel: float = 0.01
    """How far the pad slides down, m."""
    force: float = 0.3
    """Force of the spring at the end of the travel, N."""

    def __post_init__(self) -> None:
        if not 0 < self.travel < self.height <= 0.2:
            raise InputError(
                f"arena travel and height are {self.travel:g} and {self.height:g} m; expected "
                "0 < travel < height <= 0.2"
            )
        if not 0 < self.force <= 10:
            raise InputError(f"arena force is {self.force:g} N; it must lie in (0, 10]")

    def build(self) -> "mujoco.MjSpec":
        """See `rodent.scene.lever.lever`."""
        from rodent.scene.lever import lever

        return lever(self.position, self.height, self.travel, self.force)


@dataclasses.dataclass(frozen=True)
class GapsConfig:
    """A straight track along x with gaps to jump, drawn from a seed."""

    seed: int = 0
    """Seed of widths and lengths."""
    count: int = 8
    """Number of gaps."""
    width: tuple[float, float] = (0.05, 0.15)
    """Smallest and largest width of a gap, m."""
    length: tuple[float, float] = (0.3, 0.8)
    """Smallest and largest length of a platform, m."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError(f"arena count is {self.count}; it must be at least 1 gap")
        for name in ("width", "length"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise InputError(f"arena {name} is {low:g} to {high:g} m; expected 0 < smallest <= largest")

    def build(self) -> "mujoco.MjSpec":
        """See `rodent.scene.arenas.gaps`."""
        from rodent.scene.arenas import gaps

        return gaps(self.seed, self.count, self.width, self.length)


@dataclasses.dataclass(frozen=True)
class BowlConfig:
    """A round bowl with bumps, surrounded by level ground."""

    radius: float = 1.0
    """Radius of the rim, m."""
    depth: float = 0.2
    """Depth of the middle below the rim, without bumps, m."""
    roughness: float = 0.5
    """Heights are multiplied by random numbers between 1 - roughness and 1, one every 0.2 m; 0 is smooth. 0.5
    as in dm_control's escape task."""
    seed: int = 0
    """Seed of the bumps."""

    def __post_init__(self) -> None:
        if not 0.3 <= self.radius <= 10 or not 0 < self.depth <= self.radius:
            raise InputError(
                f"arena radius and depth are {self.radius:g} and {self.depth:g} m; expected a radius in "
                "[0.3, 10], in which a rat has room to begin, and depth in (0, radius]"
            )
        if not 0 <= self.roughness < 1 or self.seed < 0:
            raise InputError(
                f"arena roughness is {self.roughness:g} and seed {self.seed}; expected "
                "roughness in [0, 1) and a seed that is not negative"
            )

    def build(self) -> "mujoco.MjSpec":
        """See `rodent.scene.arenas.bowl`."""
        from rodent.scene.arenas import bowl

        return bowl(self.radius, self.depth, self.roughness, self.seed)


@dataclasses.dataclass(frozen=True)
class MazeConfig:
    """Square rooms of a grid, joined by doors at random; every room can be reached."""

    rows: int = 3
    """Rows of rooms."""
    columns: int = 3
    """Columns of rooms."""
    missing: int = 0
    """Places of the grid without a room, drawn from the seed."""
    loops: float = 0.3
    """Probability of a door where none is needed to reach all rooms; 0 makes a maze without loops."""
    room: float = 0.5
    """Side of a room, m."""
    door: float = 0.2
    """Width of a door, m."""
    wall: float = 0.04
    """Thickness of the walls, m."""
    height: float = 0.3
    """Height of the walls, m."""
    seed: int = 0
    """Seed of doors and missing rooms."""

    def __post_init__(self) -> None:
        if not (1 <= self.rows <= 20 and 1 <= self.columns <= 20 and self.missing >= 0):
            raise InputError(
                f"arena rows, columns and missing are {self.rows}, {self.columns} and {self.missing}; "
                "expected 1 to 20 rows and columns, and a number of missing rooms that is not negative"
            )
        if self.rows * self.columns - self.missing < 2:
            raise InputError(
                f"arena missing is {self.missing} of {self.rows} x {self.columns} rooms; a maze needs 2 rooms"
            )
        if not 0.4 <= self.room <= 10 or not 0.1 <= self.door <= self.room:
            raise InputError(
                f"arena room and door are {self.room:g} and {self.door:g} m; expected a room in [0.4, 10], "
                "in which a rat can turn, and a door in [0.1, room], through which it fits"
            )
        if not 0.02 <= self.wall <= 0.2 or not 0.1 <= self.height <= 2:
            raise InputError(
                f"arena wall and height are {self.wall:g} and {self.height:g} m; expected a thickness in "
                "[0.02, 0.2] and a height in [0.1, 2], so that a rat can go neither through nor over them"
            )
        if not 0 <= self.loops <= 1 or self.seed < 0:
            raise InputError(
                f"arena loops is {self.loops:g} and seed {self.seed}; expected loops in [0, 1] and a seed "
                "that is not negative"
            )

    @property
    def layout(self) -> "Layout":
        """Rooms and doors.

        Raises:
            InputError: missing rooms divide the maze.
        """
        from rodent.scene.maze import laid_out

        return laid_out(self.rows, self.columns, self.missing, self.loops, self.seed)

    def build(self) -> "mujoco.MjSpec":
        """See `rodent.scene.maze.maze`.

        Raises:
            InputError: missing rooms divide the maze.
        """
        from rodent.scene.maze import maze

        return maze(self.layout, self.room, self.wall, self.door, self.height)


@dataclasses.dataclass(frozen=True)
class MjcfArenaConfig:
    """Your own arena."""

    path: str
    """MJCF file. Geoms that the body can touch need bit 1 of contype."""

    def build(self) -> "mujoco.MjSpec":
        """See `rodent.scene.mjcf.read_mjcf`."""
        from pathlib import Path

        from rodent.scene.mjcf import read_mjcf

        return read_mjcf(Path(self.path))


@dataclasses.dataclass(frozen=True)
class NoArenaConfig:
    """No arena: the body's file has everything that it stands on."""

    def build(self) -> None:
        """Nothing."""
        return


@dataclasses.dataclass(frozen=True)
class SceneConfig:
    """A body in an arena: defines the physics of a rollout."""

    arena: Annotated[ArenaKind, Tagged(ARENAS, FloorConfig)] = dataclasses.field(default_factory=FloorConfig)
    """The arena."""
    body: Annotated[BodyKind, Tagged(BODIES, BodyConfig)] = dataclasses.field(default_factory=BodyConfig)
    """The body."""

    def describe(self) -> str:
        """In words, for messages."""
        body, arena = (
            registry.name_of(type(part)) for registry, part in ((BODIES, self.body), (ARENAS, self.arena))
        )
        path, scale = getattr(self.body, "path", ""), getattr(self.body, "scale", None)
        named = f"{body} {path}" if path else body if scale is None else f"{body} of scale {scale:g}"
        return named if arena == "floor" else f"{named}, arena {arena}"


def as_scene_config(config: SceneConfig | BodyKind) -> SceneConfig:
    """The configuration of a scene; a body alone gets the default arena, a floor."""
    return config if isinstance(config, SceneConfig) else SceneConfig(body=config)
