"""The rat's skin: that of dm_control, bound to the scaled body, with a texture.

dm_control's skin has no texture coordinates. They are computed here from the body part of each vertex, with u
from fur to bare skin and v from back to belly, for a small texture.
"""

import dataclasses
import struct

import mujoco
import numpy as np

from rodent.body_config import BodyConfig
from rodent.rotation import from_rotvec, multiply, rotate
from rodent.scene.rat import mjcf_path, segment_size

# sRGB, of the fur on the back, the fur on the belly, and bare skin
_BACK, _BELLY, _BARE = (140, 115, 95), (206, 190, 170), (226, 174, 160)
_TEXELS = 64
_MOUTH = 0.3  # rad that dm_control's mouth is open in the joint's closed pose

GHOST_RGBA = (0.25, 0.55, 1.0, 0.35)


@dataclasses.dataclass(frozen=True)
class Bone:
    """The vertices that move with one body."""

    body: str
    position: np.ndarray
    """Of the body when the skin was bound, metres, shape (3,)."""
    quaternion: np.ndarray
    """Of the body when the skin was bound, w x y z, shape (4,)."""
    vertices: np.ndarray
    """Indices, shape (n,)."""
    weights: np.ndarray
    """Weight of this body for each vertex, shape (n,)."""


def add_skin(spec: mujoco.MjSpec, config: BodyConfig, prefix: str = "", ghost: bool = False) -> None:
    """Add the skin to a rat.

    Args:
        spec: of a scene with the rat.
        config: of the rat.
        prefix: of the names of the rat's bodies.
        ghost: translucent and of one colour, instead of fur.
    """
    vertices, faces, bones = read_skin()
    bones = [_closed(bone, spec, config, prefix) if bone.body == "jaw" else bone for bone in bones]
    coordinates = _coat_coordinates(vertices, faces, bones)
    vertices, places = _fitted(vertices, bones, spec, config, prefix)
    material = spec.add_material(name=f"{prefix}coat", specular=0.1, shininess=0.1)
    if ghost:
        material.rgba = GHOST_RGBA
    else:
        texture = spec.add_texture(
            name=f"{prefix}coat",
            type=mujoco.mjtTexture.mjTEXTURE_2D,
            width=_TEXELS,
            height=_TEXELS,
            nchannel=3,
        )
        texture.data = _coat_image().tobytes()
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"{prefix}coat"
    spec.add_skin(
        name=f"{prefix}skin",
        bodyname=[prefix + b.body for b in bones],
        bindpos=np.concatenate([places[b.body] for b in bones]),
        bindquat=np.concatenate([b.quaternion for b in bones]),
        vertid=[b.vertices.tolist() for b in bones],
        vertweight=[b.weights.tolist() for b in bones],
        vert=vertices.ravel(),
        texcoord=coordinates.ravel(),
        face=faces.ravel(),
        material=material.name,
    )


def _closed(jaw: Bone, spec: mujoco.MjSpec, config: BodyConfig, prefix: str) -> Bone:
    """The bone of the jaw, bound so that the mouth is closed where its joint cannot close further.

    dm_control's skin has its mouth open in all poses. Motion capture does not track the jaw.
    """
    hinge = spec.joint(f"{prefix}mandible")
    anchor = hinge.pos / segment_size("jaw", config)
    turn = from_rotvec(_MOUTH * hinge.axis)
    moved = rotate(jaw.quaternion, anchor - rotate(turn, anchor))
    return dataclasses.replace(jaw, position=jaw.position + moved, quaternion=multiply(jaw.quaternion, turn))


def _fitted(
    vertices: np.ndarray, bones: list[Bone], spec: mujoco.MjSpec, config: BodyConfig, prefix: str
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Vertices (n, 3) and places of the bones, metres, on a body whose segments have sizes of their own.

    A bone is as far from the one above as that one's size says; a vertex is as far from its bones.
    """
    bound = {bone.body: bone for bone in bones}
    places: dict[str, np.ndarray] = {}

    def place(name: str) -> np.ndarray:
        if name not in places:
            own = bound[name].position
            above = spec.body(prefix + name).parent.name.removeprefix(prefix)
            size = segment_size(above, config)
            places[name] = (
                place(above) + size * (own - bound[above].position) if above in bound else size * own
            )
        return places[name]

    fitted, total = np.zeros(vertices.shape), np.zeros((len(vertices), 1))
    for bone in bones:
        weights = bone.weights[:, None]
        away = segment_size(bone.body, config) * (vertices[bone.vertices] - bone.position)
        fitted[bone.vertices] += weights * (place(bone.body) + away)
        total[bone.vertices] += weights
    return fitted / total, places


def read_skin() -> tuple[np.ndarray, np.ndarray, list[Bone]]:
    """Vertices (n, 3) in metres, triangles (n, 3) and bones of MuJoCo's SKN format."""
    data = mjcf_path().with_name("rodent_walker_skin.skn").read_bytes()
    n_vertices, n_texcoords, n_faces, n_bones = struct.unpack_from("4i", data)
    vertices = np.frombuffer(data, np.float32, 3 * n_vertices, 16).reshape(-1, 3)
    at = 16 + vertices.nbytes + 8 * n_texcoords
    faces = np.frombuffer(data, np.int32, 3 * n_faces, at).reshape(-1, 3)
    at += faces.nbytes
    bones = []
    for _ in range(n_bones):
        name, pose, count = struct.unpack_from("40s28si", data, at)
        position, quaternion = np.split(np.frombuffer(pose, np.float32), [3])
        indices = np.frombuffer(data, np.int32, count, at + 72)
        weights = np.frombuffer(data, np.float32, count, at + 72 + indices.nbytes)
        bones.append(Bone(name.split(b"\0")[0].decode(), position, quaternion, indices, weights))
        at += 72 + indices.nbytes + weights.nbytes
    return vertices, faces, bones


def _coat_coordinates(vertices: np.ndarray, faces: np.ndarray, bones: list[Bone]) -> np.ndarray:
    """Texture coordinates: u 0 fur to 1 bare, v 0 back to 1 belly; shape (vertices, 2)."""
    bare, total = np.zeros((2, len(vertices)))
    for bone in bones:
        part = bone.body.removesuffix("_L").removesuffix("_R")
        tail = part.startswith("vertebra_C") and part[10:].isdigit() and int(part[10:]) > 3
        total[bone.vertices] += bone.weights
        if tail or part in ("hand", "finger", "foot", "toe"):
            bare[bone.vertices] += bone.weights
    # the normal of a vertex is the mean of those of its triangles
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    up = normals[:, 2] / np.linalg.norm(normals, axis=1)
    # the texture's edge would be blended with the opposite edge
    return np.clip(np.stack([bare / total, (1 - up) / 2], axis=1), 0.02, 0.98).astype(np.float32)


def _coat_image() -> np.ndarray:
    """The texture, uint8, shape (v, u, 3)."""
    ramp = np.linspace(0, 1, _TEXELS)[:, None]
    # the belly's colour starts below the flanks
    low = np.clip((ramp - 0.55) / 0.25, 0, 1)
    fur = (1 - low) * _BACK + low * np.array(_BELLY)
    bare = np.clip((ramp - 0.3) / 0.4, 0, 1)[None]
    return ((1 - bare) * fur[:, None] + bare * np.array(_BARE)).astype(np.uint8)
