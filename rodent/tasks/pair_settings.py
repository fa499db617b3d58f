"""Settings of tasks of two presses or touches a time apart. Light to import."""

import dataclasses
import math
from typing import TYPE_CHECKING, ClassVar

from rodent.errors import InputError
from rodent.parts import USUAL_SENSES
from rodent.tasks.goal_settings import CONTROL_STEP, Range, require_senses

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet
    from rodent.scene import Scene
    from rodent.tasks.lever import Lever
    from rodent.tasks.two_tap import TwoTap


@dataclasses.dataclass(frozen=True)
class PairConfig:
    """Two presses or touches, a time apart; the settings that such tasks share."""

    needs_clips: ClassVar[bool] = False

    interval: float = 0.7
    """Time from the first to the second, s."""
    tolerance: float = 0.07
    """How far an interval may be off to be rewarded in full, s."""
    longest: float = 2.0
    """Time after the first at which a trial without a second ends, s."""
    pause: float = 0.5
    """Time without a press or touch before the next trial, s."""
    clock: bool = True
    """Whether the policy observes the time since the first; without it, only a network with memory, such as
    an LSTM, can time."""
    seconds: float = 20.0
    """Duration of an episode, s."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        require_senses(self.senses)
        if not 0 < self.tolerance < self.interval < self.longest <= self.seconds <= 600:
            raise InputError(
                f"task tolerance, interval, longest and seconds are {self.tolerance:g}, {self.interval:g}, "
                f"{self.longest:g} and {self.seconds:g} s; expected 0 < tolerance < interval < longest <= "
                "seconds <= 600"
            )
        if not CONTROL_STEP <= self.pause <= self.seconds:
            raise InputError(
                f"task pause is {self.pause:g} s; expected {CONTROL_STEP:g} to {self.seconds:g}, the "
                "duration of an episode"
            )


@dataclasses.dataclass(frozen=True)
class LeverConfig(PairConfig):
    """Press a lever twice, 700 ms apart; in the arena `lever`."""

    usual_arena: ClassVar[str] = "lever"
    kind: ClassVar[str] = "press"

    press: float = 0.006
    """Depth at which the lever is pressed, m; it is released at half of that."""
    reach: float = 0.03
    """Distance of a fore paw from the centre of the pad within which the press is by the paw, m."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.press > 0 or not self.reach > 0:
            raise InputError(
                f"task press and reach are {self.press:g} and {self.reach:g} m; they must be positive"
            )

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Lever":
        """The task on a body in the arena `lever`.

        Raises:
            InputError: the arena has no lever, or the press is deeper than its travel.
        """
        from rodent.tasks.lever import Lever, require_lever

        require_lever(scene, self.press)
        return Lever(scene, CONTROL_STEP, self)


@dataclasses.dataclass(frozen=True)
class TwoTapConfig(PairConfig):
    """Touch an orb twice with a fore paw, 0.8 s apart; then a new orb appears."""

    kind: ClassVar[str] = "tap"

    interval: float = 0.8
    """Time from the first touch to the second, s."""
    tolerance: float = 0.1
    """How far an interval may be off to be rewarded, s."""
    longest: float = 1.2
    """Time after the first touch at which a trial without a second ends, s."""
    distance: Range = (0.1, 0.3)
    """Smallest and largest distance of an orb from the start, m."""
    direction: Range = (-math.pi, math.pi)
    """Smallest and largest direction of an orb from the start, to the left of where the animal faces, rad."""
    height: float = 0.14
    """Height of an orb, m."""
    radius: float = 0.02
    """Distance of a fore paw from the centre of the orb at which it is touched, m; it is left at one and a
    half times that."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, low, high in (("distance", 0.0, 100.0), ("direction", -math.pi, math.pi)):
            smallest, largest = getattr(self, name)
            if not low <= smallest <= largest <= high:
                raise InputError(
                    f"task {name} is {smallest:g} to {largest:g}; expected {low:g} <= smallest <= largest <= "
                    f"{high:g}"
                )
        if not 0 < self.height <= 1 or not 0 < self.radius <= 1:
            raise InputError(
                f"task height and radius are {self.height:g} and {self.radius:g} m; expected both in (0, 1]"
            )

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "TwoTap":
        """The task on a body in an arena."""
        from rodent.tasks.two_tap import TwoTap

        return TwoTap(scene, CONTROL_STEP, self)
