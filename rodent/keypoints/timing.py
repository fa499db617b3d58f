"""Checks that frames are evenly spaced in time."""

from pathlib import Path

import numpy as np

from rodent.errors import InputError

# how far a step may be from the usual one, as a fraction of it: cameras and times rounded to
# milliseconds stay below, a frame left out or doubled is a whole step
TOLERANCE = 0.25


def frame_rate(times: np.ndarray, path: Path) -> float:
    """Frames per second.

    Args:
        times: of the frames, seconds, shape (frames,).
        path: the file, for messages.

    Raises:
        InputError: fewer than 2 times, or they are uneven or go backwards; the message names the frame.
    """
    if len(times) < 2:
        raise InputError(f"{path} has {len(times)} timestamps; at least 2 are needed")
    if not np.isfinite(times).all():
        raise InputError(f"{path} frame {np.isfinite(times).argmin()}: it has no timestamp; pass --fps")
    frame = first_uneven(times)
    if frame is not None:
        usual = float(np.median(np.diff(times)))
        rate = f" {1 / usual:.4g}" if usual > 0 else ""
        raise InputError(
            f"{path} frame {frame}: its timestamp is {times[frame]:.9g} s and that of frame {frame - 1} is "
            f"{times[frame - 1]:.9g} s, where steps of {usual:.4g} s are usual; if the frames are evenly "
            f"spaced all the same: pass --fps{rate}"
        )
    rate = (len(times) - 1) / (times[-1] - times[0])
    return float(f"{rate:.9g}")  # 30, not 30.000000000000004


def check_frame_numbers(numbers: np.ndarray, path: Path) -> None:
    """Raise InputError where numbers of frames, shape (frames,), do not count on evenly."""
    frame = first_uneven(numbers)
    if frame is not None:
        raise InputError(
            f"{path} frame {frame}: it is numbered {numbers[frame]:.9g} and the one before "
            f"{numbers[frame - 1]:.9g}; frames are missing or out of order: give each its row, "
            "empty where there is no keypoint"
        )


def first_uneven(times: np.ndarray) -> int | None:
    """The first frame that does not follow the one before at the usual step; None if all do."""
    if not np.isfinite(times).all():
        return max(int(np.argmin(np.isfinite(times))), 1)
    steps = np.diff(times)
    if not len(steps):
        return None
    usual = np.median(steps)
    even = (steps > 0) & (np.abs(steps - usual) <= TOLERANCE * usual)
    return None if even.all() else int(even.argmin()) + 1
