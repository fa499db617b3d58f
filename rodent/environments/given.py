"""The closed loop of a task with external actions."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp

from rodent.loop import Actor, Loop, LoopState, initial_states
from rodent.loop.state import Ended
from rodent.loop.step import restarted_state, select
from rodent.physics.engine import Array, PhysicsState
from rodent.policy.agent import AgentOutput, Noise
from rodent.tasks.task import Observation, Task


@flax.struct.dataclass
class UniformStarts:
    """Samples starts of episodes uniformly; see `rodent.loop.StartSampler`.

    Attributes:
        logits: 0 for usable starts, else minus infinity, shape (starts,).
    """

    logits: jax.Array

    @classmethod
    def of(cls, task: Task[Any]) -> "UniformStarts":
        """The sampler for the starts of a task."""
        return cls(jnp.where(task.starts.usable, 0.0, -jnp.inf))

    def draw(self, key: jax.Array, n: int) -> jax.Array:
        """Starts of n episodes, shape (n,)."""
        return jax.random.categorical(key, self.logits, shape=(n,))

    def counted(self, ended: Ended, begun: jax.Array) -> "UniformStarts":
        """The same sampler: it has no statistics."""
        return self


@flax.struct.dataclass
class Unchanged:
    """A normaliser that does not change observations."""

    def __call__(self, observation: Observation) -> Observation:
        """The observation."""
        return observation


class GivenActions(NamedTuple):
    """An agent with given actions: its parameters are the actions, shape (n, actions).

    Attributes:
        action_size: number of action dimensions.
    """

    action_size: int

    def initial_memory(self, n: int) -> tuple[()]:
        """None."""
        return ()

    def noise_sizes(self) -> tuple[int, int]:
        """See `Agent.noise_sizes`; there is no latent."""
        return 0, self.action_size

    def act(
        self,
        params: jax.Array,
        memory: tuple[()],
        observation: Observation,
        noise: Noise,
        std_scale: float = 1,
    ) -> AgentOutput:
        """The actions."""
        empty = noise.latent
        return AgentOutput(params, params, jnp.zeros_like(params), empty, empty, empty, ())


def given_loop(task: Task[Any]) -> Loop:
    """The loop of a task with given actions, in which episodes restart after their end."""
    agent: Any = GivenActions(task.action_size)
    return Loop(agent, restart="done")


def acting(action: Array) -> Actor:
    """The actor with the given actions."""
    unchanged: Any = Unchanged()
    return Actor(action, unchanged)


@partial(jax.jit, static_argnums=2)
def begun(task: Task[Any], key: jax.Array, n: int) -> tuple[LoopState, PhysicsState]:
    """N environments whose episodes are about to begin at drawn places."""
    agent: Any = GivenActions(task.action_size)
    places = jnp.full(n, task.starts.first[0])
    return initial_states(agent, task, places, key, UniformStarts.of(task))


@partial(jax.jit, static_argnums=0)
def seen(
    loop: Loop, task: Task[Any], state: LoopState, physics: PhysicsState
) -> tuple[Mapping[str, jax.Array], Mapping[str, jax.Array]]:
    """What environments observe, those whose episode is over in their next one; and where they ended.

    The next step begins the same episodes: where, is decided by the state alone.
    """
    restart, following = restarted_state(loop, task, state)
    now = select(restart, jax.vmap(task.initial_physics)(following.task), physics)
    ended = select(restart, jax.vmap(task.initial_physics)(state.task), physics)
    ended = select(state.diverged, ended, physics)
    observe = jax.vmap(task.observe)
    return observe(following.task, now), observe(state.task, ended)
