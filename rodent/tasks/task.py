"""What an animal is asked to do, written for one environment.

    task = config.build(body, clips)                       # arrays are leaves, all else is static
    state = task.initial_state(start, key)                 # where the task stands
    physics = task.initial_physics(state)
    observation = task.observe(state, physics)
    ctrl = task.control(state, action)
    state = task.update(task.advance(state), physics)      # a control step later
    measure = task.measure(state, physics)

A task never sees that there are many environments: `rodent.loop` maps it over them. It is a tree of arrays,
so that it passes through `jax.jit`, and its arrays, such as those of a reference, can differ without
anything being compiled again.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.recording.channels import Channel
from rodent.recording.trials import Trial
from rodent.scene import Scene
from rodent.sensing.proprioception import Observed
from rodent.tasks.actuation import action_unit, commanded, neutral_setpoint

Observation = Mapping[str, jax.Array]
"""What an agent is fed, by group: `proprioception`, what the body senses, and what is asked of it, such as
`reference`; leaves (…, size)."""
PROPRIOCEPTION, VISION = "proprioception", "vision"
S = TypeVar("S")


class Part(NamedTuple):
    """A named part of a group of the observation.

    Attributes:
        name: such as `joint_angles`.
        size: how many numbers.
        unit: of them; `1` for those without, empty if it is not stated.
    """

    name: str
    size: int
    unit: str


class Measure(NamedTuple):
    """How well one environment does.

    Attributes:
        metrics: errors and the like by name, in SI units; see `Task.metrics`.
        limit_fraction: the largest error as a fraction of its limit; above 1 the episode terminates.
    """

    metrics: dict[str, jax.Array]
    limit_fraction: jax.Array


@dataclasses.dataclass(frozen=True)
class Metric:
    """How a metric is reported.

    Attributes:
        label: name of the figure, with its unit.
        unit: of the metric itself, an SI unit; `1` where it has none.
        factor: from that unit to the figure's.
        worst: what counts for a frame after the failure, in the figure's unit.
        limit: beyond which the episode terminates, in the figure's unit; None for no limit.
        parts: names of the values of a metric that is an array.
        past_failure: whether a failure changes nothing, such as for a figure to compare with: frames after it
            count as they are, not as `worst`.
    """

    label: str
    unit: str
    factor: float
    worst: float
    limit: float | None = None
    parts: tuple[str, ...] = ()
    past_failure: bool = False


class Played(NamedTuple):
    """One episode that was played, for figures.

    Attributes:
        metrics: of every step, in the units of the report, each (steps, …).
        failed: whether the episode had failed, shape (steps,).
    """

    metrics: Mapping[str, np.ndarray]
    failed: np.ndarray


class Figure(NamedTuple):
    """A figure of a task, and the bar that it should reach.

    Attributes:
        figure: its name, with its unit.
        value: over all episodes played.
        bar: that is asked for; None where the figure is there to compare with.
        at: `least` or `most`; None without a bar.
    """

    figure: str
    value: float
    bar: float | None = None
    at: Literal["least", "most"] | None = None


class CommandRange(NamedTuple):
    """What a person can command of a task while it is played.

    Attributes:
        unit: of the command, an SI unit.
        low, high: smallest and largest command of training.
    """

    unit: str
    low: float
    high: float


@flax.struct.dataclass
class Starts:
    """Places where episodes can begin, in order along groups such as clips; N places, C groups.

    Attributes:
        group_of: the group that a place belongs to, shape (N,).
        first, last: the first and the last place of each group, shape (C,).
        usable: whether an episode may begin there, shape (N,).
    """

    group_of: jax.Array
    first: jax.Array
    last: jax.Array
    usable: jax.Array

    @property
    def count(self) -> int:
        """N."""
        return self.usable.shape[0]


class Task(flax.struct.PyTreeNode, Generic[S]):
    """Base of all tasks; a task states what is listed here, for one environment.

    Attributes:
        scene: names and indices.
        timestep: seconds per control step.
    """

    scene: Scene = flax.struct.field(pytree_node=False)
    timestep: float = flax.struct.field(pytree_node=False)

    @property
    def action_size(self) -> int:
        """How many numbers an action has."""
        return self.scene.model.nu

    @property
    def image(self) -> tuple[int, ...]:
        """Eyes, rows, columns and channels of the group `vision` of the observation; empty without vision."""
        return ()

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """How the metrics of `measure` are reported."""
        raise NotImplementedError

    @property
    def starts(self) -> Starts:
        """Where episodes can begin; by default in one place."""
        one = jnp.zeros(1, int)
        return Starts(one, one, one, jnp.ones(1, bool))

    def initial_state(self, start: jax.Array, key: jax.Array) -> S:
        """The task's state at a place of `starts`; a task that draws something draws it with the key."""
        raise NotImplementedError

    def initial_physics(self, state: S) -> PhysicsState:
        """Where the body is when an episode begins in this state."""
        raise NotImplementedError

    def observe(self, state: S, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the agent is fed, by group; see `Observation`."""
        raise NotImplementedError

    def observation_parts(self, state: S, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """The named parts of every group of the observation, with their units.

        By default each group is one part of the group's name, whose unit is not stated.
        """
        return {name: {name: Observed(values, "")} for name, values in self.observe(state, physics).items()}

    def control(self, state: S, action: jax.Array) -> jax.Array:
        """Controls for the step from this state to the next, shape (nu,).

        By default an action offsets servos from the neutral pose, and is a torque where there are none.
        """
        unit = jnp.asarray(action_unit(self.scene), jnp.float32)
        setpoint = jnp.asarray(neutral_setpoint(self.scene), jnp.float32) if self.scene.servos else None
        return commanded(self.scene, setpoint, unit * action)

    def advance(self, state: S) -> S:
        """The task's state a control step later."""
        raise NotImplementedError

    def update(self, state: S, physics: PhysicsState) -> S:
        """The advanced state once the body has moved, such as with a target reached; by default as it is."""
        return state

    def measure(self, state: S, physics: PhysicsState) -> Measure:
        """How far the body is from what is asked of it in this state."""
        raise NotImplementedError

    def reward(
        self, state: S, physics: PhysicsState, measure: Measure, action: jax.Array, previous: jax.Array
    ) -> dict[str, jax.Array]:
        """Terms of the reward for having reached this state; the reward is their sum.

        Args:
            state: the task's, after the step.
            physics: after the step.
            measure: of the two.
            action, previous: that of the step, and that of the step before, shape (actions,).
        """
        raise NotImplementedError

    def truncated(self, state: S) -> jax.Array:
        """Whether an episode that has reached this state is over, without a failure."""
        raise NotImplementedError

    def episode_steps(self, groups: np.ndarray) -> np.ndarray:
        """Control steps of an evaluated episode by group of `starts`, shape (n,); by default all places."""
        starts = self.starts
        return np.asarray(starts.last)[groups] - np.asarray(starts.first)[groups] + 1

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """What the task is judged by, over episodes that were played; by default nothing but its metrics."""
        return []

    def channels(self, state: S) -> dict[str, jax.Array]:
        """What a recording keeps of the task's state, by name: `reference`, or one of `own_channels`."""
        return {}

    @property
    def commands(self) -> Mapping[str, CommandRange]:
        """What can be commanded while the task is played, by name; by default nothing.

        A task with commands has a channel `command`, whose columns are these.
        """
        return {}

    def with_command(self, state: S, command: jax.Array) -> S:
        """The state with a command in the place of the task's own, from now to the end of the episode.

        Args:
            state: the task's.
            command: in the order of `commands`, shape (commands,).
        """
        raise NotImplementedError

    @property
    def own_channels(self) -> Mapping[str, Channel]:
        """What those of `channels` are that are no standard channel of recordings, such as a command."""
        return {}

    def trials(self, states: S) -> list[Trial]:
        """The trials of an episode that was played to its end; by default none.

        Args:
            states: the task's states of all frames, as numpy arrays that lead with (frames, …).
        """
        return []

    @property
    def trial_columns(self) -> Mapping[str, Channel]:
        """What the task's own columns of its trials are."""
        return {}

    def for_evaluation(self) -> Any:
        """The task with the limits of evaluation, where those of training differ."""
        return self
