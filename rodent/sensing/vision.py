"""What a body sees: images of both eyes, from rays through its arena on the host.

    pixels = look(scene, EyesConfig(), physics.qpos, markers)     # of one environment, shape (size,)
    pixels.reshape(EyesConfig().shape)                            # (2, rows, columns, 4)

It is a function of arrays for `jax.jit`, `jax.vmap` and `jax.lax.scan`; its gradients are zero.
All environments of a `vmap` are seen in one call of `mujoco.batch.Batch.ray`, on the threads of the host.
The arena stands alone in the model of the rays, so the body sees nothing of itself.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.errors import InputError
from rodent.physics.skeleton import bare_skeleton
from rodent.scene import Scene
from rodent.sensing.eyes import EyesConfig

MARKER = (0.04, 0.2)
"""Radius and height of the posts that mark places, m; they stand on the place."""
_MARKER_COLOUR, _SKY = (0.9, 0.15, 0.1), (0.75, 0.85, 0.95)
_NEAR = 0.5  # metres at which nearness has fallen to 1/e
_HEAD, _EYES = "skull", ("eye_L_collision", "eye_R_collision")
_POSITIONS = int(mujoco.mjtStage.mjSTAGE_POS)


def look(scene: Scene, eyes: EyesConfig, qpos: jax.Array, markers: jax.Array) -> jax.Array:
    """Images of both eyes of one environment.

    Args:
        scene: the body in its arena.
        eyes: settings.
        qpos: pose of the body, shape (nq,).
        markers: places of red posts, m, shape (k, 3).

    Returns:
        pixels of `eyes.shape`, flat: nearness exp(-distance / 0.5 m), 0 for the sky, and the colour of the
        geom without its texture, 0 to 1. Columns go from left to right, rows from top to bottom.

    Raises:
        InputError: the body has no eyes, or there is no arena to see.
    """
    view = _view(scene, eyes, len(markers))
    shape = jax.ShapeDtypeStruct((eyes.size,), jnp.float32)
    given = jax.lax.stop_gradient((qpos, markers))
    return jax.pure_callback(view, shape, *given, vmap_method="broadcast_all")


def directions(eyes: EyesConfig) -> np.ndarray:
    """Directions of the pixels in the frame of the head, unit length, shape (2, rows, columns, 3)."""
    columns = (0.5 - (np.arange(eyes.width) + 0.5) / eyes.width) * eyes.across
    rows = (0.5 - (np.arange(eyes.height) + 0.5) / eyes.height) * eyes.upright
    left = np.deg2rad([columns + eyes.side, columns - eyes.side])[:, None, :]
    up = np.deg2rad(rows + eyes.up)[None, :, None]
    parts = np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up) + 0 * left
    return np.stack(np.broadcast_arrays(*parts), -1)


class View:
    """Draws the images of many environments; called with poses and markers of any leading dimensions."""

    def __init__(self, scene: Scene, eyes: EyesConfig, markers: int):
        model, arena = scene.model, scene.config.arena.build()
        found = [mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, name) for name in _EYES]
        if min(found) < 0 or arena is None:
            missing = "no arena to see" if arena is None else f"no geoms {' and '.join(_EYES)}"
            raise InputError(f"{scene.config.describe()} has {missing}, so it has no vision")
        self._head = bare_skeleton(model, scene.body_ids([_HEAD]))
        for i in range(markers):
            _add_marker(arena, i)
        self._arena = arena.compile()
        rays = directions(eyes)
        self._rays = rays.reshape(-1, 3)
        self._eyes = np.repeat(model.geom_pos[found], rays[0, ..., 0].size, axis=0)
        self._colours = _colours(self._arena)
        self._batches: dict[int, tuple[Batch, Batch]] = {}

    def __call__(self, qpos: Any, markers: Any) -> np.ndarray:
        """Pixels, float32, shape (..., size).

        Args:
            qpos: shape (..., nq).
            markers: m, shape (..., k, 3).
        """
        poses, places = np.asarray(qpos), np.asarray(markers)
        lead = poses.shape[:-1]
        pixels = self._pixels(poses.reshape(-1, poses.shape[-1]), places.reshape(-1, *places.shape[-2:]))
        return pixels.reshape(*lead, -1)

    def _pixels(self, qpos: np.ndarray, markers: np.ndarray) -> np.ndarray:
        """Of n environments, shape (n, rays, 4); a pose that is not finite sees nothing."""
        head, arena = self._batch(len(qpos))
        poses = qpos[:, self._head.qpos]
        blind = np.flatnonzero(~np.isfinite(poses).all(1))
        head.qpos[:] = poses
        head.qpos[blind] = self._head.model.qpos0
        position, axes = head.bind("xpos"), head.bind("xmat")
        head.forward(stage=_POSITIONS)
        (body,) = self._head.bodies
        turn = axes[:, body].reshape(-1, 3, 3)
        if markers.shape[1]:
            arena.bind("mocap_pos")[:] = markers
        origins = position[:, body, None] + self._eyes @ turn.transpose(0, 2, 1)
        distance, geom = arena.ray(origins, self._rays @ turn.transpose(0, 2, 1))
        near = np.where(geom >= 0, np.exp(-distance / _NEAR), 0.0)
        pixels = np.concatenate([near[..., None], self._colours[geom]], -1, dtype=np.float32)
        pixels[blind] = 0.0
        return pixels

    def _batch(self, n: int) -> tuple[Batch, Batch]:
        """Heads and arenas of n environments."""
        if n not in self._batches:
            self._batches[n] = Batch(self._head.model, n, 0), Batch(self._arena, n, 0)
        return self._batches[n]


_view = functools.lru_cache(maxsize=16)(View)


def _add_marker(arena: mujoco.MjSpec, i: int) -> None:
    """A red post on its place, which a body passes through."""
    radius, height = MARKER
    body = arena.worldbody.add_body(name=f"marker_{i}", mocap=True)
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=[radius, height / 2, 0],
        pos=[0, 0, height / 2],
        rgba=[*_MARKER_COLOUR, 1],
        contype=0,
        conaffinity=0,
    )


def _colours(model: mujoco.MjModel) -> np.ndarray:
    """Colours of geoms by index, and of the sky last, shape (ngeom + 1, 3)."""
    material = model.geom_matid
    of_material = model.mat_rgba[material] if model.nmat else model.geom_rgba
    colours = np.where(material[:, None] >= 0, of_material, model.geom_rgba)[:, :3]
    return np.concatenate([colours, [_SKY]])
