"""Watching a source: which motion, at what time, how fast; the logic behind the controls."""

import dataclasses
from typing import Protocol, runtime_checkable

import numpy as np

from rodent.errors import unknown
from rodent.view.motion import Moment, Motion, Source

SPEEDS = {"1/10": 0.1, "1/4": 0.25, "1/2": 0.5, "1": 1.0, "2": 2.0}
"""How fast a motion can be watched."""

_LONGEST = 0.1  # seconds that pass at once, at most: a slow machine shows slow motion, not jumps
_GLIDE = 0.25  # seconds in which the camera makes up for 63 % of its distance to the rat


@dataclasses.dataclass(frozen=True)
class Clock:
    """Time in a motion."""

    time: float = 0.0
    """Seconds from its first frame."""
    playing: bool = True
    speed: float = 1.0
    """Seconds of motion per second of watching."""

    def after(self, seconds: float, duration: float) -> "Clock":
        """The clock some seconds of watching later; a motion that is over begins again.

        >>> Clock(speed=0.5).after(1.0, duration=3.0).time
        0.5
        >>> Clock(time=2.5).after(1.0, duration=3.0).time
        0.0
        """
        time = self.time + seconds * self.speed * self.playing
        return dataclasses.replace(self, time=time if time < duration else 0.0)

    def frame(self, fps: float, n_frames: int) -> int:
        """Which of a motion's frames is shown."""
        # a hair of tolerance, or frame 3 of 10 Hz would not begin at 0.3 s
        return min(max(int(self.time * fps + 1e-6), 0), n_frames - 1)


@runtime_checkable
class Pushable(Protocol):
    """A motion that happens now and can be disturbed."""

    @property
    def played(self) -> int:
        """Frames that have happened."""
        ...

    @property
    def directions(self) -> tuple[str, ...]:
        """Ways to push it."""
        ...

    def push(self, direction: str, impulse: float) -> None:
        """Give the trunk an impulse, newton seconds, in the control step that comes next."""
        ...


class Session:
    """One motion of a source being watched.

    Attributes:
        source: what there is to watch.
        motion: what is being watched.
        clock: the time in it.
    """

    def __init__(self, source: Source):
        self.source = source
        self.clock = Clock()
        self.motion: Motion
        self.choose(next(iter(source.motions)))

    def choose(self, name: str) -> None:
        """Watch another motion, from its first frame.

        Raises:
            InputError: there is none of this name.
        """
        if name not in self.source.motions:
            raise unknown("clip", name, self.source.motions)
        self.motion = self.source.motions[name]()
        self.seek(0.0)

    def seek(self, seconds: float) -> None:
        """Go to a time, within the motion."""
        self._tick(time=min(max(seconds, 0.0), (self.motion.n_frames - 1) / self.motion.fps))

    def play(self, playing: bool) -> None:
        """Go on, or hold still."""
        self._tick(playing=playing)

    def set_speed(self, speed: float) -> None:
        """Watch faster or slower."""
        self._tick(speed=speed)

    def restart(self) -> None:
        """Begin again: a policy tries anew."""
        self.motion.rewind()
        self.seek(0.0)

    def push(self, direction: str, impulse: float) -> None:
        """Push a rat that moves now, newton seconds; of one that was recorded nothing changes.

        What was watched again of a policy's past is left for its present.
        """
        if isinstance(self.motion, Pushable):
            self.motion.push(direction, impulse)
            self.seek(self.motion.played / self.motion.fps)

    def advance(self, seconds: float) -> None:
        """Let seconds of watching pass."""
        before = self.clock
        self.clock = before.after(min(seconds, _LONGEST), self.motion.n_frames / self.motion.fps)
        if self.clock.time < before.time:
            self.motion.rewind()

    @property
    def frame(self) -> int:
        """The frame that is shown."""
        return self.clock.frame(self.motion.fps, self.motion.n_frames)

    @property
    def moment(self) -> Moment:
        """What is shown."""
        return self.motion.at(self.frame)

    def _tick(self, **changes: float) -> None:
        self.clock = dataclasses.replace(self.clock, **changes)


def glide(at: np.ndarray, to: np.ndarray, seconds: float) -> np.ndarray:
    """Where something is that was `at` a place and follows what is at `to`, some seconds later."""
    return to + (at - to) * np.exp(-seconds / _GLIDE)
