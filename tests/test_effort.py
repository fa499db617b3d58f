"""The unit of an action: a like force for servos and torques, and on both sides."""

import mujoco
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.scene import make_scene
from rodent.tasks.imitation import action_unit


def _forces(body, ctrl):
    """Actuators' forces at the neutral pose with muscles that have followed their controls, shape (38,)."""
    data = mujoco.MjData(body.model)
    data.act[:] = ctrl
    mujoco.mj_forward(body.model, data)
    return data.actuator_force.copy()


def test_servos_are_pushed_by_four_times_the_force_of_torques():
    changes = []
    for actuation in ("position", "torque"):
        body = make_scene(BodyConfig(actuation=actuation))
        unit = action_unit(body)
        changes.append(_forces(body, unit) - _forces(body, 0 * unit))
    np.testing.assert_allclose(changes[0], 4 * changes[1], rtol=1e-9)
    assert (changes[1] > 0).all()


@pytest.mark.parametrize("config", [{"strength": 3.0}, {"scale": 1.2}])
def test_force_follows_weight_and_lever_not_strength(config):
    usual, other = (
        make_scene(BodyConfig(actuation="torque")),
        make_scene(BodyConfig(actuation="torque", **config)),
    )
    ratio = _forces(other, action_unit(other)) / _forces(usual, action_unit(usual))
    np.testing.assert_allclose(ratio, (other.scale / usual.scale) ** 4, rtol=1e-9)


def test_left_is_as_right(body):
    unit = dict(zip(body.actuator_names, action_unit(body), strict=True))
    for name, value in unit.items():
        assert value == pytest.approx(unit[name.replace("_L", "_R")])
