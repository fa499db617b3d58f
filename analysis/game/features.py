"""Summary statistics of windows of motion, in named groups.

    table = motion_features(signals, frames, fps, joint_names, lowpass)
    table.values, table.groups          # (windows, features), a group for each feature

| group | statistics |
|---|---|
| `pose/PART` | mean angle of each joint of a body part |
| `variability/PART` | logarithm of its standard deviation |
| `speed/PART` | logarithm of the root mean square of its velocity |
| `spectrum/LOW-HIGH Hz` | logarithm of the power of joint velocities: mean and largest joint of each part |
| `trunk/NAME` | mean and standard deviation of height, pitch, roll, speeds and turning |
| `paws/contact`, `paws/height`, `paws/sliding` | fraction of time on the floor, heights, speed in stance |
| `gait/steps`, `gait/coordination` | touchdowns per second; correlation of the heights of pairs of paws |
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from analysis.game.signals import TRUNK, Signals
from analysis.twin.body_plan import part_of

BANDS = (1.0, 3.0, 6.0, 9.0, 12.0, 15.0, 20.0)
"""Borders of the bands of the spectrum, Hz."""
_PAIRS = ((0, 3), (1, 2), (0, 1), (2, 3))  # of paws: the two diagonals, the fore paws, the hind paws
_ANGLE, _SPEED, _POWER = 1e-3, 1e-2, 1e-4  # rad, rad/s, (rad/s)²/Hz: less is not resolved by tracking
_SLIDING = 1e-3  # m/s, as well


@dataclasses.dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of windows.

    Attributes:
        values: shape (windows, features).
        groups: name of the group of each feature.
    """

    values: np.ndarray
    groups: tuple[str, ...]


def motion_features(
    signals: Signals, frames: int, fps: float, joint_names: Sequence[str], lowpass: float
) -> FeatureTable:
    """Features of the windows that fill a motion, from its first frame on.

    Args:
        signals: of the motion.
        frames: of a window.
        fps: frames per second.
        joint_names: of the joints.
        lowpass: highest frequency of the spectrum, Hz.
    """
    parts = [part_of(name, name) for name in joint_names]
    joints, speeds = in_windows(signals.joints, frames), in_windows(signals.speeds, frames)
    blocks: list[tuple[Sequence[str], np.ndarray]] = [
        ([f"pose/{part}" for part in parts], joints.mean(1)),
        ([f"variability/{part}" for part in parts], np.log(joints.std(1) + _ANGLE)),
        ([f"speed/{part}" for part in parts], np.log(np.sqrt(np.square(speeds).mean(1)) + _SPEED)),
        *_spectrum(speeds, parts, fps, lowpass),
        *_trunk(in_windows(signals.trunk, frames)),
        *_paws(signals, frames, fps),
    ]
    groups = tuple(name for names, _ in blocks for name in names)
    return FeatureTable(np.concatenate([values for _, values in blocks], axis=1), groups)


def in_windows(values: np.ndarray, frames: int) -> np.ndarray:
    """Frames as windows without overlap, shape (windows, frames, ...); what fills none is left out."""
    n = len(values) // frames
    return values[: n * frames].reshape(n, frames, *values.shape[1:])


def bands_of(fps: float, frames: int, lowpass: float) -> list[tuple[str, np.ndarray]]:
    """Names of the bands of the spectrum of a window, and the frequencies in each, bool."""
    frequency = np.fft.rfftfreq(frames, 1 / fps)
    found = []
    for low, high in itertools.pairwise(BANDS):
        inside = (frequency >= low) & (frequency < high)
        if inside.any() and high <= lowpass:
            found.append((f"spectrum/{low:g}-{high:g} Hz", inside))
    return found


def _spectrum(
    speeds: np.ndarray, parts: Sequence[str], fps: float, lowpass: float
) -> list[tuple[Sequence[str], np.ndarray]]:
    frames = speeds.shape[1]
    window = np.hanning(frames + 2)[1:-1, None]
    power = np.square(np.abs(np.fft.rfft(window * (speeds - speeds.mean(1, keepdims=True)), axis=1)))
    power /= np.square(window).sum() * fps
    blocks = []
    for name, inside in bands_of(fps, frames, lowpass):
        each = power[:, inside].mean(1)
        columns = []
        for part in dict.fromkeys(parts):
            own = each[:, [one == part for one in parts]]
            columns += [own.mean(1), own.max(1)]
        blocks.append(([name] * len(columns), 0.5 * np.log(np.stack(columns, axis=1) + _POWER)))
    return blocks


def _trunk(trunk: np.ndarray) -> list[tuple[Sequence[str], np.ndarray]]:
    values = np.concatenate([trunk.mean(1), trunk.std(1)], axis=1)
    return [([f"trunk/{name}" for name in TRUNK] * 2, values)]


def _paws(signals: Signals, frames: int, fps: float) -> list[tuple[Sequence[str], np.ndarray]]:
    stands, heights = in_windows(signals.stands, frames), in_windows(signals.heights, frames)
    sliding = in_windows(signals.sliding, frames)
    stood = np.maximum(stands.sum(1), 1)
    slid = np.log((sliding * stands).sum(1) / stood + _SLIDING)
    steps = (~stands[:, :-1] & stands[:, 1:]).sum(1) * fps / frames
    centred = heights - heights.mean(1, keepdims=True)
    spread = np.maximum(centred.std(1), 1e-5)
    together = [
        (centred[..., a] * centred[..., b]).mean(1) / (spread[:, a] * spread[:, b]) for a, b in _PAIRS
    ]
    values = {
        "paws/contact": stands.mean(1),
        "paws/height": np.concatenate([heights.mean(1), heights.std(1)], axis=1),
        "paws/sliding": slid,
        "gait/steps": steps,
        "gait/coordination": np.stack(together, axis=1),
    }
    return [([name] * columns.shape[1], columns) for name, columns in values.items()]
