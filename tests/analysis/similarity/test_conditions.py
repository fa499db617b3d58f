import numpy as np
import pytest

from analysis.neural.clock import Clock
from analysis.similarity.conditions import clip_labels, epoch_labels, kinematic_labels, trial_labels
from analysis.timeline import Timeline
from rodent.clips import read_clips
from rodent.errors import InputError
from rodent.recording import Trials
from tests.analysis.similarity.sessions import timeline_of


class Made:
    def __init__(self, behavior, frames, qpos=None):
        self.name, self.behavior, self.n_frames = behavior, behavior, frames
        self._arrays = {"alive": np.ones(frames, bool), "qpos": qpos}

    def __getitem__(self, name):
        return self._arrays[name]


def test_labels_of_clips():
    timeline = Timeline.of([Made("Walk", 5), Made("", 4), Made("Rear", 6)], fps=10.0, bin_seconds=0.2)
    # the bins across two rollouts have none
    assert clip_labels(timeline).tolist() == ["Walk", "Walk", "", "", "", "Rear", "Rear"]


def test_clips_without_labels_are_refused():
    timeline = Timeline.of([Made("", 5)], fps=10.0, bin_seconds=0.1)
    with pytest.raises(InputError, match=r"have no behavior; .*--conditions kinematics"):
        clip_labels(timeline)


def test_epochs_hold_whole_bins():
    pynapple = pytest.importorskip("pynapple")
    epochs = {
        "walk": pynapple.IntervalSet([10.0, 11.0], [10.4, 12.0]),
        "rear": pynapple.IntervalSet([10.5], [11.2]),
    }
    labels = epoch_labels(timeline_of(10), epochs, Clock(10.0))
    assert labels.tolist() == ["walk", "walk", "", "rear", "rear", "", "walk", "walk", "walk", "walk"]
    with pytest.raises(InputError, match=r"none of the epochs walk, rear holds a bin .* 110 to 112 s"):
        epoch_labels(timeline_of(10), epochs, Clock(110.0))
    with pytest.raises(InputError, match="has no epochs"):
        epoch_labels(timeline_of(10), {}, Clock())


def test_kinds_of_trials_hold_whole_bins():
    columns = {
        "rollout": ["a", "a", "b"],
        "start": [0.0, 0.5, 0.1],
        "stop": [0.5, 0.6, 0.4],
        "kind": ["left", "right", "left"],
        "outcome": ["hit", "missed", "hit"],
    }
    trials = Trials({name: np.array(values) for name, values in columns.items()}, {})
    made = [Made("", 6), Made("", 4)]
    for one, name in zip(made, "ab", strict=True):
        one.name = name
    timeline = Timeline.of(made, fps=10.0, bin_seconds=0.2)
    assert trial_labels(timeline, 10.0, trials).tolist() == ["left", "left", "", "", "left"]
    assert trial_labels(timeline, 10.0, trials, "outcome").tolist() == ["hit", "hit", "", "", "hit"]
    with pytest.raises(InputError, match="unknown column of trials 'side'"):
        trial_labels(timeline, 10.0, trials, "side")
    with pytest.raises(InputError, match="has no trials"):
        trial_labels(timeline, 10.0, trials.of("c"))


def test_kinematic_states(body):
    clips = read_clips("gaits")
    made = [Made("", len(clips[name].qpos), clips[name].qpos) for name in ("walk", "stand", "rear")]
    timeline = Timeline.of(made, fps=50.0, bin_seconds=0.1)
    labels = kinematic_labels(timeline, 50.0, body)
    assert labels.shape == (timeline.n_bins,)
    for i, name in enumerate(("Walk", "Still", "Rear")):
        assert (labels[timeline.rollout == i] == name).mean() > 0.4
