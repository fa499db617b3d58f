"""What a recording can hold: the standard channels and outcomes with their units, and those of your own.

    Channel("rad", "whisker angles", columns=("C1", "C2"))     # a channel of your own, for RecordingWriter
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
    """What the numbers of a channel, or of an outcome, are.

    Attributes:
        unit: of the numbers, such as `m/s`; `1` where they have none.
        description: one line.
        columns: names of the columns of an array (frames, columns); empty for one of shape (frames,); None
            for an array of any shape that leads with frames.
        dtype: numpy's name of the type that is stored, a bool or a number.
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
    "ctrl": Channel("1", "what the policy then commanded, in [-1, 1]"),
    "actuator_force": Channel("N m", "as the step produced it"),
    "alive": Channel("1", "false where the reference, or whatever ends an episode, is lost", (), "?"),
    "reference": Channel("m, 1, rad", f"pose to imitate in the same frame: {_POSE}", dtype="f8"),
    "contact": Channel("N", "of the touch sensors"),
}
"""The channels that every recording with frames has, but for `reference`, which a task without one lacks, and
`contact`, which a body without touch sensors lacks. Their columns are named after the body's parts."""
OPTIONAL = ("reference", "contact")

FAMILIES: Mapping[str, Channel] = {
    "reward": Channel("1", "reward that the step earned, by term; total is their sum", ()),
    "units": Channel("1", "activations of a layer's units"),
}
"""Groups that hold any number of channels, of any name."""

OUTCOMES: Mapping[str, Channel] = {
    "frames": Channel("1", "control steps of the rollout", (), "i8"),
    "lifespan": Channel("1", "control steps before it was first lost; all of them if it never was", (), "i8"),
    "failures": Channel("1", "times it was lost", (), "i8"),
    "terminated": Channel("1", "whether it was lost before its end", (), "?"),
    "truncated": Channel("1", "whether it reached its end without being lost", (), "?"),
}
"""The standard outcomes of a rollout. Further ones are declared, as channels are."""
OUTCOME_FAMILIES: Mapping[str, Channel] = {
    "reward": Channel("1", "mean reward per step before it was first lost, by term", (), "f8"),
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
    """Make sure that channels or outcomes of one's own can stand beside the standard ones.

    Args:
        own: those declared, by name.
        taken: names of the standard ones and of the families.
        what: they are, for the error: `channel` or `outcome`.

    Raises:
        InputError: a name is not possible or taken, a unit or description is empty, or a type is not one of
            numbers.
    """
    names = {*taken}
    for name, channel in own.items():
        if not _NAME.fullmatch(name) or any(part in (".", "..") for part in name.split("/")):
            raise InputError(f"{what} name {name!r} will not do; take words with '/' between them, no spaces")
        for other in names:
            if name == other or name.startswith(f"{other}/") or other.startswith(f"{name}/"):
                raise InputError(f"{what} name {name!r} collides with {other!r}; choose another")
        names.add(name)
        if not channel.unit or not channel.description:
            raise InputError(
                f"{what} {name!r} lacks a unit or a description; a unit of '1' says there is none"
            )
        check_dtype(channel, f"{what} {name!r}")


def check_dtype(channel: Channel, what: str) -> None:
    """Make sure that a channel's type is a bool or a number.

    Raises:
        InputError: it is not.
    """
    try:
        good = np.dtype(channel.dtype).kind in _KINDS
    except TypeError:
        good = False
    if not good:
        raise InputError(f"{what} has dtype {channel.dtype!r}; a bool or a number is expected, such as 'f4'")
