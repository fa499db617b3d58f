"""Training that goes on from a policy: on other clips, or where its own run is gone.

    policy = starting_policy(config, kept_out)  # refused if it has seen what is to be kept out
    config = fitted(config, policy)             # its network, actuation and view of the task
    learner = started(learner, policy)

A policy folder holds the value network and the normaliser beside the policy network, but not
the optimiser's moments nor where episodes had got to: these begin anew.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rodent.clips.names import original_name
from rodent.errors import InputError
from rodent.parts import NETWORKS
from rodent.policy.policy import Policy, load_policy
from training.brax_parts import running_statistics
from training.config import TrainConfig
from training.learner import SEEN_EVERY, Learner

# what a policy's parameters mean, beside all of its network: what it sees, what its actions do
_ITS_OWN = {"body": ("actuation",), "task": ("horizon", "action_scale", "senses")}


def starting_policy(config: TrainConfig, kept_out: Sequence[str] = ()) -> Policy | None:
    """The policy that a configuration starts from; None if it starts from nothing.

    Args:
        config: of the run.
        kept_out: names of clips that the run is to be tested on.

    Raises:
        InputError: there is no such policy, or it has seen a clip that is kept out.
    """
    if config.start_from is None:
        return None
    policy = load_policy(config.start_from)
    if seen := [name for name in kept_out if original_name(name) in _trained_on(policy.provenance)]:
        raise InputError(
            f"{config.start_from} was trained on {seen[0]!r}, which is kept out here; start from another "
            "policy, or from nothing, or keep out other clips"
        )
    return policy


def fitted(config: TrainConfig, policy: Policy) -> TrainConfig:
    """The configuration with the policy's network, actuation, senses, horizon and action scale.

    Raises:
        InputError: one of these is set in the configuration, to something else.
    """
    parts = {"body": policy.body, "task": policy.task, "network": policy.network_config}
    if type(config.network) is not type(policy.network_config):
        if config.network != TrainConfig().network:
            its, own = (NETWORKS.name_of(type(one)) for one in (policy.network_config, config.network))
            raise InputError(
                f"{config.start_from} cannot be started from: its network is {its!r}, here it is {own!r}; "
                "leave out --network"
            )
        config = dataclasses.replace(config, network=policy.network_config)
    network = tuple(field.name for field in dataclasses.fields(policy.network_config))
    for part, names in {**_ITS_OWN, "network": network}.items():
        here = getattr(config, part)
        default = {field.name: field.default for field in dataclasses.fields(here)}
        its = {name: getattr(parts[part], name) for name in names}
        for name, value in its.items():
            if getattr(here, name) not in (value, default[name]):
                raise InputError(
                    f"{config.start_from} cannot be started from: its {part}.{name} is {value}, here it is "
                    f"{getattr(here, name)}; leave out --{part}.{name.replace('_', '-')}"
                )
        config = dataclasses.replace(config, **{part: dataclasses.replace(here, **its)})
    return config


def _trained_on(provenance: Mapping[str, Any]) -> set[str]:
    """Original names of all clips that a policy has learnt from, or one that it was started from."""
    before = provenance.get("start")
    own = {original_name(name) for name in provenance.get("trained_on", ())}
    return own | (_trained_on(before) if before else set())


def started(learner: Learner, policy: Policy) -> Learner:
    """A fresh learner that knows what a policy knows, and counts on from the steps it was trained for."""
    steps = jnp.int32(policy.provenance.get("steps", 0))
    params = jax.tree.map(jnp.asarray, dict(policy.params))
    return dataclasses.replace(
        learner,
        params=params,
        average=jax.tree.map(jnp.copy, params),  # buffers are donated, each once
        statistics=_statistics(learner.statistics, policy, steps // SEEN_EVERY),
        steps=steps,
    )


def _statistics(
    fresh: running_statistics.RunningStatisticsState, policy: Policy, count: jax.Array
) -> running_statistics.RunningStatisticsState:
    """Those that give the policy's normaliser, weighing as much as what it has seen."""
    mean, std = (
        jax.tree.map(lambda x: jnp.array(x, jnp.float32), part)
        for part in (policy.normalizer.mean, policy.normalizer.std)
    )
    summed = jax.tree.map(lambda s: jnp.square(s) * count, std)
    return dataclasses.replace(fresh, count=fresh.count + count, mean=mean, std=std, summed_variance=summed)
