"""Calcium of neurons as their file's samples, put on the bins of a recording.

    signals = Signals(path, read_signals(array, "day.npz: signals"), names, bin_seconds)
    signals.on_bins(n_bins=9000, bin_seconds=0.0625, clock=Clock()).counts      # means, (bins, neurons)

Such as dF/F or deconvolved activity: real numbers, which may be negative. What is asked of spikes alone, such
as bits per spike, refuses them (`analysis.neural.read.read_session`).
"""

import dataclasses
from typing import Any, ClassVar

import numpy as np

from analysis.neural.clock import Clock
from analysis.neural.spikes import BinnedSpikes, SpikeCounts
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Signals(SpikeCounts):
    """Like counts, `counts` being real numbers, of which a longer bin has the mean and not the sum."""

    kind: ClassVar[type] = np.float64

    def on_bins(self, n_bins: int, bin_seconds: float, clock: Clock) -> BinnedSpikes:
        """The mean signal in the bins of a recording; see `SpikeCounts.on_bins`."""
        found = super().on_bins(n_bins, bin_seconds, clock)
        return dataclasses.replace(found, counts=found.counts / round(bin_seconds / self.bin_seconds))


def read_signals(signals: Any, what: str) -> np.ndarray:
    """Real numbers, float64, shape (bins, neurons).

    Args:
        signals: an array.
        what: its file and name, for messages.

    Raises:
        InputError: not of two dimensions, no real numbers, or not finite.
    """
    if signals.dtype.kind not in "iuf":
        raise InputError(f"{what} has type {signals.dtype}; real numbers are expected")
    if signals.ndim != 2 or 0 in signals.shape:
        raise InputError(f"{what} has shape {signals.shape}; (bins, neurons) is expected")
    bad = np.argwhere(~np.isfinite(signals))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise InputError(
            f"{what}[{row}, {column}] is {signals[row, column]:g}; signals must be finite: fill the gap, or "
            "leave out neurons and bins without data"
        )
    return signals.astype(np.float64)
