"""A synthetic gait as the reference of a tracking policy, generated online from what the body senses.

    state = standing(n)                                       # shape (n, 7)
    generated = ahead(config, gait, state, command, senses)   # window of the next frames, setpoint, state

The generator has a phase of the step cycle, and a speed, a turn and a height of the head that follow the
commands. Poses are interpolated between those of `rodent.synthesis.steady`. It does not know where the body
is in the world: how far the body is off its path is integrated from the velocities that it senses, and held
within a few centimetres, so that a rat that was held back is not expected to catch up.

All of a gait's numbers are parameters of the agent, so a policy folder has them.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rodent import rotation
from rodent.policy.sizes import ReferenceConfig

STEP = 0.02
"""Seconds of a control step, and between the frames of a reference."""
COMMANDS = 3
"""Forward speed (m/s), turn (rad/s) and height of the head (m)."""
Gait = Mapping[str, jax.Array]
"""Arrays of a generator, see `gait_shapes`."""
_FOLLOW = 0.2  # seconds in which the gait follows a command to 1 / e
_LEASH, _TURNED = 0.03, 0.3  # metres and radians that the body is off the path at most
_QUATERNION = 4
_PHASE, _PACE, _OFF, _TURN = 0, slice(1, 4), slice(4, 6), 6  # columns of a state


class Generated(NamedTuple):
    """A step of the generator.

    Attributes:
        window: of the coming frames as `Imitation.window` has it, normalised, shape (n, frames * size).
        setpoint: controls of the coming pose, less those of the neutral one, in units of actions, (n, c).
        state: of the generator a step later, shape (n, 7).
    """

    window: jax.Array
    setpoint: jax.Array
    state: jax.Array


class Felt(NamedTuple):
    """What the generator reads of the senses.

    Attributes:
        joints: angles that the window shows, rad, shape (n, joints).
        height: of the root, m, shape (n, 1).
        tilt: from the root's frame to one that is level and has its heading, shape (n, 3, 3).
        velocity: of the root's origin, in the root's frame, m/s, shape (n, 3).
        spin: angular velocity, in the root's frame, rad/s, shape (n, 3).
    """

    joints: jax.Array
    height: jax.Array
    tilt: jax.Array
    velocity: jax.Array
    spin: jax.Array


def gait_shapes(config: ReferenceConfig, senses: int, controls: int) -> dict[str, tuple[int, ...]]:
    """Shapes of a generator's arrays by name.

    - `readout/kernel`, `readout/bias`: from normalised senses to joints, height, gravity and velocities.
    - `poses`: quaternion, positions of bodies, joints and setpoint, by speed, turn and phase.
    - `rates`: step cycles per second and velocity ahead and to the left, by speed and turn.
    - `heights`, `heads`: heights of the head that are reached, m, and what they change in the poses.
    - `neutral`: height of the head where that is nothing, m.
    - `origin`: the root in the frame of the body's origin, m.
    - `mean`, `std`: of the window, in the training of the tracking policy.
    """
    pose = _QUATERNION + 3 * config.bodies + config.joints + controls
    window = config.horizon * config.frame_size
    grid = (len(config.speeds), len(config.turns))
    return {
        "readout_kernel": (senses, config.joints + 10),
        "readout_bias": (config.joints + 10,),
        "poses": (*grid, config.phases, pose),
        "rates": (*grid, 3),
        "heights": (config.heads,),
        "heads": (config.heads, pose),
        "neutral": (1,),
        "origin": (3,),
        "mean": (window,),
        "std": (window,),
    }


def standing(n: int) -> jax.Array:
    """The state of generators before the first step: n bodies that stand, shape (n, 7)."""
    return jnp.zeros((n, 7))


def commanded(config: ReferenceConfig, gait: Gait, action: jax.Array) -> jax.Array:
    """Speed, turn and height of the head for actions of the high level, shape (n, 3).

    Actions are bounded smoothly. One of zero walks straight at half of the largest speed, with the head
    halfway between its lowest and its highest position.
    """
    heights = gait["heights"]
    low = jnp.array([config.speeds[0], config.turns[0], 0.0]).at[2].set(heights[0])
    high = jnp.array([config.speeds[-1], config.turns[-1], 0.0]).at[2].set(heights[-1])
    return low + (high - low) * (1 + jnp.tanh(action)) / 2


def ahead(
    config: ReferenceConfig, gait: Gait, state: jax.Array, command: jax.Array, senses: jax.Array
) -> Generated:
    """The coming frames.

    Args:
        config: grid and sizes.
        gait: the generator's arrays.
        state: shape (n, 7).
        command: speed, turn and height of the head, shape (n, 3).
        senses: normalised, shape (n, p).
    """
    felt = read(config, gait, senses)
    neutral = gait["neutral"][0]
    target = command - jnp.array([0.0, 0.0, 1.0]) * neutral
    pace = state[:, _PACE] + STEP / (_FOLLOW + STEP) * (target - state[:, _PACE])
    speed, turn = pace[:, 0], pace[:, 1]
    rates = _interpolated(gait["rates"], (_cell(config.speeds, speed), _cell(config.turns, turn)))
    time = STEP * jnp.arange(1, config.horizon + 1)
    phases = state[:, _PHASE, None] + rates[:, :1] * time
    poses = _poses(config, gait, speed, turn, phases)
    poses += _head(gait, neutral + pace[:, 2])[:, None]
    parts = _split(config, poses)
    heading = state[:, _TURN, None] + turn[:, None] * time
    way = _turned(heading - turn[:, None] * time / 2, rates[:, None, 1:] * time[:, None])
    off = state[:, None, _OFF] + way
    window = _window(parts, off, heading, felt)
    window = (window.reshape(len(window), -1) - gait["mean"]) / gait["std"]
    after = _moved(state, pace, phases[:, 0], off[:, 0], heading[:, 0], felt, gait["origin"])
    return Generated(window, parts[3][:, config.lag - 1], after)


def read(config: ReferenceConfig, gait: Gait, senses: jax.Array) -> Felt:
    """What the generator needs of normalised senses, shape (n, p)."""
    values = senses @ gait["readout_kernel"] + gait["readout_bias"]
    joints, height, gravity, velocity, spin = jnp.split(
        values, np.cumsum([config.joints, 1, 3, 3]).tolist(), axis=1
    )
    up = -gravity / jnp.maximum(jnp.linalg.norm(gravity, axis=1, keepdims=True), 1e-6)
    left = jnp.stack([0 * up[:, 0], up[:, 2], -up[:, 1]], 1)
    left /= jnp.maximum(jnp.linalg.norm(left, axis=1, keepdims=True), 1e-6)
    return Felt(joints, height, jnp.stack([jnp.cross(left, up), left, up], 1), velocity, spin)


def _window(parts: tuple[jax.Array, ...], off: jax.Array, heading: jax.Array, felt: Felt) -> jax.Array:
    """Frames relative to the body: orientation, positions and joints, shape (n, frames, size)."""
    quaternion, positions, joints, _ = parts
    n, frames = heading.shape
    half = heading / 2
    zero = jnp.zeros_like(half)
    yaw = jnp.stack([jnp.cos(half), zero, zero, jnp.sin(half)], -1)
    columns = rotation.two_columns(rotation.multiply(yaw, quaternion)).reshape(n, frames, 2, 3)
    level = positions.reshape(n, frames, -1, 3)
    there = jnp.concatenate(
        [_turned(heading[..., None], level[..., :2]) + off[:, :, None], level[..., 2:]], -1
    )
    there = there.at[..., 2].add(-felt.height[:, :, None])
    into = lambda vectors: jnp.einsum("nij,nfki->nfkj", felt.tilt, vectors)  # noqa: E731
    turned = joints - felt.joints[:, None]
    flat = [into(one).reshape(n, frames, -1) for one in (columns, there)]
    return jnp.concatenate([*flat, turned], -1)


def _moved(
    state: jax.Array,
    pace: jax.Array,
    phase: jax.Array,
    off: jax.Array,
    heading: jax.Array,
    felt: Felt,
    origin: jax.Array,
) -> jax.Array:
    """The state a step later: the path goes on, and the body moves as it does now."""
    velocity = jnp.einsum("nij,nj->ni", felt.tilt, felt.velocity + jnp.cross(felt.spin, origin))
    turned = STEP * jnp.einsum("nij,nj->ni", felt.tilt, felt.spin)[:, 2]
    left = _turned(-turned, off - STEP * velocity[:, :2])
    far = jnp.linalg.norm(left, axis=1, keepdims=True)
    left *= jnp.minimum(1.0, _LEASH / jnp.maximum(far, 1e-6))
    facing = jnp.clip(heading - turned, -_TURNED, _TURNED)
    return jnp.concatenate([(phase % 1.0)[:, None], pace, left, facing[:, None]], 1)


def _poses(
    config: ReferenceConfig, gait: Gait, speed: jax.Array, turn: jax.Array, phases: jax.Array
) -> jax.Array:
    """Poses at these phases, shape (n, frames, size)."""
    at = (phases % 1.0) * config.phases
    before = jnp.floor(at)
    row = before.astype(int) % config.phases
    cell = (row, (row + 1) % config.phases, at - before)
    grid = (_cell(config.speeds, speed[:, None]), _cell(config.turns, turn[:, None]))
    return _interpolated(gait["poses"], (*grid, cell))


def _head(gait: Gait, height: jax.Array) -> jax.Array:
    """What the height of the head changes in poses, shape (n, size)."""
    return jax.vmap(lambda column: jnp.interp(height, gait["heights"], column), 1, 1)(gait["heads"])


def _split(config: ReferenceConfig, poses: jax.Array) -> tuple[jax.Array, ...]:
    """Quaternion, positions of bodies, joints and setpoint."""
    quaternion, *rest = jnp.split(
        poses, np.cumsum([_QUATERNION, 3 * config.bodies, config.joints]).tolist(), axis=-1
    )
    return quaternion / jnp.maximum(jnp.linalg.norm(quaternion, axis=-1, keepdims=True), 1e-6), *rest


def _cell(grid: tuple[float, ...], values: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The points of a grid on both sides of values, and how far the values are from the first."""
    at = jnp.interp(values, jnp.array(grid), jnp.arange(float(len(grid))))
    before = jnp.clip(jnp.floor(at), 0, len(grid) - 2)
    return before.astype(int), before.astype(int) + 1, at - before


def _interpolated(table: jax.Array, cells: tuple[tuple[jax.Array, jax.Array, jax.Array], ...]) -> jax.Array:
    """Multilinear interpolation along the first axes of a table."""

    def along(
        rows: tuple[jax.Array, ...], rest: tuple[tuple[jax.Array, jax.Array, jax.Array], ...]
    ) -> jax.Array:
        if not rest:
            return table[rows]
        low, high, part = rest[0]
        below, above = along((*rows, low), rest[1:]), along((*rows, high), rest[1:])
        return below + part[..., None] * (above - below)

    return along((), cells)


def _turned(angle: jax.Array, vectors: jax.Array) -> jax.Array:
    """Vectors on the floor, shape (..., 2), turned to the left."""
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    x, y = vectors[..., 0], vectors[..., 1]
    return jnp.stack([x * cos - y * sin, x * sin + y * cos], -1)
