"""Spectra of joint velocities of both sides as in their files, which show how each was smoothed."""

import dataclasses

import numpy as np

from analysis.motion import MotionSet

_SECONDS = 2.0  # of the pieces of which spectra are averaged
_PART = 0.95


@dataclasses.dataclass(frozen=True, eq=False)
class Spectrum:
    """Mean spectrum of the joints.

    Attributes:
        frequency: Hz, shape (n,).
        power: of joint velocities, (rad/s)²/Hz, shape (n,).
    """

    frequency: np.ndarray
    power: np.ndarray

    @property
    def bandwidth(self) -> float:
        """Frequency below which 95 % of the power is, Hz."""
        total = np.cumsum(self.power)
        return float(self.frequency[np.searchsorted(total, _PART * total[-1])])


def spectrum_of(side: MotionSet, joints: np.ndarray) -> Spectrum:
    """The mean spectrum of the velocities of joints of a side, by Welch's method.

    Args:
        side: as in its file.
        joints: which to average, bool, shape (joints,).
    """
    from scipy.signal import welch

    length = min(round(_SECONDS * side.fps), max(len(one.qpos) for one in side.motions) - 1)
    long = [one for one in side.motions if len(one.qpos) > length]
    speeds = [np.diff(one.qpos[:, 7:][:, joints], axis=0) * side.fps for one in long]
    powers = [welch(one, side.fps, nperseg=length, axis=0)[1].mean(1) for one in speeds]
    weights = [len(one.qpos) for one in long]
    frequency = np.fft.rfftfreq(length, 1 / side.fps)
    return Spectrum(frequency, np.average(powers, axis=0, weights=weights))
