"""The interface of agents: a policy with memory, and a value function.

    agent = policy.agent                                     # hashable; parameters are separate
    memory = agent.initial_memory(n)
    output = agent.act(params, memory, observation, no_noise(agent, n))      # the mean action
    output.action, output.memory

Random numbers are passed as standard normal noise, so the output of an agent is a function of its arguments,
and the caller controls exploration: zero noise gives the mean, and noise that is correlated from step to step
gives slow exploration.
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
"""Memory of an agent between steps: a pytree of arrays that lead with environments."""


class Noise(NamedTuple):
    """Standard normal noise of one step, shapes (n, …).

    Attributes:
        latent: of the latent, shape (n, latent); (n, 0) for an agent without one.
        action: of the action, shape (n, actions).
    """

    latent: jax.Array
    action: jax.Array


class AgentOutput(NamedTuple):
    """Output of an agent in one step of n environments.

    Attributes:
        action: mean + std * noise, shape (n, actions).
        mean, std: of the normal distribution of the action, shape (n, actions).
        latent_mean, latent_logvar, latent: of the latent, and its sample, shape (n, latent).
        memory: for the next step.
        prior: mean and log variance of the latent's prior, shape (n, latent) each; None for an agent without.
        command: what the task controls the body by, shape (n, controls); None where it is the action.
    """

    action: jax.Array
    mean: jax.Array
    std: jax.Array
    latent_mean: jax.Array
    latent_logvar: jax.Array
    latent: jax.Array
    memory: Memory
    prior: tuple[jax.Array, jax.Array] | None = None
    command: jax.Array | None = None


class Agent(Protocol):
    """A policy and a value function for n environments; observations are normalised.

    An agent is hashable, so that equal agents share compiled functions.
    """

    @property
    def action_size(self) -> int:
        """Number of action dimensions."""
        ...

    @property
    def fixed_groups(self) -> tuple[str, ...]:
        """Groups of the observation whose normaliser must not change, because a part that does not learn sees
        them.
        """
        ...

    def init(self, key: jax.Array, observation: Observation) -> Params:
        """Initial parameters, whose shapes follow from an observation of any n environments."""
        ...

    def initial_memory(self, n: int) -> Memory:
        """The memory at the start of an episode."""
        ...

    def noise_sizes(self) -> tuple[int, int]:
        """Dimensions of the noise of `act`: of the latent, and of the action."""
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
            noise: standard normal, or zero.
            std_scale: factor on the standard deviation of the action's noise. The action has no gradient with
                respect to the standard deviation, which is trained by likelihoods only.
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
        """Many steps with known observations, leaves (steps, n, …).

        Args:
            params: of this agent.
            memory: before the first step.
            observations, noise: of all steps.
            is_first: first steps of episodes, shape (steps, n); memory is reset there.
        """
        ...

    def value(self, params: Params, observation: Observation) -> jax.Array:
        """Expected return, shape (n,)."""
        ...

    @property
    def initial_std(self) -> float:
        """Initial standard deviation of actions."""
        ...

    def bound_std(self, params: Params, largest: jax.Array) -> Params:
        """Parameters with the standard deviation of actions clipped to the largest."""
        ...

    def units(self) -> Mapping[str, int]:
        """Number of units of each layer of `probe`."""
        ...

    def probe(
        self, params: Params, memory: Memory, observation: Observation, noise: Noise
    ) -> tuple[AgentOutput, dict[str, jax.Array]]:
        """`act`, and the activations of every layer by name, each (n, units)."""
        ...


def no_noise(agent: Agent, n: int) -> Noise:
    """Zero noise: the agent's output is its mean."""
    return Noise(*(jnp.zeros((n, size)) for size in agent.noise_sizes()))


def reset_memory(agent: Agent, memory: Memory, is_first: jax.Array) -> Memory:
    """The memory, reset in first steps of episodes; is_first has shape (n,)."""
    initial = agent.initial_memory(is_first.shape[0])
    return jax.tree.map(lambda new, old: jnp.where(is_first[:, None], new, old), initial, memory)


def flattened(tree: Any, lead: tuple[int, ...]) -> Any:
    """Leaves (*lead, …) with the leading dimensions merged into one, which makes matrix products faster."""
    return jax.tree.map(lambda x: x.reshape(math.prod(lead), *x.shape[len(lead) :]), tree)
