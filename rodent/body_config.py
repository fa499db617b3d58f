"""Settings of the body. Light to import: the command line is derived from it."""

import dataclasses
from typing import TYPE_CHECKING, Literal

from rodent.errors import InputError, unknown

if TYPE_CHECKING:
    from rodent.scene.roles import BodySpec


@dataclasses.dataclass(frozen=True)
class Proportions:
    """Sizes of groups of segments relative to the whole body."""

    trunk: float = 1.0
    """Torso, pelvis, and vertebrae of back and neck."""
    head: float = 1.0
    """Skull and jaw."""
    limbs: float = 1.0
    """Shoulder blades, legs and paws."""
    tail: float = 1.0
    """Vertebrae of the tail."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not 0.3 <= value <= 3.0:
                raise InputError(f"body proportion {field.name} is {value:g}; it must lie in [0.3, 3]")


RAT_PROPORTIONS = Proportions()
"""Those of dm_control's rat."""


@dataclasses.dataclass(frozen=True)
class BodyConfig:
    """The rat. A policy requires the body that it was trained on."""

    # a file without it is damaged: the size of an animal has no default
    scale: float = dataclasses.field(default=0.9, metadata={"always_stored": True})
    """Size relative to dm_control's rat. The public motion capture was registered at 0.9."""
    proportions: Proportions = dataclasses.field(default_factory=Proportions)
    """Sizes of trunk, head, limbs and tail relative to `scale`."""
    actuation: Literal["position", "torque"] = "position"
    """`position`: servos with dm_control's gains; `torque`: forces in [-1, 1] x maximum."""
    strength: float = 1.37
    """Factor on servo gains or maximal forces, after the scaling law. At scale 0.9 the default compensates
    this law: the gains are those of dm_control, which published results of other trackers use."""
    activation_time: float = 0.04
    """Time constant of the first-order activation filter of the actuators, seconds."""
    force_limits: bool = False
    """Limit actuator forces to the force ranges in the MJCF, which are not enforced by default."""
    tail_contact: bool = False
    """Enable contacts of the tail with the floor; slower, with little effect."""
    self_collision: bool = False
    """Enable contacts between limbs and trunk, with the exclusions in the MJCF."""
    timestep: float = 0.01
    """Physics timestep, seconds; a frame of motion must be a multiple of it. MuJoCo's `discrete` integrator
    is implicit in servos and contacts, and stable at 10 ms; `implicitfast` needs 5 ms."""

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
                raise InputError(f"body {name} is {value:g}; it must be in [{low:g}, {high:g}]")

    def build(self) -> "BodySpec":
        """See `rodent.scene.rat.rat_body`."""
        from rodent.scene.rat import rat_body

        return rat_body(self)


@dataclasses.dataclass(frozen=True)
class MouseConfig(BodyConfig):
    """A mouse: the rat's body, smaller, and with other proportions, found on two recordings of mice."""

    scale: float = dataclasses.field(default=0.5, metadata={"always_stored": True})
    """Size relative to dm_control's rat."""
    proportions: Proportions = Proportions(head=1.25, limbs=0.9)
    """Sizes of trunk, head, limbs and tail relative to `scale`."""


@dataclasses.dataclass(frozen=True)
class MjcfBodyConfig:
    """Your own body: one free root, hinges and slides, actuators on joints or fixed tendons.

    The roles of its parts have defaults from its structure, see `rodent.scene.roles`; fields that are given
    replace them.
    """

    path: str
    """MJCF file."""
    timestep: float = 0.01
    """Physics timestep, seconds; a control step must be a multiple of it."""
    root: str = ""
    """Body whose pose is the pose of the animal."""
    tracked: tuple[str, ...] = ()
    """Bodies whose positions are compared with the reference."""
    end_effectors: tuple[str, ...] = ()
    """Tracked bodies whose positions the animal senses."""
    feet: tuple[str, ...] = ()
    """Bodies that the animal stands on."""
    nominal_force: float | None = None
    """Typical actuator force in movement, N or N m; by default the maximal force."""

    def __post_init__(self) -> None:
        if not 1e-4 <= self.timestep <= 0.02:
            raise InputError(f"body timestep is {self.timestep:g}; it must be in [0.0001, 0.02]")
        if self.nominal_force is not None and not self.nominal_force > 0:
            raise InputError(f"body nominal_force is {self.nominal_force:g}; it must be positive")

    def build(self) -> "BodySpec":
        """See `rodent.scene.mjcf.mjcf_body`."""
        from rodent.scene.mjcf import mjcf_body

        return mjcf_body(self)
