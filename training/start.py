"""Warm start: training that continues from a policy, on other clips or without its original run.

    policy = starting_policy(config, held_out)     # refused if it was trained on a held-out clip
    config = with_policy_settings(config, policy)  # its network, actuation and observation
    learner = warm_started(learner, policy)

A policy folder has the policy network, the value network and the normaliser, but neither the moments of the
optimiser nor the states of the environments: these are new.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rodent.clips.names import original_name
from rodent.errors import InputError
from rodent.parts import NETWORKS, TASKS
from rodent.policy.policy import Policy, load_policy
from training.brax_parts import running_statistics
from training.config import TrainConfig
from training.learner import SEEN_EVERY, Learner

# settings that the parameters of a policy depend on, in addition to its network: observation and action
_POLICY_SETTINGS = {"body": ("actuation",), "task": ("horizon", "action_scale", "senses", "window")}


def starting_policy(config: TrainConfig, held_out: Sequence[str] = ()) -> Policy | None:
    """The policy that a run starts from; None if it starts from scratch.

    Args:
        config: of the run.
        held_out: names of the test clips of the run.

    Raises:
        InputError: there is no such policy, or it was trained on a held-out clip.
    """
    if config.start_from is None:
        return None
    policy = load_policy(config.start_from)
    require_unseen(policy, config.start_from, held_out)
    return policy


def require_unseen(policy: Policy, name: str, held_out: Sequence[str]) -> None:
    """Refuse a policy that was trained on held-out clips.

    Raises:
        InputError: it was, or a policy was that it learnt from.
    """
    if seen := [clip for clip in held_out if original_name(clip) in _trained_on(policy.provenance)]:
        raise InputError(
            f"{name} was trained on {seen[0]!r}, which is held out here; take another policy, or none, or "
            "hold out other clips"
        )


def with_policy_settings(config: TrainConfig, policy: Policy) -> TrainConfig:
    """The configuration with the policy's network, actuation, senses, horizon and action scale.

    Raises:
        InputError: the configuration sets one of these to another value.
    """
    if type(policy.task) is not type(config.task):
        its, own = (TASKS.name_of(type(one)) for one in (policy.task, config.task))
        raise InputError(
            f"{config.start_from} cannot be started from: its task is {its!r}, here it is {own!r}; give "
            f"--task {its}, or act through its primitives: --primitives {config.start_from}"
        )
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
    for part, names in {**_POLICY_SETTINGS, "network": network}.items():
        here = getattr(config, part)
        names = tuple(name for name in names if hasattr(here, name))
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
    """Original names of all clips that a policy, or a policy that it learnt from, was trained on."""
    own = {original_name(name) for name in provenance.get("trained_on", ())}
    return own.union(*(_trained_on(provenance[role]) for role in ("start", "teacher") if role in provenance))


def warm_started(learner: Learner, policy: Policy) -> Learner:
    """A new learner with the parameters, the normaliser and the step count of a policy."""
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
    """Statistics that reproduce the policy's normaliser, with the weight of its training steps."""
    mean, std = (
        jax.tree.map(lambda x: jnp.array(x, jnp.float32), part)
        for part in (policy.normalizer.mean, policy.normalizer.std)
    )
    summed = jax.tree.map(lambda s: jnp.square(s) * count, std)
    return dataclasses.replace(fresh, count=fresh.count + count, mean=mean, std=std, summed_variance=summed)
