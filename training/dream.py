"""Dreaming: the policy lives through what a learnt model of its body tells, and is led by its gradient.

    dreams = Dreams(config, task, network, World(body, config.dream, timestep))
    dreamer = dreams.begin(learner, key)
    dreamer, figures = dreams.study(dreamer, moves)                      # what the body does
    learner, dreamer, figures = dreams.dream(learner, dreamer, moves, reference)

Physics tells whether an action was good, not what would have been better; of 38 actuators and all
steps to come PPO must guess which it was. A dream is a function of every action in it, so the
gradient of its return says so for each. It begins where rats have just been and ends with what the value
network expects, before the model's errors have grown (Heess et al., Stochastic value gradients, NIPS
2015; Fussell et al., SuperTrack, ACM Transactions on Graphics 40, 2021).
"""

import dataclasses
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import optax

from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Agent, Memory, Noise
from rodent.policy.policy import Normalizer
from rodent.tasks.imitation import Imitation
from rodent.tasks.metrics import share_of_limits
from rodent.tasks.reference import Reference
from training.collect import Move
from training.config import TrainConfig
from training.latent import latent_kl, latent_weight
from training.learner import Learner, normalizer_of
from training.optimizer import make_model_based_optimizer, unchanged, without_frozen
from training.world import World, WorldModel

_SURE = 0.05  # share of the limits within which a dreamt failure goes from unlikely to certain


@flax.struct.dataclass
class Dreamer:
    """All that dreaming changes, beside the learner.

    Attributes:
        world: the model of the body.
        optimizer: moments of the policy's gradient in dreams.
        key: of minibatches and dreams.
        studied: control steps that the model has learnt from.
    """

    world: WorldModel
    optimizer: Any
    key: jax.Array
    studied: jax.Array


class Moment(NamedTuple):
    """Where n rats are in a dream, arrays (n, ...).

    Attributes:
        state: of the body.
        frame: of the reference.
        previous: the action before.
        memory: of the agent.
        fresh: whether an episode begins here.
        alive: how sure it is that the dream has not failed, 0 to 1.
        told: 1 until the clip is over.
    """

    state: PhysicsState
    frame: jax.Array
    previous: jax.Array
    memory: Memory
    fresh: jax.Array
    alive: jax.Array
    told: jax.Array


class Dreams:
    """Pure functions of studying and dreaming, bound to one task.

    Args:
        config: of the run.
        task: what is dreamt of.
        agent: what acts.
        world: the model of the body.
    """

    def __init__(self, config: TrainConfig, task: Imitation, agent: Agent, world: World):
        self.config, self._ppo = config.dream, config.ppo
        self._task, self._agent, self._world = task, agent, world
        self._optimizer = make_model_based_optimizer(config.ppo.optimizer, "policy")

    def begin(self, learner: Learner, key: jax.Array) -> Dreamer:
        """A dreamer that knows nothing of its body."""
        key, key_world = jax.random.split(key)
        optimizer = self._optimizer.init(learner.params["policy"])
        return Dreamer(self._world.begin(key_world), optimizer, key, jnp.int32(0))

    def stage(self, learner: Learner, dreamer: Dreamer) -> str:
        """What the next iteration does, in a word."""
        if self.knows_enough(dreamer):
            return "dreams"
        return "studies the body" if self.studies(learner) else "practises"

    def study(self, dreamer: Dreamer, moves: Move) -> tuple[Dreamer, dict[str, jax.Array]]:
        """Learn of the body from one unroll of all rats, leaves (unroll, n, ...)."""
        key, key_study = jax.random.split(dreamer.key)
        model, figures = self._world.learn(dreamer.world, _in_a_row(moves), key_study)
        return Dreamer(model, dreamer.optimizer, key, dreamer.studied + moves.frame.size), figures

    def studies(self, learner: Learner) -> jax.Array:
        """Whether it is time to study."""
        return (self.config.updates > 0) & (learner.steps >= self.config.begin)

    def knows_enough(self, dreamer: Dreamer) -> jax.Array:
        """Whether the model has studied enough to be dreamt of."""
        return dreamer.studied > self.config.study

    def dream(
        self, learner: Learner, dreamer: Dreamer, moves: Move, reference: Reference
    ) -> tuple[Learner, Dreamer, dict[str, jax.Array]]:
        """Better the policy by dreams that begin in one unroll's steps; returns figures for the log too."""
        rows, normalizer = _in_a_row(moves), normalizer_of(learner.statistics)
        latent_cost = latent_weight(self._ppo, learner.steps)
        key, *keys = jax.random.split(dreamer.key, 1 + self.config.updates)

        def one(before: tuple[Any, Any], key: jax.Array) -> tuple[tuple[Any, Any], dict[str, jax.Array]]:
            policy, optimizer = before
            key_rows, key_dream = jax.random.split(key)
            picked = jax.random.randint(key_rows, (self.config.rats,), 0, rows.frame.shape[0])
            first = jax.tree.map(lambda x: x[picked], rows)

            def loss(policy: Any) -> jax.Array:
                params = learner.params | {"policy": policy}
                dreamt = self.returns(
                    params, dreamer.world, normalizer, first, reference, latent_cost, key_dream
                )
                return -jnp.mean(dreamt)

            lost, gradient = jax.value_and_grad(loss)(policy)
            gradient = without_frozen(self._ppo.optimizer, {"policy": gradient})["policy"]
            norm = optax.tree.norm(gradient)
            gradient = jax.tree.map(lambda g: jnp.where(jnp.isfinite(norm), g, 0.0), gradient)
            step, optimizer = self._optimizer.update(gradient, optimizer, policy)
            policy = jax.tree.map(lambda p, s: p + self.config.rate * s, policy, step)
            return (policy, optimizer), {"dreamt_return": -lost, "dream_gradient_norm": norm}

        begun = learner.params["policy"], dreamer.optimizer
        (policy, optimizer), figures = jax.lax.scan(one, begun, jnp.stack(keys))
        params = learner.params | {"policy": policy}
        average = optax.incremental_update(params, learner.average, 1 - self._ppo.average)
        average = unchanged(self._ppo.optimizer, learner.average, average)
        learner = dataclasses.replace(learner, params=params, average=average)
        dreamer = dataclasses.replace(dreamer, optimizer=optimizer, key=key)
        return learner, dreamer, jax.tree.map(jnp.mean, figures)

    def returns(
        self,
        params: Any,
        model: WorldModel,
        normalizer: Normalizer,
        first: Move,
        reference: Reference,
        latent_cost: jax.Array | float,
        key: jax.Array,
    ) -> jax.Array:
        """What dreams are worth that begin at the given moves, scaled as PPO's returns are, shape (n,)."""
        task, discount, agent = self._task, self._ppo.discount, self._agent

        def step(now: Moment, noise: Noise) -> tuple[Moment, jax.Array]:
            observation = normalizer(task.observe(now.state, reference, now.frame))
            output = agent.act(params, now.memory, observation, noise, std_scale=self.config.noise)
            action = output.action
            state = self._world.step(model, now.state, task.ctrl(action, reference, now.frame))
            over = now.frame >= reference.last[reference.clip_of[now.frame]]
            frame = reference.after(now.frame, jnp.array(1))
            wanted = reference.at(frame)
            error = task.error(state, wanted)
            spared = (1 - share_of_limits(error, task.config.failure_factor)) / _SURE
            alive, told = now.alive * jax.nn.sigmoid(spared), jnp.where(over, 0.0, now.told)
            terms = task.rewards(state, wanted, error, action, now.previous)
            cost = latent_cost * latent_kl(output, now.memory.latent, now.fresh, self._ppo.latent_correlation)
            reward = sum(terms.values(), start=-cost)
            then = Moment(state, frame, action, output.memory, jnp.zeros_like(now.fresh), alive, told)
            return then, alive * told * reward

        certain = jnp.ones(first.frame.shape)
        moment = Moment(first.state, first.frame, first.previous, first.memory, first.fresh, certain, certain)
        # what lies between matrix products is cheaper to make again than to keep
        kept = jax.checkpoint_policies.dots_with_no_batch_dims_saveable
        cheaper = jax.checkpoint(step, policy=kept, prevent_cse=False)
        end, rewards = jax.lax.scan(cheaper, moment, self._noise(first, key))
        observation = normalizer(task.observe(end.state, reference, end.frame))
        value = agent.value(params, observation)
        weights = discount ** jnp.arange(self.config.horizon + 1)
        lived = (1 - discount) * weights[:-1] @ rewards
        return lived + weights[-1] * end.alive * end.told * value

    def _noise(self, first: Move, key: jax.Array) -> Noise:
        """Of a whole dream's intentions and actions, standard normal."""
        key_latent, key_action = jax.random.split(key)
        latent, action = self._agent.noise_sizes()
        lead = (self.config.horizon, first.frame.shape[0])
        return Noise(
            jax.random.normal(key_latent, (*lead, latent)), jax.random.normal(key_action, (*lead, action))
        )


def _in_a_row(tree: Any) -> Any:
    """Leaves (unroll, n, ...) as (unroll * n, ...)."""
    return jax.tree.map(lambda x: x.reshape(x.shape[0] * x.shape[1], *x.shape[2:]), tree)
