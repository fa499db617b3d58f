"""Roles of the parts of a body, as used by tasks, senses and recordings."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import mujoco

from rodent.body_config import RAT_PROPORTIONS, Proportions
from rodent.errors import InputError

_INERTIAL = (
    mujoco.mjtSensor.mjSENS_ACCELEROMETER,
    mujoco.mjtSensor.mjSENS_GYRO,
    mujoco.mjtSensor.mjSENS_VELOCIMETER,
)


@dataclasses.dataclass(frozen=True)
class Roles:
    """Names in the model.

    Attributes:
        root: body whose pose is the pose of the animal; pushes act on it.
        tracked: bodies whose positions are compared with the reference; the root is one of them.
        end_effectors: tracked bodies whose positions the animal senses, such as paws and head.
        feet: bodies that the animal stands on.
        touch: touch sensors.
        inertial: accelerometer, gyroscope and velocimeter.
        not_previewed: joints that are not in the reference window.
        posture: angles of the standing animal, rad, of hinges, and of tendons by the name of their actuator,
            whose angle is distributed over their hinges; all others are as in the model.
        pitch: of the root of the standing animal, nose up, rad.
    """

    root: str
    tracked: tuple[str, ...]
    end_effectors: tuple[str, ...]
    feet: tuple[str, ...]
    touch: tuple[str, ...] = ()
    inertial: tuple[str, ...] = ()
    not_previewed: tuple[str, ...] = ()
    posture: Mapping[str, float] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    pitch: float = 0.0


class BodySpec(NamedTuple):
    """A body as a configuration builds it.

    Attributes:
        spec: the body alone, as an editable specification.
        roles: of its parts.
        scale: size relative to the original; motion is valid for one scale.
        nominal_force: nominal force of each actuator by name, N or N m; None to derive it from the model.
        proportions: of groups of segments; motion is valid for one shape.
    """

    spec: mujoco.MjSpec
    roles: Roles
    scale: float
    nominal_force: Mapping[str, float] | None = None
    proportions: Proportions = RAT_PROPORTIONS


def derived_roles(model: mujoco.MjModel, where: str) -> Roles:
    """Roles derived from the structure of a model.

    The root is the first body with geoms at or below the free joint; all moving bodies with geoms are
    tracked; those without such bodies below them are end effectors and feet.

    Raises:
        InputError: there is no free root, or a joint that is neither hinge nor slide.
    """
    kinds = model.jnt_type.tolist()
    scalar = {int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE)}
    if not kinds or kinds[0] != mujoco.mjtJoint.mjJNT_FREE or set(kinds[1:]) - scalar:
        raise InputError(
            f"{where}: expected one free joint first, then hinges and slides; found "
            + (
                ", ".join(mujoco.mjtJoint(kind).name[6:].lower() for kind in dict.fromkeys(kinds))
                or "no joint"
            )
        )
    moving = [i for i in range(1, model.nbody) if model.body_weldid[i] and model.body_geomnum[i]]
    if not moving:
        raise InputError(f"{where}: no moving body has a geom")
    parents = {int(model.body_parentid[i]) for i in moving}
    names = tuple(model.body(i).name for i in moving)
    if "" in names:
        raise InputError(
            f"{where}: body {moving[names.index('')]} has no name; every body with a geom needs one"
        )
    leaves = tuple(name for i, name in zip(moving, names, strict=True) if i not in parents)
    sensors = [(model.sensor(i).name, int(model.sensor_type[i])) for i in range(model.nsensor)]
    return Roles(
        root=names[0],
        tracked=names,
        end_effectors=leaves,
        feet=leaves,
        touch=tuple(name for name, kind in sensors if kind == mujoco.mjtSensor.mjSENS_TOUCH),
        inertial=tuple(name for kind in _INERTIAL for name, its in sensors if its == kind),
    )
