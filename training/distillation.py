"""Distillation: a policy learns to act as another one does, in the states that it visits itself.

    policy = teaching_policy(config, held_out)       # refused if it is for another body
    teacher = teacher_of(policy)
    configs = config.distillation, config.ppo
    learner, metrics = distil(configs, agent, hyper, teacher, task, learner, unroll)

The learner acts; the teacher labels every state that it visits with its own controls (DAgger: Ross et al.,
AISTATS 2011). These are turned into actions of the learner's task, which may have another setpoint, and are
regressed. Teacher and learner may see other things and have other networks. With a prior of the latent, this
is how Luo et al. (Universal humanoid motion representations, ICLR 2024) train motor primitives.

A learner that does not see the body relative to the reference cannot know how far it has drifted over the
floor. Its teacher then sees the body where the reference is, in the body's own posture, and labels it with
controls that move on from there.
"""

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import optax

from rodent.errors import InputError
from rodent.policy.agent import Agent, Noise, flattened, no_noise
from rodent.policy.policy import Normalizer, Policy, load_policy
from rodent.tasks.imitation import REFERENCE, Imitation
from rodent.tasks.settings import ImitationConfig
from training.config import DistillationConfig, PPOConfig, TrainConfig
from training.experience import ActionSample, DynamicsSample
from training.hyperparameters import Hyperparameters
from training.latent import latent_kl, latent_weight
from training.learner import Learner, normalizer_of, stepped
from training.optimizer import unchanged, without_frozen
from training.start import require_unseen

DISTILLATION_METRICS = ("distillation_error", "distillation_kl")
"""Names of the metrics of `distil`: mean squared error of the actions, and KL divergence of the latents,
nats."""


@flax.struct.dataclass
class Teacher:
    """A policy that labels states with its controls.

    Attributes:
        agent, task: its network, and what it sees and does in imitation.
        params, normalizer: of the agent.
    """

    agent: Agent = flax.struct.field(pytree_node=False)
    task: ImitationConfig = flax.struct.field(pytree_node=False)
    params: Any
    normalizer: Normalizer

    def actions(self, task: Imitation, samples: DynamicsSample) -> jax.Array:
        """Actions of a task that have the teacher's controls, shape (…, actions).

        Args:
            task: of one environment of the learner.
            samples: states that it visited, leaves (…).
        """
        own, lead = task.replace(config=self.task), samples.is_first.shape
        rows, n = flattened(samples, lead), samples.is_first.size
        observation = jax.vmap(own.observe)(rows.task, rows.physics)
        if task.config.window == "reference":
            placed = jax.vmap(task.compared)(rows.task, rows.physics)
            observation |= {REFERENCE: jax.vmap(own.window)(rows.task, placed)}
        observation = self.normalizer(observation)
        output = self.agent.act(
            self.params, self.agent.initial_memory(n), observation, no_noise(self.agent, n)
        )
        controls = jax.vmap(own.control)(rows.task, output.mean)
        return jax.vmap(task.action_for)(rows.task, controls).reshape(*lead, -1)


def teaching_policy(config: TrainConfig, held_out: Sequence[str] = ()) -> Policy | None:
    """The policy that a run learns from; None for a run without a teacher.

    Args:
        config: of the run.
        held_out: names of the test clips of the run.

    Raises:
        InputError: there is no such policy, or it does not imitate, has a recurrent network, is for another
            body, or was trained on a held-out clip.
    """
    if config.teacher is None:
        return None
    policy, name = load_policy(config.teacher), config.teacher
    if not isinstance(policy.task, ImitationConfig) or not isinstance(config.task, ImitationConfig):
        raise InputError(
            f"{name} cannot teach: teacher and learner must both imitate clips: --task imitation"
        )
    if policy.body != config.body:
        raise InputError(
            f"{name} cannot teach: it is for {policy.scene.describe()}, with other settings than the body "
            "here; leave out --body.*"
        )
    if policy.network_config.decoder_kind != "mlp":
        raise InputError(
            f"{name} cannot teach: its decoder has a memory, which would not be that of the states the "
            "learner visits; take a policy with an MLP decoder"
        )
    require_unseen(policy, name, held_out)
    return policy


def teacher_of(policy: Policy) -> Teacher:
    """The teacher that a policy is."""
    params, normalizer = jax.tree.map(jnp.asarray, (policy.params, policy.normalizer))
    return Teacher(policy.agent, policy.task, params, normalizer)


@partial(jax.jit, static_argnums=(0, 1))
def distil(
    configs: tuple[DistillationConfig, PPOConfig],
    agent: Agent,
    hyper: Hyperparameters,
    teacher: Teacher,
    task: Imitation,
    learner: Learner,
    unroll: tuple[ActionSample, DynamicsSample],
) -> tuple[Learner, dict[str, jax.Array]]:
    """Regress a teacher's actions in the states of one unroll, leaves (unroll, n, ...); also returns metrics.

    The latents are sampled as in acting, and their KL divergence has the weight it has in PPO.
    """
    (config, ppo), (seen, samples) = configs, unroll
    normalizer = normalizer_of(learner.statistics)
    seen = seen._replace(observation=normalizer(seen.observation))
    actions = jax.lax.stop_gradient(teacher.actions(task, samples))
    weight = latent_weight(hyper.latent_kl, ppo.latent_kl_steps, learner.steps)
    key, *keys = jax.random.split(learner.key, 1 + config.updates)

    def loss(policy: Any, seen: ActionSample, actions: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        start = jax.tree.map(lambda x: x[0], seen.memory)
        noise = Noise(seen.noise, jnp.zeros_like(seen.mean))
        params = learner.params | {"policy": policy}
        output = agent.unroll(params, start, seen.observation, noise, seen.is_first)
        error = jnp.mean(jnp.square(output.mean - actions))
        kl = jnp.mean(latent_kl(output, seen.memory.latent, seen.is_first, hyper.latent_correlation))
        return error + weight * kl, {"distillation_error": error, "distillation_kl": kl}

    def one(before: tuple[Any, Any], key: jax.Array) -> tuple[tuple[Any, Any], dict[str, jax.Array]]:
        params, moments = before
        count = max(1, ppo.num_envs // config.minibatches)
        picked = jax.random.choice(key, ppo.num_envs, (count,), replace=False)
        part = jax.tree.map(lambda x: x[:, picked], (seen, actions))
        gradient, metrics = jax.grad(loss, has_aux=True)(params["policy"], *part)
        gradient = without_frozen(ppo.optimizer, {"policy": gradient})
        return stepped(ppo.optimizer, params, moments, gradient, config.learning_rate), metrics

    begun = learner.params, learner.optimizer
    (params, optimizer), metrics = jax.lax.scan(one, begun, jnp.stack(keys))
    average = optax.incremental_update(params, learner.average, 1 - hyper.polyak)
    average = unchanged(ppo.optimizer, learner.average, average)
    learner = dataclasses.replace(learner, params=params, average=average, optimizer=optimizer, key=key)
    return learner, jax.tree.map(jnp.mean, metrics)
