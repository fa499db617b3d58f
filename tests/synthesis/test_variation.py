"""Variants of clips: another pace, another posture, the paws where they were."""

import dataclasses
import json

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import read_clips
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.forward import body_frames
from rodent.kinematics.poses import poses_between, velocities
from rodent.scene.rat import PAWS, in_tail
from rodent.synthesis.variation import varied, varied_clips
from rodent.variation_config import Variation

STILL = Variation(pace=0, posture=0, sway=0)


@pytest.fixture(scope="module")
def walk():
    return read_clips("gaits")["walk"]


def test_no_variation_is_the_clip_itself(body, walk):
    same = varied(walk, body, STILL, 0)
    assert same.name == "walk_varied_0"
    np.testing.assert_allclose(same.qpos, walk.qpos, atol=1e-6)


def test_pace_passes_through_the_same_poses_at_other_times(body, walk):
    other = varied(walk, body, dataclasses.replace(STILL, pace=0.4), 0)
    forward = np.diff(other.qpos[:, 0]) * other.fps
    assert forward.max() > 1.5 * forward.min()
    # the walk goes straight on: where the rat is tells which frame it is in
    at = np.interp(other.qpos[:, 0], walk.qpos[:, 0], np.arange(walk.n_frames))
    np.testing.assert_allclose(other.qpos, poses_between(walk.qpos, at), atol=0.02)
    assert other.n_frames <= walk.n_frames


def test_posture_differs_and_the_paws_stay(body, walk):
    other = varied(walk, body, Variation(pace=0), 0)
    off = np.degrees(other.qpos[:, 7:] - walk.qpos[:, 7:])
    tail = np.array([in_tail(name) for name in body.joint_names])
    np.testing.assert_allclose(off[:, tail], 0, atol=1e-9)
    assert 3 < np.sqrt(np.mean(off[:, ~tail] ** 2)) < 8
    low, high = body.joint_range.T
    assert ((other.qpos[:, 7:] >= low) & (other.qpos[:, 7:] <= high)).all()
    np.testing.assert_allclose(lowest_paw(other.qpos, body), lowest_paw(walk.qpos, body), atol=1e-6)
    before, after = (body_frames(body, clip.qpos, PAWS).position for clip in (walk, other))
    standing = before[..., 2] < 0.012
    slid = np.sum(standing[..., None] * (after - before), axis=1) / np.sum(standing, axis=1)[:, None]
    assert np.linalg.norm(slid[:, :2], axis=1).max() < 0.010
    np.testing.assert_allclose(other.qvel, velocities(other.qpos, other.fps))


def test_the_shortest_clip(body, walk):
    short = dataclasses.replace(walk, qpos=walk.qpos[:2], qvel=None)
    assert {varied(short, body, Variation(pace=1), number).n_frames for number in range(5)} == {2}


def test_a_clips_variants_are_its_own(body, walk):
    clips = read_clips("gaits").subset(["rear", "walk"])
    variation = Variation(copies=2, seed=3)
    found = varied_clips(clips, body, variation)
    assert found.names == ("rear_varied_0", "rear_varied_1", "walk_varied_0", "walk_varied_1")
    np.testing.assert_array_equal(found["walk_varied_1"].qpos, varied(walk, body, variation, 1).qpos)
    assert not np.array_equal(found["walk_varied_0"].qpos[0], found["walk_varied_1"].qpos[0])
    other = varied(walk, body, dataclasses.replace(variation, seed=4), 1)
    assert not np.array_equal(other.qpos[0], found["walk_varied_1"].qpos[0])


def test_the_command(tmp_path, capsys):
    out = tmp_path / "varied.h5"
    assert main(["clips", "vary", "gaits", "--out", str(out), "--copies", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    clips = read_clips(out)
    assert told == {"out": str(out), "clips": 13, "frames": clips.total_frames}
    assert clips.names == tuple(f"{name}_varied_0" for name in read_clips("gaits").names)


@pytest.mark.parametrize(
    ("option", "value"), [("copies", 0), ("pace", 1.5), ("posture", -1), ("sway", 90), ("seed", -1)]
)
def test_variations_out_of_range(option, value):
    with pytest.raises(InputError, match=f"{option} is {value}; it must"):
        Variation(**{option: value})
