"""Trials of a task: a row per trial, with its times, its kind and its outcome.

    with open_recording("joystick.h5") as recording:
        trials = recording.trials
    trials["cue"], trials["outcome"]          # s since the first frame of the trial's rollout; texts
    trials.of("episode_0").rows()             # a dict per trial of one rollout

Times are those of control steps: a response at 0.74 s is first seen in the state at that time.
"""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rodent.configs import from_json, to_json
from rodent.errors import InputError, unknown
from rodent.recording.channels import Channel, check_declared

if TYPE_CHECKING:
    import h5py

NONE = math.nan
"""Time of what did not happen."""
FAILED = "failed"
"""Outcome of a trial in which the episode failed, such as by a fall."""
GROUP = "trials"
TIMES: Mapping[str, Channel] = {
    "start": Channel("s", "begin of the trial", (), "f8"),
    "stop": Channel("s", "end of the trial, or the failure in it", (), "f8"),
    "cue": Channel("s", "what the trial asks for is shown; NaN if it was not", (), "f8"),
    "response": Channel("s", "the animal first does it; NaN if it did not", (), "f8"),
    "reward": Channel("s", "it is rewarded; NaN if it was not", (), "f8"),
}
"""Times of a trial, since the first frame of its rollout."""
ROLLOUT, KIND, OUTCOME = "rollout", "kind", "outcome"
_TEXTS = (KIND, OUTCOME)
STANDARD = (ROLLOUT, *TIMES, *_TEXTS)
"""Columns of every table of trials."""


class Trial(NamedTuple):
    """One trial; times in seconds since the first frame of the rollout, NaN for what did not happen.

    Attributes:
        start, stop, cue, response, reward: see `TIMES`.
        kind: of the trial, such as `left`; what is asked.
        outcome: how it ended, such as `reached`.
        values: the task's own columns.
    """

    start: float
    stop: float
    cue: float
    response: float
    reward: float
    kind: str
    outcome: str
    values: Mapping[str, float] = MappingProxyType({})


@dataclasses.dataclass(frozen=True)
class Trials:
    """A table of trials, in order; see the module.

    Attributes:
        columns: by name, with a value per trial; `rollout` has the name of the rollout.
        channels: units and descriptions of all columns but `rollout`, `kind` and `outcome`.
    """

    columns: Mapping[str, np.ndarray]
    channels: Mapping[str, Channel]

    def __len__(self) -> int:
        return len(self.columns[ROLLOUT])

    def __getitem__(self, column: str) -> np.ndarray:
        """A column, shape (trials,).

        Raises:
            InputError: there is none of this name.
        """
        if column not in self.columns:
            raise unknown("column of trials", column, self.columns)
        return self.columns[column]

    def of(self, rollout: str) -> "Trials":
        """The trials of one rollout."""
        mine = self.columns[ROLLOUT] == rollout
        return Trials({name: values[mine] for name, values in self.columns.items()}, self.channels)

    def rows(self) -> list[dict[str, Any]]:
        """A dict per trial."""
        lists = {name: values.tolist() for name, values in self.columns.items()}
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def first_time(on: Any, timestep: float) -> float:
    """Time of the first frame in which something is so, s; NaN if it never is.

    Args:
        on: whether it is, an array of shape (frames,).
        timestep: seconds of a frame.

    >>> first_time([False, False, True], 0.02)
    0.04
    """
    on = np.asarray(on, bool)
    return int(np.argmax(on)) * timestep if on.any() else NONE


def until_failure(trials: Sequence[Trial], alive: np.ndarray, timestep: float) -> list[Trial]:
    """Trials without what comes after failures.

    A trial in which the episode fails has the outcome `failed` and stops there; one that begins after the
    body was lost is left out.

    Args:
        trials: of one episode.
        alive: whether it had not failed, by frame, shape (frames,).
        timestep: seconds of a frame.
    """
    found = []
    for trial in trials:
        first = min(round(trial.start / timestep), len(alive) - 1)
        last = max(first + 1, round(trial.stop / timestep))
        if not alive[first]:
            continue
        dead = ~alive[first:last]
        if dead.any():
            stop = (first + int(np.argmax(dead))) * timestep
            cue, response, reward = (
                time if time < stop else NONE for time in (trial.cue, trial.response, trial.reward)
            )
            trial = trial._replace(stop=stop, cue=cue, response=response, reward=reward, outcome=FAILED)
        found.append(trial)
    return found


def check_trial_columns(own: Mapping[str, Channel]) -> None:
    """Check the declarations of a task's own columns.

    Raises:
        InputError: a name is invalid or taken, or a unit or description is empty.
    """
    check_declared(own, STANDARD, "column of trials")


def write_trials(
    file: "h5py.File", trials: Mapping[str, Sequence[Trial]], own: Mapping[str, Channel]
) -> None:
    """Write the trials of all rollouts into a recording; nothing for a task without trials.

    Args:
        file: open for writing.
        trials: of each rollout by its name, in the order of the recording.
        own: the task's own columns.
    """
    rows = [trial for many in trials.values() for trial in many]
    if not rows:
        return
    group = file.create_group(GROUP)
    group[ROLLOUT] = np.repeat(np.arange(len(trials)), [len(many) for many in trials.values()])
    for name, channel in TIMES.items():
        group[name] = np.array([getattr(trial, name) for trial in rows], channel.dtype)
    for name in _TEXTS:
        group[name] = [getattr(trial, name) for trial in rows]
    for name, channel in own.items():
        group[name] = np.array([trial.values[name] for trial in rows], channel.dtype)
    group.attrs["columns"] = json.dumps({name: to_json(channel) for name, channel in own.items()})


def read_trials(file: "h5py.File", rollouts: Sequence[str], path: Path) -> Trials:
    """The trials of a recording; a table without rows if it has none.

    Args:
        file: the open recording.
        rollouts: their names, in order.
        path: of the file, for errors.

    Raises:
        InputError: a column is missing, unknown, or has a wrong shape or type.
    """
    if GROUP not in file:
        columns = dict.fromkeys(TIMES, np.zeros(0)) | dict.fromkeys((ROLLOUT, *_TEXTS), np.zeros(0, str))
        return Trials({name: columns[name] for name in STANDARD}, TIMES)
    group = file[GROUP]
    own = _own_columns(group, path)
    names = (*STANDARD, *own)
    for name in group:
        if name not in names:
            raise unknown("column of trials", name, names, str(path))
    if missing := [name for name in names if name not in group]:
        raise InputError(f"{path}: the trials lack the column {missing[0]!r}; record it again")
    count = group[ROLLOUT].shape
    columns = {}
    for name in names:
        if len(count) != 1 or group[name].shape != count:
            raise InputError(f"{path}: {GROUP}/{name} has shape {group[name].shape}; expected one per trial")
        columns[name] = group[name].asstr()[()].astype(str) if name in _TEXTS else group[name][()]
    which = columns[ROLLOUT]
    if which.dtype.kind not in "iu" or (len(which) and not 0 <= which.min() <= which.max() < len(rollouts)):
        raise InputError(f"{path}: {GROUP}/{ROLLOUT} must number the {len(rollouts)} rollouts from 0")
    columns[ROLLOUT] = np.array(rollouts)[which]
    return Trials(columns, {**TIMES, **own})


def _own_columns(group: "h5py.Group", path: Path) -> dict[str, Channel]:
    try:
        found = json.loads(group.attrs["columns"])
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: {GROUP} does not describe its columns in JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: {GROUP}/columns is a JSON {type(found).__name__}; expected an object")
    return {name: from_json(Channel, one, path, f"trials.{name}") for name, one in found.items()}
