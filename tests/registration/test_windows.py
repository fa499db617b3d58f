"""Poses of whole recordings: seams, gaps, jumps, and what neighbouring frames tell each other."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rodent.clips import Clip, read_clips, resample
from rodent.keypoints import Keypoints
from rodent.kinematics.poses import velocities
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import Registration, read_markers, windows

MARKERS, SCALE = read_markers(Path(__file__).with_name("far_markers.toml")), 0.9


def measured(body, qpos: np.ndarray, noise: float = 0.001) -> Keypoints:
    random = np.random.default_rng(0)
    points = Skeleton(body, MARKERS.bodies).positions(qpos, MARKERS.offsets * SCALE)
    points += random.normal(0, noise, points.shape)
    points[random.random(points.shape[:2]) < 0.2] = np.nan
    return Keypoints(points=points, names=MARKERS.names, fps=50.0, source="made")


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    """600 frames without a jump: a walk, the same back, and again."""
    once = read_clips("gaits")["walk"].qpos
    return np.concatenate([once, once[::-1], once])


@pytest.fixture(scope="module")
def registration(body, walk) -> Registration:
    markers = dataclasses.replace(MARKERS, freedoms=np.zeros(23))
    return Registration(markers, scale=SCALE).fit(measured(body, walk))


def test_seams_do_not_show(body, walk, registration, monkeypatch):
    keypoints = measured(body, walk)
    monkeypatch.setattr(windows, "_WINDOW", 200)
    cut = registration.transform(keypoints)
    assert len(windows._windows(np.full(600, 23), 50.0)) == 3
    monkeypatch.setattr(windows, "_WINDOW", 600)
    whole = registration.transform(keypoints)
    assert np.abs(velocities(cut.qpos, 50.0) - velocities(whole.qpos, 50.0)).max() < 1e-3


@pytest.mark.parametrize("frames", [2, 100, 650, 1249, 5000])
def test_stretches_share_every_frame(frames, rng):
    seen, total, owned = rng.integers(0, 23, frames), np.zeros(frames), np.zeros(frames)
    for stretch in windows._windows(seen, 50.0):
        total[stretch.wide] += stretch.weight
        owned[stretch.own] += 1
    np.testing.assert_allclose(total, 1.0)
    np.testing.assert_array_equal(owned, 1.0)


def test_stretches_meet_where_the_rat_is_seen():
    seen = np.full(3000, 20)
    seen[400:700], seen[1400:1600] = 4, 9  # half is enough, and near enough counts
    edges = [one.own.start for one in windows._windows(seen, 50.0)][1:]
    assert 250 <= edges[0] <= 350
    assert all(np.all(seen[edge - 50 : edge + 50] == 20) for edge in edges)
    assert np.all(np.abs(np.diff(edges) - 500) <= 250)
    even = [one.own.start for one in windows._windows(np.full(3000, 20), 50.0)]
    assert even == [0, 500, 1000, 1500, 2000, 2500]


def test_threads_change_nothing(body, walk, registration, monkeypatch):
    monkeypatch.setattr(windows, "_WINDOW", 200)
    keypoints = measured(body, walk)
    one, three = (registration.transform(keypoints, threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one.qpos, three.qpos)
    np.testing.assert_array_equal(one.positions, three.positions)


def test_progress_counts_every_frame_twice(body, walk, registration):
    told: list[int] = []
    points = measured(body, walk[:101]).points
    points[30:50] = np.nan
    keypoints = Keypoints(points=points, names=MARKERS.names, fps=50.0)
    registration.transform(keypoints, told.append)
    assert sum(told) == 202


def test_neighbours_take_away_noise(body, walk, registration):
    found = registration.transform(measured(body, walk))
    hinges = registration.hinges

    def shake(qpos: np.ndarray) -> float:
        return float(np.sqrt(np.mean(np.diff(qpos[:, 7 + hinges], 2, axis=0) ** 2)))

    alone = registration._solver().solve(measured(body, walk).points / SCALE)
    assert shake(found.qpos) < shake(alone) / 4
    assert shake(found.qpos) < 1.2 * shake(walk)


def test_a_keypoint_missing_for_a_while_is_carried_on(body, walk, registration):
    keypoints = measured(body, walk[:200])
    points = keypoints.points.copy()
    points[100:104, MARKERS.names.index("HandL")] = np.nan
    (wrist,) = body.joint_ids(["wrist_L"])
    found = registration.transform(dataclasses.replace(keypoints, points=points))
    off = np.degrees(found.qpos[98:106, 7 + wrist] - walk[98:106, 7 + wrist])
    assert np.sqrt(np.mean(off**2)) < 15.0


def test_recordings_put_together_do_not_disturb_each_other(body, walk, registration):
    there = walk[:100] + np.eye(74)[0] * 0.5
    found = registration.transform(measured(body, np.concatenate([walk[:100], there])))
    assert np.nanmean(found.error, axis=1).max() < 0.003


def test_frames_without_keypoints_follow_their_neighbours(body, walk, registration):
    keypoints = measured(body, walk[:200])
    points = keypoints.points.copy()
    points[100:150] = np.nan
    points[160:163, 2:] = np.nan
    found = registration.transform(dataclasses.replace(keypoints, points=points))
    assert np.isfinite(found.qpos).all()
    assert np.isnan(found.error[100:150]).all()
    assert np.abs(found.qpos[101:124, :3] - found.qpos[99, :3]).max() < 0.02
    np.testing.assert_allclose(np.linalg.norm(found.qpos[:, 3:7], axis=1), 1.0)
    # two keypoints are enough to be carried along
    assert np.nanmean(found.error[160:163]) < 0.004


@pytest.mark.parametrize("frames", [2, 3, 6])
def test_very_short_recordings(body, walk, registration, frames):
    points = Skeleton(body, MARKERS.bodies).positions(walk[:frames], MARKERS.offsets * SCALE)
    found = registration.transform(Keypoints(points=points, names=MARKERS.names, fps=50.0))
    assert found.qpos.shape == (frames, 74)
    assert np.nanmean(found.error) < 0.001


def test_what_dies_away_can_be_interpolated(walk):
    fading = walk.copy()
    fading[:, 24] = 0.1 * np.exp(-1.3 * np.arange(600))  # 1e-308 and less in the end
    windows._flush_tiny(fading)
    # warnings are errors here, and the slopes are inverted
    assert resample(Clip("a", fading, 50.0), 80.0).qpos[-1, 24] == 0.0
    np.testing.assert_allclose(fading[:, 24], 0.1 * np.exp(-1.3 * np.arange(600)), atol=1e-12)
