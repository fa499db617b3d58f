"""Activity from files: spikes of a session, or units of a recording.

activity = read_activity(config, config.source)
spikes = neurons_of(opened, quality)                # of a session that is open, on the recording's bins
units = units_of(opened, "decoder/layer_0")
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.dynamics.activity import Activity, require_alike
from analysis.dynamics.config import FitConfig
from analysis.neural.quality import judge, require_good
from analysis.neural.read import read_session
from analysis.neural.selection import select
from analysis.neural.settings import QualitySettings
from analysis.session import OpenSession
from analysis.timeline import Timeline
from rodent.errors import InputError, unknown
from rodent.recording import Recording, Rollout, open_recording
from rodent.recording.reader import is_recording

SPIKE_BIN_SECONDS = 0.02
"""Length of a bin of spikes if none is given."""
FEWEST_CHANNELS = 3
"""Channels of a population: two to infer latents from, and one to predict."""
_SAME_BIN = 1e-6  # relative
_VARIES = 1e-6  # standard deviation of a unit


def read_activity(config: FitConfig, path: Path, channels: Sequence[str] | None = None) -> Activity:
    """The activity in a file.

    Args:
        config: how it is read.
        path: of the file, or folder of Phy.
        channels: neurons to take, by name; those that are good enough if None. A neuron that was good before
            a perturbation may be silent in it.

    Raises:
        InputError: the file is neither spikes nor a recording, or has nothing to use.
    """
    if path.is_dir() or not is_recording(path):
        return _spikes(config, path, channels)
    with open_recording(path) as recording:
        rollouts = _chosen(recording, config.rollout)
        seconds = 1 / recording.fps if config.bin_seconds is None else config.bin_seconds
        timeline = Timeline.of(rollouts, recording.fps, seconds, apart=True)
        return _units(str(path), timeline, config.layer)


def neurons_of(opened: OpenSession, quality: QualitySettings) -> Activity:
    """The good neurons of an open session, in the bins of its recording."""
    good, found = opened.good_neurons(quality)
    piece = np.where(opened.timeline.alive & good.covered, opened.timeline.rollout, -1)
    name = str(opened.arguments.spikes)
    return Activity(name, "spikes", good.counts, good.names, good.bin_seconds, piece, found.notes)


def units_of(opened: OpenSession, layer: str) -> Activity:
    """The units of a layer of an open session."""
    return _units(str(opened.arguments.recording), opened.timeline, layer)


def _units(name: str, timeline: Timeline, layer: str) -> Activity:
    values = timeline.units(layer).astype(float)
    piece = np.where(timeline.alive, timeline.rollout, -1)
    names = tuple(f"{layer}[{i}]" for i in range(values.shape[1]))
    return Activity(name, "units", values, names, timeline.bin_seconds, piece, timeline.notes)


def without_constant(activity: Activity, others: Sequence[Activity] = ()) -> tuple[Activity, ...]:
    """All activities without the channels that do not vary in the first.

    Raises:
        InputError: fewer than three channels vary, or the others have other channels, kinds or bins.
    """
    for other in others:
        require_alike(activity, other)
    varies = activity.values[activity.piece >= 0].std(0) > _VARIES
    if varies.sum() < FEWEST_CHANNELS:
        raise InputError(
            f"{activity.name}: {int(varies.sum())} of {len(varies)} channels vary; expected "
            f"{FEWEST_CHANNELS} at least, of which one is held out"
        )
    return tuple(one.subset(varies) for one in (activity, *others))


def _spikes(config: FitConfig, path: Path, channels: Sequence[str] | None) -> Activity:
    session = select(read_session(path, config.reading), config.select)
    seconds = SPIKE_BIN_SECONDS if config.bin_seconds is None else config.bin_seconds
    if not 0 < seconds < np.inf:
        raise InputError(f"--bin-seconds is {seconds}; expected a positive number")
    binned = session.whole(seconds)
    if config.bin_seconds is not None and abs(binned.bin_seconds - seconds) > _SAME_BIN * seconds:
        raise InputError(
            f"{path} has counts in bins of which {binned.bin_seconds:g} s is the closest multiple; "
            f"--bin-seconds {seconds:g} is none"
        )
    notes = [*session.notes, *binned.notes]
    if channels is None:
        quality = judge(binned, session, config.quality)
        require_good(quality, session)
        chosen = quality.good
        notes += quality.notes
        notes += [f"neuron {name} is excluded: {reason}" for name, reason in quality.dropped.items()]
    else:
        chosen = np.isin(binned.names, channels)
    good = binned.subset(chosen)
    piece = np.where(good.covered, 0, -1)
    return Activity(str(path), "spikes", good.counts, good.names, good.bin_seconds, piece, tuple(notes))


def _chosen(recording: Recording, names: tuple[str, ...]) -> list[Rollout]:
    for name in names:
        if name not in recording.rollouts:
            raise unknown("rollout", name, recording.rollouts, str(recording.path))
    return [recording.rollouts[name] for name in dict.fromkeys(names) or recording.rollouts]
