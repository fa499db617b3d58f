"""Possible content of a recording: standard and custom channels and outcomes, with their units.

    Channel("rad", "whisker angles", columns=("C1", "C2"))     # a custom channel, for RecordingWriter
    standard_channels(joints, actuators, contacts)["qpos"].columns

A channel is a named array with a row per control step. The standard ones are the rows of `STANDARD`, the
families `reward/TERM` and `units/LAYER` have members of any name, and any other channel is declared with its
unit. Outcomes have one value per rollout; the standard ones are the rows of `OUTCOMES`.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rodent.errors import InputError

_NAME = re.compile(r"[^/\s]+(/[^/\s]+)*")
_KINDS = "biuf"  # of numpy's types: bool, integers, floats


@dataclasses.dataclass(frozen=True)
class Channel:
    """Description of a channel, or of an outcome.

    Attributes:
        unit: of the numbers, such as `m/s`; `1` if they have none.
        description: one line.
        columns: names of the columns of an array (frames, columns); empty for one of shape (frames,); None
            for an array of any shape that leads with frames.
        dtype: numpy's name of the stored type, a bool or a number.
    """

    unit: str
    description: str
    columns: tuple[str, ...] | None = None
    dtype: str = "f4"


ROOT_POSE = ("root_x", "root_y", "root_z", "root_qw", "root_qx", "root_qy", "root_qz")
ROOT_VELOCITY = ("root_vx", "root_vy", "root_vz", "root_wx", "root_wy", "root_wz")

_POSE = "position of the root, its quaternion w x y z, angles of the joints"
STANDARD: Mapping[str, Channel] = {
    "time": Channel("s", "since the rollout's first frame", (), "f8"),
    "qpos": Channel("m, 1, rad", f"state that the policy saw: {_POSE}", dtype="f8"),
    "qvel": Channel(
        "m/s, rad/s",
        "velocities of that state: of the root in the world, its turning in its own frame, of the joints",
        dtype="f8",
    ),
    "ctrl": Channel("1", "controls that the policy then set, in [-1, 1]"),
    "actuator_force": Channel("N m", "actuator forces in the step"),
    "alive": Channel("1", "false in frames of failure", (), "?"),
    "reference": Channel("m, 1, rad", f"pose to imitate in the same frame: {_POSE}", dtype="f8"),
    "contact": Channel("N", "of the touch sensors"),
}
"""The channels of every recording with frames, except `reference` for tasks without a reference, and
`contact` for bodies without touch sensors. Their columns are named after the body's parts."""
OPTIONAL = ("reference", "contact")
GROUND_FORCE = "ground_force"
"""Name of the channel of the ground's forces, see `rodent.recording.ground`: a recording describes its
columns."""

FAMILIES: Mapping[str, Channel] = {
    "reward": Channel("1", "reward of the step, by term; total is their sum", ()),
    "units": Channel("1", "activations of a layer's units"),
}
"""Groups that hold any number of channels, of any name."""

OUTCOMES: Mapping[str, Channel] = {
    "frames": Channel("1", "control steps of the rollout", (), "i8"),
    "lifespan": Channel("1", "control steps before the first failure; all if there is none", (), "i8"),
    "failures": Channel("1", "number of failures", (), "i8"),
    "terminated": Channel("1", "whether it failed before its end", (), "?"),
    "truncated": Channel("1", "whether it reached its end without a failure", (), "?"),
}
"""The standard outcomes of a rollout. Custom outcomes are declared like channels."""
OUTCOME_FAMILIES: Mapping[str, Channel] = {
    "reward": Channel("1", "mean reward per step before the first failure, by term", (), "f8"),
}


def standard_channels(
    joints: Sequence[str], actuators: Sequence[str], contacts: Sequence[str]
) -> dict[str, Channel]:
    """The standard channels of a body, with names for all columns.

    Args:
        joints: names of the joints below a free root.
        actuators: names of the actuators.
        contacts: names of the touch sensors.
    """
    columns = {
        "qpos": (*ROOT_POSE, *joints),
        "qvel": (*ROOT_VELOCITY, *joints),
        "ctrl": tuple(actuators),
        "actuator_force": tuple(actuators),
        "reference": (*ROOT_POSE, *joints),
        "contact": tuple(contacts),
    }
    known = {name: columns.get(name, channel.columns) for name, channel in STANDARD.items()}
    # a body without touch sensors has no such channel
    return {
        name: dataclasses.replace(STANDARD[name], columns=parts)
        for name, parts in known.items()
        if parts or name not in columns
    }


def member_of(name: str, families: Mapping[str, Channel] = FAMILIES) -> str | None:
    """The family of a name such as `units/decoder/layer_0`, if it belongs to one."""
    family, _, member = name.partition("/")
    return family if family in families and member else None


def check_declared(own: Mapping[str, Channel], taken: Iterable[str], what: str) -> None:
    """Check the declarations of custom channels or outcomes.

    Args:
        own: custom channels or outcomes, by name.
        taken: names of standard ones and of families.
        what: for the error: `channel` or `outcome`.

    Raises:
        InputError: a name is invalid or taken, a unit or description is empty, or a type is not numeric.
    """
    names = {*taken}
    for name, channel in own.items():
        if not _NAME.fullmatch(name) or any(part in (".", "..") for part in name.split("/")):
            raise InputError(f"{what} name {name!r} is invalid; expected words without spaces, joined by '/'")
        for other in names:
            if name == other or name.startswith(f"{other}/") or other.startswith(f"{name}/"):
                raise InputError(f"{what} name {name!r} collides with {other!r}; choose another")
        names.add(name)
        if not channel.unit or not channel.description:
            raise InputError(
                f"{what} {name!r} lacks a unit or a description; use the unit '1' if there is none"
            )
        check_dtype(channel, f"{what} {name!r}")


def check_dtype(channel: Channel, what: str) -> None:
    """Require that a channel's type is a bool or a number.

    Raises:
        InputError: it is not.
    """
    try:
        good = np.dtype(channel.dtype).kind in _KINDS
    except TypeError:
        good = False
    if not good:
        raise InputError(f"{what} has dtype {channel.dtype!r}; expected a bool or a number, such as 'f4'")
