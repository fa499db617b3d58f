"""What an action does: a change of control around a setpoint, in units that fit each actuator.

ctrl = commanded(body, setpoint, action_unit(body) * action)
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from rodent.body import Body
from rodent.kinematics.posture import Trunk, posed

# a servo's force fades as its joint gives way: policies learn best when it is pushed by more
_SERVO = 4.0


@functools.lru_cache(maxsize=16)
def action_unit(body: Body) -> np.ndarray:
    """Change of control by one action: torques change by their usual force, servos by four times theirs.

    As fractions of the control range noise throws the trunk about before the legs have tried a step.

    Args:
        body: the animal; its servos or its torques.

    Returns:
        in units of ctrl, shape (nu,).
    """
    times = _SERVO if body.servos else 1.0
    return times * body.usual_force / body.model.actuator_gainprm[:, 0]


@functools.lru_cache(maxsize=16)
def neutral_setpoint(body: Body) -> np.ndarray:
    """Controls whose setpoint is the neutral standing pose; zero for torques, shape (nu,)."""
    if not body.servos:
        return np.zeros(body.model.nu)
    return np.clip(body.setpoint_ctrl(posed(body, Trunk.still(1))[0]), -1, 1)


def commanded(setpoint: jax.Array | None, offset: jax.Array) -> jax.Array:
    """Controls for an offset around a setpoint, within [-1, 1]; None for no setpoint."""
    return jnp.clip(offset if setpoint is None else offset + setpoint, -1.0, 1.0)
