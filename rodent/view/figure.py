"""A body as triangles that move with its bones.

figure = SkinFigure(BodyConfig())
figure.patches                                # triangles in the pose `figure.bind`, one patch per color
figure.pose(qpos).positions                   # where the bones are in another pose

Only the bones' places are sent for a frame, 28 bytes per bone, and the browser computes the vertices.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import mujoco
import numpy as np

from rodent.body_config import BodyConfig
from rodent.render import Renderer
from rodent.render.tail import Tail
from rodent.rotation import rotate
from rodent.view.shapes import geom_mesh

_EYES = ("eye_L_collision", "eye_R_collision")
_EYE_COLOR = (8, 5, 5)
# thresholds of the texture coordinates: u of bare skin, v of the belly
_BARE, _BELLY = 0.5, 0.65
_INFLUENCES = 4  # bones that can move a vertex in a browser


class Bones(NamedTuple):
    """Places of the bones of a body.

    Attributes:
        positions: metres, shape (bones, 3).
        quaternions: w x y z, shape (bones, 4).
    """

    positions: np.ndarray
    quaternions: np.ndarray


class Patch(NamedTuple):
    """A part of a body with one color.

    Attributes:
        vertices: where the bones bind them, metres, float32, shape (n, 3).
        faces: triangles, indices of these n vertices, shape (faces, 3).
        bones: those that move it, indices in the body's bones, shape (b,).
        weights: how much each bone moves a vertex, up to 4 of them not zero, sum 1, shape (n, b).
        color: sRGB, 0 to 255.
    """

    vertices: np.ndarray
    faces: np.ndarray
    bones: np.ndarray
    weights: np.ndarray
    color: tuple[int, int, int]


class Figure(Protocol):
    """A body as triangles.

    Attributes:
        patches: its parts.
        outline: all of it that a reference shows, in one patch.
        bind: places of the bones for which the vertices are given.
        rest: a pose, shape (nq,).
        scale: of the body, relative to dm_control's rat.
        middle: height of the body's centre above the origin of its pose, metres.
    """

    patches: tuple[Patch, ...]
    outline: Patch
    bind: Bones
    rest: np.ndarray
    scale: float
    middle: float

    def pose(self, qpos: np.ndarray) -> Bones:
        """Where the bones are.

        Args:
            qpos: metres, w x y z, radians, all finite, shape (nq,).
        """
        ...


class SkinFigure:
    """A rat with its skin and eyes; see `Figure`."""

    def __init__(self, body: BodyConfig):
        drawn, self.scale = Renderer(body), body.scale
        model, self.middle = drawn.model, float(drawn.middle[2])
        self._model, self._data = model, mujoco.MjData(model)
        self._tail = Tail(model, "", body.scale)
        self.rest = model.qpos0
        self._bones = np.array(model.skin_bonebodyid)
        self.bind = Bones(model.skin_bonebindpos.astype(float), model.skin_bonebindquat.astype(float))
        faces, weights = model.skin_face, _weights(model)
        self.outline = Patch(model.skin_vert, faces, np.arange(len(self._bones)), weights, (0, 0, 0))
        coat = _coat(faces, model.skin_texcoord, _texture(model))
        self.patches: tuple[Patch, ...] = (
            *(_part(self.outline, faces[here], color) for here, color in coat),
            joined([self._eye(model.geom(name).id) for name in _EYES]),
        )

    def pose(self, qpos: np.ndarray) -> Bones:
        """See `Figure.pose`."""
        data = self._data
        data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, data)
        self._tail.lay(data)
        return Bones(data.xpos[self._bones], data.xquat[self._bones])

    def _eye(self, geom: int) -> Patch:
        """An eye, which the bone of its body moves."""
        model = self._model
        bone = int(np.flatnonzero(self._bones == model.geom_bodyid[geom])[0])
        ball = geom_mesh(model, geom)
        vertices = rotate(self.bind.quaternions[bone], ball.vertices + model.geom_pos[geom])
        return rigid(vertices + self.bind.positions[bone], ball.faces, _EYE_COLOR, bone)


def rigid(vertices: np.ndarray, faces: np.ndarray, color: tuple[int, int, int], bone: int) -> Patch:
    """A patch that one bone moves."""
    vertices = np.asarray(vertices, np.float32)
    return Patch(vertices, np.asarray(faces), np.array([bone]), np.ones((len(vertices), 1)), color)


def joined(patches: Sequence[Patch]) -> Patch:
    """Several patches as one, with the color of the first."""
    bones = np.unique(np.concatenate([patch.bones for patch in patches]))
    begins = np.cumsum([0, *(len(patch.vertices) for patch in patches)])
    weights = np.zeros((begins[-1], len(bones)))
    for patch, begin in zip(patches, begins, strict=False):
        rows = slice(begin, begin + len(patch.vertices))
        weights[rows, np.searchsorted(bones, patch.bones)] = patch.weights
    faces = [patch.faces + begin for patch, begin in zip(patches, begins, strict=False)]
    vertices = np.concatenate([patch.vertices for patch in patches])
    return Patch(vertices, np.concatenate(faces), bones, weights, patches[0].color)


def _part(whole: Patch, faces: np.ndarray, color: tuple[int, int, int]) -> Patch:
    """Some triangles of a patch, with the vertices and bones that they need."""
    vertices, renumbered = np.unique(faces, return_inverse=True)
    weights = whole.weights[vertices]
    bones = np.flatnonzero(weights.any(axis=0))
    faces = renumbered.reshape(-1, 3)
    return Patch(whole.vertices[vertices], faces, whole.bones[bones], weights[:, bones], color)


def _weights(model: mujoco.MjModel) -> np.ndarray:
    """The largest weights of the skin's vertices, up to as many as a browser takes, shape (vertices, bones).

    In clips of walking, rearing and grooming, a vertex moves by 0.1 mm in the mean without the others.
    """
    weights = np.zeros((model.nskinvert, model.nskinbone))
    bones = np.repeat(np.arange(model.nskinbone), model.skin_bonevertnum)
    weights[model.skin_bonevertid, bones] = model.skin_bonevertweight
    np.put_along_axis(weights, np.argsort(-weights, axis=1)[:, _INFLUENCES:], 0.0, axis=1)
    return weights / weights.sum(axis=1, keepdims=True)


def _texture(model: mujoco.MjModel) -> np.ndarray:
    """The coat's texture, uint8, shape (v, u, 3)."""
    texture = model.texture("coat")
    begin, height, width = int(model.tex_adr[texture.id]), *map(int, (texture.height[0], texture.width[0]))
    return model.tex_data[begin : begin + height * width * 3].reshape(height, width, 3)


def _coat(
    faces: np.ndarray, texcoord: np.ndarray, texture: np.ndarray
) -> list[tuple[np.ndarray, tuple[int, int, int]]]:
    """Triangles of back, belly and bare skin, with the color of each: in the browser a mesh has only one."""
    u, v = texcoord[faces].mean(axis=1).T
    height, width = texture.shape[:2]
    colors = texture[(v * height).astype(int), (u * width).astype(int)]
    kind = np.where(u > _BARE, 2, v > _BELLY)
    found = []
    for which in range(3):
        red, green, blue = (int(x) for x in np.median(colors[kind == which], axis=0))
        found.append((kind == which, (red, green, blue)))
    return found
