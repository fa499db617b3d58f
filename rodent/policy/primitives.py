"""Motor primitives: a high-level policy that acts through the latent of a low level learnt before.

    config = PrimitivesConfig(low=policy.network_config)      # of a policy whose network has a prior
    agent = config.agent(38)
    output = agent.act(params, memory, observation, noise)
    output.action, output.command                             # (n, latent), (n, 38)

The action of the high level is a deviation of the latent from the mean of the low level's prior, in standard
deviations of that prior, bounded smoothly. So doing nothing is what the low level does by itself, and the
mean square of an action is its distance from the prior (the KL divergence between two normal distributions
of the same width). The low level decodes the latent together with what the body senses, as it has learnt; it
does not learn any more, unlike in `rodent.policy.joint`. Neural probabilistic motor primitives (Merel et al.,
ICLR 2019) are used in this way.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.policy.agent import AgentOutput, Noise, Params
from rodent.policy.intention import IntentionAgent
from rodent.policy.networks import Decoder, Memory, Prior, initial_memory
from rodent.policy.probe import captured, units_of
from rodent.policy.sizes import NetworkConfig, PrimitivesConfig
from rodent.tasks.task import PROPRIOCEPTION, Observation

LOW = "low"
"""Name of the low level among the parameters and the layers."""


class PrimitivesMemory(NamedTuple):
    """Memory of both levels between steps.

    Attributes:
        latent, cell, hidden: of the high level, see `Memory`.
        low_cell, low_hidden: of the low level's decoder.
    """

    latent: jax.Array
    cell: jax.Array
    hidden: jax.Array
    low_cell: jax.Array
    low_hidden: jax.Array

    @property
    def high(self) -> Memory:
        """That of the high level alone."""
        return Memory(self.latent, self.cell, self.hidden)


class Decoded(NamedTuple):
    """One step of a low level.

    Attributes:
        command: shape (n, controls).
        memory: for the next step, without its names.
        units: activations of its layers by name, each (n, units).
    """

    command: jax.Array
    memory: tuple[jax.Array, ...]
    units: dict[str, jax.Array]


class LowLevel(nn.Module):
    """Prior and decoder; inputs are normalised as in their own training."""

    config: NetworkConfig
    bound: float
    num_actions: int

    @nn.compact
    def __call__(
        self, action: jax.Array, senses: jax.Array, cell: jax.Array, hidden: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        prior = Prior(self.config, name="prior")(senses)
        deviation = self.bound * jnp.tanh(action / self.bound)
        latent = prior.mean + jnp.exp(0.5 * prior.logvar) * deviation
        decoder = Decoder(self.config, self.num_actions, name="decoder")
        command, _, cell, hidden = decoder(latent, senses, cell, hidden)
        return command, cell, hidden


class Low(nn.Module):
    """A low level under its name, which begins the addresses of its layers."""

    low: nn.Module

    def __call__(
        self, given: jax.Array, senses: jax.Array, cell: jax.Array, hidden: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Command, and cell and hidden state of an LSTM decoder, for what the high level passes on."""
        return self.low(given, senses, cell, hidden)


@dataclasses.dataclass(frozen=True)
class TwoLevels:
    """What agents with a high level, which learns, and a low level, which does not, have in common.

    Attributes:
        config: of both levels.
        num_controls: dimension of the low level's actions.
    """

    config: Any
    num_controls: int

    @property
    def high_size(self) -> int:
        """Dimension of what the high level passes to the low level."""
        raise NotImplementedError

    @property
    def action_size(self) -> int:
        """Dimension of an action: of what the high level passes on."""
        return self.high_size

    def initial_low(self, key: jax.Array, senses: jax.Array) -> Params:
        """Random parameters of the low level."""
        raise NotImplementedError

    def low_memory(self, n: int) -> tuple[jax.Array, ...]:
        """Memory of the low level at the start of an episode, without its names."""
        raise NotImplementedError

    def decoded(self, params: Params, memory: Any, action: jax.Array, senses: jax.Array) -> Decoded:
        """What the low level commands.

        Args:
            params: of the agent.
            memory: of both levels.
            action: of the high level, shape (n, high_size).
            senses: what the body senses, normalised, shape (n, p).
        """
        raise NotImplementedError

    @property
    def memory_of(self) -> Any:
        """The type of the memory of both levels: that of the high level, and then that of the low level."""
        raise NotImplementedError

    @property
    def fixed_groups(self) -> tuple[str, ...]:
        """See `Agent.fixed_groups`; what the body senses, as in the training of the low level."""
        return (PROPRIOCEPTION,)

    @property
    def high(self) -> IntentionAgent:
        """The high level."""
        return IntentionAgent(self.config, self.high_size)

    def init(self, key: jax.Array, observation: Observation) -> Params:
        """See `Agent.init`; the low level is random until it is replaced by one that has learnt."""
        low = self.initial_low(jax.random.fold_in(key, 1), observation[PROPRIOCEPTION])
        return {**self.high.init(key, observation), LOW: low}

    def initial_memory(self, n: int) -> Any:
        """See `Agent.initial_memory`; all zero."""
        return self.memory_of(*self.high.initial_memory(n), *self.low_memory(n))

    def noise_sizes(self) -> tuple[int, int]:
        """See `Agent.noise_sizes`."""
        return self.high.noise_sizes()

    def act(
        self,
        params: Params,
        memory: Any,
        observation: Observation,
        noise: Noise,
        std_scale: float = 1.0,
    ) -> AgentOutput:
        """See `Agent.act`."""
        output = self.high.act(params, memory.high, observation, noise, std_scale)
        low = self.decoded(params, memory, output.action, observation[PROPRIOCEPTION])
        return self._joined(output, low)

    def unroll(
        self,
        params: Params,
        memory: Any,
        observations: Observation,
        noise: Noise,
        is_first: jax.Array,
    ) -> AgentOutput:
        """See `Agent.unroll`; of the high level alone, which is all that learns from it."""
        return self.high.unroll(params, memory.high, observations, noise, is_first)

    def value(self, params: Params, observation: Observation) -> jax.Array:
        """See `Agent.value`."""
        return self.high.value(params, observation)

    @property
    def initial_std(self) -> float:
        """See `Agent.initial_std`."""
        return self.high.initial_std

    def bound_std(self, params: Params, largest: jax.Array) -> Params:
        """See `Agent.bound_std`."""
        return self.high.bound_std(params, largest)

    def units(self) -> Mapping[str, int]:
        """See `Agent.units`; those of the low level begin with `low/`."""
        agent: Any = self
        return units_of(agent, self.config.image)

    def probe(
        self, params: Params, memory: Any, observation: Observation, noise: Noise
    ) -> tuple[AgentOutput, dict[str, jax.Array]]:
        """See `Agent.probe`."""
        output, units = self.high.probe(params, memory.high, observation, noise)
        low = self.decoded(params, memory, output.action, observation[PROPRIOCEPTION])
        return self._joined(output, low), units | low.units

    def _joined(self, output: AgentOutput, low: Decoded) -> AgentOutput:
        memory = self.memory_of(*output.memory, *low.memory)
        return output._replace(command=low.command, memory=memory)


class PrimitivesAgent(TwoLevels):
    """An `Agent` whose high level acts through the latent of the low level."""

    config: PrimitivesConfig

    @property
    def high_size(self) -> int:
        """Dimension of the latent."""
        return self.config.low.latent

    @property
    def memory_of(self) -> type[PrimitivesMemory]:
        """See `TwoLevels.memory_of`."""
        return PrimitivesMemory

    @property
    def low(self) -> Low:
        """The flax module of the low level."""
        return Low(LowLevel(self.config.low, self.config.bound, self.num_controls))

    def initial_low(self, key: jax.Array, senses: jax.Array) -> Params:
        """See `TwoLevels.initial_low`."""
        action = jnp.zeros((len(senses), self.high_size))
        return self.low.init(key, action, senses, *self.low_memory(len(senses)))["params"][LOW]

    def low_memory(self, n: int) -> tuple[jax.Array, ...]:
        """See `TwoLevels.low_memory`."""
        low = initial_memory(self.config.low, n)
        return low.cell, low.hidden

    def decoded(
        self, params: Params, memory: PrimitivesMemory, action: jax.Array, senses: jax.Array
    ) -> Decoded:
        """See `TwoLevels.decoded`."""
        given = (action, senses, memory.low_cell, memory.low_hidden)
        (command, *after), units = captured(self.low, {"params": {LOW: params[LOW]}}, *given)
        return Decoded(command, tuple(after), units)
