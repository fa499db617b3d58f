"""Settings of the imitation task. Light to import: the command line is derived from them."""

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from rodent.errors import InputError, unknown

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet
    from rodent.scene import Scene
    from rodent.tasks.imitation import Imitation


class TaskKind(Protocol):
    """The configuration of a task: a frozen dataclass."""

    needs_clips: ClassVar[bool]
    """Whether it is a task of following clips."""

    def build(self, scene: "Scene", clips: "ClipSet | None") -> Any:
        """The task on a body in an arena; of clips, where it needs them."""
        ...


@dataclasses.dataclass(frozen=True)
class Term:
    """One term of the reward."""

    weight: float
    """Reward for no error, or cost at the scale; 0 leaves the term out of the reward."""
    scale: float
    """Error at which the reward has fallen to 1/e, or the cost is the weight; unit of the error."""

    def __post_init__(self) -> None:
        if not self.weight >= 0 or not self.scale > 0:
            raise InputError(
                f"a reward term has weight {self.weight:g} and scale {self.scale:g}; the weight must not be "
                "negative, the scale must be positive"
            )


@dataclasses.dataclass(frozen=True)
class ImitationReward:
    """Terms of the reward: weight * exp(-(error / scale)^2) for tracking, less weight * (cost / scale)^2."""

    root_position: Term = Term(0.20, 0.030)
    """Distance of the root, m."""
    root_orientation: Term = Term(0.20, 0.45)
    """Angle of the root, rad."""
    joint_angles: Term = Term(0.30, 0.25)
    """Root mean square over joints, rad."""
    joint_velocities: Term = Term(0.05, 6.0)
    """Root mean square over joints, rad/s."""
    end_effectors: Term = Term(0.20, 0.030)
    """Root mean square over paws and head of their distances, m."""
    body_positions: Term = Term(0.20, 0.025)
    """Mean distance of the tracked bodies, m."""
    control: Term = Term(0.01, 1.0)
    """Cost of the action, root mean square."""
    control_change: Term = Term(0.10, 1.0)
    """Cost of its change from the step before; for less, torques tremble."""
    energy: Term = Term(0.01, 1.0)
    """Cost of the actuators' forces relative to their limits, root mean square."""


@dataclasses.dataclass(frozen=True)
class ImitationLimits:
    """Errors beyond which the reference is lost."""

    root_position: float = 0.050
    """Of the root, m."""
    body_position: float = 0.050
    """Mean over the tracked bodies, m."""
    root_orientation: float = 60.0
    """Of the root, degrees."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if not getattr(self, field.name) > 0:
                raise InputError(
                    f"the limit of {field.name} is {getattr(self, field.name):g}; it must be positive"
                )


@dataclasses.dataclass(frozen=True)
class ImitationConfig:
    """The imitation task."""

    needs_clips: ClassVar[bool] = True

    horizon: int = 5
    """How many frames of the future reference the policy sees."""
    action_scale: float = 1.0
    """Makes the unit of an action larger or smaller: the force each actuator usually takes to follow a rat
    or, with servos, four times as much."""
    setpoint: Literal["reference", "neutral"] = "reference"
    """Pose that servos hold without an action: the coming one of the reference, or a constant neutral one,
    so that all movement comes from the network. Torques know no setpoint."""
    failure_factor: float = 1.0
    """Limits of failure during training, relative to those of evaluation."""
    limits: ImitationLimits = dataclasses.field(default_factory=ImitationLimits)
    """Limits of failure."""
    reward: ImitationReward = dataclasses.field(default_factory=ImitationReward)
    """Terms of the reward."""

    def __post_init__(self) -> None:
        if self.setpoint not in ("reference", "neutral"):
            raise unknown("setpoint", str(self.setpoint), ("reference", "neutral"))
        if not 1 <= self.horizon <= 100:
            raise InputError(f"task horizon is {self.horizon}; it must lie in [1, 100] frames")
        if not 0 < self.action_scale <= 20:
            raise InputError(f"task action_scale is {self.action_scale:g}; it must lie in (0, 20]")
        if not 0 < self.failure_factor <= 1:
            raise InputError(f"task failure_factor is {self.failure_factor:g}; it must lie in (0, 1]")

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Imitation":
        """The task of imitating clips.

        Raises:
            InputError: there are no clips, or they differ in frame rate.
        """
        if clips is None:
            raise InputError("imitation needs clips: name the motion to imitate")
        from rodent.tasks.imitation import Imitation
        from rodent.tasks.reference import build_reference, control_timestep

        return Imitation(scene, control_timestep(clips), self, build_reference(clips, scene))
