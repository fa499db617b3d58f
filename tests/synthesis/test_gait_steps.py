"""When and where paws step, and limbs that reach there."""

import mujoco
import numpy as np
import pytest

from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.paws import Paws
from rodent.kinematics.posture import Trunk, posed
from rodent.synthesis import gait_statistics
from rodent.synthesis.footfall import footfalls, paw_targets
from rodent.synthesis.path import FPS
from rodent.synthesis.reach import Reach
from rodent.synthesis.targets import PawTargets

STANDING = np.array([[0.04, 0.014], [0.04, -0.014], [-0.05, 0.021], [-0.05, -0.021]])


def homes_at(way):
    """Homes of a rat that has gone so far along x, shape (frames, 4, 2), and their directions."""
    homes = np.repeat(STANDING[None], len(way), axis=0)
    homes[..., 0] += way[:, None]
    return homes, np.zeros((len(way), 4))


@pytest.mark.parametrize("speed", [0.1, 0.3, 0.6])
def test_steps_have_the_published_durations(speed):
    time = np.arange(0, 5, 1 / FPS)
    steps, phase = footfalls(time, *homes_at(speed * time))
    assert np.diff(phase) * FPS == pytest.approx(gait_statistics.cycle_frequency(speed))
    for paw in steps:
        swing = paw.touchdown[1:] - paw.liftoff[:-1]
        stance = (paw.liftoff - paw.touchdown)[1:-1]
        # a swing may begin a frame early, where the paw would be left too far behind
        np.testing.assert_allclose(swing, gait_statistics.SWING_DURATION, atol=0.021)
        cycle = gait_statistics.cycle_duration(speed)
        np.testing.assert_allclose(stance / cycle, gait_statistics.duty_factor(speed), atol=0.021 / cycle)


def test_a_paw_is_put_down_as_far_ahead_as_it_is_left_behind():
    time = np.arange(0, 5, 1 / FPS)
    homes, yaws = homes_at(0.25 * time)
    for paw, home in zip(footfalls(time, homes, yaws)[0], homes.swapaxes(0, 1), strict=True):
        inner = slice(2, -2)
        at = [np.interp(t[inner], time, home[:, 0]) for t in (paw.touchdown, paw.liftoff)]
        ahead, behind = paw.place[inner, 0] - at[0], at[1] - paw.place[inner, 0]
        np.testing.assert_allclose(ahead, behind, atol=0.006)
        np.testing.assert_allclose(ahead, gait_statistics.STANCE_LENGTH / 2, atol=0.006)


def test_paws_stay_while_the_rat_rests():
    time = np.arange(0, 8, 1 / FPS)
    way = np.interp(time, [0, 2, 6, 8], [0, 0.5, 0.5, 1.0])
    homes, yaws = homes_at(way)
    steps, _ = footfalls(time, homes, yaws)
    rest = (time > 2.3) & (time < 5.7)
    targets = paw_targets(steps, time, homes, yaws)
    assert np.ptp(targets.place[rest], axis=0).max() == 0
    assert targets.clearance[rest].max() == 0
    standing = targets.clearance == 0
    assert np.linalg.norm(targets.place - homes, axis=-1)[standing].max() < 0.035


def test_paws_do_not_jump():
    time = np.arange(0, 6, 1 / FPS)
    speed = 0.3 * (1 - np.cos(time))
    homes, yaws = homes_at(np.cumsum(speed) / FPS)
    targets = paw_targets(footfalls(time, homes, yaws)[0], time, homes, yaws)
    pace = np.linalg.norm(np.diff(targets.place, axis=0), axis=-1) * FPS
    assert pace.max() < 2.5  # m/s
    assert targets.clearance.max() == pytest.approx(gait_statistics.PAW_LIFT, rel=0.05)


def test_where_paws_are_is_what_mujoco_says(body, poses):
    state = Paws(body).state(poses)
    data = mujoco.MjData(body.model)
    for i in (0, 17, 39):
        data.qpos[:] = poses[i]
        mujoco.mj_kinematics(body.model, data)
        for paw, site in enumerate(("palm_L", "palm_R", "sole_L", "sole_R")):
            np.testing.assert_allclose(state.contact[i, paw], data.site(site).xpos, atol=1e-12)
    np.testing.assert_allclose(state.lowest.min(axis=1), lowest_paw(poses, body), atol=1e-12)


def test_limbs_reach_what_limbs_can_reach(body, rng):
    """Targets are poses of the limbs themselves, and are met by other poses within the limits."""
    rest = body.rest_angles
    start = posed(body, Trunk.still(30))
    reach = Reach(body, rest)
    limbs = np.unique(reach._hinges[reach._real])
    truth = start.copy()
    # one slow movement, as neighbours are taken to be near one another
    sway = 0.15 * np.sin(np.linspace(0, 2, 30)[:, None] + rng.uniform(0, 6, len(limbs)))
    truth[:, 7 + limbs] = np.clip(truth[:, 7 + limbs] + sway, *body.joint_range[limbs].T)
    state = Paws(body).state(truth)
    exact = np.full((30, 4, 3), 1e-4)
    solved = reach.reach(start, PawTargets(state.contact[..., :2], state.lowest, state.quaternion, exact))
    found = Paws(body).state(solved)
    np.testing.assert_allclose(found.contact[..., :2], state.contact[..., :2], atol=1e-4)
    np.testing.assert_allclose(found.lowest, state.lowest, atol=2e-4)
    others = np.setdiff1d(np.arange(74), 7 + limbs)
    np.testing.assert_array_equal(solved[:, others], start[:, others])
    assert (solved[:, 7 + limbs] >= body.joint_range[limbs, 0]).all()
    assert (solved[:, 7 + limbs] <= body.joint_range[limbs, 1]).all()


def test_out_of_reach_the_limits_are_kept(body):
    start = posed(body, Trunk.still(3))
    state = Paws(body).state(start)
    far = PawTargets(state.contact[..., :2] + 1.0, state.lowest, state.quaternion, np.full((3, 4, 3), 1e-4))
    solved = Reach(body, body.rest_angles).reach(start, far)
    assert np.isfinite(solved).all()
    assert (solved[:, 7:] >= body.joint_range[:, 0]).all() and (solved[:, 7:] <= body.joint_range[:, 1]).all()
