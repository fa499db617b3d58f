"""Triangle meshes of a body and its ghost, in any pose."""

from typing import NamedTuple, Protocol

import mujoco
import numpy as np

from rodent.body_config import BodyConfig
from rodent.render import Renderer
from rodent.render.renderer import GHOST
from rodent.render.tail import Tail

_EYES = ("eye_L_collision", "eye_R_collision")
# thresholds of the texture coordinates: u of bare skin, v of the belly
_BARE, _BELLY = 0.5, 0.65


class Patch(NamedTuple):
    """A part of a body's mesh with one color.

    Attributes:
        vertices: indices of its vertices in the mesh, shape (n,).
        faces: its triangles, indices of these n vertices, shape (faces, 3).
        color: sRGB, 0 to 255.
    """

    vertices: np.ndarray
    faces: np.ndarray
    color: tuple[int, int, int]


class Pose(NamedTuple):
    """Vertices of all meshes, metres, float32.

    Attributes:
        skin: vertices of the body, shape (vertices, 3).
        ghost: vertices of the ghost, shape (vertices, 3); None without a reference.
        eyes: centres of the eyes, shape (2, 3).
    """

    skin: np.ndarray
    ghost: np.ndarray | None
    eyes: np.ndarray


class Figure(Protocol):
    """Meshes of a body and its ghost.

    Attributes:
        patches: parts of the body's mesh.
        faces: triangles of the whole mesh, shape (faces, 3).
        rest: a pose, shape (nq,).
        eye_radius: metres.
        scale: of the body, relative to dm_control's rat.
        middle: height of the body's centre above the origin of its pose, metres.
    """

    patches: tuple[Patch, ...]
    faces: np.ndarray
    rest: np.ndarray
    eye_radius: float
    scale: float
    middle: float

    def pose(self, qpos: np.ndarray, reference: np.ndarray | None = None) -> Pose:
        """The vertices of the body and its ghost.

        Args:
            qpos: metres, w x y z, radians, all finite, shape (nq,).
            reference: pose of the ghost, all finite, shape (nq,).
        """
        ...


class SkinFigure:
    """Skins of a rat and its ghost; see `Figure`."""

    def __init__(self, body: BodyConfig):
        scene, self.scale = Renderer(body, ghost=True), body.scale
        self._model, self.middle = scene.model, float(scene.middle[2])
        self._data = mujoco.MjData(self._model)
        self._scene = mujoco.MjvScene(self._model, maxgeom=1000)
        self._option, self._camera = mujoco.MjvOption(), mujoco.MjvCamera()
        self._tails = [Tail(self._model, prefix, body.scale) for prefix in ("", GHOST)]
        self._eyes = np.array([self._model.geom(eye).id for eye in _EYES])
        self.rest = self._model.qpos0[: scene.nq]
        self.eye_radius = float(self._model.geom_size[self._eyes[0], 0])
        self.faces = self._rows("face", "skin")
        self.patches = _patches(self.faces, self._rows("texcoord", "skin"), _texture(self._model))

    def pose(self, qpos: np.ndarray, reference: np.ndarray | None = None) -> Pose:
        """See `Figure.pose`."""
        model, data = self._model, self._data
        nq = len(self.rest)
        data.qpos[:nq] = qpos
        data.qpos[nq:] = qpos if reference is None else reference
        mujoco.mj_kinematics(model, data)
        for tail in self._tails:
            tail.lay(data)
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(model, data, self._option, None, self._camera, everything, self._scene)
        vertices = self._scene.skinvert.reshape(-1, 3)
        skin, ghost = (vertices[self._span("vert", name)].copy() for name in ("skin", f"{GHOST}skin"))
        eyes = data.geom_xpos[self._eyes].astype(np.float32)
        return Pose(skin, None if reference is None else ghost, eyes)

    def _span(self, kind: str, skin: str) -> slice:
        """The vertices, faces or texture coordinates of one skin, among those of all skins."""
        i = self._model.skin(skin).id
        begin = {
            "vert": self._model.skin_vertadr,
            "face": self._model.skin_faceadr,
            "texcoord": self._model.skin_texcoordadr,
        }[kind][i]
        count = (self._model.skin_facenum if kind == "face" else self._model.skin_vertnum)[i]
        return slice(begin, begin + count)

    def _rows(self, kind: str, skin: str) -> np.ndarray:
        width = {"face": 3, "texcoord": 2}[kind]
        rows = getattr(self._model, f"skin_{kind}").reshape(-1, width)
        return rows[self._span(kind, skin)]


def _texture(model: mujoco.MjModel) -> np.ndarray:
    """The coat's texture, uint8, shape (v, u, 3)."""
    texture = model.texture("coat")
    begin, height, width = int(model.tex_adr[texture.id]), *map(int, (texture.height[0], texture.width[0]))
    return model.tex_data[begin : begin + height * width * 3].reshape(height, width, 3)


def _patches(faces: np.ndarray, texcoord: np.ndarray, texture: np.ndarray) -> tuple[Patch, ...]:
    """The skin divided into bare skin, belly and back, because a mesh in the browser has only one colour."""
    u, v = texcoord[faces].mean(axis=1).T
    height, width = texture.shape[:2]
    colors = texture[(v * height).astype(int), (u * width).astype(int)]
    kind = np.where(u > _BARE, 2, v > _BELLY)
    patches = []
    for which in range(3):
        here = kind == which
        vertices, renumbered = np.unique(faces[here], return_inverse=True)
        red, green, blue = (int(x) for x in np.median(colors[here], axis=0))
        patches.append(Patch(vertices, renumbered.reshape(-1, 3), (red, green, blue)))
    return tuple(patches)
