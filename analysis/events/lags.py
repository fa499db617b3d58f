"""The bins of a window around an event."""

import dataclasses
import functools

import numpy as np

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Lags:
    """Bins of equal length, of which one begins with the event.

    Attributes:
        first: bins before the event.
        n: bins in all.
        bin_seconds: length of a bin, seconds.
    """

    first: int
    n: int
    bin_seconds: float

    @classmethod
    def of(cls, window: tuple[float, float], bin_seconds: float) -> "Lags":
        """Those of a window, seconds, rounded to whole bins.

        Raises:
            InputError: it has fewer than three bins.
        """
        first, last = (round(edge / bin_seconds) for edge in window)
        if last - first < 3:
            raise InputError(
                f"a window from {window[0]:g} to {window[1]:g} s has {last - first} bins of {bin_seconds:g} "
                "s, too few; take a longer window or shorter bins"
            )
        return cls(-first, last - first, bin_seconds)

    @property
    def window(self) -> tuple[float, float]:
        """Where the first bin begins and the last one ends, seconds from the event."""
        return -self.first * self.bin_seconds, (self.n - self.first) * self.bin_seconds

    @functools.cached_property
    def middles(self) -> np.ndarray:
        """Of the bins, seconds from the event, shape (n,)."""
        return (np.arange(self.n) - self.first + 0.5) * self.bin_seconds

    def within(self, part: tuple[float, float], what: str) -> np.ndarray:
        """Bins whose middle lies in a part of the window, seconds, bool, shape (n,).

        Raises:
            InputError: there is none.
        """
        inside = (self.middles > part[0]) & (self.middles < part[1])
        if not inside.any():
            raise InputError(
                f"the {what} from {part[0]:g} to {part[1]:g} s holds no bin of {self.bin_seconds:g} s; "
                "take a longer one or shorter bins"
            )
        return inside

    def smoother(self, seconds: float) -> np.ndarray:
        """Weights of a Gaussian window of this standard deviation, seconds, shape (n, n).

        Row i holds the weights of bin i. Each row sums to 1, so that rates at the ends of the window are
        means over what is there.
        """
        if seconds <= 0:
            return np.eye(self.n)
        apart = (self.middles[:, None] - self.middles) / seconds
        weights = np.exp(-0.5 * apart**2)
        return weights / weights.sum(1, keepdims=True)
