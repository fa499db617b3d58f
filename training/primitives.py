"""Motor primitives in a training: a low level taken from a policy, which does not learn any more.

policy = primitives_of(config)                  # refused if it does not fit the body or the senses
config = with_primitives(config, policy)        # a high level on its decoder and prior
learner = on_primitives(learner, policy)
"""

import dataclasses

import jax
import jax.numpy as jnp

from rodent.errors import InputError
from rodent.policy.policy import Policy, load_policy
from rodent.policy.primitives import LOW
from rodent.policy.sizes import NetworkConfig, PrimitivesConfig
from rodent.tasks.settings import ImitationConfig
from rodent.tasks.task import PROPRIOCEPTION
from training.config import TrainConfig
from training.learner import Learner, with_fixed


def primitives_of(config: TrainConfig) -> Policy | None:
    """The policy of a run's primitives; None for a run without.

    Raises:
        InputError: there is no such policy, its network has no prior, or it is for another body, other senses
            or another setpoint.
    """
    if config.primitives is None:
        return None
    policy, name = load_policy(config.primitives), config.primitives
    if not policy.network_config.prior:
        raise InputError(
            f"{name} has no prior, so it is no set of motor primitives; train one with --network.prior 128"
        )
    if policy.body != config.body:
        raise InputError(
            f"the primitives {name} are of {policy.scene.describe()}, with other settings than the body "
            "here; leave out --body.*"
        )
    task = policy.task
    if not isinstance(task, ImitationConfig) or task.setpoint != "neutral" or task.action_scale != 1.0:
        raise InputError(
            f"the primitives {name} must be trained to imitate around a neutral pose, with an action scale "
            "of 1: --task.setpoint neutral"
        )
    senses = getattr(config.task, "senses", ())
    if senses != task.senses:
        raise InputError(
            f"the primitives {name} sense {', '.join(task.senses)}; the senses of the task here are "
            f"{', '.join(senses) or 'not stated'}"
        )
    return policy


def with_primitives(config: TrainConfig, policy: Policy | None) -> TrainConfig:
    """The configuration with a network that acts through a policy's decoder, and with a frozen low level.

    Args:
        config: of the run.
        policy: of the primitives; None for a run without, or one that starts from a policy with its own.

    Raises:
        InputError: the network acts through primitives, and there are none.
    """
    network = config.network
    if policy is not None and isinstance(network, PrimitivesConfig):
        network = dataclasses.replace(network, low=policy.network_config)
    elif policy is not None:
        sizes = {field.name: getattr(network, field.name) for field in dataclasses.fields(NetworkConfig)}
        network = PrimitivesConfig(**sizes, low=policy.network_config)
    if not isinstance(network, PrimitivesConfig):
        return config
    if policy is None and config.start_from is None:
        raise InputError("the network acts through primitives; give them: --primitives FOLDER")
    optimizer = config.ppo.optimizer
    if LOW not in optimizer.frozen:
        optimizer = dataclasses.replace(optimizer, frozen=(*optimizer.frozen, LOW))
    ppo = dataclasses.replace(config.ppo, optimizer=optimizer)
    return dataclasses.replace(config, network=network, ppo=ppo)


def on_primitives(learner: Learner, policy: Policy) -> Learner:
    """A new learner with a policy's decoder and prior, and with its normaliser of what the body senses."""
    low = {part: policy.params["policy"][part] for part in ("decoder", "prior")}
    params = {**learner.params, LOW: jax.tree.map(jnp.asarray, low)}
    mean, std = (
        {PROPRIOCEPTION: jnp.asarray(part[PROPRIOCEPTION], jnp.float32)}
        for part in (policy.normalizer.mean, policy.normalizer.std)
    )
    senses = dataclasses.replace(
        learner.statistics, mean=mean, std=std, summed_variance=jax.tree.map(jnp.square, std)
    )
    statistics = with_fixed(learner.statistics, senses, (PROPRIOCEPTION,))
    average = jax.tree.map(jnp.copy, params)  # buffers are donated, each once
    return dataclasses.replace(learner, params=params, average=average, statistics=statistics)
