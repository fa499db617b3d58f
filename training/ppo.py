"""Proximal policy optimisation of the actor-critic, with the intention's KL term.

Advantage estimation and normal distribution are from brax, Muon from optax. The loop is not from brax,
because brax's loop supports neither an engine on the host nor the prior of the latent.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from rodent.policy.agent import Agent, AgentOutput, Noise, flattened
from rodent.tasks.task import Observation
from training.brax_parts import NormalDistribution, compute_gae, running_statistics
from training.config import PPOConfig
from training.experience import ActionSample, Experience
from training.hyperparameters import Hyperparameters
from training.latent import latent_kl, latent_weight
from training.learner import SEEN_EVERY, Learner, normalizer_of, stepped, with_fixed
from training.optimizer import unchanged, without_frozen

POLICY_METRICS = (
    "loss",
    "policy_loss",
    "entropy",
    "latent_kl",
    "kl",
    "clipped",
    "action_std",
    "learning_rate",
)
"""Metrics that `update` has and `update_value` does not have."""
Progress = tuple[Any, Any, jax.Array]
"""Parameters, optimiser and learning rate between minibatches."""


class Batch(NamedTuple):
    """Inputs of one minibatch; leaves lead with (unroll, n)."""

    act: ActionSample
    log_prob: jax.Array
    advantage: jax.Array
    target: jax.Array


@partial(jax.jit, static_argnums=(0, 1))
def update(
    config: PPOConfig, agent: Agent, hyper: Hyperparameters, learner: Learner, experience: Experience
) -> tuple[Learner, dict[str, jax.Array]]:
    """One PPO update from one unroll of all environments; returns the learner and metrics for the log."""
    targets = _targets(config, agent, hyper, learner, experience)
    actions, outcomes, _ = experience
    # the return after a truncation is unknown, so these steps are masked
    counted = ~outcomes.truncated
    mean = jnp.sum(targets.advantage * counted) / jnp.sum(counted)
    spread = jnp.sqrt(jnp.sum(jnp.square(targets.advantage - mean) * counted) / jnp.sum(counted))
    advantage = counted * (targets.advantage - mean) / (spread + 1e-8)
    log_prob = _log_prob(agent, actions.mean, actions.std, actions.action)
    split = targets.split
    batches = Batch(targets.seen, split(log_prob), split(advantage), split(targets.target))
    weight = latent_weight(hyper.latent_kl, config.latent_kl_steps, learner.steps)

    def one_minibatch(carry: Progress, part: Batch) -> tuple[Progress, dict[str, jax.Array]]:
        params, optimizer, rate = carry
        gradient, metrics = jax.grad(_loss, has_aux=True)(params, agent, hyper, part, weight)
        gradient, norm = _bounded(config, hyper, gradient)
        params, optimizer = stepped(config.optimizer, params, optimizer, gradient, rate)
        rate = _adapted(config, hyper, rate, metrics["kl"])
        return (params, optimizer, rate), metrics | {"gradient_norm": norm}

    begun = (learner.params, learner.optimizer, learner.learning_rate)
    (params, optimizer, rate), metrics = _passes(config, one_minibatch, begun, batches)
    learned = _after_unroll(config, agent, hyper, learner, experience, params)
    updates = learned.steps / targets.advantage.size
    decay = jnp.minimum(hyper.polyak, updates / (updates + 10))  # shorter at the start
    average = optax.incremental_update(learned.params, learner.average, 1 - decay)
    learned = dataclasses.replace(
        learned,
        average=unchanged(config.optimizer, learner.average, average),
        optimizer=optimizer,
        learning_rate=rate,
        key=targets.key,
    )
    return learned, metrics | {"learning_rate": rate, "explained_variance": targets.explained}


@partial(jax.jit, static_argnums=(0, 1))
def update_value(
    config: PPOConfig, agent: Agent, hyper: Hyperparameters, learner: Learner, experience: Experience
) -> tuple[Learner, dict[str, jax.Array]]:
    """The update of the value network only, at the initial learning rate of PPO.

    The Polyak average does not change: it is updated together with the policy.
    """
    targets = _targets(config, agent, hyper, learner, experience)
    batches = (targets.seen.observation, targets.split(targets.target))

    def loss_of(critic: Any, observation: Observation, target: jax.Array) -> jax.Array:
        return _value_loss(expected_return(agent, {"critic": critic}, observation), target)

    def one_minibatch(carry: Any, part: Any) -> tuple[Any, dict[str, jax.Array]]:
        params, optimizer = carry
        loss, gradient = jax.value_and_grad(loss_of)(params["critic"], *part)
        gradient, norm = _bounded(config, hyper, {"critic": gradient})
        return stepped(config.optimizer, params, optimizer, gradient, hyper.learning_rate), {
            "value_loss": loss,
            "gradient_norm": norm,
        }

    begun = (learner.params, learner.optimizer)
    (params, optimizer), metrics = _passes(config, one_minibatch, begun, batches)
    learner = dataclasses.replace(
        _after_unroll(config, agent, hyper, learner, experience, params), optimizer=optimizer, key=targets.key
    )
    return learner, metrics | {"explained_variance": targets.explained}


class Targets(NamedTuple):
    """An unroll in minibatches, with value targets and advantages.

    Attributes:
        split: makes minibatches of arrays that lead with (unroll, n).
        seen: the steps, normalised and split.
        target: of the value network, shape (unroll, n).
        advantage: of the actions, shape (unroll, n).
        explained: fraction of the targets' variance that the value network explains.
        key: for the next unroll.
    """

    split: Callable[[jax.Array], jax.Array]
    seen: ActionSample
    target: jax.Array
    advantage: jax.Array
    explained: jax.Array
    key: jax.Array


def _targets(
    config: PPOConfig, agent: Agent, hyper: Hyperparameters, learner: Learner, experience: Experience
) -> Targets:
    actions, outcomes, following = experience
    normalizer = normalizer_of(learner.statistics)
    key, key_shuffle = jax.random.split(learner.key)
    order = jax.random.permutation(key_shuffle, config.num_envs)
    split = partial(_parts, order=order, count=config.minibatches)
    # split before other computations: observations are large, and each pass over them costs time
    seen = jax.tree.map(split, actions)
    seen = seen._replace(observation=normalizer(seen.observation))
    values = _whole(expected_return(agent, learner.params, seen.observation), order)
    # rewards are scaled so that returns are about one for any discount
    target, advantage = compute_gae(
        truncation=outcomes.truncated.astype(jnp.float32),
        termination=outcomes.terminated.astype(jnp.float32),
        rewards=outcomes.reward * (1 - hyper.discount),
        values=values,
        bootstrap_value=expected_return(agent, learner.params, normalizer(following)),
        lambda_=hyper.gae_lambda,
        discount=hyper.discount,
    )
    explained = 1 - jnp.var(target - values) / (jnp.var(target) + 1e-9)
    return Targets(split, seen, target, advantage, explained, key)


def _bounded(config: PPOConfig, hyper: Hyperparameters, gradient: Any) -> tuple[Any, jax.Array]:
    """The gradient without frozen parts, clipped to the maximal norm, and its norm before clipping."""
    gradient = without_frozen(config.optimizer, gradient)
    norm = optax.tree.norm(gradient)
    return jax.tree.map(lambda g: g * jnp.minimum(1.0, hyper.max_grad_norm / (norm + 1e-9)), gradient), norm


def _passes(
    config: PPOConfig, one_minibatch: Any, begun: Any, batches: Any
) -> tuple[Any, dict[str, jax.Array]]:
    """Run all minibatches for the configured epochs; returns the final carry and mean metrics."""

    def one_epoch(carry: Any, _: None) -> tuple[Any, dict[str, jax.Array]]:
        return jax.lax.scan(one_minibatch, carry, batches)

    end, metrics = jax.lax.scan(one_epoch, begun, length=config.epochs)
    return end, {name: jnp.mean(value) for name, value in metrics.items()}


def _after_unroll(
    config: PPOConfig,
    agent: Agent,
    hyper: Hyperparameters,
    learner: Learner,
    experience: Experience,
    params: Any,
) -> Learner:
    """The learner after one unroll: new parameters, and updated statistics of observations."""
    steps = learner.steps + experience.outcomes.reward.size
    bounded = agent.bound_std(params, std_ceiling(config, hyper, agent.initial_std, steps))
    params = unchanged(config.optimizer, learner.params, bounded)
    seen = jax.tree.map(lambda x: x[::SEEN_EVERY], experience.actions.observation)
    statistics = with_fixed(
        running_statistics.update(learner.statistics, seen), learner.statistics, agent.fixed_groups
    )
    return dataclasses.replace(learner, params=params, statistics=statistics, steps=steps)


def _parts(x: jax.Array, order: jax.Array, count: int) -> jax.Array:
    """Minibatches of whole environments: from (unroll, n, …) to (count, unroll, n / count, …)."""
    return jnp.moveaxis(x[:, order].reshape(x.shape[0], count, len(order) // count, *x.shape[2:]), 1, 0)


def _whole(parts: jax.Array, order: jax.Array) -> jax.Array:
    """The inverse of `_parts`."""
    shuffled = jnp.moveaxis(parts, 0, 1)
    shuffled = shuffled.reshape(shuffled.shape[0], len(order), *shuffled.shape[3:])
    return shuffled[:, jnp.argsort(order)]


def _loss(
    params: Any, agent: Agent, hyper: Hyperparameters, batch: Batch, weight: jax.Array
) -> tuple[jax.Array, dict[str, jax.Array]]:
    act = batch.act
    output, value = unrolled(agent, params, act)
    normal = NormalDistribution(agent.action_size)
    now, before = normal.create_dist((output.mean, output.std)), normal.create_dist((act.mean, act.std))
    ratio = jnp.exp(_log_prob(agent, output.mean, output.std, act.action) - batch.log_prob)
    clipped = jnp.clip(ratio, 1 - hyper.clip, 1 + hyper.clip)
    policy = -jnp.mean(jnp.minimum(ratio * batch.advantage, clipped * batch.advantage))
    critic = _value_loss(value, batch.target)
    entropy = jnp.mean(jnp.sum(now.entropy(), -1))
    latent = jnp.mean(latent_kl(output, act.memory.latent, act.is_first, hyper.latent_correlation))
    loss = policy + hyper.value_weight * critic - hyper.entropy * entropy + weight * latent
    return loss, {
        "loss": loss,
        "policy_loss": policy,
        "value_loss": critic,
        "entropy": entropy,
        "latent_kl": latent,
        "kl": jnp.mean(now.kl_divergence(before)),  # brax: from its argument to itself
        "clipped": jnp.mean((jnp.abs(ratio - 1) > hyper.clip).astype(jnp.float32)),
        "action_std": jnp.mean(output.std),
    }


def _value_loss(value: jax.Array, target: jax.Array) -> jax.Array:
    return 0.5 * jnp.mean(jnp.square(value - target))


def unrolled(agent: Agent, params: Any, act: ActionSample) -> tuple[AgentOutput, jax.Array]:
    """The agent's output for the recorded steps and the estimated returns, leaves (unroll, n, ...)."""
    start = jax.tree.map(lambda x: x[0], act.memory)
    noise = Noise(act.noise, jnp.zeros_like(act.mean))
    output = agent.unroll(params, start, act.observation, noise, act.is_first)
    return output, expected_return(agent, params, act.observation)


def expected_return(agent: Agent, params: Any, observation: Observation) -> jax.Array:
    """Estimates of the value network for normalised observations, in their leading shape (…)."""
    lead = jax.tree.leaves(observation)[0].shape[:-1]
    return agent.value(params, flattened(observation, lead)).reshape(lead)


def std_ceiling(config: PPOConfig, hyper: Hyperparameters, initial: float, steps: jax.Array) -> jax.Array:
    """Upper bound of the standard deviation of actions after a number of control steps."""
    begin, end = config.final_std_steps
    passed = jnp.clip((steps - begin) / (end - begin), 0.0, 1.0)
    return initial * (hyper.final_std / initial) ** passed


def _log_prob(agent: Agent, mean: jax.Array, std: jax.Array, action: jax.Array) -> jax.Array:
    return jnp.sum(NormalDistribution(agent.action_size).create_dist((mean, std)).log_prob(action), -1)


def _adapted(config: PPOConfig, hyper: Hyperparameters, rate: jax.Array, kl: jax.Array) -> jax.Array:
    factor = jnp.where(kl > 2 * hyper.target_kl, 1 / 1.2, jnp.where(kl < 0.5 * hyper.target_kl, 1.2, 1.0))
    return jnp.clip(rate * factor, *config.learning_rate_range)
