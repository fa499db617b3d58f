"""Places of bodies as a function of the pose: MuJoCo's, with the slope that finite differences have."""

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from rodent.physics import HostEngine
from rodent.physics.forward_kinematics import forward_kinematics
from rodent.physics.mjx_parts import mjx
from rodent.scene import make_scene
from rodent.scene_config import NoArenaConfig, SceneConfig
from tests.bodies import HOPPER, SMALL


def test_bodies_are_where_mujoco_has_them_and_move_as_their_joints_do():
    body, rng = make_scene(), np.random.default_rng(0)
    qpos = np.tile(body.model.qpos0, (3, 1))
    qpos[:, :3] += rng.normal(size=(3, 3))
    qpos[:, 3:7] = rng.normal(size=(3, 4))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    qpos[:, 7:] += 0.3 * rng.normal(size=(3, 67))
    engine = HostEngine(body.model, 3, 0.02, bodies=body.tracked_ids)
    wanted = engine.forward(qpos, np.zeros((3, 73))).xpos

    places = jax.jit(forward_kinematics(body.model, body.tracked_ids))
    np.testing.assert_allclose(places(jnp.asarray(qpos)), wanted, atol=2e-6)

    # a joint's way is its change; the root's quaternion moves by the turn that its velocity makes
    way = rng.normal(size=(3, 73))
    pushes = rng.normal(size=wanted.shape)
    ends = []
    for step in (1e-3, -1e-3):
        moved = qpos.copy()
        for pose, velocity in zip(moved, way, strict=True):
            mujoco.mj_integratePos(body.model, pose, velocity, step)
        ends.append((engine.forward(moved, np.zeros((3, 73))).xpos, moved))
    change = (ends[0][1] - ends[1][1]) / 2e-3
    slope = np.sum(pushes * (ends[0][0] - ends[1][0]) / 2e-3, axis=(1, 2))

    gradient = jax.jit(jax.grad(lambda q: jnp.sum(pushes * places(q))))(jnp.asarray(qpos, jnp.float32))
    np.testing.assert_allclose(np.sum(gradient * change, 1), slope, atol=5e-3)


_SCALAR = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)


def test_the_gradient_is_that_of_the_arithmetic(tmp_path):
    """Against automatic differentiation of MJX, in every direction, of a small body of hinges and a slide."""
    tail = '<joint name="tail" type="slide" range="-1 1" axis="0 0 1"/>'
    file = tmp_path / "body.xml"
    file.write_text(SMALL.read_text().replace('<joint name="tail" axis="0 0 1"/>', tail))
    config = dataclasses.replace(HOPPER, path=str(file))
    body, rng = make_scene(SceneConfig(NoArenaConfig(), config)), np.random.default_rng(1)
    assert set(body.model.jnt_type.tolist()) == {int(kind) for kind in (mujoco.mjtJoint.mjJNT_FREE, *_SCALAR)}
    qpos = np.tile(body.model.qpos0, (4, 1))
    qpos[:, 3:7] = rng.normal(size=(4, 4))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    qpos[:, 7:] += rng.normal(size=(4, 3))
    pushes = rng.normal(size=(4, len(body.tracked_ids), 3))
    model = mjx.put_model(body.model)

    def told(q: jax.Array) -> jax.Array:
        return jnp.sum(pushes * forward_kinematics(body.model, body.tracked_ids)(q))

    def computed(q: jax.Array) -> jax.Array:
        data = mjx.make_data(body.model)
        return jnp.sum(
            pushes * jax.vmap(lambda x: mjx.kinematics(model, data.replace(qpos=x)).xpos)(q)[:, ids]
        )

    ids = np.asarray(body.tracked_ids)
    qpos = jnp.asarray(qpos, jnp.float32)
    np.testing.assert_allclose(jax.grad(told)(qpos), jax.grad(computed)(qpos), atol=1e-4)


def test_other_joints_are_refused():
    spec = mujoco.MjSpec()
    spec.worldbody.add_body(name="slider", mass=1.0, inertia=[1, 1, 1]).add_joint(
        type=mujoco.mjtJoint.mjJNT_SLIDE
    )
    with pytest.raises(ValueError, match="one free root, hinges and slides"):
        forward_kinematics(spec.compile(), np.array([1]))
