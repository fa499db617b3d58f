"""Motor primitives in a training: a low level taken from a policy, which by default does not learn any more.

policy = primitives_of(config)                  # refused if it does not fit the body or the senses
config = with_primitives(config, policy)        # a high level on its decoder and prior, or on its tracking
learner = on_primitives(learner, policy, config.network)
"""

import dataclasses

import jax
import jax.numpy as jnp

from rodent.errors import InputError
from rodent.policy.gait import STEP
from rodent.policy.gait_arrays import gait_of
from rodent.policy.policy import Policy, load_policy
from rodent.policy.primitives import LOW
from rodent.policy.reference import GAIT
from rodent.policy.sizes import NetworkConfig, PrimitivesConfig, ReferenceConfig
from rodent.scene import make_scene
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
    if config.interface == "latent" and not policy.network_config.prior:
        raise InputError(
            f"{name} has no prior, so it is no set of motor primitives; train one with --network.prior 128, "
            "or command a gait that it follows: --interface reference"
        )
    if policy.body != config.body:
        raise InputError(
            f"the primitives {name} are of {policy.scene.describe()}, with other settings than the body "
            "here; leave out --body.*"
        )
    _require_task(policy, name, config.interface)
    senses = getattr(config.task, "senses", ())
    if senses != policy.task.senses:
        raise InputError(
            f"the primitives {name} sense {', '.join(policy.task.senses)}; the senses of the task here are "
            f"{', '.join(senses) or 'not stated'}"
        )
    return policy


def _require_task(policy: Policy, name: str, interface: str) -> None:
    """Refuse a policy that has not learnt what the interface needs.

    Raises:
        InputError: it has learnt another task, or with another setpoint, window or action scale.
    """
    task = policy.task
    if not isinstance(task, ImitationConfig) or task.action_scale != 1.0:
        raise InputError(f"the primitives {name} must be trained to imitate, with an action scale of 1")
    if interface == "latent" and task.setpoint != "neutral":
        raise InputError(
            f"the primitives {name} must be trained to imitate around a neutral pose: --task.setpoint neutral"
        )
    if interface == "reference":
        servos = getattr(policy.body, "actuation", "position") == "position"
        if task.setpoint != "reference" or task.window != "body" or not servos:
            raise InputError(
                f"the primitives {name} cannot follow a gait: it needs servos, and the setpoint and the "
                "window of the default imitation, as rat-position has"
            )


def with_primitives(config: TrainConfig, policy: Policy | None) -> TrainConfig:
    """The configuration with a network that acts through a policy, which is frozen unless it learns.

    Args:
        config: of the run.
        policy: of the primitives; None for a run without, or one that starts from a policy with its own.

    Raises:
        InputError: the network acts through primitives, and there are none.
    """
    network = config.network
    if policy is not None:
        network = _on(network, policy, config.interface)
        if isinstance(network, PrimitivesConfig):
            network = dataclasses.replace(network, learns=config.primitives_train)
    if not isinstance(network, PrimitivesConfig | ReferenceConfig):
        return config
    if policy is None and config.start_from is None:
        raise InputError("the network acts through primitives; give them: --primitives FOLDER")
    optimizer = config.ppo.optimizer
    learns = isinstance(network, PrimitivesConfig) and network.learns
    if LOW not in optimizer.frozen and not learns:
        optimizer = dataclasses.replace(optimizer, frozen=(*optimizer.frozen, LOW))
    ppo = dataclasses.replace(config.ppo, optimizer=optimizer)
    return dataclasses.replace(config, network=network, ppo=ppo)


def _on(network: NetworkConfig, policy: Policy, interface: str) -> NetworkConfig:
    """A network that acts through a policy."""
    kind = {"latent": PrimitivesConfig, "reference": ReferenceConfig}[interface]
    if not isinstance(network, kind):
        sizes = {field.name: getattr(network, field.name) for field in dataclasses.fields(NetworkConfig)}
        network = kind(**sizes)
    network = dataclasses.replace(network, low=policy.network_config)
    if isinstance(network, ReferenceConfig):
        scene, task = make_scene(policy.scene), policy.task
        network = dataclasses.replace(
            network,
            horizon=task.horizon,
            joints=len(scene.previewed_joints),
            bodies=len(scene.tracked_ids),
            lag=1 + round(scene.activation_time / STEP),
        )
    return network


def on_primitives(learner: Learner, policy: Policy, network: NetworkConfig) -> Learner:
    """A new learner with what a policy has learnt, and with its normaliser of what the body senses.

    Args:
        learner: new.
        policy: of the primitives.
        network: of both levels.
    """
    own = policy.params["policy"]
    if isinstance(network, ReferenceConfig):
        low = {part: own[part] for part in ("encoder", "latent", "decoder")}
        low |= {GAIT: gait_of(network, policy)}
    else:
        low = {part: own[part] for part in ("decoder", "prior")}
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
