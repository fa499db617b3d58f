"""Rears drawn at random: on the hind legs, in balance, each otherwise."""

import mujoco
import numpy as np
import pytest

from rodent.errors import WorkError
from rodent.kinematics.forward import torso_positions
from rodent.kinematics.paws import Paws
from rodent.synthesis import quality, rear_clips, rears, sampling
from rodent.synthesis.noise import smooth_noise
from rodent.synthesis.quality import TOUCHING


@pytest.fixture(scope="module")
def drawn(body):
    """Three that are up throughout, and one that rises."""
    return rear_clips(body, 4, seed=0)


def heights(clip, body):
    return torso_positions(clip.qpos, body)[:, 2]


def ahead_of_soles(qpos, body):
    """Of the centre of mass, metres, shape (frames,), in the direction that the feet point."""
    data, ahead = mujoco.MjData(body.model), []
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_kinematics(body.model, data)
        mujoco.mj_comPos(body.model, data)
        toes = sum(data.body(f"toe_{side}").xpos - data.body(f"foot_{side}").xpos for side in "LR")[:2]
        soles = (data.site("sole_L").xpos + data.site("sole_R").xpos)[:2] / 2
        ahead.append((data.subtree_com[0, :2] - soles) @ toes / np.linalg.norm(toes))
    return np.array(ahead)


def test_a_rear_depends_on_its_seed_and_number_alone(body, drawn):
    (alone,) = rear_clips(body, 1, seed=0)
    (other,) = rear_clips(body, 1, seed=1)
    np.testing.assert_array_equal(alone.qpos, drawn[0].qpos)
    assert np.abs(other.qpos - alone.qpos).max() > 0.1
    assert drawn.names == ("rear_0", "rear_1", "rear_2", "rear_3")
    assert {clip.behavior for clip in drawn} == {"Rear"}


def test_three_of_four_are_up_throughout_and_the_fourth_rises(body, drawn):
    for clip in list(drawn)[:3]:
        assert heights(clip, body).min() > 0.095
    rising = heights(drawn[3], body)
    assert max(rising[0], rising[-1]) < 0.07 and rising.max() > 0.095


def test_only_the_hind_paws_stand_neither_sliding_nor_in_the_floor(body, drawn):
    steps = 0
    for clip in list(drawn)[:3]:
        worst = quality(clip.qpos, body)
        assert worst.slide < 1e-3 and worst.penetration < 1e-3 and worst.excess == 0
        lowest = Paws(body).state(clip.qpos).lowest
        assert lowest[:, :2].min() > 0.02
        standing = lowest[:, 2:] < TOUCHING
        assert standing.any(axis=1).all()
        steps += np.sum(standing[:-1] & ~standing[1:])
    assert steps > 3


def test_the_centre_of_mass_is_over_the_soles(body, drawn):
    for clip in list(drawn)[:3]:
        assert -0.022 < ahead_of_soles(clip.qpos[::10], body).mean() < 0.004


def test_what_no_leg_can_do_is_said(body, monkeypatch):
    monkeypatch.setattr(sampling, "_TRIES", 2)
    monkeypatch.setattr(rears, "_HIPS_UP", (0.1, 0.1))
    with pytest.raises(WorkError, match=r"none of 2 random rears is feasible .* of scale 0\.9"):
        rears.sample_rear(body, np.random.default_rng(0), frames=20)


def test_noise_is_bounded_smooth_and_of_about_unit_deviation():
    noise = smooth_noise(np.random.default_rng(0), frames=2000, columns=20, knot=50)
    assert noise.shape == (2000, 20)
    assert np.abs(noise).max() == 2
    assert 0.7 < noise.std() < 1.1
    assert np.abs(np.diff(noise, axis=0)).max() < 0.25  # white noise would have 4
