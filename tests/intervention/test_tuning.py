"""Tuning curves, against planted ones; and variables of behaviour."""

import numpy as np
import pytest

from rodent.clips.reading import read_clips
from rodent.intervention.behaviour import behaviour, behaviour_names
from rodent.intervention.tuning import tuning
from rodent.kinematics.poses import velocities
from rodent.scene import make_scene

RNG = np.random.default_rng(0)


def test_the_fraction_of_variance_is_that_of_the_signal():
    x = RNG.random(20_000)
    signal, noise = np.sin(2 * np.pi * x), RNG.normal(size=(20_000, 3))
    activity = np.stack([signal, signal + noise[:, 1], noise[:, 2], np.ones(len(x))], 1)
    explained = tuning(activity, x).explained
    np.testing.assert_allclose(explained, [1, 0.5 / 1.5, 0, 0], atol=0.02)
    assert explained[3] == 0


@pytest.mark.parametrize("preferred", [0.0, 0.3, 0.95])
def test_the_preferred_phase_is_that_of_the_peak(preferred):
    # phases that are not visited equally often do not move it
    phase = np.mod(RNG.normal(0.4, 0.3, size=20_000), 1.0)
    found = tuning(np.exp(2 * np.cos(2 * np.pi * (phase - preferred)))[:, None], phase, circular=True)
    assert np.abs(np.mod(found.phase - preferred + 0.5, 1) - 0.5) < 0.01
    assert np.isnan(tuning(np.ones((100, 1)), phase[:100], circular=True).phase).all()


def test_frames_without_a_value_do_not_count():
    x = np.where(np.arange(400) < 200, np.nan, RNG.random(400))
    activity = np.where(np.isnan(x), 99.0, x)[:, None]
    assert tuning(activity, x).explained > 0.99
    assert tuning(activity, np.full(400, np.nan)).explained == 0


def test_variables_of_a_walk():
    walk = read_clips("gaits").subset(["walk"])
    scene, (clip,) = make_scene(walk.body), walk
    qpos = np.asarray(clip.qpos)
    found = behaviour(scene, qpos, velocities(qpos, clip.fps), 1 / clip.fps)
    assert list(found) == behaviour_names(scene)
    assert found["speed"].mean() == pytest.approx(
        np.linalg.norm(np.diff(qpos[:, :2], axis=0), axis=1).mean() * clip.fps, rel=0.05
    )
    # left and right take turns
    left, right = (found[f"phase/foot_{side}"] for side in "LR")
    known = np.isfinite(left + right)
    apart = np.exp(2j * np.pi * (left - right)[known]).mean()
    assert known.mean() > 0.8 and np.abs(apart) > 0.8 and apart.real < -0.7


def test_short_episodes_have_no_phase(body):
    poses = np.zeros((5, body.model.nq))
    poses[:, 3] = 1
    found = behaviour(body, poses, np.ones((5, body.model.nv)), 0.02)
    assert np.isnan(found["phase/hand_L"]).all() and np.isfinite(found["height/skull"]).all()
    np.testing.assert_allclose(found["yaw-speed"], 1.0)
