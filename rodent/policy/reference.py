"""Motor primitives by reference: a high level that commands speed, turn and height of the head.

    agent = ReferenceConfig(low=policy.network_config).agent(38)
    output = agent.act(params, memory, observation, noise)
    output.action, output.command                             # (n, 3), (n, 38)

A synthetic gait makes the coming frames of a reference from the commands, see `rodent.policy.gait`, and a
policy that has learnt to imitate carries them out. Neither learns any more.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.policy.agent import Params
from rodent.policy.gait import COMMANDS, ahead, commanded, gait_shapes, standing
from rodent.policy.networks import Decoder, Encoder, Latent, Memory, initial_memory
from rodent.policy.primitives import LOW, Decoded, Low, TwoLevels
from rodent.policy.probe import captured
from rodent.policy.sizes import NetworkConfig, ReferenceConfig

GAIT = "gait"
"""Name of the generator's arrays among the parameters of the low level."""


class ReferenceMemory(NamedTuple):
    """Memory of both levels between steps.

    Attributes:
        latent, cell, hidden: of the high level, see `Memory`.
        low_cell, low_hidden: of the decoder that tracks.
        gait: state of the generator, shape (n, 7).
    """

    latent: jax.Array
    cell: jax.Array
    hidden: jax.Array
    low_cell: jax.Array
    low_hidden: jax.Array
    gait: jax.Array

    @property
    def high(self) -> Memory:
        """That of the high level alone."""
        return Memory(self.latent, self.cell, self.hidden)


class Tracker(nn.Module):
    """Encoder, latent and decoder of a policy that tracks; inputs are normalised as in its own training."""

    config: NetworkConfig
    num_actions: int

    @nn.compact
    def __call__(
        self, window: jax.Array, senses: jax.Array, cell: jax.Array, hidden: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Its mean action, and cell and hidden state of an LSTM decoder."""
        features = Encoder(self.config, name="encoder")(window)
        none = jnp.zeros((len(window), self.config.latent))
        _, _, latent = Latent(self.config.latent, name="latent")(features, none)
        decoder = Decoder(self.config, self.num_actions, name="decoder")
        action, _, cell, hidden = decoder(latent, senses, cell, hidden)
        return action, cell, hidden


class ReferenceAgent(TwoLevels):
    """An `Agent` whose high level commands a gait."""

    config: ReferenceConfig

    @property
    def high_size(self) -> int:
        """Speed, turn and height of the head."""
        return COMMANDS

    @property
    def memory_of(self) -> type[ReferenceMemory]:
        """See `TwoLevels.memory_of`."""
        return ReferenceMemory

    @property
    def low(self) -> Low:
        """The flax module of the policy that tracks."""
        return Low(Tracker(self.config.low, self.num_controls))

    def initial_low(self, key: jax.Array, senses: jax.Array) -> Params:
        """See `TwoLevels.initial_low`; the gait is zero until it is replaced."""
        window = jnp.zeros((len(senses), self.config.horizon * self.config.frame_size))
        cell, hidden, _ = self.low_memory(len(senses))
        tracker = self.low.init(key, window, senses, cell, hidden)["params"][LOW]
        shapes = gait_shapes(self.config, senses.shape[1], self.num_controls)
        return {**tracker, GAIT: {name: jnp.zeros(shape) for name, shape in shapes.items()}}

    def low_memory(self, n: int) -> tuple[jax.Array, ...]:
        """See `TwoLevels.low_memory`."""
        low = initial_memory(self.config.low, n)
        return low.cell, low.hidden, standing(n)

    def decoded(
        self, params: Params, memory: ReferenceMemory, action: jax.Array, senses: jax.Array
    ) -> Decoded:
        """See `TwoLevels.decoded`."""
        gait, tracker = params[LOW][GAIT], {k: v for k, v in params[LOW].items() if k != GAIT}
        command = commanded(self.config, gait, action)
        coming = ahead(self.config, gait, memory.gait, command, senses)
        given = (coming.window, senses, memory.low_cell, memory.low_hidden)
        (offset, *after), units = captured(self.low, {"params": {LOW: tracker}}, *given)
        return Decoded(offset + coming.setpoint, (*after, coming.state), units)
