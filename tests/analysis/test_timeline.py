import contextlib

import numpy as np
import pytest

from analysis.timeline import Timeline
from rodent.errors import InputError
from rodent.recording import open_recording


@pytest.fixture
def timeline_of(write_recording):
    """A function that writes rollouts of 10 frames a second and cuts them in bins."""
    with contextlib.ExitStack() as stack:

        def make(rollouts, bin_seconds=0.1, apart=False):
            recording = stack.enter_context(open_recording(write_recording(rollouts)))
            return Timeline.of(list(recording.rollouts.values()), recording.fps, bin_seconds, apart)

        yield make


def ramp(n: int, start: int = 0) -> dict[str, np.ndarray]:
    return {"x": np.arange(start, start + n, dtype=float)[:, None]}


def test_rollouts_follow_one_another_in_order(timeline_of):
    timeline = timeline_of({"second": ramp(3), "first": ramp(4, 10)})
    assert timeline.units("x")[:, 0].tolist() == [0, 1, 2, 10, 11, 12, 13]
    assert timeline.rollout.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert "in this order: second, first" in timeline.notes[0]


def test_bins_average_and_never_reach_over_a_rollout(timeline_of):
    timeline = timeline_of({"a": ramp(5), "b": ramp(6, 10)}, bin_seconds=0.2)
    # frames 4 | 10 of the middle bin belong to different rollouts; the last frame is left over
    assert timeline.rollout.tolist() == [0, 0, -1, 1, 1]
    assert timeline.units("x")[[0, 1, 3, 4], 0].tolist() == [0.5, 2.5, 11.5, 13.5]
    rows, _ = timeline.lagged((0.0,))
    assert rows.tolist() == [0, 1, 3, 4]
    assert any("0.2 s in bins across two rollouts" in note for note in timeline.notes)


def test_rollouts_with_starts_of_their_own_begin_bins_anew(timeline_of):
    timeline = timeline_of({"a": ramp(5), "b": ramp(6, 10)}, bin_seconds=0.2, apart=True)
    assert timeline.rollout.tolist() == [0, 0, 1, 1, 1] and timeline.alive.all()
    assert timeline.units("x")[:, 0].tolist() == [0.5, 2.5, 10.5, 12.5, 14.5]
    # what reads rollouts frame by frame reads as many frames as there are bins
    assert [rollout.n_frames for rollout in timeline.rollouts] == [4, 6]
    assert [len(rollout["qpos"]) for rollout in timeline.rollouts] == [4, 6]
    assert timeline.rollouts[0].units("x", slice(3, None))[:, 0].tolist() == [3.0]
    with pytest.raises(
        InputError, match=r"rollout 'a' lasts 0\.5 s, less than a bin of 0\.6 s; leave it out"
    ):
        timeline_of({"a": ramp(5), "b": ramp(6)}, bin_seconds=0.6, apart=True)


def test_positive_lags_look_back_within_the_rollout(timeline_of):
    timeline = timeline_of({"a": ramp(5), "b": ramp(5, 10)})
    rows, sources = timeline.lagged((0.0, 0.2, -0.1))
    assert rows.tolist() == [2, 3, 7, 8]
    units = timeline.units("x")[:, 0]
    assert units[sources].tolist() == [[2, 0, 3], [3, 1, 4], [12, 10, 13], [13, 11, 14]]


def test_failed_frames_are_neither_used_nor_looked_back_on(timeline_of):
    alive = np.array([True, True, False, True, True, True])
    values = np.array([0.0, 1, np.nan, 3, 4, 5])[:, None]
    timeline = timeline_of({"a": {"x": values, "alive": alive}})
    assert np.isfinite(timeline.units("x")).all()
    assert timeline.lagged((0.0,))[0].tolist() == [0, 1, 3, 4, 5]
    assert timeline.lagged((0.0, 0.1))[0].tolist() == [1, 4, 5]
    assert timeline.notes == ("0.1 s in which the rat had failed are left out",)


@pytest.mark.parametrize("bin_seconds", [0.15, 0.05, 0.0, -1.0, np.nan, np.inf])
def test_bins_must_be_whole_frames(timeline_of, bin_seconds):
    with pytest.raises(InputError, match="a bin of"):
        timeline_of({"a": ramp(5)}, bin_seconds)


def test_what_cannot_be_used_is_named(timeline_of):
    with pytest.raises(InputError, match=r"longer than the recording, 0\.5 s"):
        timeline_of({"a": ramp(5)}, 1.0)
    with pytest.raises(InputError, match=r"lag of 0\.25 s is no multiple of a bin, 0\.1 s"):
        timeline_of({"a": ramp(5)}).lagged((0.0, 0.25))
    with pytest.raises(InputError, match=r"'x' has 1 and 2 units in different rollouts"):
        timeline_of({"a": ramp(5), "b": {"x": np.zeros((4, 2))}}).units("x")
    bad = np.zeros((5, 2))
    bad[1, 1] = np.inf
    message = r"unit 1 of layer 'x' is not finite in rollout 'b' \(bin 6 of all\)"
    timeline = timeline_of({"a": {"x": np.zeros((5, 2))}, "b": {"x": bad}})
    with pytest.raises(InputError, match=message):
        timeline.units("x")
    with pytest.raises(InputError, match="did you mean 'x'"):
        timeline_of({"a": ramp(5)}).units("xx")


def test_clips_of_one_motion_are_one_whatever_they_are_called():
    class Shown(dict):
        def __init__(self, clip: str, reference: np.ndarray):
            super().__init__(reference=reference)
            self.clip = clip

    walk, rear = np.random.default_rng(0).normal(size=(2, 20, 3))
    rear[0] = walk[0]  # both begin in the same pose
    still = np.zeros((20, 3))
    rollouts = (
        *(Shown("walk.1", walk), Shown("rear.1", rear), Shown("walk.2", walk[:12]), Shown("walk.1", walk)),
        *(Shown("walk.2", walk), Shown("stand.1", still), Shown("stand.2", still), Shown("", walk)),
    )
    timeline = Timeline(rollouts, 0.1, 1, np.zeros(0, int), np.zeros(0, bool))
    walks, stands = ("walk.1", "rear.1", "walk.1", "walk.1", "walk.1"), ("stand.1", "stand.2")
    # what stands still has no moments that could be told apart
    assert timeline.motions == (*walks, *stands, "")


def test_of_many_rollouts_some_are_named(timeline_of):
    notes = timeline_of({f"r{i}": ramp(2) for i in range(20)}).notes
    assert notes[0].endswith("20 rollouts are taken for one session, in this order: r0, r1, r2, …, r19")
