"""Height of the ground.

ground_height(scene, physics.xpos[scene.root_row, :2])         # m, shape ()
height_above_ground(scene, physics.xpos[scene.root_row])       # m, shape ()
"""

import jax
import jax.numpy as jnp

from rodent.scene import Scene


def ground_height(scene: Scene, place: jax.Array) -> jax.Array:
    """Height of the ground, m, shape ().

    It is that of the arena's height field, interpolated bilinearly between its points. It is 0 in all other
    arenas, and beside the field.

    Args:
        scene: with its arena.
        place: x and y, m, shape (2,).
    """
    field = scene.height_field
    if field is None:
        return jnp.zeros(())
    heights, half = jnp.asarray(field.heights, jnp.float32), jnp.array(field.half)
    last = jnp.array([heights.shape[1] - 1, heights.shape[0] - 1])
    at = (place - jnp.asarray(field.middle, jnp.float32) + half) / (2 * half) * last
    inside = ((at >= 0) & (at <= last)).all()
    column, row = jnp.clip(jnp.floor(at), 0, last - 1).astype(int)
    right, up = at - jnp.array([column, row])
    low = heights[row, column] * (1 - right) + heights[row, column + 1] * right
    high = heights[row + 1, column] * (1 - right) + heights[row + 1, column + 1] * right
    return jnp.where(inside, low * (1 - up) + high * up, 0.0)


def height_above_ground(scene: Scene, place: jax.Array) -> jax.Array:
    """Height of a point of shape (3,) above the ground below it, m, shape ()."""
    return place[2] - ground_height(scene, place[:2])
