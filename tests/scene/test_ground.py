"""Forces of the ground: MuJoCo's own, contact by contact, and the weight of a rat that stands."""

import dataclasses

import mujoco
import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.physics.engine import Command, PhysicsState
from rodent.physics.host import HostEngine
from rodent.scene.ground import animal_weight, ground_parts, ground_sensors

STEPS, STEP = 100, 0.02


@pytest.fixture(scope="module")
def standing(body):
    """Two seconds of a rat dropped from 10 mm, its servos set to stand: states, with forces and without."""
    qpos = read_clips("gaits")["stand"].qpos[:1].copy()
    ctrl = np.clip(body.setpoint_ctrl(qpos), -1, 1)
    qpos[:, 2] += 0.01
    none = PhysicsState(*[None] * len(PhysicsState.__dataclass_fields__))
    found = []
    for sensors in (ground_sensors(body), None):
        engine = HostEngine(body.model, 1, STEP, ground=sensors)
        begun = dataclasses.replace(engine.forward(qpos, np.zeros((1, body.model.nv))), act=ctrl)
        state, states = engine.begin(begun), []
        for _ in range(STEPS):
            state = engine.step(state, Command(ctrl, np.zeros(1, bool), none))
            states.append(state)
        found.append(states)
    return found


def momentum(body, physics):
    """Of the rat, kg m/s, shape (3,)."""
    data = mujoco.MjData(body.model)
    data.qpos[:], data.qvel[:] = physics.qpos[0], physics.qvel[0]
    mujoco.mj_forward(body.model, data)
    mujoco.mj_subtreeVel(body.model, data)
    return data.subtree_linvel[1] * body.model.body_subtreemass[1]


def test_paws_are_hands_with_fingers_and_feet_with_toes(body):
    assert ground_parts(body) == ("hand_L", "hand_R", "foot_L", "foot_R", "rest")


def test_sensing_forces_changes_no_motion(standing):
    for with_forces, without in zip(*standing, strict=True):
        np.testing.assert_array_equal(with_forces.physics.qpos, without.physics.qpos)
        np.testing.assert_array_equal(with_forces.physics.sensordata, without.physics.sensordata)
    assert standing[1][0].ground is None


def test_the_ground_carries_the_weight_of_a_standing_rat(standing, body):
    weight, forces = animal_weight(body), np.array([state.ground[0] for state in standing[0]])
    assert weight == pytest.approx(9.81 * body.model.body_mass.sum())
    assert forces.shape == (STEPS, 5, 3) and not forces[0].any(), "still in the air"
    assert forces[50:, :, 2].sum(1).mean() == pytest.approx(weight, rel=0.01)
    assert (forces[50:, :4, 2].mean(0) > 0.05 * weight).all()


def test_impulse_is_the_change_of_momentum(standing, body):
    states, weight = standing[0], animal_weight(body)
    impulse = STEP * sum(state.ground[0].sum(0) for state in states[1:])
    impulse[2] -= (STEPS - 1) * STEP * weight
    change = momentum(body, states[-1].physics) - momentum(body, states[0].physics)
    # after the first 20 ms it falls with a momentum of 0.02 weights times a second
    assert change[2] > 0.015 * weight
    np.testing.assert_allclose(impulse, change, atol=0.005 * weight)


def test_forces_are_those_of_every_contact(body):
    sensors = ground_sensors(body)
    model, data = sensors.model, mujoco.MjData(sensors.model)
    data.qpos[:] = read_clips("gaits")["walk"].qpos[40]
    data.qpos[2] -= 0.002
    mujoco.mj_forward(model, data)
    wanted, force = np.zeros((5, 3)), np.zeros(6)
    paws = [{f"{a}_{s}", f"{b}_{s}"} for a, b in (("hand", "finger"), ("foot", "toe")) for s in "LR"]
    for i, contact in enumerate(data.contact):
        mujoco.mj_contactForce(model, data, i, force)
        names = {model.body(model.geom_bodyid[geom]).name for geom in contact.geom}
        part = next((k for k, paw in enumerate(paws) if paw & names), 4)
        wanted[part] += force[:3] @ contact.frame.reshape(3, 3)
    assert np.count_nonzero(wanted.any(1)) >= 2
    np.testing.assert_allclose(sensors.forces(data.sensordata), wanted, atol=1e-9)
