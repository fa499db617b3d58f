"""Frames in order and evenly spaced in time."""

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


def rows_of_frames(numbers: np.ndarray, path: Path) -> tuple[np.ndarray, int]:
    """Row of every frame in a recording without holes, in which frames are in order.

    Args:
        numbers: of the frames in the video, or their times in milliseconds, shape (frames,).
        path: the file, for messages.

    Returns:
        rows, shape (frames,); number of rows.

    Raises:
        InputError: a frame has no number or that of another, their steps are uneven, or more frames are
            missing than there are.

    >>> rows_of_frames(np.array([41.0, 1.0, 11.0, 21.0]), Path("rat.mat"))
    (array([4, 0, 1, 2]), 5)
    """
    if not np.isfinite(numbers).all():
        raise InputError(f"{path} frame {np.isfinite(numbers).argmin()}: it has no frame number")
    if len(numbers) < 2:
        return np.arange(len(numbers)), len(numbers)
    order = np.argsort(numbers, kind="stable")
    steps = np.diff(numbers[order])
    usual = float(np.median(steps))
    if not (steps > 0).all():
        at = int(np.argmin(steps > 0))
        raise InputError(
            f"{path}: frames {order[at]} and {order[at + 1]} are both numbered {numbers[order[at]]:.9g}; are "
            "these two recordings in one file? Save them apart"
        )
    counts = np.round(steps / usual)
    uneven = (counts < 1) | (np.abs(steps - counts * usual) > TOLERANCE * usual)
    if uneven.any():
        at = int(np.argmax(uneven)) + 1
        raise InputError(
            f"{path} frame {order[at]}: it is numbered {numbers[order[at]]:.9g} and the one before "
            f"{numbers[order[at - 1]]:.9g}, where steps of {usual:.9g} are usual; renumber the frames, or "
            "leave the numbers out"
        )
    if counts.sum() + 1 > 2 * len(numbers):
        at = int(counts.argmax()) + 1
        raise InputError(
            f"{path} frame {order[at]}: it is numbered {numbers[order[at]]:.9g} and the one before "
            f"{numbers[order[at - 1]]:.9g}; more frames are missing than there are: save the parts apart"
        )
    rows = np.empty(len(numbers), int)
    rows[order] = np.append(0, np.cumsum(counts)).astype(int)
    return rows, int(counts.sum()) + 1


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
