"""Mirror images of motion, with left and right exchanged. The symmetry is derived from the body model.

    mirror = Mirror(body)
    mirror.qpos(clip.qpos)                # poses of the mirror image
    mirrored_clips(clips, body)           # whole clips; Walk_280 becomes Walk_280_mirrored

The mirror is the plane y = 0 of the world. The reflection M = diag(1, -1, 1) maps a position p to M p, and a
rotation about an axis a to a rotation by the same angle about -M a. So a hinge copies the angle of its
counterpart if the counterpart's axis is along -M a, and its negative if it is along M a.

Bodies are paired along the kinematic tree: the counterpart of a body is the child of its parent's
counterpart at the mirrored position. Vertebrae are their own counterparts. Hinges follow their bodies,
actuators their hinges.

dm_control's rat is not exactly symmetric. Vertebrae are up to 12 µm off the midline and one neck hinge leans
by 0.7 mrad, so that bodies are up to 27 µm from their mirrored positions. Mass and shape of the right shank
are 0.2 mm from the left one's image. Contacts amplify this: after 20 control steps with mirrored controls a
standing rat and its image are 0.2 mm apart, a walking one 6 mm, and a symmetrised body 0.03 mm.
"""

import dataclasses
from typing import Any

import mujoco
import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.clips.names import mirrored_name
from rodent.clips.validate import require_body
from rodent.errors import InputError
from rodent.keypoints import side_pairs
from rodent.scene import Scene

PLACE = np.array([1.0, -1.0, 1.0])  # signs of x, y, z of a position or velocity
TURN = -PLACE  # signs of a rotation vector

# tolerances of the symmetry, far below tracking errors
_NEAR = 1e-4  # metres
_PARALLEL = 1e-2  # of unit vectors, apart
_EQUAL = 1e-6  # ranges in radians, gains of servos relative to the strongest


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A permutation of columns with signs; its own inverse.

    Attributes:
        order: source column of each column, shape (n,).
        sign: 1 or -1, shape (n,).
    """

    order: np.ndarray
    sign: np.ndarray

    def __call__(self, values: Any) -> Any:
        """The mirror image of values, an array of numpy or JAX of shape (..., n)."""
        return values[..., self.order] * self.sign


class Mirror:
    """Mirror images of a rat's poses, velocities and controls.

    Attributes:
        bodies: the counterpart of every body, shape (nbody,): the mirror image of xpos is
            `xpos[:, bodies] * PLACE`.
        twin_of: names of the bodies' counterparts, by name.
        qpos: of poses, shape (..., 74).
        qvel: of velocities, shape (..., 73).
        ctrl: of controls, activations and forces of actuators, shape (..., 38).

    Raises:
        InputError: the body is not symmetric.
    """

    def __init__(self, body: Scene):
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


def mirrored_clips(clips: ClipSet, body: Scene) -> ClipSet:
    """The mirror images of clips.

    Raises:
        InputError: the clips belong to another body, or have keypoints without names.
    """
    require_body(clips, body)
    mirror = Mirror(body)
    return dataclasses.replace(clips, clips=tuple(mirrored(clip, mirror) for clip in clips))


def mirrored(clip: Clip, mirror: Mirror) -> Clip:
    """The mirror image of a clip. Mirroring twice gives the clip itself, including its name.

    Keypoints whose names differ only in left and right are exchanged; others keep their names.

    Raises:
        InputError: the clip has keypoints without names.
    """
    return dataclasses.replace(
        clip,
        name=mirrored_name(clip.name),
        qpos=mirror.qpos(clip.qpos),
        qvel=None if clip.qvel is None else mirror.qvel(clip.qvel),
        **({} if clip.keypoints is None else _keypoints(clip, clip.keypoints, mirror)),
    )


def _twins(model: mujoco.MjModel) -> np.ndarray:
    """The counterpart of every body, shape (nbody,)."""
    twins = np.zeros(model.nbody, int)
    for body in range(1, model.nbody):
        family = 1 + np.flatnonzero(model.body_parentid[1:] == twins[model.body_parentid[body]])
        away = np.linalg.norm(model.body_pos[family] - PLACE * model.body_pos[body], axis=1)
        twins[body] = family[away.argmin()]
    return twins


def _hinges(model: mujoco.MjModel, twins: np.ndarray) -> Exchange:
    """Exchange of hinges: the n-th of a body and the n-th of its counterpart."""
    joints = np.arange(1, model.njnt)
    home = model.jnt_bodyid[joints]
    others = model.body_jntadr[twins[home]] + joints - model.body_jntadr[home]
    along = np.sum(model.jnt_axis[others] * TURN * model.jnt_axis[joints], axis=1)
    return Exchange(others - 1, np.sign(along))


def _actuators(transmission: np.ndarray, hinges: Exchange) -> Exchange:
    """Exchange of actuators, from the transmission, shape (actuators, hinges)."""
    alike = transmission @ hinges(transmission).T
    order = np.abs(alike).argmax(axis=1)
    return Exchange(order, np.sign(alike[np.arange(len(alike)), order]))


def _after(root: list[float], hinges: Exchange) -> Exchange:
    """Exchange of the root's columns, which keep their order, followed by the hinges."""
    n = len(root)
    return Exchange(np.r_[:n, n + hinges.order], np.r_[root, hinges.sign])


def _keypoints(clip: Clip, points: np.ndarray, mirror: Mirror) -> dict[str, Any]:
    """The keypoint fields of a clip, left and right exchanged, by field of `Clip`."""
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


def _require_symmetry(body: Scene, twins: np.ndarray, hinges: Exchange, actuators: Exchange) -> None:
    """Raise InputError unless bodies, hinges with their ranges, and actuators are symmetric."""
    model, order, sign = body.model, hinges.order, hinges.sign
    ranges = np.sort(body.joint_range[order] * sign[:, None], axis=1)
    gain, bias = model.actuator_gainprm[:, :1], model.actuator_biasprm[:, :2]
    flipped = actuators.sign[:, None] * [1.0, 0.0] + [0.0, 1.0]
    apart = {
        "counterparts of bodies": (twins[twins] != np.arange(len(twins)), 0.5),
        "positions of bodies": (model.body_pos[twins] - PLACE * model.body_pos, _NEAR),
        "positions of hinges": (model.jnt_pos[1:][order] - PLACE * model.jnt_pos[1:], _NEAR),
        "axes of hinges": (model.jnt_axis[1:][order] * sign[:, None] - TURN * model.jnt_axis[1:], _PARALLEL),
        "ranges of hinges": (ranges - body.joint_range, _EQUAL),
        "gains of actuators": (gain[actuators.order] - gain, _EQUAL * np.abs(gain).max()),
        "servos of actuators": (bias[actuators.order] * flipped - bias, _EQUAL * np.abs(gain).max()),
    }
    for what, (difference, most) in apart.items():
        if np.abs(difference).max() > most:
            raise InputError(f"the body is not its own mirror image: the {what} differ between the sides")
