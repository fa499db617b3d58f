"""The arrays of a gait generator for a body and for the policy that follows it; see `rodent.policy.gait`.

gait = gait_of(config, policy)                # poses of `rodent.synthesis.steady`, about half a minute
params = {**params, "low": {**tracker, "gait": gait}}
"""

import jax.numpy as jnp
import numpy as np

from rodent.kinematics.forward import torso_offset
from rodent.physics.host import HostEngine
from rodent.policy.gait import Gait, gait_shapes
from rodent.policy.policy import Policy
from rodent.policy.sizes import ReferenceConfig
from rodent.scene import Scene, make_scene
from rodent.sensing.proprioception import sensed
from rodent.synthesis.steady import steady_gaits
from rodent.tasks.actuation import action_unit, neutral_setpoint
from rodent.tasks.imitation import REFERENCE
from rodent.tasks.stance import standing
from rodent.tasks.task import PROPRIOCEPTION

_NECK, _BENT = "cervical_extend", 0.6  # radians to both sides
_READ = ("root_height", "gravity", "linear_velocity", "angular_velocity")


def gait_of(config: ReferenceConfig, policy: Policy) -> Gait:
    """The arrays of a generator.

    Args:
        config: grid and sizes.
        policy: that follows the reference; its body has the gait.
    """
    scene = make_scene(policy.scene)
    gaits = steady_gaits(scene, config.speeds, config.turns, config.phases)
    flat = gaits.qpos.reshape(-1, scene.model.nq)
    poses = _poses(scene, flat).reshape(*gaits.qpos.shape[:3], -1)
    heights, heads, neutral = _heads(scene, config.heads)
    mean, std = (getattr(policy.normalizer, name)[REFERENCE] for name in ("mean", "std"))
    kernel, bias = _readout(scene, policy)
    found = {
        "readout_kernel": kernel,
        "readout_bias": bias,
        "poses": poses,
        "rates": np.concatenate([gaits.frequency[..., None], gaits.velocity], -1),
        "heights": heights,
        "heads": heads,
        "neutral": neutral,
        "origin": torso_offset(scene),
        "mean": mean,
        "std": std,
    }
    shapes = gait_shapes(config, len(kernel), scene.model.nu)
    assert {name: np.shape(one) for name, one in found.items()} == shapes
    return {name: jnp.asarray(one, jnp.float32) for name, one in found.items()}


def _poses(scene: Scene, qpos: np.ndarray) -> np.ndarray:
    """Quaternion, positions of bodies, joints and setpoint of poses, shape (n, size)."""
    engine = HostEngine(scene.model, len(qpos), scene.model.opt.timestep, bodies=scene.tracked_ids)
    xpos = np.asarray(engine.forward(qpos, np.zeros((len(qpos), scene.model.nv))).xpos)
    setpoint = np.clip(scene.setpoint_ctrl(qpos), *scene.ctrl_range.T) - neutral_setpoint(scene)
    joints = qpos[:, 7:][:, scene.previewed_joints]
    return np.column_stack([qpos[:, 3:7], xpos.reshape(len(qpos), -1), joints, setpoint / action_unit(scene)])


def _heads(scene: Scene, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heights of the head of a standing rat that bends its neck, what that changes in its pose, and the
    height without it, m, shape (1,).
    """
    qpos = np.repeat(np.asarray(standing(scene).qpos, float)[None], count + 1, axis=0)
    angles = np.append(np.linspace(-_BENT, _BENT, count), 0.0)
    bent = qpos[:, 7:] + angles[:, None] * scene.distribution(_NECK)
    qpos[:, 7:] = np.clip(bent, *scene.joint_range.T)
    poses = _poses(scene, qpos)
    column = 4 + 3 * scene.end_effector_rows[-1] + 2
    order = np.argsort(poses[:-1, column])
    return poses[order, column], poses[order] - poses[-1], poses[-1:, column]


def _readout(scene: Scene, policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias from normalised senses to the joints that are seen and to `_READ`."""
    mean, std = (
        np.asarray(getattr(policy.normalizer, name)[PROPRIOCEPTION], float) for name in ("mean", "std")
    )
    begin, columns = 0, {}
    for name, part in sensed(scene, standing(scene), policy.task.senses).items():
        columns[name] = begin + np.arange(part.values.size)
        begin += part.values.size
    read = np.concatenate([columns["joint_angles"][scene.previewed_joints], *(columns[k] for k in _READ)])
    kernel = np.zeros((len(mean), len(read)))
    kernel[read, np.arange(len(read))] = std[read]
    return kernel, mean[read]
