"""Settings of tasks in arenas of their own. Light to import: the command line is derived from them."""

import dataclasses
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rodent.errors import InputError
from rodent.parts import USUAL_SENSES
from rodent.scene_config import BowlConfig, GapsConfig, MazeConfig
from rodent.sensing.eyes import EyesConfig
from rodent.tasks.goal_settings import CONTROL_STEP, require_oracle, require_senses

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet
    from rodent.scene import Scene
    from rodent.tasks.bowl import Bowl
    from rodent.tasks.gaps import Gaps
    from rodent.tasks.maze import Maze

_MARGIN = 0.12  # metres from a body's origin to the edge of a platform on which it begins
_FROM_WALL = 0.1  # metres from a wall to the nearest targets in a maze
A = TypeVar("A")


@dataclasses.dataclass(frozen=True)
class BowlTaskConfig:
    """Escape from a bowl: leave it over the rim; in the arena `bowl`."""

    needs_clips: ClassVar[bool] = False
    usual_arena: ClassVar[str] = "bowl"

    start: float = 0.1
    """Farthest from the middle that an episode begins, along x and y, m; it faces any direction."""
    seconds: float = 20.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        require_senses(self.senses)
        if not self.start >= 0 or not 0 < self.seconds <= 600:
            raise InputError(
                f"task start is {self.start:g} m and seconds {self.seconds:g}; expected a start that is not "
                "negative, and seconds in (0, 600]"
            )

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Bowl":
        """The task on a body in a bowl.

        Raises:
            InputError: the arena is no bowl, or the body cannot begin in it.
        """
        import numpy as np

        from rodent.tasks.bowl import Bowl
        from rodent.tasks.stance import require_room

        arena = _arena(scene, BowlConfig, "bowl")
        if not self.start < arena.radius:
            raise InputError(
                f"task start is {self.start:g} m, which is not inside the bowl of radius {arena.radius:g} m"
            )
        corners = [(x, y) for x in (-self.start, 0.0, self.start) for y in (-self.start, 0.0, self.start)]
        require_room(scene, np.array([(*corner, yaw) for corner in corners for yaw in (0.0, np.pi / 2)]))
        return Bowl(scene, CONTROL_STEP, self, arena.radius)


@dataclasses.dataclass(frozen=True)
class GapsTaskConfig:
    """Run along a track and cross its gaps; in the arena `gaps`."""

    needs_clips: ClassVar[bool] = False
    usual_arena: ClassVar[str] = "gaps"

    hold: float = 0.3
    """Time for which all paws must have been beyond a gap for it to be crossed, s."""
    start_side: float = 0.2
    """Farthest to a side of the track's middle that an episode begins, m; on any platform but the last."""
    start_turn: float = 0.2
    """Farthest that a start is turned from the track's direction, rad."""
    seconds: float = 30.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        require_senses(self.senses)
        if not 0 < self.hold < self.seconds <= 600:
            raise InputError(
                f"task hold and seconds are {self.hold:g} and {self.seconds:g} s; expected "
                "0 < hold < seconds <= 600"
            )
        if not 0 <= self.start_side <= 0.8 or not 0 <= self.start_turn <= 3.2:
            raise InputError(
                f"task start_side is {self.start_side:g} m and start_turn {self.start_turn:g} rad; expected "
                "start_side in [0, 0.8] and start_turn in [0, 3.2]"
            )

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Gaps":
        """The task on a body on a track.

        Raises:
            InputError: the arena is no track with gaps, or its platforms are too short to begin on.
        """
        import jax.numpy as jnp
        import numpy as np

        from rodent.scene.arenas import platforms
        from rodent.tasks.gaps import Gaps
        from rodent.tasks.stance import require_room

        arena = _arena(scene, GapsConfig, "gaps")
        track = platforms(arena.seed, arena.count, arena.width, arena.length)
        starts = track[:-1] + np.array([_MARGIN, -_MARGIN])
        short = np.flatnonzero(starts[:, 0] > starts[:, 1])
        if len(short):
            begin, end = track[short[0]]
            raise InputError(
                f"platform {short[0]} of the track is {end - begin:.2f} m long; nothing can begin on one of "
                f"less than {2 * _MARGIN:g} m. Give longer ones, such as --arena.length 0.3 0.8"
            )
        require_room(scene, np.array([(x, 0.0, 0.0) for x in starts.ravel()]))
        gaps = np.stack([track[:-1, 1], track[1:, 0]], 1)
        return Gaps(
            scene, CONTROL_STEP, self, jnp.asarray(gaps, jnp.float32), jnp.asarray(starts, jnp.float32)
        )


@dataclasses.dataclass(frozen=True)
class MazeTaskConfig:
    """Collect targets in a maze, by sight; in the arena `maze`."""

    needs_clips: ClassVar[bool] = False
    usual_arena: ClassVar[str] = "maze"

    targets: int = 3
    """Number of targets in the maze; one that is reached vanishes, and another appears in any room."""
    near: float = 0.05
    """Distance of the root from a target at which it is reached, m."""
    blind: bool = False
    """Make the eyes see nothing, as a comparison: the network stays the same, and all pixels are 0."""
    eyes: EyesConfig = dataclasses.field(default_factory=EyesConfig)
    """The eyes."""
    oracle_speed: float = 0.4
    """Speed of the point that the animal is compared with, which goes to the nearest target, m/s."""
    oracle_turn: float = 3.0
    """Largest turning rate of that point, rad/s."""
    seconds: float = 30.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        require_senses(self.senses)
        if not 1 <= self.targets <= 100:
            raise InputError(f"task targets is {self.targets}; expected 1 to 100")
        if not 0 < self.near <= 1 or not 0 < self.seconds <= 600:
            raise InputError(
                f"task near is {self.near:g} m and seconds {self.seconds:g}; expected near in (0, 1] and "
                "seconds in (0, 600]"
            )
        require_oracle(self.oracle_speed, self.oracle_turn)

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Maze":
        """The task on a body in a maze.

        Raises:
            InputError: the arena is no maze, targets could be reached through its walls, or the body has no
                room in it.
        """
        import numpy as np

        from rodent.tasks.maze import Maze
        from rodent.tasks.rooms import Rooms
        from rodent.tasks.stance import require_room

        arena = _arena(scene, MazeConfig, "maze")
        if self.near > _FROM_WALL:
            raise InputError(
                f"task near is {self.near:g} m; expected at most {_FROM_WALL:g} m in a maze, so that "
                "no target is reached through a wall"
            )
        rooms = Rooms.of(arena, self.near, _FROM_WALL)
        turns = np.pi / 4 * np.arange(8)
        require_room(scene, np.array([(*centre, turn) for centre in rooms.centres for turn in turns]))
        return Maze(scene, CONTROL_STEP, self, rooms)


def _arena(scene: "Scene", kind: type[A], name: str) -> A:
    """The arena of a scene, which must be of a kind.

    Raises:
        InputError: it is of another.
    """
    arena = scene.config.arena
    if not isinstance(arena, kind):
        raise InputError(
            f"the task {name} needs another arena than {scene.config.describe()}: --arena {name}"
        )
    return arena
