"""What an action does: a change of control around a setpoint, in units that fit each actuator.

ctrl = commanded(scene, setpoint, action_unit(scene) * action)
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from rodent.scene import Scene

# a servo's force fades as its joint gives way: policies learn best when it is pushed by more
_SERVO = 4.0


@functools.lru_cache(maxsize=16)
def action_unit(scene: Scene) -> np.ndarray:
    """Change of control by one action: torques change by their usual force, servos by four times theirs.

    As fractions of the control range noise throws the trunk about before the legs have tried a step.

    Args:
        scene: the animal; its servos or its torques.

    Returns:
        in units of ctrl, shape (nu,).
    """
    times = _SERVO if scene.servos else 1.0
    return times * scene.nominal_force / scene.model.actuator_gainprm[:, 0]


@functools.lru_cache(maxsize=16)
def neutral_setpoint(scene: Scene) -> np.ndarray:
    """Controls whose setpoint is the neutral standing pose; zero for torques, shape (nu,)."""
    if not scene.servos:
        return np.zeros(scene.model.nu)
    standing = np.concatenate([np.zeros(7), scene.rest_angles])
    return np.clip(scene.setpoint_ctrl(standing), *scene.ctrl_range.T)


def commanded(scene: Scene, setpoint: jax.Array | None, offset: jax.Array) -> jax.Array:
    """Controls for an offset around a setpoint, within their range; None for no setpoint."""
    low, high = jnp.asarray(scene.ctrl_range.T, jnp.float32)
    return jnp.clip(offset if setpoint is None else offset + setpoint, low, high)
