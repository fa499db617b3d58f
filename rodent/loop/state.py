"""What a loop carries from one control step to the next, beside the engine's own state."""

from typing import Any, NamedTuple, Protocol, Self

import flax.struct
import jax

from rodent.policy.agent import Memory, Params
from rodent.policy.policy import Normalizer


class Actor(NamedTuple):
    """What an agent acts with.

    Attributes:
        params: of the agent.
        normalizer: of its observations.
    """

    params: Params
    normalizer: Normalizer


class StartSampler(Protocol):
    """Decides where episodes begin; a tree of arrays."""

    def draw(self, key: jax.Array, n: int) -> jax.Array:
        """Places of `Task.starts` for n episodes, shape (n,)."""
        ...

    def counted(self, ended: "Ended", begun: jax.Array) -> Self:
        """The sampler when it has heard of episodes that ended and of where the next ones begin."""
        ...


class Ended(NamedTuple):
    """Episodes of n environments, arrays (n,).

    Attributes:
        which: environments whose episode ended.
        start: place that it began with.
        steps: control steps that it lasted.
        terminated: whether it ended with a failure.
    """

    which: jax.Array
    start: jax.Array
    steps: jax.Array
    terminated: jax.Array


@flax.struct.dataclass
class LoopState:
    """Where n environments are in their episodes; arrays (n, …).

    Attributes:
        task: states of the task.
        start: place of `Task.starts` that the episode began with.
        steps: control steps of the episode so far.
        action, previous_action: of the last step, and of the one before it.
        noise: of the last action, standard normal.
        memory: of the agent, for the next step.
        terminated, truncated, diverged: what the last step came to, see `Outcome`.
        metrics: of where it led.
        sampler: a `StartSampler`; None where environments are put back where they were.
        key: of all randomness.
    """

    task: Any
    start: jax.Array
    steps: jax.Array
    action: jax.Array
    previous_action: jax.Array
    noise: jax.Array
    memory: Memory
    terminated: jax.Array
    truncated: jax.Array
    diverged: jax.Array
    metrics: dict[str, jax.Array]
    sampler: Any
    key: jax.Array
