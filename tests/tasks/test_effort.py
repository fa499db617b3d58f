"""What an action is measured by: the same force for servos and torques, like on both sides."""

import mujoco
import numpy as np
import pytest

from rodent.body import Body, BodyConfig
from rodent.tasks.effort import usual_ctrl


def _forces(body, ctrl):
    """Actuators' forces at the neutral pose with muscles that have followed their controls, shape (38,)."""
    data = mujoco.MjData(body.model)
    data.act[:] = ctrl
    mujoco.mj_forward(body.model, data)
    return data.actuator_force.copy()


def test_servos_and_torques_change_their_force_by_the_same():
    changes = []
    for actuation in ("position", "torque"):
        body = Body(BodyConfig(actuation=actuation))
        usual = usual_ctrl(body)
        changes.append(_forces(body, usual) - _forces(body, 0 * usual))
    np.testing.assert_allclose(changes[0], changes[1], rtol=1e-9)
    assert (changes[0] > 0).all()


@pytest.mark.parametrize("config", [{"strength": 3.0}, {"scale": 1.2}])
def test_force_follows_weight_and_lever_not_strength(config):
    usual, other = Body(BodyConfig(actuation="torque")), Body(BodyConfig(actuation="torque", **config))
    ratio = _forces(other, usual_ctrl(other)) / _forces(usual, usual_ctrl(usual))
    np.testing.assert_allclose(ratio, (other.config.scale / usual.config.scale) ** 4, rtol=1e-9)


def test_left_is_as_right(body):
    usual = dict(zip(body.actuator_names, usual_ctrl(body), strict=True))
    for name, value in usual.items():
        assert value == pytest.approx(usual[name.replace("_L", "_R")])
