"""Faults of tracking put into a clean walk, and what becomes of them."""

import dataclasses
import json

import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, Keypoints, clean, read_keypoints, side_pairs
from rodent.keypoints.cleaning import MAX_SPIKE
from rodent.keypoints.losses import jump_frames, lost_frames
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import read_markers
from rodent.scene import make_scene
from tests.keypoints.files import FPS, NAMES, walk

LEFT, RIGHT = NAMES.index("HandL"), NAMES.index("HandR")


def changed(rat: Keypoints, change) -> Keypoints:
    points = rat.points.copy()
    change(points)
    return dataclasses.replace(rat, points=points)


def swap(points, start, stop, left=LEFT, right=RIGHT):
    points[start:stop, [left, right]] = points[start:stop, [right, left]]


def totals(cleaning) -> dict[str, int]:
    return cleaning.to_json()["total"]


NOTHING = {"uncertain": 0, "lost": 0, "spliced": 0, "swapped": 0, "spikes": 0, "filled": 0, "missing": 0}


@pytest.mark.parametrize("speed", [1.0, 5.0])
def test_a_clean_walk_is_left_as_it_is(speed):
    """Five times as fast it runs at 1 m/s and its hands swing at 15 Hz, 15 mm about the middle."""
    rat = Keypoints(walk(500, FPS / speed), NAMES, FPS)
    cleaned, cleaning = clean(rat)
    assert totals(cleaning) == NOTHING
    np.testing.assert_array_equal(cleaned.points, rat.points)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_spikes_are_taken_out_and_filled(rat, length):
    away = np.array([0.02, -0.03, 0.03])
    at = np.concatenate([np.arange(100, 100 + length), np.arange(200, 200 + length), [0, 499]])

    def spoil(points):
        points[at, 3] += away

    cleaned, cleaning = clean(changed(rat, spoil))
    # at the two ends it cannot be seen whether a point comes back
    assert totals(cleaning) == NOTHING | {"spikes": 2 * length, "filled": 2 * length}
    assert cleaning.to_json()["keypoints"]["SpineM"]["spikes"] == 2 * length
    np.testing.assert_allclose(cleaned.points[1:-1], rat.points[1:-1], atol=1e-3)


def test_a_point_that_stays_away_is_no_spike(rat):
    def spoil(points):
        points[100:110, 3] += 0.05

    assert totals(clean(changed(rat, spoil))[1]) == NOTHING


def test_how_far_a_spike_is(rat):
    def spoil(points):
        points[100, 3, 2] += 0.02

    far = changed(rat, spoil)
    assert totals(clean(far)[1])["spikes"] == 0
    assert totals(clean(far, max_spike=0.015)[1])["spikes"] == 1


def test_a_fast_rat_beside_a_gap_has_no_spikes():
    points = walk(100)
    points[..., 0] += 3.0 * np.arange(100)[:, None] / FPS
    points[40:60, 2] = np.nan
    cleaned, cleaning = clean(Keypoints(points, NAMES, FPS))
    assert totals(cleaning) == NOTHING | {"missing": 20}
    np.testing.assert_array_equal(cleaned.points, points)


@pytest.mark.parametrize("start", [100, 491])
def test_frames_in_which_the_whole_rat_is_lost_are_taken_out(rat, rng, start):
    """Markers under one another's names, and most of them missing afterwards: no track tells of it alone."""

    def spoil(points):
        points[start : start + 3] = points[start : start + 3, rng.permutation(7)] + 0.05
        points[start + 3 :, [0, 2, 4]] = np.nan

    cleaned, cleaning = clean(changed(rat, spoil))
    assert cleaning.lost.tolist() == [3] * 7
    assert cleaning.missing.sum() == 3 * 3 + 3 * (500 - start - 3) - 3 * 3 + 9
    seen = ~cleaned.missing
    np.testing.assert_allclose(cleaned.points[seen], rat.points[seen], atol=2e-3)


def test_a_rat_that_is_put_elsewhere_is_not_lost(rat):
    def spoil(points):
        points[200:] += [0.3, 0.0, 0.0]

    # what follows may be another recording: 0.2 s around the jump are taken out, so that clips end there
    cut = 7 * round(0.2 * rat.fps + 2)
    assert totals(clean(changed(rat, spoil))[1]) == NOTHING | {"spliced": cut, "missing": cut}


def test_no_rat_that_runs_is_lost():
    gaits = read_clips("gaits")
    markers = read_markers("rat20")
    skeleton = Skeleton(make_scene(), markers.bodies)
    for name in ("trot", "fast_walk", "start_stop"):
        points = skeleton.positions(gaits[name].qpos, 0.9 * markers.offsets)
        for every in (1, 2):
            assert not len(jump_frames(points[::every], MAX_SPIKE))


@pytest.mark.parametrize(("start", "stop"), [(100, 101), (100, 104), (100, 125)])
def test_swapped_hands_are_exchanged_back(rat, start, stop):
    confidence = np.tile(np.linspace(0.1, 0.7, 7), (500, 1))
    sound = dataclasses.replace(rat, confidence=confidence)
    swapped = changed(sound, lambda points: swap(points, start, stop))
    wrong = confidence.copy()
    swap(wrong, start, stop)
    cleaned, cleaning = clean(dataclasses.replace(swapped, confidence=wrong))
    np.testing.assert_array_equal(cleaned.points, rat.points)
    np.testing.assert_array_equal(cleaned.confidence, confidence)
    assert totals(cleaning) == NOTHING | {"swapped": 2 * (stop - start)}
    assert cleaning.swapped[[LEFT, RIGHT]].tolist() == [stop - start] * 2


def test_swaps_one_after_another_and_of_two_pairs(rat):
    def spoil(points):
        swap(points, 100, 105)
        swap(points, 110, 112)
        swap(points, 103, 107, 1, 2)

    cleaned, cleaning = clean(changed(rat, spoil))
    np.testing.assert_array_equal(cleaned.points, rat.points)
    assert cleaning.swapped.tolist() == [0, 4, 4, 0, 0, 7, 7]


def test_a_swap_shows_across_short_absence(rat):
    def spoil(points):
        swap(points, 100, 110)
        points[100, LEFT] = np.nan
        points[110, RIGHT] = np.nan

    cleaned, cleaning = clean(changed(rat, spoil), max_gap=0)
    # frames in which one of the two is missing are not touched at the ends
    assert cleaning.swapped[LEFT] == 9
    np.testing.assert_array_equal(cleaned.points[101:110], rat.points[101:110])


def test_a_swap_shows_in_a_running_rat():
    points = walk(100)
    points[..., 0] += 2.0 * np.arange(100)[:, None] / FPS
    running = Keypoints(points, NAMES, FPS)
    cleaned, cleaning = clean(changed(running, lambda points: swap(points, 40, 44)))
    np.testing.assert_array_equal(cleaned.points, running.points)
    assert totals(cleaning) == NOTHING | {"swapped": 8}


def test_of_a_lasting_exchange_nobody_knows_which_side_is_right(rat):
    cleaned, cleaning = clean(changed(rat, lambda points: swap(points, 250, 500)))
    assert cleaning.swapped.sum() == 0
    assert not cleaned.missing.any()


def test_hands_that_touch_are_not_swapped(rat, rng):
    def spoil(points):
        middle = points[200:260, [LEFT, RIGHT]].mean(axis=1, keepdims=True)
        points[200:260, [LEFT, RIGHT]] = middle + rng.normal(scale=0.003, size=(60, 2, 3))

    assert clean(changed(rat, spoil))[1].swapped.sum() == 0


@pytest.mark.parametrize(("length", "filled"), [(1, True), (5, True), (6, False)])
def test_gaps_of_a_tenth_of_a_second_are_filled(rat, length, filled):
    def spoil(points):
        points[100 : 100 + length, 4] = np.nan
        points[:2, 0] = np.nan
        points[-1, 1] = np.nan

    cleaned, cleaning = clean(changed(rat, spoil))
    assert cleaning.filled.sum() == (length if filled else 0)
    # at the ends there is nothing to lead to
    assert cleaned.missing[:2, 0].all() and cleaned.missing[-1, 1]
    assert cleaning.missing.sum() == 3 + (0 if filled else length)
    if filled:
        np.testing.assert_allclose(cleaned.points[95:110, 4], rat.points[95:110, 4], atol=5e-4)


def test_what_fills_a_gap_stays_between_its_ends(rat):
    def spoil(points):
        points[:, 3] = 0.0
        points[103:, 3] = 0.02
        points[100:103, 3] = np.nan

    heights = clean(changed(rat, spoil))[0].points[:, 3, 2]
    assert heights.min() == 0.0
    assert heights.max() == 0.02
    assert (np.diff(heights) >= 0).all()


def test_gaps_may_be_left(rat):
    def spoil(points):
        points[100, 4] = np.nan

    cleaned, cleaning = clean(changed(rat, spoil), max_gap=0.0)
    assert cleaned.missing[100, 4]
    assert totals(cleaning) == NOTHING | {"missing": 1}


def test_low_confidence_is_taken_out_first(rat):
    confidence = np.ones((500, 7))
    confidence[50, 0], confidence[80:100, 2] = 0.1, 0.2
    cleaned, cleaning = clean(dataclasses.replace(rat, confidence=confidence), min_confidence=0.5)
    assert totals(cleaning) == NOTHING | {"uncertain": 21, "filled": 1, "missing": 20}
    assert cleaned.missing[80:100, 2].all()
    with pytest.raises(InputError, match="leave out --min-confidence"):
        clean(rat, min_confidence=0.5)


def test_the_counts_are_plain_numbers(rat):
    counts = clean(changed(rat, lambda points: swap(points, 10, 12)))[1].to_json()
    assert json.loads(json.dumps(counts)) == counts
    assert counts["frames"] == 500
    assert list(counts["keypoints"]) == list(NAMES)
    assert counts["keypoints"]["HandL"] == NOTHING | {"swapped": 2}


def test_limits_must_make_sense(rat):
    for limits in ({"max_spike": 0.0}, {"max_gap": -1.0}, {"max_gap": np.inf}, {"max_spike": np.nan}):
        with pytest.raises(InputError, match=next(iter(limits))):
            clean(rat, **limits)


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (("HipL", "HipR", "SpineL", "SpineM"), [("HipL", "HipR")]),
        (("R_knee", "L_knee"), [("L_knee", "R_knee")]),
        (
            ("paw_left", "paw_right", "rightEar", "leftEar"),
            [("paw_left", "paw_right"), ("leftEar", "rightEar")],
        ),
        (("tail", "rear", "Leg", "heel"), []),
    ],
)
def test_pairs_are_found_by_their_names(names, pairs):
    assert list(side_pairs(names)) == pairs


def test_the_real_keypoints_are_left_nearly_as_they_are(data):
    path = data / "mocap" / "test_rodent_mocap_1000_frames.nwb"
    keypoints = read_keypoints(path, KeypointOptions(units="mm", fps=50.0))
    cleaned, cleaning = clean(keypoints)
    assert len(side_pairs(keypoints.names)) == 9
    assert totals(cleaning)["spikes"] + totals(cleaning)["swapped"] < 0.001 * keypoints.missing.size
    assert not cleaned.missing.any()


def test_the_real_markers_have_faults(data):
    markers = read_keypoints(data / "mocap" / "dannce_rat7m_markers_30hz_mm.npz", KeypointOptions(units="mm"))
    cleaned, cleaning = clean(markers)
    assert 0 < totals(cleaning)["filled"] < markers.missing.sum() + totals(cleaning)["spikes"]
    same = ~markers.missing & ~cleaned.missing
    assert (cleaned.points[same] == markers.points[same]).mean() > 0.99
    # three frames in which 15 cm are jumped, before most markers are lost
    assert np.flatnonzero(lost_frames(markers.points, markers.fps, MAX_SPIKE)).tolist() == [262, 263, 264]


def test_no_real_rat_is_lost(data):
    with np.load(data / "mocap" / "rat_clips_9.npz") as file:
        poses = file["qpos"]
    markers = read_markers("rat23")
    skeleton = Skeleton(make_scene(), markers.bodies)
    for qpos in poses:
        points = skeleton.positions(qpos, 0.9 * markers.offsets)
        for every in (1, 2, 3):
            assert not len(jump_frames(points[::every], MAX_SPIKE))
