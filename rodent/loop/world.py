"""A world that differs between episodes: how bodies begin, what their world is like, and what pushes them.

Everything is drawn in the loop, from its key, as `rodent.randomisation_config` says; engines take the factors
(`rodent.physics.scales`).
"""

import dataclasses
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.randomisation_config import RandomisationConfig, Range
from rodent.scene import Scene
from rodent.tasks.task import PROPRIOCEPTION, Observation

_WORLD = 0xE0  # keeps the keys of the world apart from all others


@flax.struct.dataclass
class World:
    """The worlds of n environments; arrays (n, …).

    Attributes:
        scales: factors on quantities of the world, see `rodent.physics.scales`; each (n,).
        force: that pushes the root now, N, shape (n, 3).
        left: control steps that the present push lasts, shape (n,).
        wait: control steps before the next push begins, shape (n,).
    """

    scales: dict[str, jax.Array]
    force: jax.Array
    left: jax.Array
    wait: jax.Array


def drawn_world(config: RandomisationConfig, timestep: float, key: jax.Array, n: int) -> World:
    """The worlds of n episodes that begin.

    Args:
        config: ranges.
        timestep: of control, s.
        key: of the draws.
        n: number of environments.
    """
    key_scales, key_wait = jax.random.split(key)
    keys = jax.random.split(key_scales, max(len(config.scales), 1))
    scales = {
        name: _log_uniform(one, limits, n)
        for one, (name, limits) in zip(keys, config.scales.items(), strict=False)
    }
    none = jnp.zeros(n, int)
    return World(scales, jnp.zeros((n, 3)), none, _waits(config, timestep, key_wait, n))


def own_fields(config: RandomisationConfig | None, n: int) -> dict[str, np.ndarray]:
    """Model fields that n environments keep for good, for an engine: the time steps of groups of them."""
    if config is None or not config.physics_steps:
        return {}
    return {"opt.timestep": np.resize(config.physics_steps, n)}


def displaced(config: RandomisationConfig, key: jax.Array, physics: PhysicsState) -> PhysicsState:
    """Bodies that begin somewhat off: joints and velocities, by a deviation that each draws for itself.

    Positions of bodies stay those of the start; the step that follows computes them.

    Args:
        config: deviations.
        key: of the draws.
        physics: where n bodies would begin.
    """
    n = physics.qpos.shape[0]
    key_size, key_joints, key_velocities = jax.random.split(key, 3)
    low, high = jnp.array([config.start_angle, config.start_velocity]).T
    angle, speed = low[:, None, None] + (high - low)[:, None, None] * jax.random.uniform(key_size, (2, n, 1))
    joints = jnp.deg2rad(angle) * jax.random.normal(key_joints, physics.qpos[:, 7:].shape)
    velocities = speed * jax.random.normal(key_velocities, physics.qvel.shape)
    # the root keeps its turning: a velocity in m/s is none of a rotation
    velocities = velocities.at[:, 3:6].set(0.0)
    return dataclasses.replace(
        physics, qpos=jnp.asarray(physics.qpos).at[:, 7:].add(joints), qvel=physics.qvel + velocities
    )


def pushed(
    config: RandomisationConfig, scene: Scene, timestep: float, key: jax.Array, world: World
) -> tuple[World, jax.Array]:
    """The worlds a control step later, and the wrenches on the root bodies in it.

    A push is a level force for a time, which changes the speed of the whole body by a drawn amount.

    Args:
        config: sizes and times.
        scene: with the body, whose mass counts.
        timestep: of control, s.
        key: of the draws.
        world: of n environments.

    Returns:
        the worlds, and the wrenches, N and N m, shape (n, 6).
    """
    n = world.left.shape[0]
    key_speed, key_angle, key_wait = jax.random.split(key, 3)
    low, high = config.push_speed
    speed = jax.random.uniform(key_speed, (n,), minval=low, maxval=high)
    angle = jax.random.uniform(key_angle, (n,), maxval=2 * np.pi)
    steps = max(1, round(config.push_seconds / timestep))
    mass = float(scene.model.body_mass.sum())
    size = mass * speed / (steps * timestep)
    force = size[:, None] * jnp.stack([jnp.cos(angle), jnp.sin(angle), jnp.zeros(n)], 1)
    begins = world.wait <= 0
    force = jnp.where(begins[:, None], force, world.force)
    left = jnp.where(begins, steps, world.left)
    wait = jnp.where(begins, _waits(config, timestep, key_wait, n), world.wait) - 1
    now = jnp.where((left > 0)[:, None], force, 0.0)
    wrench = jnp.concatenate([now, jnp.zeros((n, 3))], 1)
    return dataclasses.replace(world, force=force, left=jnp.maximum(left - 1, 0), wait=wait), wrench


def sensed_noisily(
    config: RandomisationConfig, key: jax.Array, observation: Observation, std: jax.Array
) -> Observation:
    """An observation whose senses are noisy: what is learnt from is then what was acted on.

    Args:
        config: size of the noise.
        key: of the draws.
        observation: not normalised, leaves (n, …).
        std: standard deviations of the senses, shape (senses,).
    """
    senses = observation[PROPRIOCEPTION]
    noise = config.sensor_noise * std * jax.random.normal(key, senses.shape)
    return {**observation, PROPRIOCEPTION: senses + noise}


def world_key(key: jax.Array) -> jax.Array:
    """The key of a step's draws of the world, apart from those of noise and starts."""
    return jax.random.fold_in(key, _WORLD)


def _log_uniform(key: jax.Array, limits: Range, n: int) -> jax.Array:
    low, high = (float(np.log(one)) for one in limits)
    return jnp.exp(jax.random.uniform(key, (n,), minval=low, maxval=high))


def _waits(config: RandomisationConfig, timestep: float, key: jax.Array, n: int) -> Any:
    """Control steps until a push, between half and one and a half times the mean interval."""
    seconds = config.push_interval * jax.random.uniform(key, (n,), minval=0.5, maxval=1.5)
    return jnp.round(seconds / timestep).astype(int)
