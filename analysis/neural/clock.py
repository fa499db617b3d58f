"""Two clocks: that of a recording, which starts at 0 with its first frame, and that of the spikes.

    clock = Clock(offset=12.5, rate=1.00002)
    clock.on_spikes(60.0)                           # 72.5012, seconds of the spikes' clock
    clock.on_recording(72.5012)                     # 60.0

Both are what the experimenter says they are; `analysis.neural.drift` tests them against
behavior that both files have.
"""

import dataclasses
import math
from typing import overload

import numpy as np

from rodent.errors import InputError

RATES = (0.9, 1.1)
"""Rates that are believed: quartz clocks part by less than 1e-4, and a wrong frame rate by more."""


@dataclasses.dataclass(frozen=True)
class Clock:
    """Spikes' time = offset + rate * recording's time.

    Attributes:
        offset: the spikes' time at the first frame of the recording, seconds; None where nobody
            said, for the same start.
        rate: seconds of the spikes' clock that pass in one of the recording's.
    """

    offset: float | None = None
    rate: float = 1.0

    def __post_init__(self) -> None:
        if self.offset is not None and not math.isfinite(self.offset):
            raise InputError(f"an offset of {self.offset} s makes no sense; it must be finite")
        if not RATES[0] <= self.rate <= RATES[1]:
            raise InputError(
                f"a rate of {self.rate:g} makes no sense; it is seconds of the spikes' clock in a second "
                f"of the recording's and must lie in [{RATES[0]:g}, {RATES[1]:g}]"
            )

    @property
    def start(self) -> float:
        """The spikes' time at the first frame, seconds."""
        return self.offset or 0.0

    @overload
    def on_spikes(self, seconds: float) -> float: ...
    @overload
    def on_spikes(self, seconds: np.ndarray) -> np.ndarray: ...
    def on_spikes(self, seconds: float | np.ndarray) -> float | np.ndarray:
        """Times of the recording on the spikes' clock, seconds."""
        return self.start + self.rate * seconds

    @overload
    def on_recording(self, seconds: float) -> float: ...
    @overload
    def on_recording(self, seconds: np.ndarray) -> np.ndarray: ...
    def on_recording(self, seconds: float | np.ndarray) -> float | np.ndarray:
        """Times of the spikes' clock on the recording's, seconds."""
        return (seconds - self.start) / self.rate
