"""What is around the rats: floor, arena and camera."""

from typing import TYPE_CHECKING

import numpy as np

from rodent.render.camera import CAMERAS
from rodent.rotation import rotate
from rodent.scene import make_scene
from rodent.scene_config import SceneConfig
from rodent.view.geoms import has_plane, surroundings

if TYPE_CHECKING:
    import viser

_DISTANCE, _FOV = 0.7, 30.0  # of the camera: metres from a rat of scale 1, and degrees
_RAISED = 0.55  # how far above the middle of a narrow page rats are, 0 to 1
_HALF_WIDTH = 0.17  # m at scale 1, of what a narrow page shows of a rat to either side
# sRGB
_FLOOR, _TILE, _SQUARE = (190, 188, 182), (165, 163, 158), (140, 138, 134)


def build_surroundings(server: "viser.ViserServer", name: str, config: SceneConfig) -> None:
    """Add floor and arena below a node of the scene."""
    scene, compiled = server.scene, make_scene(config)
    if has_plane(compiled):
        scene.add_grid(
            f"{name}/floor",
            width=10,
            height=10,
            cell_size=0.05,
            cell_color=_TILE,
            section_size=0.5,
            section_color=_SQUARE,
            plane_color=_FLOOR,
            plane_opacity=1.0,
            fade_distance=4.0,
            shadow_opacity=0.35,
        )
    for i, mesh in enumerate(surroundings(compiled)):
        scene.add_mesh_simple(f"{name}/arena_{i}", mesh.vertices, mesh.faces, color=mesh.color)


class Camera:
    """The view of the rats when a page is opened, as in films.

    Args:
        qpos: pose of the first rat, shape (nq,).
        middle: height of the rat's centre above the origin of its pose, m.
        scale: of the rat, relative to dm_control's.

    Attributes:
        right: what is right in this view, level, unit length, shape (3,).
    """

    def __init__(self, qpos: np.ndarray, middle: float, scale: float):
        turn, elevation = np.radians(CAMERAS["oblique"])
        x, y, _ = rotate(qpos[3:7], np.array([1.0, 0.0, 0.0]))
        azimuth = np.arctan2(y, x) + turn
        ahead = (np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation))
        self._ahead, self._scale, self._middle = np.array(ahead), scale, middle
        self.right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])

    def place(
        self, camera: "viser.CameraHandle | viser.InitialCameraConfig", width: float, aspect: float
    ) -> None:
        """Look at a row of rats, from left to right around the middle.

        Args:
            camera: of a page, or of all pages that will be opened.
            width: from the first to the last in this row, m.
            aspect: of the page, width by height.
        """
        tangent = np.tan(np.radians(_FOV) / 2)
        half = self._scale * _HALF_WIDTH + width / 2
        distance = max(_DISTANCE * self._scale + width / 2, half / (tangent * aspect))
        # controls cover the lower part of a narrow page, so rats are in its upper part
        up = np.cross(self.right, self._ahead)
        lower = _RAISED * distance * tangent if aspect < 1 else 0.0
        look_at = np.array([0.0, 0.0, self._middle]) - lower * up
        # viser moves the point that a camera looks at with its position
        camera.position = look_at - distance * self._ahead
        camera.look_at = look_at
        camera.fov = float(np.radians(_FOV))
