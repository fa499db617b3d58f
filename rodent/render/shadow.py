"""The shadow of bodies, added to a rendered image.

MuJoCo's shadows render the whole scene two more times, and speckle height fields. Here a light renders what
casts a shadow into a small map of depths. The depths of the image then say which of its pixels lie behind.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import mujoco
import numpy as np
from scipy import ndimage

from rodent.render.pixels import Pixels

SIDE = 384
"""Texels along a side of the map."""

_HALF = 0.6  # half of the length of a side
_BIAS, _RAMP = 0.004, 0.006  # depth behind a surface at which its shadow begins, and until it is full
# the three above are in units of the model's extent
_BLUR, _MARGIN = 1.0, 4  # texels: standard deviation of the blur of the edge, and what it reaches
_SLACK = 2.0  # texels of a leaning surface that cast no shadow on itself
_GRAZING = 0.8  # cosine of the angle of incidence below which the shadow fades
_STEP = 8  # pixels of the first search
_HIDDEN = int(mujoco.mjtGeom.mjGEOM_LABEL)  # a geom of this type is not rendered


class Space(NamedTuple):
    """Where shadows fall.

    Attributes:
        middle: m, shape (3,).
        extent: of the model, m.
    """

    middle: np.ndarray
    extent: float


class _Lights(NamedTuple):
    """Lights of a scene, as they reach the bodies.

    Attributes:
        towards: unit vectors to them, shape (n, 3).
        diffuse: their colours, shape (n, 3).
        ambient: sum of their ambient colours, shape (3,).
    """

    towards: np.ndarray
    diffuse: np.ndarray
    ambient: np.ndarray

    @classmethod
    def of(cls, scene: mujoco.MjvScene, middle: np.ndarray) -> Self:
        """Those of a scene whose bodies are around a point."""
        lights = scene.lights[: scene.nlight]
        directional = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
        towards = np.stack([-x.dir if x.type == directional else x.pos - middle for x in lights])
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        return cls(
            towards.astype(np.float32),
            np.stack([x.diffuse for x in lights]),
            np.sum([x.ambient for x in lights], axis=0),
        )

    def without(self, light: int, normals: np.ndarray) -> np.ndarray:
        """Colour of surfaces without one of the lights, as a fraction of that with it, shape (n, 3)."""
        incidence = np.maximum(normals @ self.towards.T, 0)
        full = self.ambient + incidence @ self.diffuse
        # depths do not tell shadow from shading where light grazes a surface
        facing = incidence[:, light, None]
        rest = full - np.minimum(facing / _GRAZING, 1) ** 2 * facing * self.diffuse[light]
        return np.minimum(rest, 1) / np.minimum(full, 1)


class _Map(NamedTuple):
    """A part of what the light sees, with a soft edge.

    Attributes:
        cover: fraction of the light that is held off, shape (v, u); 0 at the border.
        first: w of the first surface, m, also a little beside it, infinite elsewhere; shape (v, u).
        left, bottom: its first u and v.
    """

    cover: np.ndarray
    first: np.ndarray
    left: int
    bottom: int

    def nearest_first(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The first surface at the nearest texels."""
        height, width = self.first.shape
        column = np.clip(u + np.float32(0.5), 0, width - 1).astype(np.int32)
        row = np.clip(v + np.float32(0.5), 0, height - 1).astype(np.int32)
        return self.first.ravel()[row * width + column]

    def cover_between(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Cover between texels, bilinear; not beyond the border."""
        column, row = u.astype(np.int32), v.astype(np.int32)
        u, v = u - column, v - row
        width, values = self.cover.shape[1], self.cover.ravel()
        texel = row * width + column
        low = values[texel] * (1 - u) + values[texel + 1] * u
        high = values[texel + width] * (1 - u) + values[texel + width + 1] * u
        return low * (1 - v) + high * v


class Shadow(NamedTuple):
    """What a light sees of bodies, in coordinates u and v in texels, and w in metres away from the light.

    Attributes:
        pixels: of the image that gets the shadow.
        lights: of its scene.
        light: index of the one that casts the shadow.
        depth: OpenGL's depth of the first surface, 1 for none, shape (SIDE, SIDE) along v and u.
        origin: place of u = v = w = 0, m, shape (3,).
        axes: (u, v, w) of a place are axes @ (place - origin).
        extent: of the model, m.
        opacity: of the bodies.
    """

    pixels: Pixels
    lights: _Lights
    light: int
    depth: np.ndarray
    origin: np.ndarray
    axes: np.ndarray
    extent: float
    opacity: float

    def darken(self, image: np.ndarray, depth: np.ndarray) -> None:
        """Darken an image, uint8 (height, width, 3), in place; depth is its OpenGL buffer."""
        soft = self._soft()
        box = None if soft is None else self._box(soft, depth)
        if soft is None or box is None:
            return
        x, y, behind, cover = self._covered(soft, depth, box)
        normals = self.pixels.normals(x, y, depth)
        facing = np.clip(normals @ self.lights.towards[self.light], 0.05, 1)
        # within a texel, a surface has as many depths as it leans away from the light
        behind -= _SLACK * 2 * _HALF * self.extent / SIDE * np.sqrt(1 - facing**2) / facing
        dark = self.opacity * cover * np.clip(behind / (_RAMP * self.extent), 0, 1)
        kept = 1 - dark[:, None] * (1 - self.lights.without(self.light, normals))
        image[y, x] = image[y, x] * kept + np.float32(0.5)

    def _soft(self) -> _Map | None:
        """The map with a soft edge; None if the light sees no body."""
        covered = self.depth < 1
        rows, columns = (np.flatnonzero(covered.any(axis)) for axis in (1, 0))
        if not len(rows):
            return None
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        covered, depth = (np.pad(part[box].astype(np.float32), _MARGIN) for part in (covered, self.depth))
        cover, first = (ndimage.gaussian_filter(x, _BLUR, truncate=3) for x in (covered, covered * depth))
        first *= 2 * _HALF * self.extent / np.maximum(cover, 1e-6)
        first[cover == 0] = np.inf
        return _Map(cover, first, columns[0] - _MARGIN, rows[0] - _MARGIN)

    def _coordinates(
        self, soft: _Map, depth: np.ndarray, high: slice, wide: slice
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """U and v in the soft map, and w, of pixels in rows and columns of the image."""
        y, x = (np.arange(side, dtype=np.float32) for side in depth.shape)
        u, v, w = self.pixels.seen(x[wide], y[high, None], depth[high, wide], self.origin, self.axes)
        return u - soft.left, v - soft.bottom, w

    def _box(self, soft: _Map, depth: np.ndarray) -> tuple[slice, slice] | None:
        """Rows and columns of the image around the shadow, found from few pixels; None if there is none."""
        few = slice(None, None, _STEP)
        u, v, _ = self._coordinates(soft, depth, few, few)
        inside = (u > 0) & (v > 0) & (u < soft.cover.shape[1]) & (v < soft.cover.shape[0])
        rows, columns = (_STEP * np.flatnonzero(inside.any(axis)) for axis in (1, 0))
        if not len(rows):
            return None
        low, left = max(rows[0] - _STEP, 0), max(columns[0] - _STEP, 0)
        return slice(low, rows[-1] + _STEP), slice(left, columns[-1] + _STEP)

    def _covered(self, soft: _Map, depth: np.ndarray, box: tuple[slice, slice]) -> tuple[np.ndarray, ...]:
        """Pixels of a box behind a body: x, y, how far behind it, m, and how much of it is before them."""
        u, v, w = self._coordinates(soft, depth, *box)
        behind = w - soft.nearest_first(u, v) - _BIAS * self.extent
        row, column = np.nonzero(behind > 0)
        cover = soft.cover_between(u[row, column], v[row, column])
        return column + box[1].start, row + box[0].start, behind[row, column], cover


def cast_shadow(
    scene: mujoco.MjvScene,
    context: mujoco.MjrContext,
    casters: Sequence[mujoco.MjvGeom],
    space: Space,
    shape: tuple[int, ...],
    opacity: float = 1.0,
) -> Shadow | None:
    """The shadow in the first light of a scene that casts any; None without such a light.

    Args:
        scene: is changed. Its camera moves to the light, and only the casters stay.
        context: with an offscreen buffer of at least SIDE x SIDE pixels.
        casters: geoms of the scene.
        space: that has shadows.
        shape: height and width of the image, pixels.
        opacity: of the casters.
    """
    light = next((i for i in range(scene.nlight) if scene.lights[i].castshadow), None)
    if light is None:
        return None
    middle, half = space.middle, _HALF * space.extent
    pixels, lights = Pixels.of(scene, shape), _Lights.of(scene, middle)
    away = -lights.towards[light]
    right = np.cross(away, np.eye(3)[np.argmin(np.abs(away))])
    right /= np.linalg.norm(right)
    up = np.cross(right, away)
    for camera in scene.camera:
        camera.pos, camera.forward, camera.up = middle - 2 * half * away, away, up
        camera.orthographic, camera.frustum_center, camera.frustum_width = 1, 0, half
        camera.frustum_bottom, camera.frustum_top = -half, half
        camera.frustum_near, camera.frustum_far = half, 3 * half
    texel = 2 * half / SIDE
    origin = middle - half * away - (half - texel / 2) * (right + up)
    axes = np.stack([right / texel, up / texel, away])
    depth = _depths(scene, context, {geom.segid for geom in casters})
    turn = origin.astype(np.float32), axes.astype(np.float32)
    return Shadow(pixels, lights, light, depth, *turn, space.extent, opacity)


def _depths(scene: mujoco.MjvScene, context: mujoco.MjrContext, chosen: set[int]) -> np.ndarray:
    """OpenGL's depths of chosen geoms in the scene's camera, shape (SIDE, SIDE)."""
    for geom in scene.geoms[: scene.ngeom]:
        if geom.segid in chosen:
            geom.rgba[3] = 1  # OpenGL keeps no depths of what is translucent
        else:
            geom.type = _HIDDEN
    flags = scene.flags.copy()
    scene.flags[:] = 0
    depth, square = np.empty((SIDE, SIDE), np.float32), mujoco.MjrRect(0, 0, SIDE, SIDE)
    mujoco.mjr_render(square, scene, context)
    mujoco.mjr_readPixels(None, depth, square, context)
    scene.flags[:] = flags
    return depth
