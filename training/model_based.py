"""Model-based policy gradient: imagined rollouts in the dynamics model improve the policy.

    model_based = ModelBased(config.model_based, config.ppo, agent, dynamics)
    state = model_based.init(learner, key)
    state, metrics = fit(model_based, hyper, state, samples)                        # the dynamics model
    learner, state, metrics = improve(model_based, task, hyper, learner, state, samples)

A return of physics shows whether actions were good, but not which of dozens of actuators, in which step,
caused it. An imagined rollout is a differentiable function of all its actions, so the gradient of its return
shows how to change each of them. It starts at a state that an environment has just visited, and ends with
the estimate of the value network before the errors of the model grow large (Heess et al., Stochastic value
gradients, NIPS 2015; Fussell et al., SuperTrack, ACM Transactions on Graphics 40, 2021). It is the closed
loop of `rodent.loop` with the dynamics model as its engine.
"""

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import optax

from rodent.loop import Actor, ClosedLoop, Decision, Exploration, Loop, scan
from rodent.loop.state import initial_loop_state
from rodent.physics.engine import Command, PhysicsState
from rodent.policy.agent import Agent, Noise, flattened
from rodent.policy.policy import Normalizer
from rodent.tasks.task import Task
from training.config import ModelBasedConfig, PPOConfig
from training.dynamics import Dynamics, DynamicsState
from training.experience import DynamicsSample
from training.hyperparameters import Hyperparameters
from training.latent import latent_kl, latent_weight
from training.learner import Learner, normalizer_of
from training.optimizer import kept_zeros, make_model_based_optimizer, unchanged, without_frozen

FIT_METRICS = ("dynamics_unexplained_variance",)
"""Names of the metrics of `fit`."""
IMPROVE_METRICS = ("imagined_return", "imagined_gradient_norm")
"""Names of the metrics of `improve`."""
IMAGINED = "imagined rollouts"
"""Name of the phase in which they improve the policy."""
_SOFT = 0.05  # width of the sigmoid of an imagined failure, as a fraction of the limits


@flax.struct.dataclass
class ModelBasedState:
    """The state of model-based learning, in addition to the learner.

    Attributes:
        dynamics: the dynamics model.
        optimizer: moments of the policy's gradient through it.
        key: of minibatches and imagined rollouts.
        fitted_steps: control steps that the dynamics model has been fitted to.
    """

    dynamics: DynamicsState
    optimizer: Any
    key: jax.Array
    fitted_steps: jax.Array


class LearnedState(NamedTuple):
    """The state of the learned engine: imagined physics."""

    physics: PhysicsState


@dataclasses.dataclass
class LearnedEngine:
    """The dynamics model as an engine, see `rodent.physics.Engine`; differentiable.

    Attributes:
        dynamics, state: the model.
        num_envs: number of environments stepped in parallel.
    """

    dynamics: Dynamics
    state: DynamicsState
    num_envs: int
    traceable = True

    def begin(self, physics: PhysicsState, scales: Mapping[str, Any] | None = None) -> LearnedState:
        """See `Engine.begin`; the model knows one world."""
        return LearnedState(physics)

    def step(self, state: LearnedState, command: Command) -> LearnedState:
        """See `Engine.step`; restarts and pushes are ignored."""
        return LearnedState(self.dynamics.step(self.state, state.physics, command.ctrl))


class Imagination(NamedTuple):
    """Inputs of imagined rollouts.

    Attributes:
        params: of the agent.
        dynamics: the dynamics model.
        normalizer: of observations.
        hyper: discount and the latent's prior.
        latent_weight: of the intention's KL divergence.
    """

    params: Any
    dynamics: DynamicsState
    normalizer: Normalizer
    hyper: Hyperparameters
    latent_weight: jax.Array | float


@dataclasses.dataclass(frozen=True)
class ModelBased:
    """The functions of model-based learning; hashable.

    Attributes:
        config: number and length of imagined rollouts.
        ppo: discount, the latent's prior, the optimiser.
        agent: the agent.
        dynamics: the dynamics model's pure functions.
    """

    config: ModelBasedConfig
    ppo: PPOConfig
    agent: Agent
    dynamics: Dynamics

    @property
    def optimizer(self) -> optax.GradientTransformation:
        """The optimiser of the policy."""
        return make_model_based_optimizer(self.ppo.optimizer, "policy")

    def init(self, learner: Learner, key: jax.Array) -> ModelBasedState:
        """A state with an untrained dynamics model."""
        key, key_dynamics = jax.random.split(key)
        optimizer = self.optimizer.init(learner.params["policy"])
        return ModelBasedState(self.dynamics.init(key_dynamics), optimizer, key, jnp.int32(0))

    def is_due(self, learner: Learner) -> jax.Array:
        """Whether the dynamics model is fitted from now on."""
        return (self.config.updates > 0) & (learner.steps >= self.config.begin)

    def is_warm(self, state: ModelBasedState) -> jax.Array:
        """Whether the warm-up of the dynamics model is done, so that rollouts can be imagined."""
        return state.fitted_steps > self.config.warmup

    def phase(self, learner: Learner, state: ModelBasedState) -> str:
        """Name of the phase of the next iteration."""
        if self.is_warm(state):
            return IMAGINED
        return "fitting the dynamics model" if self.is_due(learner) else "PPO"

    def returns(
        self, task: Task[Any], imagination: Imagination, first: DynamicsSample, key: jax.Array
    ) -> jax.Array:
        """Returns of imagined rollouts from the given samples, scaled as in PPO, shape (n,)."""
        n, hyper = len(first.is_first), imagination.hyper
        actor = Actor(imagination.params, imagination.normalizer)
        engine = LearnedEngine(self.dynamics, imagination.dynamics, n)
        loop = Loop(self.agent, Exploration(std_scale=self.config.noise), restart="never")
        state = initial_loop_state(self.agent, task, first.task, first.physics, key)
        state = dataclasses.replace(
            state,
            steps=jnp.where(first.is_first, 0, 1),
            action=first.previous_action,
            memory=first.memory,
        )

        def keep(task: Task[Any], decision: Decision) -> tuple[jax.Array, jax.Array]:
            kl = latent_kl(
                decision.output, decision.memory.latent, decision.is_first, hyper.latent_correlation
            )
            return imagination.latent_weight * kl, ~jax.vmap(task.truncated)(decision.task)

        # values between matrix products are cheaper to recompute than to store
        saved = jax.checkpoint_policies.dots_with_no_batch_dims_saveable
        (state, end), steps = scan(
            ClosedLoop(loop, task, actor, engine),
            (state, engine.begin(first.physics)),
            keep,
            noise=self._noise(n, key),
            wrap=partial(jax.checkpoint, policy=saved, prevent_cse=False),
        )
        cost, running = steps.kept
        alive = jnp.cumprod(jax.nn.sigmoid((1 - steps.outcome.limit_fraction) / _SOFT), axis=0)
        rewards = alive * running * (steps.outcome.reward - cost)
        observation = imagination.normalizer(jax.vmap(task.observe)(state.task, end.physics))
        value = self.agent.value(imagination.params, observation)
        weights = hyper.discount ** jnp.arange(self.config.horizon + 1)
        total = (1 - hyper.discount) * weights[:-1] @ rewards
        return total + weights[-1] * alive[-1] * ~jax.vmap(task.truncated)(state.task) * value

    def _noise(self, n: int, key: jax.Array) -> Noise:
        """Standard normal noise of the latents and actions of whole rollouts."""
        key_latent, key_action = jax.random.split(key)
        latent, action = self.agent.noise_sizes()
        lead = (self.config.horizon, n)
        return Noise(
            jax.random.normal(key_latent, (*lead, latent)), jax.random.normal(key_action, (*lead, action))
        )


@partial(jax.jit, static_argnums=0)
def fit(
    model_based: ModelBased, hyper: Hyperparameters, state: ModelBasedState, samples: DynamicsSample
) -> tuple[ModelBasedState, dict[str, jax.Array]]:
    """Fit the dynamics model to one unroll, leaves (unroll, n, ...)."""
    key, key_fit = jax.random.split(state.key)
    dynamics, metrics = model_based.dynamics.fit(
        state.dynamics, flattened(samples, samples.is_first.shape), key_fit, hyper.dynamics_learning_rate
    )
    fitted = state.fitted_steps + samples.is_first.size
    return dataclasses.replace(state, dynamics=dynamics, key=key, fitted_steps=fitted), metrics


@partial(jax.jit, static_argnums=0)
def improve(
    model_based: ModelBased,
    task: Task[Any],
    hyper: Hyperparameters,
    learner: Learner,
    state: ModelBasedState,
    samples: DynamicsSample,
) -> tuple[Learner, ModelBasedState, dict[str, jax.Array]]:
    """Improve the policy by imagined rollouts from the steps of one unroll; also returns metrics."""
    config, ppo = model_based.config, model_based.ppo
    rows, normalizer = flattened(samples, samples.is_first.shape), normalizer_of(learner.statistics)
    weight = latent_weight(hyper.latent_kl, ppo.latent_kl_steps, learner.steps)
    key, *keys = jax.random.split(state.key, 1 + config.updates)

    def one(before: tuple[Any, Any], key: jax.Array) -> tuple[tuple[Any, Any], dict[str, jax.Array]]:
        policy, moments = before
        key_rows, key_rollouts = jax.random.split(key)
        picked = jax.random.randint(key_rows, (config.rollouts,), 0, len(rows.is_first))
        first = jax.tree.map(lambda x: x[picked], rows)

        def loss(policy: Any) -> jax.Array:
            params = learner.params | {"policy": policy}
            imagination = Imagination(params, state.dynamics, normalizer, hyper, weight)
            return -jnp.mean(model_based.returns(task, imagination, first, key_rollouts))

        lost, gradient = jax.value_and_grad(loss)(policy)
        gradient = without_frozen(ppo.optimizer, {"policy": gradient})["policy"]
        norm = optax.tree.norm(gradient)
        gradient = jax.tree.map(lambda g: jnp.where(jnp.isfinite(norm), g, 0.0), gradient)
        step, moments = model_based.optimizer.update(gradient, moments, policy)
        moved = jax.tree.map(lambda p, s: p + hyper.imagined_learning_rate * s, policy, step)
        policy = kept_zeros(ppo.optimizer, policy, moved)
        return (policy, moments), {"imagined_return": -lost, "imagined_gradient_norm": norm}

    begun = learner.params["policy"], state.optimizer
    (policy, moments), metrics = jax.lax.scan(one, begun, jnp.stack(keys))
    params = learner.params | {"policy": policy}
    average = optax.incremental_update(params, learner.average, 1 - hyper.polyak)
    average = unchanged(ppo.optimizer, learner.average, average)
    learner = dataclasses.replace(learner, params=params, average=average)
    state = dataclasses.replace(state, optimizer=moments, key=key)
    return learner, state, jax.tree.map(jnp.mean, metrics)
