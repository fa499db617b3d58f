"""Settings of the imitation task. Light to import: the command line is derived from them."""

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from rodent.body_config import RAT_PROPORTIONS, Proportions
from rodent.configs import Table
from rodent.errors import InputError, unknown
from rodent.parts import REWARD_TERMS, SENSES, USUAL_SENSES

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet
    from rodent.scene import Scene
    from rodent.tasks.imitation import Imitation


_RAT = 0.9  # scale of the rat that the limits are of


class TaskKind(Protocol):
    """The configuration of a task: a frozen dataclass.

    A task that needs another arena than the floor has its name as `usual_arena`, and `rodent train` takes it.
    """

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


UNUSED = Term(0.0, 1.0)
"""A term that is left out of the reward."""
USUAL_REWARD: Mapping[str, Term] = MappingProxyType(
    {
        "root_position": Term(0.20, 0.030),
        "root_orientation": Term(0.20, 0.45),
        "joint_angles": Term(0.30, 0.25),
        "joint_velocities": Term(0.05, 6.0),
        "end_effectors": Term(0.20, 0.030),
        "body_positions": Term(0.20, 0.025),
        "control": Term(0.01, 1.0),
        "control_change": Term(0.10, 1.0),  # for less, torques tremble
        "energy": Term(0.01, 1.0),
    }
)
"""The terms that every reward of imitation has, unless their weight is set to 0."""


class RewardTable(Mapping[str, Term]):
    """Weight and scale of every term of a reward, by the term's name; it does not change.

    Terms that are not given are the usual ones. A further term of weight 0 is not kept, so that a
    configuration depends on no package that it makes no use of.

    >>> RewardTable({"control": Term(0.02, 1.0)})["control"].weight
    0.02

    Args:
        terms: those that differ from the usual ones.

    Raises:
        InputError: no reward term has such a name.
    """

    def __init__(self, terms: Mapping[str, Term] = MappingProxyType({})):
        for name in terms:
            REWARD_TERMS.require(name, "the reward")
        every = {**USUAL_REWARD, **terms}
        self._terms = {name: term for name, term in every.items() if name in USUAL_REWARD or term.weight}

    def __getitem__(self, name: str) -> Term:
        return self._terms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def __hash__(self) -> int:
        return hash(frozenset(self._terms.items()))

    def __repr__(self) -> str:
        return f"RewardTable({self._terms})"


@dataclasses.dataclass(frozen=True)
class ImitationLimits:
    """Errors beyond which the reference is lost. Lengths are those of a rat; for a body of other proportions,
    such as a mouse, they shrink with its size relative to a rat of scale 0.9.
    """

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

    def of_body(self, scale: float, proportions: Proportions) -> "ImitationLimits":
        """The limits of a body: those of the rat, in body lengths if it has other proportions.

        Args:
            scale: of the body, relative to dm_control's rat.
            proportions: of its segments.
        """
        if proportions == RAT_PROPORTIONS:
            return self
        size = scale / _RAT
        return dataclasses.replace(
            self, root_position=size * self.root_position, body_position=size * self.body_position
        )


@dataclasses.dataclass(frozen=True)
class ImitationConfig:
    """Follow reference motion frame by frame."""

    needs_clips: ClassVar[bool] = True

    horizon: int = 5
    """How many frames of the future reference the policy sees."""
    action_scale: float = 1.0
    """Makes the unit of an action larger or smaller: the force each actuator usually takes to follow a rat
    or, with servos, four times as much."""
    setpoint: Literal["reference", "neutral"] = "reference"
    """Pose that servos hold without an action: the coming one of the reference, or a constant neutral one,
    so that all movement comes from the network. Torques know no setpoint."""
    window: Literal["body", "reference"] = "body"
    """Frame of the reference that the policy sees. `body`: relative to the present body, with errors of
    tracking; `reference`: relative to the present pose of the reference, so that the encoder does not see the
    body, and balance is left to the decoder. Drift over the floor then does not count in errors."""
    failure_factor: float = 1.0
    """Limits of failure during training, relative to those of evaluation."""
    limits: ImitationLimits = dataclasses.field(default_factory=ImitationLimits)
    """Limits of failure."""
    reward: Annotated[Mapping[str, Term], Table(REWARD_TERMS, UNUSED)] = dataclasses.field(
        default_factory=RewardTable
    )
    """Terms of the reward: weight * exp(-(error / scale)^2) for tracking, less weight * (cost / scale)^2.
    Terms that are not given are the usual ones; those that packages add are left out by default."""
    senses: tuple[str, ...] = USUAL_SENSES
    """What the body senses, in the order in which the policy sees it: these, or any that packages add."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reward", RewardTable(self.reward))
        for name in self.senses:
            SENSES.require(name, "task senses")
        if not self.senses or len(set(self.senses)) < len(self.senses):
            raise InputError(f"task senses is {self.senses}; name at least one, and each once")
        if self.setpoint not in ("reference", "neutral"):
            raise unknown("setpoint", str(self.setpoint), ("reference", "neutral"))
        if self.window not in ("body", "reference"):
            raise unknown("window", str(self.window), ("body", "reference"))
        if not 1 <= self.horizon <= 100:
            raise InputError(f"task horizon is {self.horizon}; it must lie in [1, 100] frames")
        if not 0 < self.action_scale <= 20:
            raise InputError(f"task action_scale is {self.action_scale:g}; it must lie in (0, 20]")
        if not 0 < self.failure_factor <= 1:
            raise InputError(f"task failure_factor is {self.failure_factor:g}; it must lie in (0, 1]")

    def build(self, scene: "Scene", clips: "ClipSet | None") -> "Imitation":
        """The task of imitating clips.

        Raises:
            InputError: there are no clips, they differ in frame rate, or the package of a reward term or a
                sense is broken.
        """
        if clips is None:
            raise InputError("imitation needs clips: name the motion to imitate")
        from rodent.tasks.imitation import Imitation
        from rodent.tasks.reference import build_reference, control_timestep

        for registry, names in ((REWARD_TERMS, self.reward), (SENSES, self.senses)):
            for name in names:
                registry.get(name)
        return Imitation(scene, control_timestep(clips), self, build_reference(clips, scene))
