"""Playback of a source: motion, time and speed; the logic behind the controls."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from rodent.errors import unknown
from rodent.view.interventions import Say, silent
from rodent.view.motion import Moment, Motion, Source

SPEEDS = {"1/10": 0.1, "1/4": 0.25, "1/2": 0.5, "1": 1.0, "2": 2.0}
"""Speeds of playback."""

_LONGEST = 0.1  # longest time step in seconds: a slow machine shows slow motion instead of jumps
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
    """Playback of one motion of a source.

    Attributes:
        source: the source.
        motion: the current motion.
        clock: the time in this motion.
    """

    def __init__(self, source: Source):
        self.source = source
        self.clock = Clock()
        self.motion: Motion
        self.choose(next(iter(source.motions)))

    def choose(self, name: str) -> None:
        """Choose another motion and start at its first frame.

        Raises:
            InputError: there is no motion of this name.
        """
        if name not in self.source.motions:
            raise unknown("clip", name, self.source.motions)
        self.motion = self.source.motions[name]()
        self.seek(0.0)

    def seek(self, seconds: float) -> None:
        """Go to a time, within the motion."""
        self._tick(time=min(max(seconds, 0.0), (self.motion.n_frames - 1) / self.motion.fps))

    def play(self, playing: bool) -> None:
        """Play or pause."""
        self._tick(playing=playing)

    def set_speed(self, speed: float) -> None:
        """Set the speed of playback."""
        self._tick(speed=speed)

    def restart(self) -> None:
        """Start again; a live policy starts a new rollout."""
        self.motion.rewind()
        self.seek(0.0)

    def push(self, direction: str, impulse: float) -> None:
        """Push the rat of a live motion, newton seconds; a recorded motion does not change.

        Playback jumps to the latest simulated frame.
        """
        if isinstance(self.motion, Pushable):
            self.motion.push(direction, impulse)
            self.seek(self.motion.played / self.motion.fps)

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
            self.seek(self.motion.played / self.motion.fps)

    def advance(self, seconds: float) -> None:
        """Advance the time by seconds of playback."""
        before = self.clock
        self.clock = before.after(min(seconds, _LONGEST), self.motion.n_frames / self.motion.fps)
        if self.clock.time < before.time:
            self.motion.rewind()

    @property
    def frame(self) -> int:
        """Index of the current frame."""
        return self.clock.frame(self.motion.fps, self.motion.n_frames)

    @property
    def moment(self) -> Moment:
        """The current frame."""
        return self.motion.at(self.frame)

    def _tick(self, **changes: float) -> None:
        self.clock = dataclasses.replace(self.clock, **changes)


def glide(at: np.ndarray, to: np.ndarray, seconds: float) -> np.ndarray:
    """The position after exponential smoothing from `at` towards `to` for some seconds."""
    return to + (at - to) * np.exp(-seconds / _GLIDE)
