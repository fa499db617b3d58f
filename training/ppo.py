"""Proximal policy optimisation of the actor-critic, with the intention's KL term.

Pieces are brax's (advantage estimation, normal distribution) and optax's (Muon); the loop
is our own because brax's can neither drive a host engine nor carry the latent's prior.
"""

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


@flax.struct.dataclass
class Learner:
    """All that learning changes.

    Attributes:
        params: of the actor-critic.
        average: of the params over the last updates: what is evaluated and saved.
        optimizer: its moments, of policy and critic apart.
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


class Batch(NamedTuple):
    """What one minibatch needs; leaves lead with (unroll, rats), or for the MLP with (steps,).

    Attributes:
        act: what was done, its observation normalised.
        log_prob: of the action when it was done.
        advantage: of the action, normalised.
        target: the return that the value network is to expect.
    """

    act: Act
    log_prob: jax.Array
    advantage: jax.Array
    target: jax.Array


class Taught(NamedTuple):
    """One of the two networks while it learns: its parameters and the optimiser's moments of them."""

    params: Any
    optimizer: Any


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
        optimizer={name: _OPTIMIZER.init(part) for name, part in params.items()},
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
    observation = normalizer(acts.observation)

    def value(o: Observation) -> jax.Array:
        return network.apply({"params": learner.params}, o, method="value")

    values = value(observation)
    # rewards are scaled so that returns are about one, whatever the discount
    target, advantage = compute_gae(
        truncation=outcomes.ended.astype(jnp.float32),
        termination=outcomes.failed.astype(jnp.float32),
        rewards=outcomes.reward * (1 - config.discount),
        values=values,
        bootstrap_value=value(normalizer(following)),
        lambda_=config.gae_lambda,
        discount=config.discount,
    )
    # a clip's end is no failure and says nothing of what would have come: it is left out
    told = ~outcomes.ended
    mean = jnp.sum(advantage * told) / jnp.sum(told)
    spread = jnp.sqrt(jnp.sum(jnp.square(advantage - mean) * told) / jnp.sum(told))
    advantage = told * (advantage - mean) / (spread + 1e-8)
    log_prob = _log_prob(acts.mean, acts.std, acts.action)
    batch = Batch(acts._replace(observation=observation), log_prob, advantage, target)
    weight = config.latent_kl * jnp.minimum(1.0, learner.steps / config.latent_kl_steps)

    key, key_shuffle = jax.random.split(learner.key)
    parts = _parts(batch, jax.random.permutation(key_shuffle, config.num_envs), config.minibatches)
    if network.config.decoder_kind == "mlp":  # it knows no order; in one row, steps are learnt a sixth faster
        parts = jax.tree.map(lambda x: x.reshape(len(x), x.shape[1] * x.shape[2], *x.shape[3:]), parts)
    rate = learner.learning_rate

    def teach_critic(critic: Taught, part: Batch) -> tuple[Taught, jax.Array]:
        loss, gradient = jax.value_and_grad(_critic_loss)(critic.params, network, part)
        return _stepped(config, critic, gradient, rate)[0], loss

    def teach_policy(
        carry: tuple[Taught, jax.Array], part: Batch
    ) -> tuple[tuple[Taught, jax.Array], dict[str, jax.Array]]:
        policy, rate = carry
        gradient, figures = jax.grad(_policy_loss, has_aux=True)(policy.params, config, network, part, weight)
        policy, norm = _stepped(config, policy, gradient, rate)
        return (policy, _adapted(config, rate, figures["kl"])), figures | {"gradient_norm": norm}

    def one_epoch(
        carry: tuple[Taught, jax.Array], _: None
    ) -> tuple[tuple[Taught, jax.Array], dict[str, jax.Array]]:
        return jax.lax.scan(teach_policy, carry, parts)

    policy, critic = (Taught(learner.params[name], learner.optimizer[name]) for name in ("policy", "critic"))
    critic, value_loss = jax.lax.scan(teach_critic, critic, parts)
    (policy, rate), figures = jax.lax.scan(one_epoch, (policy, rate), length=config.epochs)
    params = {"policy": policy.params, "critic": critic.params}
    steps = learner.steps + outcomes.reward.size
    params = _less_noisy(params, std_ceiling(config, network.config.action_std, steps))
    updates = steps / outcomes.reward.size
    kept = jnp.minimum(config.average, updates / (updates + 10))  # the first ones are soon forgotten
    learner = Learner(
        params=params,
        average=optax.incremental_update(params, learner.average, 1 - kept),
        optimizer={"policy": policy.optimizer, "critic": critic.optimizer},
        # steps that follow one another look alike: every fourth tells as much
        statistics=running_statistics.update(
            learner.statistics, jax.tree.map(lambda x: x[::4], acts.observation)
        ),
        learning_rate=rate,
        key=key,
        steps=steps,
    )
    figures = {name: jnp.mean(value) for name, value in (figures | {"value_loss": value_loss}).items()}
    explained = 1 - jnp.var(target - values) / (jnp.var(target) + 1e-9)
    return learner, figures | {"learning_rate": rate, "explained_variance": explained}


def _parts(batch: Batch, rats: jax.Array, count: int) -> Batch:
    """Minibatches of whole rats in the given order; leaves (count, unroll, rats / count, ...)."""

    def cut(x: jax.Array) -> jax.Array:
        return jnp.moveaxis(x[:, rats].reshape(x.shape[0], count, len(rats) // count, *x.shape[2:]), 1, 0)

    return jax.tree.map(cut, batch)


def _stepped(config: PPOConfig, taught: Taught, gradient: Any, rate: jax.Array) -> tuple[Taught, jax.Array]:
    """One step of the optimiser, and the gradient's norm."""
    norm = optax.tree.norm(gradient)
    gradient = jax.tree.map(lambda g: g * jnp.minimum(1.0, config.max_grad_norm / (norm + 1e-9)), gradient)
    step, optimizer = _OPTIMIZER.update(gradient, taught.optimizer, taught.params)
    return Taught(jax.tree.map(lambda p, s: p + rate * s, taught.params, step), optimizer), norm


def _critic_loss(params: Any, network: ActorCritic, batch: Batch) -> jax.Array:
    value = network.apply({"params": {"critic": params}}, batch.act.observation, method="value")
    return 0.5 * jnp.mean(jnp.square(value - batch.target))


def _policy_loss(
    params: Any, config: PPOConfig, network: ActorCritic, batch: Batch, latent_weight: jax.Array
) -> tuple[jax.Array, dict[str, jax.Array]]:
    act = batch.act
    output = unrolled(network, params, act)
    now = _NORMAL.create_dist((output.action_mean, output.action_std))
    before = _NORMAL.create_dist((act.mean, act.std))
    ratio = jnp.exp(_log_prob(output.action_mean, output.action_std, act.action) - batch.log_prob)
    clipped = jnp.clip(ratio, 1 - config.clip, 1 + config.clip)
    surrogate = -jnp.mean(jnp.minimum(ratio * batch.advantage, clipped * batch.advantage))
    entropy = jnp.mean(jnp.sum(now.entropy(), -1))
    latent = jnp.mean(latent_kl(output, act.carry.latent, act.fresh, config.latent_correlation))
    return surrogate - config.entropy * entropy + latent_weight * latent, {
        "policy_loss": surrogate,
        "entropy": entropy,
        "latent_kl": latent,
        "kl": jnp.mean(now.kl_divergence(before)),  # brax: from its argument to itself
        "clipped": jnp.mean((jnp.abs(ratio - 1) > config.clip).astype(jnp.float32)),
        "action_std": jnp.mean(output.action_std),
    }


def unrolled(network: ActorCritic, params: Any, act: Act) -> PolicyOutput:
    """What the policy of these parameters gives for the recorded steps, leaves (unroll, rats, ...).

    The MLP takes all steps at once, in any shape. The LSTM lives through them in order, from the
    memory it had at the first, forgetting where episodes begin.
    """
    variables = {"params": {"policy": params}}
    if network.config.decoder_kind == "mlp":
        return network.apply(variables, act.observation, act.carry, act.noise, method="act")

    def step(memory: Carry, now: Act) -> tuple[Carry, PolicyOutput]:
        output = network.apply(variables, now.observation, forget(memory, now.fresh), now.noise, method="act")
        return output.carry, output

    start = jax.tree.map(lambda x: x[0], act.carry)
    return jax.lax.scan(step, start, act)[1]


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
