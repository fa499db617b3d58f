"""The built-in motion is what it says, and one that the rat's body can stand."""

import mujoco
import numpy as np
import pytest

from rodent.clips.validate import check_clip_set
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import velocities
from rodent.physics.host import HostEngine
from rodent.synthesis.stance import FPS, stance_clips

PAWS = ("hand_L", "hand_R", "foot_L", "foot_R")


@pytest.fixture(scope="module")
def clips(body):
    return stance_clips(body, frames=200, n=4)


def positions(body, qpos, names):
    """Of bodies, metres, shape (frames, names, 3)."""
    engine = HostEngine(body.model, len(qpos), 1 / FPS)
    return engine.forward(qpos, np.zeros((len(qpos), body.model.nv))).xpos[:, body.body_ids(names)]


def test_clips_say_that_they_are_made_up(clips):
    assert clips.names == ("sway_0", "sway_1", "sway_2", "sway_3")
    for clip in clips:
        assert (clip.behavior, clip.source) == ("sway", "synthetic (rodent.motion.sway)")
        assert (clip.n_frames, clip.fps) == (200, 50.0)
    check_clip_set(clips, "sway")


def test_clips_are_cut_from_one_smooth_motion(clips):
    qpos = np.concatenate([clip.qpos for clip in clips])
    np.testing.assert_allclose(np.concatenate([clip.qvel for clip in clips]), velocities(qpos, FPS))
    speed = np.abs(np.diff(qpos, axis=0)).max(0) * FPS
    assert speed[:3].max() < 0.1  # m/s
    assert speed[7:].max() < 5  # rad/s
    acceleration = np.abs(np.diff(qpos, n=2, axis=0)).max() * FPS**2
    assert acceleration < 30


def test_it_never_repeats_itself(body):
    """Shifted in time it does not resemble itself, or shifted spikes would be predicted too."""
    qpos = np.concatenate([clip.qpos for clip in stance_clips(body, frames=500, n=8)])
    moving = qpos[:, qpos.std(0) > 1e-3]
    z = (moving - moving.mean(0)) / moving.std(0)
    for shift in range(500, 2000, 50):
        assert np.abs((z[:-shift] * z[shift:]).mean()) < 0.35


def test_seeds_and_lengths(body, clips):
    again, other = (stance_clips(body, frames=200, n=1, seed=seed)[0] for seed in (0, 1))
    # the height of the floor depends on all frames, the motion does not
    np.testing.assert_allclose(np.delete(again.qpos, 2, 1), np.delete(clips[0].qpos, 2, 1))
    assert np.abs(other.qpos - again.qpos).max() > 0.05


def test_the_trunk_moves_and_the_paws_stay(body, clips):
    qpos = np.concatenate([clip.qpos for clip in clips])
    paws = positions(body, qpos, PAWS)
    assert np.ptp(paws, axis=0).max() < 0.005
    assert paws.std(0).max() < 0.001
    torso, skull = positions(body, qpos, ("torso", "skull")).transpose(1, 0, 2)
    assert np.ptp(torso, axis=0).max() > 0.008
    assert np.ptp(skull, axis=0).max() > 0.025
    lowest = lowest_paw(qpos, body)
    assert abs(np.median(lowest)) < 1e-6
    assert np.abs(lowest).max() < 0.003


def test_no_joint_is_at_its_limit(body, clips):
    qpos = np.concatenate([clip.qpos for clip in clips])
    moving = np.flatnonzero(np.ptp(qpos[:, 7:], axis=0) > 0.01)
    low, high = body.joint_range[moving].T
    angles = qpos[:, 7 + moving]
    assert len(moving) > 30
    assert (angles > low).all() and (angles < high).all()


def test_the_physical_rat_stands(body, clips):
    """Servos alone, their setpoints the motion's, keep it on its feet for four seconds."""
    clip = clips[0]
    ctrl = body.setpoint_ctrl(clip.qpos)
    assert np.abs(ctrl).max() <= 1
    data = mujoco.MjData(body.model)
    data.qpos[:], data.act[:] = clip.qpos[0], ctrl[0]
    data.qpos[2] += max(0.0, -lowest_paw(clip.qpos[:1], body)[0])
    states = [data.qpos.copy()]
    for frame in range(1, clip.n_frames):
        data.ctrl[:] = ctrl[frame]
        mujoco.mj_step(body.model, data, 2)
        states.append(data.qpos.copy())
    was, wanted = (positions(body, q, ("torso",)) for q in (np.array(states), clip.qpos))
    assert np.linalg.norm(was - wanted, axis=-1).max() < 0.015
