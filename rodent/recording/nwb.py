"""The trials of a recording as an NWB file, for programs that read trials of experiments.

    write_trials_nwb(recording, Path("joystick.nwb"))

The rollouts stand one after another on one clock, as in the comparison with neurons: seconds from the first
frame of the first rollout. Columns of times have `_time` at their end, as is usual in NWB; times of what did
not happen are NaN.
"""

import datetime
import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.files import atomic_path
from rodent.recording.reader import Recording
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
    import pynwb

    trials = session_trials(recording)
    if not len(trials):
        raise InputError(f"{recording.path} has no trials; expected a recording of a task with trials")
    file = _nwb_file(recording, trials)
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
    with atomic_path(path) as temporary, warnings.catch_warnings():
        # the temporary name does not end in .nwb
        warnings.simplefilter("ignore", UserWarning)
        with pynwb.NWBHDF5IO(str(temporary), "w") as output:
            output.write(file)


def _nwb_file(recording: Recording, trials: Trials) -> Any:
    """The file without its trials."""
    import pynwb
    from pynwb.file import Subject

    rollouts = [recording.rollouts[name] for name in dict.fromkeys(trials[ROLLOUT].tolist())]
    tasks = sorted({str(rollout.metadata.task) for rollout in rollouts})
    made = datetime.datetime.fromtimestamp(recording.path.stat().st_mtime, datetime.UTC)
    new_file: Any = pynwb.NWBFile
    return new_file(
        session_description=f"Trials of a simulated rat in the task {', '.join(tasks)}",
        identifier=hashlib.sha256(repr(trials.rows()).encode()).hexdigest(),
        session_start_time=made,
        experiment_description="Rollouts of a policy that controls a biomechanical rat in MuJoCo",
        keywords=["simulation", *tasks],
        subject=Subject(
            subject_id="virtual-rodent",
            species="Rattus norvegicus",
            description="a biomechanical model of a rat, not an animal",
            sex="U",
            age="P90D/",
        ),
    )
