"""The policy network: encoder, latent intention, decoder; and the value network.

    reference window -> encoder -> latent (mean, logvar, sample) -> decoder -> action
                                            proprioception ----------^

What the eyes see passes through convolutional layers, `vision`, before the encoder and the value network.
A configuration can add a prior, a network from proprioception to the distribution of the latent.

Layer names are addresses in recordings and interventions, so they never change. The address of a hidden
layer, such as `encoder/layer_0`, is that of its activations; the input of its nonlinearity is
`encoder/layer_0.pre`. The configuration chooses what a hidden layer computes, see
`NetworkConfig.hidden_layer`.
"""

from typing import Literal, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.errors import InputError
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.task import PROPRIOCEPTION, VISION, Observation

LatentSource = Literal["encoder", "prior"]
"""Where the decoder's latents come from: the goal, or the prior, which knows none."""


class Memory(NamedTuple):
    """Memory of the policy between steps, zero at the start of an episode.

    Attributes:
        latent: the last latent sample, shape (n, latent).
        cell, hidden: states of the LSTM decoder, shape (n, units); (n, 0) for the MLP.
    """

    latent: jax.Array
    cell: jax.Array
    hidden: jax.Array


class Normal(NamedTuple):
    """A diagonal normal distribution of the latent, shapes (n, latent)."""

    mean: jax.Array
    logvar: jax.Array


class PolicyOutput(NamedTuple):
    """Output of the policy in one step.

    Attributes:
        action_mean, action_std: of the normal distribution of actions, shape (n, 38).
        latent_mean, latent_logvar, latent: of the intention, shape (n, latent).
        memory: for the next step.
        prior: of the intention; None in a network without one.
    """

    action_mean: jax.Array
    action_std: jax.Array
    latent_mean: jax.Array
    latent_logvar: jax.Array
    latent: jax.Array
    memory: Memory
    prior: Normal | None


def goal(observation: Observation) -> jax.Array:
    """The goal: all groups of an observation except proprioception, shape (…, size)."""
    groups = [observation[name] for name in sorted(observation) if name != PROPRIOCEPTION]
    return groups[0] if len(groups) == 1 else jnp.concatenate(groups, -1)


class Layer(nn.Module):
    """Base of layers that are recorded under their names: what calling one returns, shape (n, units).

    Dense layers and LSTM cells are recorded, too. One that is named `pre` inside `layer_0` is recorded as
    `layer_0.pre`, any other as `layer_0/NAME`.
    """


class HiddenLayer(Layer):
    """A dense layer and its nonlinearity."""

    units: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        return nn.silu(nn.Dense(self.units, kernel_init=nn.initializers.orthogonal(2**0.5), name="pre")(x))


class Sample(Layer):
    """A sample of a diagonal normal distribution, with given noise."""

    @nn.compact
    def __call__(self, mean: jax.Array, logvar: jax.Array, noise: jax.Array) -> jax.Array:
        return mean + jnp.exp(0.5 * logvar) * noise


class Convolution(Layer):
    """A convolutional layer and its nonlinearity on images of shape (n, eyes, rows, columns, channels)."""

    channels: int

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        kernel = nn.initializers.orthogonal(2**0.5)
        x = nn.Conv(self.channels, (3, 3), strides=2, kernel_init=kernel, name="kernel")(images)
        return nn.silu(x).reshape(len(x), -1)


class Vision(nn.Module):
    """Features of what the eyes see, shape (n, features)."""

    config: NetworkConfig

    @nn.compact
    def __call__(self, pixels: jax.Array) -> jax.Array:
        eyes, rows, columns, channels = self.config.image
        for i, following in enumerate(self.config.convolution):
            images = pixels.reshape(-1, eyes, rows, columns, channels)
            pixels = Convolution(following, name=f"layer_{i}")(images)
            rows, columns, channels = -(-rows // 2), -(-columns // 2), following
        return pixels


class Encoder(nn.Module):
    """Encodes the goal, such as the reference window."""

    config: NetworkConfig

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for i, n in enumerate(self.config.encoder):
            x = self.config.hidden_layer(n, f"layer_{i}")(x)
        return x


class Latent(nn.Module):
    """The intention: a normal distribution and a sample of it."""

    size: int

    @nn.compact
    def __call__(self, x: jax.Array, noise: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        mean = nn.Dense(self.size, name="mean")(x)
        # nearly deterministic at the start: with much noise, the intention cannot be learned
        logvar = nn.Dense(
            self.size,
            kernel_init=nn.initializers.variance_scaling(0.01, "fan_in", "truncated_normal"),
            bias_init=nn.initializers.constant(-4.0),
            name="logvar",
        )(x)
        logvar = jnp.clip(logvar, -10.0, 2.0)
        return mean, logvar, Sample(name="sample")(mean, logvar, noise)


class Prior(nn.Module):
    """The distribution of the intention given proprioception alone."""

    config: NetworkConfig

    @nn.compact
    def __call__(self, proprioception: jax.Array) -> Normal:
        x = proprioception
        for i, n in enumerate(self.config.prior):
            x = self.config.hidden_layer(n, f"layer_{i}")(x)
        mean = nn.Dense(self.config.latent, name="mean")(x)
        logvar = nn.Dense(self.config.latent, name="logvar")(x)
        return Normal(mean, jnp.clip(logvar, -10.0, 2.0))


class Decoder(nn.Module):
    """Decodes latent and proprioception to the mean of the action; an MLP or an LSTM."""

    config: NetworkConfig
    num_actions: int

    @nn.compact
    def __call__(
        self, latent: jax.Array, proprioception: jax.Array, cell: jax.Array, hidden: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
        c, x = self.config, jnp.concatenate([latent, proprioception], -1)
        for i, n in enumerate(c.decoder if c.decoder_kind == "mlp" else c.decoder[:-1]):
            x = c.hidden_layer(n, f"layer_{i}")(x)
        if c.decoder_kind == "lstm":
            (cell, hidden), x = nn.OptimizedLSTMCell(c.decoder[-1], name="lstm")((cell, hidden), x)
        small = nn.initializers.variance_scaling(1e-4, "fan_in", "truncated_normal")
        mean = nn.Dense(self.num_actions, kernel_init=small, name="action_mean")(x)
        log_std = self.param("log_std", nn.initializers.constant(jnp.log(c.action_std)), (self.num_actions,))
        return mean, jnp.broadcast_to(jnp.exp(log_std), mean.shape), cell, hidden


class PolicyNetwork(nn.Module):
    """The policy, one step for n environments; inputs are normalised observations."""

    config: NetworkConfig
    num_actions: int

    @nn.compact
    def __call__(
        self, observation: Observation, memory: Memory, noise: jax.Array, source: LatentSource = "encoder"
    ) -> PolicyOutput:
        c, senses = self.config, observation[PROPRIOCEPTION]
        if c.image:
            observation = {**observation, VISION: Vision(c, name="vision")(observation[VISION])}
        features = Encoder(c, name="encoder")(goal(observation))
        mean, logvar, latent = Latent(c.latent, name="latent")(features, noise)
        prior = Prior(c, name="prior")(senses) if c.prior else None
        if source == "prior":
            if prior is None:
                raise InputError("this network has no prior to draw latents from; train one: --network.prior")
            latent = prior.mean + jnp.exp(0.5 * prior.logvar) * noise
        decoder = Decoder(c, self.num_actions, name="decoder")
        action_mean, action_std, cell, hidden = decoder(latent, senses, memory.cell, memory.hidden)
        after = Memory(latent, cell, hidden)
        return PolicyOutput(action_mean, action_std, mean, logvar, latent, after, prior)


class ValueNetwork(nn.Module):
    """Expected return, shape (n,)."""

    config: NetworkConfig

    @nn.compact
    def __call__(self, observation: Observation) -> jax.Array:
        if self.config.image:
            observation = {**observation, VISION: Vision(self.config, name="vision")(observation[VISION])}
        x = jnp.concatenate([observation[PROPRIOCEPTION], goal(observation)], -1)
        for i, n in enumerate(self.config.value):
            x = self.config.hidden_layer(n, f"layer_{i}")(x)
        return nn.Dense(1, kernel_init=nn.initializers.orthogonal(1.0), name="expected_return")(x)[..., 0]


class ActorCritic(nn.Module):
    """Policy and value network, by name."""

    config: NetworkConfig
    num_actions: int

    def setup(self) -> None:
        """Create the two networks by name."""
        self.policy = PolicyNetwork(self.config, self.num_actions)
        self.critic = ValueNetwork(self.config)

    def __call__(
        self, observation: Observation, memory: Memory, noise: jax.Array
    ) -> tuple[PolicyOutput, jax.Array]:
        """Both networks on the same observation."""
        return self.policy(observation, memory, noise), self.critic(observation)

    def act(
        self, observation: Observation, memory: Memory, noise: jax.Array, source: LatentSource = "encoder"
    ) -> PolicyOutput:
        """The policy alone, with latents from its encoder or its prior."""
        return self.policy(observation, memory, noise, source)

    def value(self, observation: Observation) -> jax.Array:
        """The value network alone."""
        return self.critic(observation)


def is_recurrent(config: NetworkConfig) -> bool:
    """Whether the network is recurrent, so that its steps must be computed in order."""
    return config.decoder_kind == "lstm"


def initial_memory(config: NetworkConfig, n: int) -> Memory:
    """The memory of n environments at the start of an episode."""
    cells = config.decoder[-1] if is_recurrent(config) else 0
    return Memory(jnp.zeros((n, config.latent)), jnp.zeros((n, cells)), jnp.zeros((n, cells)))
