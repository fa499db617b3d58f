"""What the rat did in each bin of a recording: the conditions that activity is compared across.

    labels = clip_labels(timeline)                           # what the recording's clips show
    labels = epoch_labels(timeline, epochs, clock)           # what the session's file says
    labels = kinematic_labels(timeline, fps, body)           # what the poses show
    labels = trial_labels(timeline, fps, trials)             # what the task asked for

Labels are strings, shape (bins,); a bin without one, or that holds more than one, has "".
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.neural.clock import Clock
from analysis.neural.timeseries import whole_bins
from analysis.timeline import Timeline
from rodent.errors import InputError, unknown
from rodent.recording import Trials
from rodent.recording.trials import KIND, OUTCOME

if TYPE_CHECKING:
    import pynapple

    from rodent.scene import Scene


def clip_labels(timeline: Timeline) -> np.ndarray:
    """The behavior that each rollout's clip shows, shape (bins,).

    Raises:
        InputError: no clip says what it shows.
    """
    shown = np.array([*(rollout.behavior for rollout in timeline.rollouts), ""])
    if not any(shown):
        raise InputError(
            "the clips of this recording have no behavior; take the states that kinematics show "
            "(--conditions kinematics)"
        )
    # a bin across two rollouts has index -1, which is the last
    return shown[timeline.rollout]


def epoch_labels(
    timeline: Timeline, epochs: "Mapping[str, pynapple.IntervalSet]", clock: Clock
) -> np.ndarray:
    """The epoch of the session's file that holds each bin, shape (bins,).

    Args:
        timeline: the bins.
        epochs: intervals by name, seconds on the clock of the spikes.
        clock: how the recording's clock and that of the spikes go together.

    Raises:
        InputError: there are no epochs, or none holds a bin.
    """
    if not epochs:
        raise InputError(
            "the session's file has no epochs; take the labels of the clips (--conditions clip) or the "
            "states that kinematics show (--conditions kinematics)"
        )
    starts = clock.on_spikes(timeline.bin_seconds * np.arange(timeline.n_bins))
    seconds = clock.rate * timeline.bin_seconds
    inside = np.stack([whole_bins(np.asarray(one.values), starts, seconds) for one in epochs.values()])
    if not inside.any():
        raise InputError(
            f"none of the epochs {', '.join(epochs)} holds a bin of the recording, {starts[0]:g} to "
            f"{starts[-1] + seconds:g} s on their clock; check the offset"
        )
    names = np.array(list(epochs))
    return np.where(inside.sum(0) == 1, names[inside.argmax(0)], "")


def kinematic_labels(timeline: Timeline, fps: float, scene: "Scene") -> np.ndarray:
    """The kinematic state of each bin, where all its frames show the same one, shape (bins,).

    Args:
        timeline: the bins.
        fps: frames per second of the recording.
        scene: of the rat that was recorded.
    """
    from rodent.clips.behavior import behaviors

    return _binned(timeline, [behaviors(rollout["qpos"], fps, scene) for rollout in timeline.rollouts])


def trial_labels(timeline: Timeline, fps: float, trials: Trials, column: str = KIND) -> np.ndarray:
    """The kind of trial of each bin, where all its frames are in trials of that kind, shape (bins,).

    Args:
        timeline: the bins.
        fps: frames per second of the recording.
        trials: of the recording.
        column: of the trials, with texts: `kind` or `outcome`.

    Raises:
        InputError: the recording has no trials, or no such column.
    """
    if not len(trials):
        raise InputError(
            "the recording has no trials; take the states that kinematics show (--conditions kinematics)"
        )
    if column not in (KIND, OUTCOME):
        raise unknown("column of trials", column, (KIND, OUTCOME))
    parts = []
    for rollout in timeline.rollouts:
        labels = np.full(rollout.n_frames, "", trials[column].dtype)
        for row in trials.of(rollout.name).rows():
            labels[round(row["start"] * fps) : round(row["stop"] * fps)] = row[column]
        parts.append(labels)
    return _binned(timeline, parts)


def _binned(timeline: Timeline, parts: Sequence[np.ndarray]) -> np.ndarray:
    """The label of each bin, where all its frames have the same one, shape (bins,).

    Args:
        timeline: the bins.
        parts: labels of each rollout, (frames,).
    """
    frames = np.concatenate(parts)
    used = timeline.n_bins * timeline.n_frames
    binned = frames[:used].reshape(timeline.n_bins, timeline.n_frames)
    return np.where((binned == binned[:, :1]).all(1), binned[:, 0], "")
