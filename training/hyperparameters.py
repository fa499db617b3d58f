"""Numbers that learning can be told anew at every update, or differently for every member of a population.

    hyper = Hyperparameters.of(config)
    state, figures = update(state, hyper)

They are traced: other values compile nothing again. What decides shapes and counts stays in the
configuration.
"""

from typing import Any, Self

import flax.struct

from training.config import TrainConfig

Number = Any
"""A float, or an array of JAX without dimensions."""


@flax.struct.dataclass
class Hyperparameters:
    """See `PPOConfig` for their meanings, and `ModelBasedConfig` for those of imagined rollouts.

    Attributes:
        learning_rate: of the value network where it learns alone.
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
        """Those of a run."""
        ppo, model_based = config.ppo, config.model_based
        return cls(
            **{name: getattr(ppo, name) for name in cls.__dataclass_fields__ if hasattr(ppo, name)},
            imagined_learning_rate=model_based.learning_rate,
            dynamics_learning_rate=model_based.dynamics_learning_rate,
        )
