"""Events of trials: all of them, and those of one kind or outcome."""

import numpy as np

from analysis.events.trials import trial_events
from rodent.recording import Trials


def _trials(**columns):
    return Trials({name: np.array(values) for name, values in columns.items()}, {})


def test_every_time_is_an_event_of_all_trials_and_of_its_kind_and_outcome():
    nan = np.nan
    trials = _trials(
        rollout=["a", "a", "a"],
        start=[0.0, 1.0, 2.0],
        stop=[1.0, 2.0, 3.0],
        cue=[0.1, 1.1, 2.1],
        response=[0.5, nan, 2.5],
        reward=[nan, nan, nan],
        kind=["left", "right", "left"],
        outcome=["hit", "missed", "hit"],
    )
    found = trial_events(trials, 50.0)
    assert found["trials/cue"].tolist() == [5, 55, 105]
    assert found["trials/left/cue"].tolist() == found["trials/hit/cue"].tolist() == [5, 105]
    assert found["trials/response"].tolist() == [25, 125]
    assert "trials/reward" not in found and "trials/missed/response" not in found
    none = {name: values[:0] for name, values in trials.columns.items()}
    assert trial_events(Trials(none, {}), 50.0) == {}
