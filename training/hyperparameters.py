"""Hyperparameters that can differ between updates, and between the members of a population.

    hyper = Hyperparameters.of(config)
    state, metrics = update(state, hyper)

They are traced, so that new values do not compile a function again. Settings that determine shapes and
counts stay in the configuration.
"""

from typing import Any, Self

import flax.struct

from training.config import TrainConfig

Number = Any
"""A float, or a JAX array of shape ()."""


@flax.struct.dataclass
class Hyperparameters:
    """For descriptions see `PPOConfig`, and `ModelBasedConfig` for imagined rollouts.

    Attributes:
        learning_rate: of the value network, when imagined rollouts train the policy.
        imagined_learning_rate: of the policy in imagined rollouts.
        dynamics_learning_rate: of the dynamics model.
    """

    discount: Number
    gae_lambda: Number
    clip: Number
    entropy: Number
    value_weight: Number
    max_grad_norm: Number
    target_kl: Number
    learning_rate: Number
    final_std: Number
    polyak: Number
    latent_kl: Number
    latent_correlation: Number
    imagined_learning_rate: Number
    dynamics_learning_rate: Number

    @classmethod
    def of(cls, config: TrainConfig) -> Self:
        """The hyperparameters of a run."""
        ppo, model_based = config.ppo, config.model_based
        return cls(
            **{name: getattr(ppo, name) for name in cls.__dataclass_fields__ if hasattr(ppo, name)},
            imagined_learning_rate=model_based.learning_rate,
            dynamics_learning_rate=model_based.dynamics_learning_rate,
        )
