"""Events of the trials of a recording: their times, all of them and those of one kind or outcome.

frames = trial_events(recording.trials.of(rollout.name), recording.fps)
frames["trials/cue"], frames["trials/left/response"]
"""

import numpy as np

from rodent.recording import Trials
from rodent.recording.trials import GROUP, KIND, OUTCOME, TIMES


def trial_events(trials: Trials, fps: float) -> dict[str, np.ndarray]:
    """When what of the trials of one rollout happened.

    Args:
        trials: of the rollout.
        fps: frames per second.

    Returns:
        for every kind of event the frames in which it happened, shape (events,): `trials/TIME` of all trials,
        `trials/KIND/TIME` and `trials/OUTCOME/TIME` of some; the times are start, stop, cue, response and
        reward.
    """
    if not len(trials):
        return {}
    chosen = {GROUP: np.ones(len(trials), bool)}
    for column in (KIND, OUTCOME):
        chosen |= {
            f"{GROUP}/{value}": trials[column] == value for value in np.unique(trials[column]).tolist()
        }
    found = {}
    for name, rows in chosen.items():
        for time in TIMES:
            seconds = trials[time][rows]
            frames = np.round(seconds[np.isfinite(seconds)] * fps).astype(np.int64)
            if len(frames):
                found[f"{name}/{time}"] = frames
    return found
