"""The protocol of what acts: an agent observes, remembers, draws an action, and says what it is worth.

    agent = policy.agent                                     # plain and hashable; parameters live outside
    memory = agent.initial_memory(n)
    output = agent.act(params, memory, observation, still(agent, n))      # without noise: its mean action
    output.action, output.memory

All randomness is given as standard normal noise, so what an agent does is a function of its arguments, and
whoever runs it decides whether it explores: noise of nought plays the mean, and noise that is correlated
from step to step explores slowly.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from rodent.tasks.task import Observation

Params = Any
"""Parameters, arrays nested by the names of parts and layers."""
Memory = Any
"""What an agent keeps from one step to the next: a tree of arrays that lead with environments."""


class Noise(NamedTuple):
    """Standard normal noise of one step, shapes (n, …).

    Attributes:
        latent: of the latent, shape (n, latent); (n, 0) for an agent without one.
        action: of the action, shape (n, actions).
    """

    latent: jax.Array
    action: jax.Array


class AgentOutput(NamedTuple):
    """What an agent does in one step of n environments.

    Attributes:
        action: mean + std * noise, shape (n, actions).
        mean, std: of the normal distribution that the action is drawn from, shape (n, actions).
        latent_mean, latent_logvar, latent: of the latent and the draw from it, shape (n, latent).
        memory: for the next step.
    """

    action: jax.Array
    mean: jax.Array
    std: jax.Array
    latent_mean: jax.Array
    latent_logvar: jax.Array
    latent: jax.Array
    memory: Memory


class Agent(Protocol):
    """What acts in n environments, and a value function beside it; observations are normalised.

    An agent is hashable, so that functions of it are compiled once for all agents that are equal.
    """

    @property
    def action_size(self) -> int:
        """How many numbers an action has."""
        ...

    def init(self, key: jax.Array, observation: Observation) -> Params:
        """Parameters before any learning, shaped by an observation of any n environments."""
        ...

    def initial_memory(self, n: int) -> Memory:
        """The memory with which an episode begins."""
        ...

    def noise_sizes(self) -> tuple[int, int]:
        """Widths of the noise that `act` takes: of the latent, and of the action."""
        ...

    def act(
        self,
        params: Params,
        memory: Memory,
        observation: Observation,
        noise: Noise,
        std_scale: float = 1.0,
    ) -> AgentOutput:
        """One step.

        Args:
            params: of this agent.
            memory: from the step before.
            observation: normalised.
            noise: standard normal, or nought.
            std_scale: the action's noise is this many times its standard deviation. No gradient goes through
                the deviation into the action: of how much to explore likelihoods decide.
        """
        ...

    def unroll(
        self,
        params: Params,
        memory: Memory,
        observations: Observation,
        noise: Noise,
        is_first: jax.Array,
    ) -> AgentOutput:
        """Many steps of which the observations are known already, leaves (steps, n, …).

        Args:
            params: of this agent.
            memory: before the first step.
            observations, noise: of all steps.
            is_first: whether an episode begins with a step, shape (steps, n): memory begins anew there.
        """
        ...

    def value(self, params: Params, observation: Observation) -> jax.Array:
        """The return expected, shape (n,)."""
        ...

    @property
    def initial_std(self) -> float:
        """Standard deviation of actions before any learning."""
        ...

    def bound_std(self, params: Params, largest: jax.Array) -> Params:
        """Parameters with which no action has a standard deviation beyond the largest."""
        ...

    def units(self) -> Mapping[str, int]:
        """Number of units by layer: all that `probe` gives."""
        ...

    def probe(
        self, params: Params, memory: Memory, observation: Observation, noise: Noise
    ) -> tuple[AgentOutput, dict[str, jax.Array]]:
        """`act`, and the activations of every layer by name, each (n, units)."""
        ...


def still(agent: Agent, n: int) -> Noise:
    """No noise: an agent that is given it plays its mean."""
    return Noise(*(jnp.zeros((n, size)) for size in agent.noise_sizes()))


def restarted(agent: Agent, memory: Memory, is_first: jax.Array) -> Memory:
    """The memory, begun anew where an episode begins; is_first has shape (n,)."""
    initial = agent.initial_memory(is_first.shape[0])
    return jax.tree.map(lambda new, old: jnp.where(is_first[:, None], new, old), initial, memory)


def in_a_row(tree: Any, lead: tuple[int, ...]) -> Any:
    """Leaves (*lead, …) with all that leads in one dimension: XLA multiplies such matrices quicker."""
    return jax.tree.map(lambda x: x.reshape(math.prod(lead), *x.shape[len(lead) :]), tree)
