"""Settings of tasks that need no clips. Light to import: the command line is derived from them."""

import dataclasses
from typing import TYPE_CHECKING, ClassVar, Literal

from rodent.errors import InputError, unknown
from rodent.parts import SENSES, USUAL_SENSES
from rodent.sensing.eyes import EyesConfig

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet
    from rodent.scene import Scene
    from rodent.tasks.forage import Forage
    from rodent.tasks.go_to import GoTo
    from rodent.tasks.joystick import Joystick
    from rodent.tasks.rear import Rear

CONTROL_STEP = 0.02
"""Seconds of a control step of tasks without clips."""
Range = tuple[float, float]


def _require_range(name: str, limits: Range, low: float, high: float, unit: str) -> None:
    if not low <= limits[0] <= limits[1] <= high:
        raise InputError(
            f"task {name} is {limits[0]:g} to {limits[1]:g} {unit}; expected {low:g} <= smallest <= largest "
            f"<= {high:g}"
        )


def require_oracle(speed: float, turn: float) -> None:
    """Refuse an oracle that cannot move.

    Args:
        speed: m/s.
        turn: largest turning rate, rad/s.

    Raises:
        InputError: one is not positive.
    """
    if not (speed > 0 and turn > 0):
        raise InputError(
            f"task oracle_speed and oracle_turn are {speed:g} m/s and {turn:g} rad/s; both must be positive"
        )


def require_senses(senses: tuple[str, ...]) -> None:
    """Refuse senses that do not exist, none at all, or the same one twice."""
    for name in senses:
        SENSES.require(name, "task senses")
    if not senses or len(set(senses)) < len(senses):
        raise InputError(f"task senses is {senses}; name at least one, and each once")


@dataclasses.dataclass(frozen=True)
class JoystickConfig:
    """Walk as commanded: forward speed, turning, and height of the head; a new command every few seconds."""

    needs_clips: ClassVar[bool] = False

    speed: Range = (0.0, 0.5)
    """Smallest and largest forward speed that is commanded, m/s."""
    turn: Range = (-1.0, 1.0)
    """Smallest and largest turn to the left, rad/s."""
    head_height: Range = (0.04, 0.09)
    """Smallest and largest height of the head, the last of the body's end effectors, m."""
    every: float = 4.0
    """Time between two commands, s."""
    settle: float = 1.0
    """Time after a command that does not count in the errors of an evaluation, s."""
    seconds: float = 20.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        _require_range("speed", self.speed, -1.0, 2.0, "m/s")
        _require_range("turn", self.turn, -5.0, 5.0, "rad/s")
        _require_range("head_height", self.head_height, 0.0, 0.3, "m")
        require_senses(self.senses)
        if not 0 <= self.settle < self.every <= self.seconds <= 600:
            raise InputError(
                f"task settle, every and seconds are {self.settle:g}, {self.every:g} and {self.seconds:g} s; "
                "expected 0 <= settle < every <= seconds <= 600"
            )

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Joystick":
        """The task on a body in an arena."""
        from rodent.tasks.joystick import Joystick

        return Joystick(scene, CONTROL_STEP, self)


@dataclasses.dataclass(frozen=True)
class GoToConfig:
    """Go to a target in any direction, and stay there."""

    needs_clips: ClassVar[bool] = False

    distance: Range = (1.0, 1.0)
    """Smallest and largest distance of the target from the start, m."""
    near: float = 0.05
    """Distance of the root from the target at which it is reached, m."""
    seconds: float = 8.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        _require_range("distance", self.distance, 0.0, 100.0, "m")
        require_senses(self.senses)
        if not 0 < self.near <= 1 or not 0 < self.seconds <= 600:
            raise InputError(
                f"task near is {self.near:g} m and seconds {self.seconds:g}; expected near in (0, 1] and "
                "seconds in (0, 600]"
            )

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "GoTo":
        """The task on a body in an arena."""
        from rodent.tasks.go_to import GoTo

        return GoTo(scene, CONTROL_STEP, self)


@dataclasses.dataclass(frozen=True)
class RearConfig:
    """Rear on a cue: lift the head above a height, keep it there, and come down again."""

    needs_clips: ClassVar[bool] = False

    height: float = 0.14
    """Height that the head must pass, m; 0.14 on a body of scale 0.9."""
    hold: float = 1.0
    """Time for which it must stay above it, s."""
    low: float = 0.09
    """Height below which the head must come down again, m."""
    cue: Range = (1.0, 3.0)
    """Earliest and latest time of the cue, s; it ends once the animal has reared."""
    seconds: float = 8.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        require_senses(self.senses)
        _require_range("cue", self.cue, 0.0, 600.0, "s")
        if not 0 < self.low < self.height <= 1:
            raise InputError(
                f"task low and height are {self.low:g} and {self.height:g} m; expected 0 < low < height <= 1"
            )
        if not 0 < self.hold < self.seconds - self.cue[1] or not self.seconds <= 600:
            raise InputError(
                f"task hold is {self.hold:g} s, the last cue at {self.cue[1]:g} s, seconds {self.seconds:g}; "
                "expected 0 < hold < seconds - the last cue, and seconds <= 600"
            )

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Rear":
        """The task on a body in an arena."""
        from rodent.tasks.rear import Rear

        return Rear(scene, CONTROL_STEP, self)


@dataclasses.dataclass(frozen=True)
class ForageConfig:
    """Forage in an open field: go from target to target; one that is reached vanishes and another appears."""

    needs_clips: ClassVar[bool] = False

    goal: Literal["vectors", "vision"] = "vectors"
    """How targets are observed. `vectors`: where the nearest are; `vision`: as red posts in the images of
    both eyes."""
    eyes: EyesConfig = dataclasses.field(default_factory=EyesConfig)
    """The eyes, for vision."""
    targets: int = 5
    """Number of targets in the field."""
    seen: int = 3
    """Number of targets whose vectors are observed, the nearest."""
    side: float = 2.0
    """Side of the square around the start in which targets appear, m."""
    near: float = 0.05
    """Distance of the root from a target at which it is reached, m."""
    oracle_speed: float = 0.4
    """Speed of the point that the animal is compared with, which goes to the nearest target, m/s."""
    oracle_turn: float = 1.0
    """Largest turning rate of that point, rad/s."""
    seconds: float = 20.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        require_senses(self.senses)
        if self.goal not in ("vectors", "vision"):
            raise unknown("goal", str(self.goal), ("vectors", "vision"))
        if not 1 <= self.seen <= self.targets <= 100:
            raise InputError(
                f"task seen and targets are {self.seen} and {self.targets}; expected 1 <= seen <= targets <= "
                "100"
            )
        if not 0 < self.near < self.side / 2 <= 50 or not 0 < self.seconds <= 600:
            raise InputError(
                f"task near and side are {self.near:g} and {self.side:g} m, seconds {self.seconds:g}; "
                "expected near in (0, side / 2), side of at most 100, and seconds in (0, 600]"
            )
        require_oracle(self.oracle_speed, self.oracle_turn)

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Forage":
        """The task on a body in an arena."""
        from rodent.tasks.forage import Forage

        return Forage(scene, CONTROL_STEP, self)
