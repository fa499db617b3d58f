"""Which rat. Light to import: the command line is derived from it."""

import dataclasses
from typing import Literal

from rodent.errors import InputError, unknown


@dataclasses.dataclass(frozen=True)
class BodyConfig:
    """What kind of rat. A policy fits the body it was trained on."""

    # a file that does not say it is damaged: no default may stand in for the size of an animal
    scale: float = dataclasses.field(default=0.9, metadata={"always_stored": True})
    """Size relative to dm_control's rat. The public motion capture was registered at 0.9."""
    actuation: Literal["position", "torque"] = "position"
    """`position`: servos with dm_control's gains; `torque`: forces in [-1, 1] x maximum."""
    strength: float = 1.37
    """Factor on servo gains or maximal forces, on top of the scaling law. At scale 0.9 the default
    undoes that law: the gains are dm_control's own, with which other trackers' figures were measured."""
    activation_time: float = 0.04
    """Time constant of the muscles' first-order activation filter, seconds."""
    force_limits: bool = False
    """Limit actuator forces to the MJCF's force ranges, which it states but does not apply."""
    tail_contact: bool = False
    """Let the tail touch the floor; costs time and matters little."""
    self_collision: bool = False
    """Let limbs and trunk touch one another, with the MJCF's exclusions."""
    timestep: float = 0.01
    """Physics timestep, seconds; a frame of motion must be a multiple of it. MuJoCo's
    `discrete` integrator is implicit in servos and contacts and stays stable at 10 ms,
    where `implicitfast` needs 5 ms."""

    def __post_init__(self) -> None:
        if self.actuation not in ("position", "torque"):
            raise unknown("actuation", str(self.actuation), ("position", "torque"))
        for name, low, high in (
            ("scale", 0.2, 5.0),
            ("strength", 0.01, 100.0),
            ("activation_time", 1e-3, 1.0),
            ("timestep", 1e-4, 0.02),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"body {name} is {value:g}; it must lie in [{low:g}, {high:g}]")
