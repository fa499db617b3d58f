"""Places of bodies as a function of the pose: MuJoCo's, with the slope that finite differences have."""

import jax
import jax.numpy as jnp
import numpy as np

from rodent.body import Body
from rodent.physics import HostEngine
from rodent.physics.places import places_of


def test_bodies_are_where_mujoco_has_them_and_move_as_their_joints_do():
    body, rng = Body(), np.random.default_rng(0)
    qpos = np.tile(body.model.qpos0, (3, 1))
    qpos[:, :3] += rng.normal(size=(3, 3))
    qpos[:, 3:7] = rng.normal(size=(3, 4))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    qpos[:, 7:] += 0.3 * rng.normal(size=(3, 67))
    engine = HostEngine(body.model, 3, 0.02, bodies=body.tracked_ids)
    wanted = engine.forward(qpos, np.zeros((3, 73))).xpos

    places = jax.jit(places_of(body.model, body.tracked_ids))
    np.testing.assert_allclose(places(jnp.asarray(qpos)), wanted, atol=2e-6)

    way = np.zeros_like(qpos)
    way[:, 7:] = rng.normal(size=(3, 67))
    _, slope = jax.jvp(places, (jnp.asarray(qpos, jnp.float32),), (jnp.asarray(way, jnp.float32),))
    ahead, behind = (engine.forward(qpos + step * way, np.zeros((3, 73))).xpos for step in (1e-3, -1e-3))
    np.testing.assert_allclose(slope, (ahead - behind) / 2e-3, atol=2e-3)
