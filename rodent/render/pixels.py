"""Where the surfaces are that the pixels of an image show."""

from typing import NamedTuple, Self

import mujoco
import numpy as np


class Pixels(NamedTuple):
    """The pixels of a camera, with x from the left and y from below.

    Attributes:
        eye: place of the camera, m, shape (3,).
        axes: unit vectors to the right, up and ahead, shape (3, 3).
        pitch: of pixels at depth 1.
        middle: x and y of the axis ahead.
        near, span: depth of the near clipping plane, m, and 1 - near / far.
    """

    eye: np.ndarray
    axes: np.ndarray
    pitch: float
    middle: tuple[float, float]
    near: float
    span: float

    @classmethod
    def of(cls, scene: mujoco.MjvScene, shape: tuple[int, ...]) -> Self:
        """Those of a scene's perspective camera, for an image of a shape (height, width)."""
        camera = mujoco.mjv_averageCamera(*scene.camera)
        ahead, up = np.array(camera.forward, np.float32), np.array(camera.up, np.float32)
        near, far = camera.frustum_near, camera.frustum_far
        return cls(
            np.array(camera.pos, np.float32),
            np.stack([np.cross(ahead, up), up, ahead]),
            2 * camera.frustum_top / near / shape[0],
            ((shape[1] - 1) / 2, (shape[0] - 1) / 2),
            near,
            1 - near / far,
        )

    def seen(
        self, x: np.ndarray, y: np.ndarray, depth: np.ndarray, origin: np.ndarray, axes: np.ndarray
    ) -> list[np.ndarray]:
        """Coordinates `axes @ (place - origin)` of the surfaces at pixels.

        Args:
            x, y: of the pixels, float32; they broadcast.
            depth: of the pixels in OpenGL's buffer, float32.
            origin: m, shape (3,).
            axes: shape (3, 3).
        """
        z = self.near / (1 - self.span * depth)
        x, y = self.pitch * (x - self.middle[0]), self.pitch * (y - self.middle[1])
        start = axes @ (self.eye - origin)
        turned = axes @ self.axes.T
        return [
            begin + z * (ahead + x * right + y * up)
            for begin, (right, up, ahead) in zip(start, turned, strict=True)
        ]

    def normals(self, x: np.ndarray, y: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Unit vectors out of the surfaces at pixels (n,), shape (n, 3).

        Args:
            x, y: of the pixels, integers.
            depth: OpenGL's buffer, shape (height, width); on a plane it is affine in x and y, as 1 / z is.
        """
        height, width = depth.shape
        here = depth[y, x]
        above, below = depth[np.minimum(y + 1, height - 1), x], depth[np.maximum(y - 1, 0), x]
        left, right = depth[y, np.maximum(x - 1, 0)], depth[y, np.minimum(x + 1, width - 1)]
        # beside an edge, the other side is across it
        along_x, along_y = _lesser(right - here, here - left), _lesser(above - here, here - below)
        inverse = 1 / self.span - here + (x - self.middle[0]) * along_x + (y - self.middle[1]) * along_y
        normal = np.stack([along_x / self.pitch, along_y / self.pitch, -inverse], axis=1).astype(np.float32)
        return normal / np.linalg.norm(normal, axis=1, keepdims=True) @ self.axes


def _lesser(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(np.abs(a) < np.abs(b), a, b)
