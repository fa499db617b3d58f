"""The trials of a recording as an NWB file, for programs that read trials of experiments.

    write_trials_nwb(recording, Path("joystick.nwb"))

The rollouts stand one after another on one clock, as in the comparison with neurons: seconds from the first
frame of the first rollout. Columns of times have `_time` at their end, as is usual in NWB; times of what did
not happen are NaN.
"""

import datetime
import hashlib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.files import atomic_path
from rodent.recording.reader import Recording, Rollout
from rodent.recording.trials import KIND, OUTCOME, ROLLOUT, TIMES, Trials

_BOUNDS = ("start", "stop")
_TEXTS = {
    ROLLOUT: "name of the rollout in the recording",
    KIND: "what is asked",
    OUTCOME: "how the trial ended",
}


def session_trials(recording: Recording) -> Trials:
    """The trials of all rollouts with times on one clock, s since the first frame of the first rollout."""
    offsets, seconds = {}, 0.0
    for name, rollout in recording.rollouts.items():
        offsets[name] = seconds
        seconds += rollout.n_frames / recording.fps
    trials = recording.trials
    shift = np.array([offsets[name] for name in trials[ROLLOUT].tolist()])
    return Trials(
        {name: values + shift if name in TIMES else values for name, values in trials.columns.items()},
        trials.channels,
    )


def write_trials_nwb(recording: Recording, path: Path) -> None:
    """Write the trials of a recording as an NWB file with a table `trials`.

    Args:
        recording: the open recording.
        path: of the file, which ends in .nwb.

    Raises:
        InputError: the recording has no trials, or the file cannot be written there.
        WorkError: the disk is full.
    """
    if not len(recording.trials):
        raise InputError(f"{recording.path} has no trials; expected a recording of a task with trials")
    played = dict.fromkeys(session_trials(recording)[ROLLOUT].tolist())
    file = new_nwb_file(recording, [recording.rollouts[name] for name in played], "Trials")
    add_trials(file, recording)
    write_nwb_file(file, path)


def add_trials(file: Any, recording: Recording) -> None:
    """Add the trials of a recording to an NWB file that is not written yet."""
    trials = session_trials(recording)
    for name in TIMES:
        if name not in _BOUNDS:
            file.add_trial_column(f"{name}_time", f"{trials.channels[name].description}, s")
    for name, description in _TEXTS.items():
        file.add_trial_column(name, description)
    own = [name for name in trials.channels if name not in TIMES]
    for name in own:
        channel = trials.channels[name]
        file.add_trial_column(name, f"{channel.description}, {channel.unit}")
    for row in trials.rows():
        times = {f"{name}_time": row[name] for name in TIMES}
        file.add_trial(**times, **{name: row[name] for name in (*_TEXTS, *own)})


def write_nwb_file(file: Any, path: Path) -> None:
    """Write an NWB file atomically."""
    pynwb = imported_pynwb()
    with atomic_path(path) as temporary, warnings.catch_warnings():
        # the temporary name does not end in .nwb
        warnings.simplefilter("ignore", UserWarning)
        with pynwb.NWBHDF5IO(str(temporary), "w") as output:
            output.write(file)


def new_nwb_file(recording: Recording, rollouts: Sequence[Rollout], what: str) -> Any:
    """An NWB file about the simulated rat, without data.

    Args:
        recording: the recording, whose time of writing is the session's.
        rollouts: those that the file is about.
        what: it holds, such as `Trials`.
    """
    pynwb = imported_pynwb()
    tasks = sorted({_task_name(rollout) for rollout in rollouts})
    made = datetime.datetime.fromtimestamp(recording.path.stat().st_mtime, datetime.UTC)
    return pynwb.NWBFile(
        session_description=f"{what} of a simulated rat in the task {', '.join(tasks)}",
        identifier=hashlib.sha256(f"{what} {recording.path.name} {made} {tasks}".encode()).hexdigest(),
        session_start_time=made,
        experiment_description="Rollouts of a policy that controls a biomechanical rat in MuJoCo",
        keywords=["simulation", *tasks],
        subject=pynwb.file.Subject(
            subject_id="virtual-rodent",
            species="Rattus norvegicus",
            description="a biomechanical model of a rat, not an animal",
            sex="U",
            age="P90D/",
        ),
    )


def imported_pynwb() -> Any:
    """The package pynwb.

    Raises:
        InputError: it is not installed.
    """
    try:
        import pynwb
    except ImportError:
        raise InputError("NWB files need pynwb: pip install 'virtual-rodent[neuro]'") from None
    return pynwb


def _task_name(rollout: Rollout) -> str:
    task = rollout.metadata.task
    return str(task.get("name", task)) if isinstance(task, Mapping) else str(task)
