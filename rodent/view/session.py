"""Playback of a source: motion, time and speed; the logic behind the controls."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from rodent.errors import InputError, unknown
from rodent.tasks.task import CommandRange
from rodent.view.interventions import Say, silent
from rodent.view.motion import Moment, Motion, Source

SPEEDS = {"1/10": 0.1, "1/4": 0.25, "1/2": 0.5, "1": 1.0, "2": 2.0}
"""Speeds of playback."""

_LONGEST = 0.1  # longest time step in seconds: a slow machine shows slow motion instead of jumps
_SEEN = 0.3  # seconds for which a push is shown
_GLIDE = 0.25  # time constant in seconds with which the camera follows the rat


@dataclasses.dataclass(frozen=True)
class Clock:
    """Time in a motion."""

    time: float = 0.0
    """Seconds from its first frame."""
    playing: bool = True
    speed: float = 1.0
    """Seconds of motion per second of playback."""

    def after(self, seconds: float, duration: float) -> "Clock":
        """The clock after some seconds of playback; after its end, a motion restarts.

        >>> Clock(speed=0.5).after(1.0, duration=3.0).time
        0.5
        >>> Clock(time=2.5).after(1.0, duration=3.0).time
        0.0
        """
        time = self.time + seconds * self.speed * self.playing
        return dataclasses.replace(self, time=time if time < duration else 0.0)

    def frame(self, fps: float, n_frames: int) -> int:
        """Index of the current frame."""
        # a tolerance for rounding errors, so that frame 3 of 10 Hz starts at 0.3 s
        return min(max(int(self.time * fps + 1e-6), 0), n_frames - 1)


@runtime_checkable
class Pushable(Protocol):
    """A live motion that can be perturbed."""

    @property
    def played(self) -> int:
        """Number of simulated frames."""
        ...

    @property
    def directions(self) -> tuple[str, ...]:
        """Names of directions of pushes."""
        ...

    def push(self, direction: str, impulse: float) -> None:
        """Apply an impulse to the trunk in the next control step, newton seconds."""
        ...

    def pull(self, force: np.ndarray) -> None:
        """Apply a force to the trunk from now on, newtons, shape (3,); zero ends it."""
        ...


@runtime_checkable
class Commandable(Pushable, Protocol):
    """A live motion that takes commands, such as a speed."""

    @property
    def commands(self) -> Mapping[str, CommandRange]:
        """What can be commanded, by name; empty where nothing can."""
        ...

    def command(self, values: Sequence[float]) -> None:
        """Command the values, in the order of `commands`, until the motion starts again."""
        ...


@runtime_checkable
class Intervenable(Pushable, Protocol):
    """A live motion whose network can be changed."""

    @property
    def sites(self) -> tuple[str, ...]:
        """On which interventions can act."""
        ...

    @property
    def interventions(self) -> tuple[str, ...]:
        """Texts of the interventions that are on."""
        ...

    def changed(self, frame: int) -> int:
        """How many values the interventions of a simulated frame have changed up to it."""
        ...

    def intervene(self, texts: Sequence[str], say: Say = silent) -> None:
        """Put interventions on, in the place of those before; none take these off."""
        ...


class Session:
    """Playback of one motion, or of the motions of one name in several sources, beside each other.

    Args:
        sources: what to show; a motion can be chosen if all of them have it.

    Attributes:
        sources: the sources.
        names: of the motions to choose from.
        motions: the current ones, one of each source.
        clock: the time in them.

    Raises:
        InputError: no motion is in all sources.
    """

    def __init__(self, *sources: Source):
        self.sources = sources
        self.names = tuple(name for name in sources[0].motions if all(name in one.motions for one in sources))
        if not self.names:
            raise InputError(
                f"{' and '.join(one.name for one in sources)} have no rollout or clip of the same name; "
                f"the first has {', '.join(list(sources[0].motions)[:3])}"
            )
        self.clock = Clock()
        self.motions: tuple[Motion, ...] = ()
        self.choose(self.names[0])

    @property
    def motion(self) -> Motion:
        """The motion of the first source, which is a live one where there is one."""
        return self.motions[0]

    @property
    def duration(self) -> float:
        """Of the longest motion, s."""
        return max(motion.n_frames / motion.fps for motion in self.motions)

    def choose(self, name: str) -> None:
        """Choose another motion and start at its first frame.

        Raises:
            InputError: there is no motion of this name.
        """
        if name not in self.names:
            raise unknown("clip", name, self.names)
        self.motions = tuple(one.motions[name]() for one in self.sources)
        self.seek(0.0)

    def seek(self, seconds: float) -> None:
        """Go to a time, within the motion."""
        last = max((motion.n_frames - 1) / motion.fps for motion in self.motions)
        self._tick(time=min(max(seconds, 0.0), last))

    def play(self, playing: bool) -> None:
        """Play or pause."""
        self._tick(playing=playing)

    def set_speed(self, speed: float) -> None:
        """Set the speed of playback."""
        self._tick(speed=speed)

    def restart(self) -> None:
        """Start again; a live policy starts a new rollout."""
        self._rewind()
        self.seek(0.0)

    def push(self, direction: str, impulse: float) -> None:
        """Push the rat of a live motion, newton seconds; a recorded motion does not change.

        Playback jumps to the latest simulated frame.
        """
        if isinstance(self.motion, Pushable):
            self.motion.push(direction, impulse)
            self._go_to_present(self.motion)

    def pull(self, force: np.ndarray) -> None:
        """Pull the trunk of the rat of a live motion from now on, newtons, shape (3,); zero ends it.

        Playback jumps to the latest simulated frame. A recorded motion does not change.
        """
        if isinstance(self.motion, Pushable):
            self.motion.pull(force)
            self._go_to_present(self.motion)

    def command(self, values: Sequence[float]) -> None:
        """Command a live motion, in the order of its `commands`; playback jumps to the latest frame."""
        if isinstance(self.motion, Commandable):
            self.motion.command(values)
            self._go_to_present(self.motion)

    def intervene(self, texts: Sequence[str], say: Say = silent) -> None:
        """Put interventions on a live motion, in the place of those before; none take these off.

        Playback jumps to the latest simulated frame. A recorded motion does not change.

        Args:
            texts: of the interventions, see `rodent.intervention.language`.
            say: called with what takes some seconds.

        Raises:
            InputError: one is not understood, or makes no sense for the policy; nothing changes.
        """
        if isinstance(self.motion, Intervenable):
            self.motion.intervene(texts, say)
            self._go_to_present(self.motion)

    def advance(self, seconds: float) -> None:
        """Advance the time by seconds of playback."""
        before = self.clock
        self.clock = before.after(min(seconds, _LONGEST), self.duration)
        if self.clock.time < before.time:
            self._rewind()

    @property
    def frame(self) -> int:
        """Index of the current frame of the first motion."""
        return self._frame(self.motion)

    @property
    def moment(self) -> Moment:
        """The current frame of the first motion."""
        return self.moments[0]

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The current frame of every motion; one that is over stays at its last frame."""
        return tuple(motion.at(self._frame(motion)) for motion in self.motions)

    def force(self) -> np.ndarray | None:
        """The last force on the trunk within the past moments, so that a short push can be seen; newtons."""
        if not isinstance(self.motion, Pushable):
            return None
        first = max(0, self.frame - round(_SEEN * self.motion.fps))
        past = (self.motion.at(frame).force for frame in range(self.frame, first - 1, -1))
        return next((force for force in past if force is not None), None)

    def _frame(self, motion: Motion) -> int:
        return self.clock.frame(motion.fps, motion.n_frames)

    def _go_to_present(self, motion: Pushable) -> None:
        self.seek(motion.played / self.motion.fps)

    def _rewind(self) -> None:
        for motion in self.motions:
            motion.rewind()

    def _tick(self, **changes: float) -> None:
        self.clock = dataclasses.replace(self.clock, **changes)


def glide(at: np.ndarray, to: np.ndarray, seconds: float) -> np.ndarray:
    """The position after exponential smoothing from `at` towards `to` for some seconds."""
    return to + (at - to) * np.exp(-seconds / _GLIDE)
