"""Spike times in seconds, on one clock.

times = seconds(array, SpikeOptions(time_unit="samples", sample_rate=30000.0), "monday.npz: times")
require_one_clock(spikes)
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.neural.settings import SpikeOptions
from rodent.errors import InputError

if TYPE_CHECKING:
    from analysis.neural.spikes import SpikeTimes

LONGEST = 2e5
"""Seconds between the first and the last spike, more than two days; longer is another unit."""
RESTART = 1.0
"""Seconds by which a clock goes back where it starts again; spike sorters reorder spikes by milliseconds."""

_FEWEST_WHOLE = 20  # times that all are whole numbers by chance only if they are no seconds
_SHUFFLED = 0.25  # fraction of steps back in a list without order


def seconds(times: np.ndarray, options: SpikeOptions, what: str) -> np.ndarray:
    """Spike times in seconds.

    Args:
        times: in the unit of the options, shape (spikes,).
        options: how the file is read.
        what: file and array, for messages.

    Raises:
        InputError: no unit is given, and the times look like milliseconds or samples.
    """
    unit = options.time_unit or ("samples" if options.sample_rate else None)
    if unit == "samples":
        return times / float(options.sample_rate or np.nan)
    if unit == "ms":
        return times / 1000
    if unit is None and len(times):
        span = float(times.max() - times.min())
        whole = len(times) >= _FEWEST_WHOLE and bool((times == np.floor(times)).all())
        if whole or span > LONGEST:
            why = "are all whole numbers" if whole else f"span {span:.4g}, days if they are seconds"
            raise InputError(
                f"{what} {why}: are they milliseconds (--time-unit ms), samples (--time-unit samples "
                "--sample-rate HZ), or seconds after all (--time-unit s)?"
            )
    return times


def require_no_unit(options: SpikeOptions, path: Path, kind: str) -> None:
    """Refuse options that a format has no use for, as it states the unit of its times and positions.

    Raises:
        InputError: there is such an option.
    """
    if options.time_unit is not None or options.sample_rate is not None:
        raise InputError(
            f"{path} is {kind}, which states its unit of time; leave out --time-unit, --sample-rate"
        )
    if options.metres_per_pixel is not None:
        raise InputError(f"{path} has no positions in pixels; leave out --metres-per-pixel")


def column(array: Any, what: str, kinds: str = "biuf") -> np.ndarray:
    """An array of one dimension, or a row or column of MATLAB, shape (n,).

    Raises:
        InputError: no numbers, or of more dimensions.
    """
    array = np.asarray(array)
    if array.dtype.kind not in kinds:
        raise InputError(f"{what} has type {array.dtype}; numbers are expected")
    if array.ndim == 0 or array.size != max(array.shape, default=0):
        raise InputError(f"{what} has shape {array.shape}; (spikes,) is expected")
    return array.ravel()


def whole_numbers(array: Any, what: str) -> np.ndarray:
    """Whole numbers as integers, also where MATLAB stored them as doubles; shape (n,).

    Raises:
        InputError: something is no whole number.
    """
    flat = column(array, what)
    if flat.dtype.kind == "f":
        if not (np.isfinite(flat) & (flat == np.floor(flat)) & (np.abs(flat) < 2**53)).all():
            raise InputError(f"{what} has type {flat.dtype}; integer ids are expected")
        flat = flat.astype(np.int64)
    return flat


def require_one_clock(spikes: "SpikeTimes") -> None:
    """Refuse spikes whose clock starts again, as where two recordings were joined.

    Raises:
        InputError: the times of a neuron mostly rise in the file's order, but go back by more than a second.
    """
    order = np.argsort(spikes.neurons, kind="stable")
    times, neurons = spikes.times[order], spikes.neurons[order]
    steps, same = np.diff(times), np.diff(neurons) == 0
    back = same & (steps < -RESTART)
    if not back.any() or np.count_nonzero(same & (steps < 0)) > _SHUFFLED * np.count_nonzero(same):
        return
    at = int(back.argmax())
    number = at - int(np.searchsorted(neurons, neurons[at]))
    raise InputError(
        f"{spikes.path}: the clock of neuron {spikes.names[neurons[at]]!r} starts again: after "
        f"{times[at]:.6g} s (spike {number}) comes {times[at + 1]:.6g} s; put all recordings on one clock, "
        "or save them apart"
    )
