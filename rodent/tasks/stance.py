"""The animal standing still: where an episode begins that no clip begins."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from rodent import rotation
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.physics.engine import PhysicsState
from rodent.physics.host import HostEngine
from rodent.rotation import from_rotvec
from rodent.scene import Scene
from rodent.sensing.ground import ground_height
from rodent.tasks.actuation import neutral_setpoint

_OVERLAP, _DROP = 0.01, 0.05  # metres: deepest overlap with the arena, and longest fall, at a start


@functools.lru_cache(maxsize=16)
def standing(scene: Scene) -> PhysicsState:
    """One animal at the origin that faces x and stands in its neutral pose on its feet, muscles settled.

    Its feet are at height 0, where most arenas have their ground.

    Raises:
        InputError: the arena has no room or no ground there.
    """
    pose = np.concatenate(
        [np.zeros(3), from_rotvec(np.array([0.0, -scene.roles.pitch, 0.0])), scene.rest_angles]
    )
    pose[2] -= lowest_paw(pose[None], scene)[0]
    _require_room(scene, pose[None])
    timestep = scene.model.opt.timestep
    engine = HostEngine(scene.model, 1, timestep, threads=1, bodies=scene.tracked_ids)
    physics = engine.forward(pose[None], np.zeros((1, scene.model.nv)))
    setpoint = neutral_setpoint(scene)[: scene.model.na].astype(np.float32)
    return jax.tree.map(lambda x: x[0], physics).replace(act=setpoint)


def standing_at(scene: Scene, place: jax.Array) -> PhysicsState:
    """One animal that stands somewhere, on the highest ground below its parts.

    Args:
        scene: the animal in its arena.
        place: x and y of its origin, m, and the direction that it faces, rad from x to the left, shape (3,).
    """
    physics = jax.tree.map(jnp.asarray, standing(scene))
    half = place[2] / 2
    turn = jnp.array([jnp.cos(half), 0.0, 0.0, jnp.sin(half)])
    origin = jnp.concatenate([physics.qpos[:2], jnp.zeros(1)])
    there = jnp.concatenate([place[:2], jnp.zeros(1)])
    xpos = rotation.rotate(turn, physics.xpos - origin) + there
    ground = jax.vmap(functools.partial(ground_height, scene))(xpos[:, :2])
    up = jnp.max(ground) * jnp.array([0.0, 0.0, 1.0])
    root = rotation.rotate(turn, physics.qpos[:3] - origin) + there + up
    qpos = jnp.concatenate([root, rotation.multiply(turn, physics.qpos[3:7]), physics.qpos[7:]])
    return dataclasses.replace(physics, qpos=qpos, xpos=xpos + up)


def require_room(scene: Scene, places: np.ndarray) -> None:
    """Refuse an arena in which the animal cannot begin: where it overlaps something, or has no ground below.

    Args:
        scene: the animal in its arena.
        places: where it may begin, see `standing_at`, shape (n, 3).

    Raises:
        InputError: the message names the place.
    """
    physics = jax.vmap(functools.partial(standing_at, scene))(jnp.asarray(places, jnp.float32))
    _require_room(scene, np.asarray(physics.qpos, float))


def _require_room(scene: Scene, poses: np.ndarray) -> None:
    """See `require_room`; of standing poses, shape (n, nq)."""
    model, arena = scene.model, scene.config.arena.build()
    if arena is None:
        return
    ground = arena.compile()
    data, bare = mujoco.MjData(model), mujoco.MjData(ground)
    mujoco.mj_kinematics(ground, bare)
    still = model.body_weldid[model.geom_bodyid] == 0
    feet = lowest_paw(poses, scene)
    for qpos, lowest in zip(poses, feet, strict=True):
        data.qpos[:] = qpos
        mujoco.mj_fwdPosition(model, data)
        where = f"{scene.config.describe()}: nothing can begin at x {qpos[0]:.2f} m and y {qpos[1]:.2f} m"
        deep = -data.contact.dist[still[data.contact.geom].any(1)].min(initial=0.0)
        if deep > _OVERLAP:
            raise InputError(f"{where}, where the body overlaps the arena by {1e3 * deep:.0f} mm")
        root, down = data.xpos[scene.root_id], np.array([0.0, 0.0, -1.0])
        below = mujoco.mj_ray(ground, bare, root, down, None, 1, -1, np.zeros(1, np.int32))
        air = below - (root[2] - lowest)
        if below < 0 or air > _DROP:
            found = "no ground" if below < 0 else f"{1e3 * air:.0f} mm of air"
            raise InputError(f"{where}, where there is {found} below the feet")
