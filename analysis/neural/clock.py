"""Two clocks: that of a recording, which starts at 0 with its first frame, and that of the spikes.

    clock = Clock(offset=12.5, rate=1.00002)
    clock.on_spikes(60.0)                           # 72.5012, seconds of the spikes' clock
    clock.on_recording(72.5012)                     # 60.0

A recording of pieces of a session has a start for each. On its own clock they follow one another
without gaps:

    clock = Clock.in_pieces(starts=(0.0, 612.4), seconds=(300.0, 240.0))
    clock.on_spikes(301.0)                          # 613.4, a second into the second piece
    clock.on_recording(500.0)                       # NaN, between the pieces

Both clocks are what the experimenter says they are; `analysis.neural.drift` tests them against
behavior that both files have.
"""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import overload

import numpy as np

from rodent.errors import InputError

RATES = (0.9, 1.1)
"""Rates that are believed: quartz clocks part by less than 1e-4, and a wrong frame rate by more."""

_SAME = 1e-6  # seconds; a time that is the edge of a piece but for rounding lies after it
_ROUNDED = (
    2e-3  # seconds by which a piece may seem to start too early, as starts are given to the millisecond
)


@dataclasses.dataclass(frozen=True)
class Clock:
    """Spikes' time = offset + rate * recording's time, in each piece of a recording.

    Attributes:
        offset: the spikes' time at the first frame of the recording, seconds; None where nobody
            said, for the same start.
        rate: seconds of the spikes' clock that pass in one of the recording's.
        later: for each further piece of the recording, the time of its first frame on the recording's
            clock and on that of the spikes, seconds; see `in_pieces`.
    """

    offset: float | None = None
    rate: float = 1.0
    later: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for start in (self.offset or 0.0, *(start for _, start in self.later)):
            if not math.isfinite(start):
                what = "a start" if self.later else "an offset"
                raise InputError(f"{what} of {start} s makes no sense; it must be finite")
        if not RATES[0] <= self.rate <= RATES[1]:
            raise InputError(
                f"a rate of {self.rate:g} makes no sense; it is seconds of the spikes' clock in a second "
                f"of the recording's and must lie in [{RATES[0]:g}, {RATES[1]:g}]"
            )

    @classmethod
    def in_pieces(
        cls,
        starts: Sequence[float],
        seconds: Sequence[float],
        rate: float = 1.0,
        names: Sequence[str] | None = None,
    ) -> "Clock":
        """The clock of a recording of several pieces of a session, in the order of the session.

        Args:
            starts: the spikes' time at the first frame of each piece, seconds.
            seconds: how long each piece lasts on the recording's clock.
            rate: seconds of the spikes' clock that pass in one of the recording's.
            names: what messages call the pieces; their numbers if not given.

        Raises:
            InputError: a start is not finite, or a piece starts before the one before it has ended.
        """
        begins = np.cumsum([0.0, *seconds[:-1]]).tolist()
        clock = cls(starts[0], rate, tuple(zip(begins[1:], starts[1:], strict=True)))
        names = names or [f"piece {i}" for i in range(1, len(starts) + 1)]
        spans = clock.spans(sum(seconds))
        for i, ((_, end), (start, _)) in enumerate(itertools.pairwise(spans)):
            if start < end - _ROUNDED:
                raise InputError(
                    f"{names[i + 1]} starts at {start:g} s, before {names[i]} has ended, at {end:g} s of the "
                    "spikes' clock; pieces stand in the order of the session and do not overlap"
                )
        return clock

    @property
    def start(self) -> float:
        """The spikes' time at the first frame, seconds."""
        return self.offset or 0.0

    @property
    def pieces(self) -> tuple["Clock", ...]:
        """The clock of each piece, as if it were a recording by itself."""
        if not self.later:
            return (self,)
        return tuple(Clock(start, self.rate) for start in self._pieces[1].tolist())

    def spans(self, seconds: float) -> list[tuple[float, float]]:
        """When each piece of a recording of so many seconds starts and ends on the spikes' clock."""
        begins, starts = self._pieces
        ends = starts + self.rate * np.diff(begins, append=seconds)
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def since_start(self, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pieces that times of the recording lie in.

        Returns:
            the spikes' time at the start of the piece; the recording's seconds since; each of the shape
            given.
        """
        begins, starts = self._pieces
        piece = np.maximum(np.searchsorted(begins, seconds + _SAME, side="right") - 1, 0)
        return starts[piece], seconds - begins[piece]

    @overload
    def on_spikes(self, seconds: float) -> float: ...
    @overload
    def on_spikes(self, seconds: np.ndarray) -> np.ndarray: ...
    def on_spikes(self, seconds: float | np.ndarray) -> float | np.ndarray:
        """Times of the recording on the spikes' clock, seconds."""
        start, since = self.since_start(np.asarray(seconds))
        return start + self.rate * since

    @overload
    def on_recording(self, seconds: float) -> float: ...
    @overload
    def on_recording(self, seconds: np.ndarray) -> np.ndarray: ...
    def on_recording(self, seconds: float | np.ndarray) -> float | np.ndarray:
        """Times of the spikes' clock on the recording's, seconds; NaN between pieces."""
        begins, starts = self._pieces
        piece = np.maximum(np.searchsorted(starts, np.asarray(seconds) + _SAME, side="right") - 1, 0)
        there = begins[piece] + (seconds - starts[piece]) / self.rate
        # after the last piece the recording's clock runs on
        ends = np.append(begins[1:], np.inf)[piece]
        return np.where(there < ends - _SAME, there, np.nan)[()]

    @property
    def _pieces(self) -> tuple[np.ndarray, np.ndarray]:
        """First frames of the pieces on the clocks of the recording and of the spikes, seconds."""
        begins, starts = zip((0.0, self.start), *self.later, strict=True)
        return np.array(begins), np.array(starts)
