"""Proximal policy optimisation of the actor-critic, with the intention's KL term.

Pieces are brax's (advantage estimation, normal distribution) and optax's (Muon); the loop
is our own because brax's can neither drive a host engine nor carry the latent's prior.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import optax
import optax.contrib

from rodent.body import NU
from rodent.policy.networks import ActorCritic, Carry, PolicyOutput, forget
from rodent.policy.policy import Normalizer
from rodent.tasks.imitation import Observation
from training.brax_parts import NormalDistribution, compute_gae, running_statistics
from training.collect import Act, Experience
from training.config import PPOConfig

_NORMAL = NormalDistribution(NU)
# matrices take orthogonalised momentum of Adam's usual size, all else Adam itself: a step that a KL
# divergence bounds moves every direction of a layer alike (Jordan et al., Muon, 2024; the size is
# that of Liu et al., Muon is scalable for LLM training, arXiv 2502.16982, 2025)
_OPTIMIZER = optax.contrib.muon(learning_rate=1.0, consistent_rms=0.2)
_MIN_STD = 1e-2  # what counts as constant in an observation
SEEN_EVERY = 8
"""Steps that follow one another look alike: the normaliser's statistics are of every so many."""


@flax.struct.dataclass
class Learner:
    """All that learning changes.

    Attributes:
        params: of the actor-critic.
        average: of the params over the last updates: what is evaluated and saved.
        optimizer: its moments.
        statistics: running mean and deviation of observations.
        learning_rate: as adapted so far.
        key: of minibatch shuffling.
        steps: control steps learnt from.
    """

    params: Any
    average: Any
    optimizer: Any
    statistics: running_statistics.RunningStatisticsState
    learning_rate: jax.Array
    key: jax.Array
    steps: jax.Array


Progress = tuple[Any, Any, jax.Array]
"""Parameters, optimiser and learning rate between minibatches."""


class Batch(NamedTuple):
    """What one minibatch needs; leaves lead with (unroll, rats)."""

    act: Act
    log_prob: jax.Array
    advantage: jax.Array
    target: jax.Array


def new_learner(
    config: PPOConfig, network: ActorCritic, observation: Observation, carry: Carry, key: jax.Array
) -> Learner:
    """A learner with fresh parameters, shaped by one observation of n rats."""
    key, key_init = jax.random.split(key)
    params = network.init(key_init, observation, carry, jnp.zeros_like(carry.latent))["params"]
    one = jax.tree.map(lambda x: jnp.zeros(x.shape[1:], jnp.float32), observation)
    return Learner(
        params=params,
        average=jax.tree.map(jnp.copy, params),  # buffers are donated, each once
        optimizer=_OPTIMIZER.init(params),
        statistics=running_statistics.init_state(one),
        learning_rate=jnp.float32(config.learning_rate),
        key=key,
        steps=jnp.int32(0),
    )


def normalizer_of(statistics: running_statistics.RunningStatisticsState) -> Normalizer:
    """The normaliser that goes with the statistics so far."""
    mean: Any = statistics.mean
    return Normalizer(mean, jax.tree.map(lambda s: jnp.maximum(s, _MIN_STD), statistics.std))


def update(
    config: PPOConfig, network: ActorCritic, learner: Learner, experience: Experience
) -> tuple[Learner, dict[str, jax.Array]]:
    """One PPO update from one unroll of all rats; returns the learner and figures for the log."""
    acts, outcomes, following = experience
    normalizer = normalizer_of(learner.statistics)
    key, key_shuffle = jax.random.split(learner.key)
    rats = jax.random.permutation(key_shuffle, config.num_envs)
    cut = partial(_parts, rats=rats, count=config.minibatches)
    # cut before anything is computed of it: observations are large, and each pass over them costs time
    seen = jax.tree.map(cut, acts)
    seen = seen._replace(observation=normalizer(seen.observation))
    values = _whole(expected_return(network, learner.params, seen.observation), rats)
    # rewards are scaled so that returns are about one, whatever the discount
    target, advantage = compute_gae(
        truncation=outcomes.ended.astype(jnp.float32),
        termination=outcomes.failed.astype(jnp.float32),
        rewards=outcomes.reward * (1 - config.discount),
        values=values,
        bootstrap_value=expected_return(network, learner.params, normalizer(following)),
        lambda_=config.gae_lambda,
        discount=config.discount,
    )
    # a clip's end is no failure and says nothing of what would have come: it is left out
    told = ~outcomes.ended
    mean = jnp.sum(advantage * told) / jnp.sum(told)
    spread = jnp.sqrt(jnp.sum(jnp.square(advantage - mean) * told) / jnp.sum(told))
    advantage = told * (advantage - mean) / (spread + 1e-8)
    log_prob = _log_prob(acts.mean, acts.std, acts.action)
    batches = Batch(seen, cut(log_prob), cut(advantage), cut(target))
    weight = config.latent_kl * jnp.minimum(1.0, learner.steps / config.latent_kl_steps)

    def one_minibatch(carry: Progress, part: Batch) -> tuple[Progress, dict[str, jax.Array]]:
        params, optimizer, rate = carry
        gradient, figures = jax.grad(_loss, has_aux=True)(params, config, network, part, weight)
        norm = optax.tree.norm(gradient)
        gradient = jax.tree.map(
            lambda g: g * jnp.minimum(1.0, config.max_grad_norm / (norm + 1e-9)), gradient
        )
        step, optimizer = _OPTIMIZER.update(gradient, optimizer, params)
        params = jax.tree.map(lambda p, s: p + rate * s, params, step)
        rate = _adapted(config, rate, figures["kl"])
        return (params, optimizer, rate), figures | {"gradient_norm": norm}

    def one_epoch(carry: Progress, _: None) -> tuple[Progress, dict[str, jax.Array]]:
        return jax.lax.scan(one_minibatch, carry, batches)

    carry = (learner.params, learner.optimizer, learner.learning_rate)
    (params, optimizer, rate), figures = jax.lax.scan(one_epoch, carry, length=config.epochs)
    steps = learner.steps + outcomes.reward.size
    params = _less_noisy(params, std_ceiling(config, network.config.action_std, steps))
    updates = steps / outcomes.reward.size
    kept = jnp.minimum(config.average, updates / (updates + 10))  # the first ones are soon forgotten
    learner = Learner(
        params=params,
        average=optax.incremental_update(params, learner.average, 1 - kept),
        optimizer=optimizer,
        statistics=running_statistics.update(
            learner.statistics, jax.tree.map(lambda x: x[::SEEN_EVERY], acts.observation)
        ),
        learning_rate=rate,
        key=key,
        steps=steps,
    )
    figures = {name: jnp.mean(value) for name, value in figures.items()}
    explained = 1 - jnp.var(target - values) / (jnp.var(target) + 1e-9)
    return learner, figures | {"learning_rate": rate, "explained_variance": explained}


def _parts(x: jax.Array, rats: jax.Array, count: int) -> jax.Array:
    """Minibatches of whole rats in this order: from (unroll, rats, …) to (count, unroll, rats / count, …)."""
    return jnp.moveaxis(x[:, rats].reshape(x.shape[0], count, len(rats) // count, *x.shape[2:]), 1, 0)


def _whole(parts: jax.Array, rats: jax.Array) -> jax.Array:
    """The reverse of `_parts`."""
    shuffled = jnp.moveaxis(parts, 0, 1)
    shuffled = shuffled.reshape(shuffled.shape[0], len(rats), *shuffled.shape[3:])
    return shuffled[:, jnp.argsort(rats)]


def _loss(
    params: Any, config: PPOConfig, network: ActorCritic, batch: Batch, latent_weight: jax.Array
) -> tuple[jax.Array, dict[str, jax.Array]]:
    act = batch.act
    output, value = unrolled(network, params, act)
    now = _NORMAL.create_dist((output.action_mean, output.action_std))
    before = _NORMAL.create_dist((act.mean, act.std))
    ratio = jnp.exp(_log_prob(output.action_mean, output.action_std, act.action) - batch.log_prob)
    clipped = jnp.clip(ratio, 1 - config.clip, 1 + config.clip)
    policy = -jnp.mean(jnp.minimum(ratio * batch.advantage, clipped * batch.advantage))
    critic = 0.5 * jnp.mean(jnp.square(value - batch.target))
    entropy = jnp.mean(jnp.sum(now.entropy(), -1))
    latent = jnp.mean(latent_kl(output, act.carry.latent, act.fresh, config.latent_correlation))
    loss = policy + config.value_weight * critic - config.entropy * entropy + latent_weight * latent
    return loss, {
        "loss": loss,
        "policy_loss": policy,
        "value_loss": critic,
        "entropy": entropy,
        "latent_kl": latent,
        "kl": jnp.mean(now.kl_divergence(before)),  # brax: from its argument to itself
        "clipped": jnp.mean((jnp.abs(ratio - 1) > config.clip).astype(jnp.float32)),
        "action_std": jnp.mean(output.action_std),
    }


def unrolled(network: ActorCritic, params: Any, act: Act) -> tuple[PolicyOutput, jax.Array]:
    """The network's output for the recorded steps, leaves (unroll, rats, ...).

    The MLP takes all steps at once. The LSTM lives through them in order, from the memory
    it had at the first, forgetting where episodes begin.
    """
    variables, lead = {"params": params}, act.fresh.shape
    value = expected_return(network, params, act.observation)
    if network.config.decoder_kind == "mlp":
        rows = _rows(act, lead)
        output = network.apply(variables, rows.observation, rows.carry, rows.noise, method="act")
        return jax.tree.map(lambda x: x.reshape(*lead, *x.shape[1:]), output), value

    def step(memory: Carry, now: Act) -> tuple[Carry, PolicyOutput]:
        output = network.apply(variables, now.observation, forget(memory, now.fresh), now.noise, method="act")
        return output.carry, output

    start = jax.tree.map(lambda x: x[0], act.carry)
    return jax.lax.scan(step, start, act)[1], value


def expected_return(network: ActorCritic, params: Any, observation: Observation) -> jax.Array:
    """What the value network says of normalised observations, in the shape (…) that they lead with."""
    lead = observation.reference.shape[:-1]
    return network.apply({"params": params}, _rows(observation, lead), method="value").reshape(lead)


def _rows(tree: Any, lead: tuple[int, ...]) -> Any:
    """Leaves (lead, ...) with all that leads in one dimension: XLA multiplies such matrices quicker."""
    return jax.tree.map(lambda x: x.reshape(math.prod(lead), *x.shape[len(lead) :]), tree)


def latent_kl(output: PolicyOutput, before: jax.Array, fresh: jax.Array, correlation: float) -> jax.Array:
    """KL divergence from the intention to its AR(1) prior, nats, shape of fresh.

    The prior of z_t is normal around correlation * z_(t-1) with variance 1 - correlation^2,
    and standard normal where an episode begins (Merel et al., Neural probabilistic motor
    primitives, ICLR 2019).
    """
    known = ~fresh[..., None]
    mean = jnp.where(known, correlation * before, 0.0)
    variance = jnp.where(known, 1 - correlation**2, 1.0)
    q = jnp.exp(output.latent_logvar)
    kl = (q + jnp.square(output.latent_mean - mean)) / variance - 1 + jnp.log(variance) - output.latent_logvar
    return 0.5 * jnp.sum(kl, -1)


def std_ceiling(config: PPOConfig, initial: float, steps: jax.Array) -> jax.Array:
    """The largest standard deviation of actions allowed after so many control steps."""
    begin, end = config.final_std_steps
    passed = jnp.clip((steps - begin) / (end - begin), 0.0, 1.0)
    return initial * (config.final_std / initial) ** passed


def _less_noisy(params: Any, ceiling: jax.Array) -> Any:
    decoder = params["policy"]["decoder"]
    decoder = decoder | {"log_std": jnp.minimum(decoder["log_std"], jnp.log(ceiling))}
    return params | {"policy": params["policy"] | {"decoder": decoder}}


def _log_prob(mean: jax.Array, std: jax.Array, action: jax.Array) -> jax.Array:
    return jnp.sum(_NORMAL.create_dist((mean, std)).log_prob(action), -1)


def _adapted(config: PPOConfig, rate: jax.Array, kl: jax.Array) -> jax.Array:
    factor = jnp.where(kl > 2 * config.target_kl, 1 / 1.2, jnp.where(kl < 0.5 * config.target_kl, 1.2, 1.0))
    return jnp.clip(rate * factor, *config.learning_rate_range)
