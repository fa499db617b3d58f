"""The rat in a mirror: its motion with left and right exchanged, found from the body itself.

    mirror = Mirror(body)
    mirror.qpos(clip.qpos)                # poses of the mirror image
    mirrored_clips(clips, body)           # whole clips; Walk_280 becomes Walk_280_mirrored

The mirror is the plane y = 0 of the world. The reflection M = diag(1, -1, 1) takes a place p to
M p, and a turn by an angle about an axis a to a turn by the same angle about -M a. So a hinge turns
as its twin does where the twin's axis lies along -M a, and the other way where it lies along M a.

Bodies are paired down the tree: the twin of a body is the child of its parent's twin that stands
where the mirror puts it; a spine's vertebrae are their own. Hinges follow their bodies, actuators
the hinges they pull on.

dm_control's rat is not quite its own mirror image: vertebrae lie up to 12 µm off its middle, one
hinge of the neck leans by 0.7 mrad, so that bodies stand up to 27 µm from where the mirror shows them;
and the right shank's mass and shape lie 0.2 mm from the left one's image. That is little, but contacts
make much of it: told the same for 20 control steps, a standing rat and its image end 0.2 mm apart, a
walking one 6 mm; of a body made symmetric, 0.03 mm.
"""

import dataclasses
from typing import Any

import mujoco
import numpy as np

from rodent.body import Body
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.names import mirrored_name
from rodent.clips.validate import require_body
from rodent.errors import InputError
from rodent.keypoints import side_pairs

PLACE = np.array([1.0, -1.0, 1.0])  # what the mirror does to x, y, z of a place or a velocity
TURN = -PLACE  # and to those of a rotation vector

# how far from its mirror image a body may be: what is far below the errors of tracking
_NEAR = 1e-4  # metres
_PARALLEL = 1e-2  # of unit vectors, apart
_EQUAL = 1e-6  # ranges in radians, gains of servos relative to the strongest


@dataclasses.dataclass(frozen=True)
class Exchange:
    """Columns change places, and some their sign; twice is nothing.

    Attributes:
        order: the column that comes to stand at each place, shape (n,).
        sign: 1 or -1, shape (n,).
    """

    order: np.ndarray
    sign: np.ndarray

    def __call__(self, values: Any) -> Any:
        """The mirror image of values, an array of numpy or JAX of shape (..., n)."""
        return values[..., self.order] * self.sign


class Mirror:
    """What the mirror does to a rat.

    Attributes:
        bodies: the twin of every body, shape (nbody,): the mirror image of xpos is
            `xpos[:, bodies] * PLACE`.
        twin_of: their names by the names of their twins.
        qpos: of poses, shape (..., 74).
        qvel: of velocities, shape (..., 73).
        ctrl: of controls, activations and forces of actuators, shape (..., 38).

    Raises:
        InputError: the body is not its own mirror image.
    """

    def __init__(self, body: Body):
        model = body.model
        self.bodies = _twins(model)
        names = [model.body(i).name for i in range(model.nbody)]
        self.twin_of = {name: names[twin] for name, twin in zip(names, self.bodies, strict=True)}
        hinges = _hinges(model, self.bodies)
        self.ctrl = _actuators(body.transmission, hinges)
        _require_symmetry(body, self.bodies, hinges, self.ctrl)
        # a quaternion's vector lies along the axis of its turn
        self.qpos = _after([*PLACE, 1.0, *TURN], hinges)
        self.qvel = _after([*PLACE, *TURN], hinges)


def mirrored_clips(clips: ClipSet, body: Body) -> ClipSet:
    """The mirror images of clips.

    Raises:
        InputError: the clips belong to another body, or have keypoints without names.
    """
    require_body(clips, body)
    mirror = Mirror(body)
    return dataclasses.replace(clips, clips=tuple(mirrored(clip, mirror) for clip in clips))


def mirrored(clip: Clip, mirror: Mirror) -> Clip:
    """The mirror image of a clip; that of a mirror image is the clip itself, name and all.

    Keypoints whose names differ only in left and right change places; others keep their names.

    Raises:
        InputError: the clip has keypoints without names, whose sides nobody knows.
    """
    return dataclasses.replace(
        clip,
        name=mirrored_name(clip.name),
        qpos=mirror.qpos(clip.qpos),
        qvel=None if clip.qvel is None else mirror.qvel(clip.qvel),
        **({} if clip.keypoints is None else _keypoints(clip, clip.keypoints, mirror)),
    )


def _twins(model: mujoco.MjModel) -> np.ndarray:
    """The twin of every body, shape (nbody,)."""
    twins = np.zeros(model.nbody, int)
    for body in range(1, model.nbody):
        family = 1 + np.flatnonzero(model.body_parentid[1:] == twins[model.body_parentid[body]])
        away = np.linalg.norm(model.body_pos[family] - PLACE * model.body_pos[body], axis=1)
        twins[body] = family[away.argmin()]
    return twins


def _hinges(model: mujoco.MjModel, twins: np.ndarray) -> Exchange:
    """Of the hinges: the n-th of a body and the n-th of its twin."""
    joints = np.arange(1, model.njnt)
    home = model.jnt_bodyid[joints]
    others = model.body_jntadr[twins[home]] + joints - model.body_jntadr[home]
    along = np.sum(model.jnt_axis[others] * TURN * model.jnt_axis[joints], axis=1)
    return Exchange(others - 1, np.sign(along))


def _actuators(transmission: np.ndarray, hinges: Exchange) -> Exchange:
    """Of the actuators, shape of transmission: (actuators, hinges)."""
    alike = transmission @ hinges(transmission).T
    order = np.abs(alike).argmax(axis=1)
    return Exchange(order, np.sign(alike[np.arange(len(alike)), order]))


def _after(root: list[float], hinges: Exchange) -> Exchange:
    """Of the root's columns, which stay where they are, and then the hinges."""
    n = len(root)
    return Exchange(np.r_[:n, n + hinges.order], np.r_[root, hinges.sign])


def _keypoints(clip: Clip, points: np.ndarray, mirror: Mirror) -> dict[str, Any]:
    """A clip's keypoints and what is known of them, left and right exchanged, by field of `Clip`."""
    names = clip.keypoint_names
    if not names:
        raise InputError(
            f"clip {clip.name!r} has keypoints without names, which would tell left from right; name them"
        )
    order = np.arange(len(names))
    for left, right in side_pairs(names):
        order[[names.index(left), names.index(right)]] = names.index(right), names.index(left)
    exchanged: dict[str, Any] = {"keypoints": points[:, order] * PLACE}
    if clip.residuals is not None:
        exchanged["residuals"] = clip.residuals[:, order]
    if clip.keypoint_offsets is not None:
        exchanged["keypoint_offsets"] = clip.keypoint_offsets[order] * PLACE
    if clip.keypoint_bodies:
        exchanged["keypoint_bodies"] = tuple(mirror.twin_of[clip.keypoint_bodies[i]] for i in order)
    return exchanged


def _require_symmetry(body: Body, twins: np.ndarray, hinges: Exchange, actuators: Exchange) -> None:
    """Bodies, hinges with their ranges, and actuators must have twins that they are the images of."""
    model, order, sign = body.model, hinges.order, hinges.sign
    ranges = np.sort(body.joint_range[order] * sign[:, None], axis=1)
    gain, bias = model.actuator_gainprm[:, :1], model.actuator_biasprm[:, :2]
    flipped = actuators.sign[:, None] * [1.0, 0.0] + [0.0, 1.0]
    apart = {
        "twins of bodies": (twins[twins] != np.arange(len(twins)), 0.5),
        "places of bodies": (model.body_pos[twins] - PLACE * model.body_pos, _NEAR),
        "places of hinges": (model.jnt_pos[1:][order] - PLACE * model.jnt_pos[1:], _NEAR),
        "axes of hinges": (model.jnt_axis[1:][order] * sign[:, None] - TURN * model.jnt_axis[1:], _PARALLEL),
        "ranges of hinges": (ranges - body.joint_range, _EQUAL),
        "gains of actuators": (gain[actuators.order] - gain, _EQUAL * np.abs(gain).max()),
        "servos of actuators": (bias[actuators.order] * flipped - bias, _EQUAL * np.abs(gain).max()),
    }
    for what, (difference, most) in apart.items():
        if np.abs(difference).max() > most:
            raise InputError(f"the body is not its own mirror image: the {what} differ between the sides")
