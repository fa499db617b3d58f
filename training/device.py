"""The training iteration as one compiled program: collect on the device engine, learn.

    trainer = DeviceTrainer(config, body, clips)      # on MuJoCo Warp, on all GPUs of the machine
    figures = trainer.iterate()

Rats are spread over the devices; the network, the learner and the reference are held whole by
each. What a step is, how it is judged and what is learnt from it are those of the host's loop.
Policies are evaluated on the host engine, as always: their figures can be compared.
"""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rodent.body import Body
from rodent.clips.clip import ClipSet
from rodent.physics.device import DeviceEngine, DeviceState, warp_devices
from rodent.physics.engine import PhysicsState
from rodent.physics.host import Divergence
from rodent.physics.reduction import Implementation
from rodent.policy.agent import Agent
from rodent.policy.policy import Policy
from rodent.tasks.imitation import Imitation
from rodent.tasks.reference import Reference
from training.collect import Act, Episodes, Experience, Move, Outcome, advance, move_of
from training.config import TrainConfig
from training.dream import Dreamer, Dreams
from training.learner import Learner, normalizer_of
from training.ppo import POLICY_FIGURES, update, update_value
from training.sampler import refreshed
from training.trainer import Trainer, TrainingState, Update, reward_figures


class DeviceTrainer(Trainer):
    """The training of one policy, physics and all, on accelerators.

    Args:
        config: the run's.
        body: the rat.
        clips: the training clips.
        implementation: of MJX, see `DeviceEngine`.
        devices: of JAX; None for all that MuJoCo Warp can use.
        threads: of the host, where policies are evaluated; 0 for one per core.

    Raises:
        InputError: no GPU or no Warp, or the rats cannot be spread evenly over the devices.
    """

    def __init__(
        self,
        config: TrainConfig,
        body: Body,
        clips: ClipSet,
        implementation: Implementation = "warp",
        devices: list[jax.Device] | None = None,
        threads: int = 0,
    ):
        self._implementation: Implementation = implementation
        self._devices = warp_devices(config.ppo.num_envs) if devices is None else devices
        super().__init__(config, body, clips, threads)

    def _prepare(
        self, task: Imitation, agent: Agent, dreams: Dreams, timestep: float, physics: PhysicsState
    ) -> None:
        body, n = self.body, self.config.ppo.num_envs
        self._dreams = dreams
        engine = DeviceEngine(
            body.model, n, timestep, self._implementation, self._devices, bodies=body.tracked_ids
        )
        self.engine_state = engine.begin(physics)
        self._places = places(engine)
        self._iterate = compiled_iteration(self.config, task, agent, dreams, engine)
        self._spread()

    def iterate(self) -> dict[str, float]:
        """Collect one unroll and learn from it; returns the iteration's figures."""
        absent = POLICY_FIGURES if self._dreams.knows_enough(self.dreamer) else ()
        self.learner, self.dreamer, self.engine_state, self.episodes, figures = self._iterate(
            self.learner, self.dreamer, self.engine_state, self.episodes, self._everywhere
        )
        figures = jax.device_get(figures)
        return {name: float(value) for name, value in figures.items() if name not in absent}

    def start_from(self, policy: Policy) -> None:
        """Go on from a policy, before the first iteration; see `training.start`."""
        super().start_from(policy)
        self._spread()

    def take_divergences(self) -> list[Divergence]:
        """None: on the device they are only counted, in the figure `diverged`."""
        return []

    def set_state(self, state: TrainingState) -> None:
        """Continue from a state."""
        super().set_state(state)
        self._spread()

    def _engine_rows(self) -> np.ndarray:
        assert isinstance(self.engine_state, DeviceState)
        return np.asarray(self.engine_state.warmstart)

    def _set_engine_state(self, physics: PhysicsState, rows: np.ndarray) -> None:
        self.engine_state = DeviceState(physics, jnp.asarray(rows))

    def _spread(self) -> None:
        """Put everything where the compiled program wants it: elsewhere it would be compiled anew."""
        everything = (self.learner, self.dreamer, self.engine_state, self.episodes, self._reference)
        everything = jax.tree.map(lambda x: jnp.asarray(x, x.dtype), everything)  # without weak types
        everything = jax.device_put(everything, self._places)
        self.learner, self.dreamer, self.engine_state, self.episodes, self._everywhere = everything


def places(engine: DeviceEngine) -> tuple[Any, ...]:
    """Shardings of learner, dreamer, the engine's state, episodes and reference."""
    envs: Any = engine.by_env  # stands for all arrays of a part
    whole: Any = engine.everywhere
    episodes = Episodes(envs, envs, envs, envs, envs, envs, sampler=whole, key=whole)
    return whole, whole, envs, episodes, whole


def compiled_iteration(
    config: TrainConfig, task: Imitation, agent: Agent, dreams: Dreams, engine: DeviceEngine
) -> jax.stages.Wrapped:
    """`iteration` under jit; learner, dreamer, engine state and episodes are donated.

    Takes learner, dreamer, engine state, episodes and reference; returns the first four and the figures.
    """
    return jax.jit(
        partial(iteration, config, task, agent, dreams, engine),
        in_shardings=places(engine),
        out_shardings=(*places(engine)[:4], engine.everywhere),
        donate_argnums=(0, 1, 2, 3),
    )


def iteration(
    config: TrainConfig,
    task: Imitation,
    agent: Agent,
    dreams: Dreams,
    engine: DeviceEngine,
    learner: Learner,
    dreamer: Dreamer,
    state: DeviceState,
    episodes: Episodes,
    reference: Reference,
) -> tuple[Learner, Dreamer, DeviceState, Episodes, dict[str, jax.Array]]:
    """Let the rats make one unroll of steps and learn from them; a pure function."""
    ppo = config.ppo
    params, normalizer = learner.params, normalizer_of(learner.statistics)

    def step(
        before: tuple[DeviceState, Episodes], _: None
    ) -> tuple[tuple[DeviceState, Episodes], tuple[Act, Outcome, Move]]:
        state, episodes = before
        act = episodes.act
        episodes, outcome, command = advance(
            task, agent, ppo.noise_correlation, params, normalizer, reference, state.physics, episodes
        )
        state = engine.step(state, command)
        return (state, episodes), (act, outcome, move_of(episodes, command, state.physics))

    (state, episodes), (acts, outcomes, moves) = jax.lax.scan(step, (state, episodes), length=ppo.unroll)
    experience = Experience(acts, outcomes, episodes.act.observation)
    practise, value_alone = (partial(kind, ppo, agent) for kind in (update, update_value))
    if not config.dream.updates:
        learner, figures = practise(learner, experience)
    else:
        learner, figures = jax.lax.cond(
            dreams.knows_enough(dreamer), partial(_padded, value_alone), practise, learner, experience
        )
        studies = dreams.studies(learner)
        dreamer = jax.lax.cond(studies, lambda d: dreams.study(d, moves)[0], lambda d: d, dreamer)
        learner, dreamer = jax.lax.cond(
            studies & dreams.knows_enough(dreamer),
            lambda known: dreams.dream(*known, moves, reference)[:2],
            lambda known: known,
            (learner, dreamer),
        )
    episodes = dataclasses.replace(episodes, sampler=refreshed(episodes.sampler, reference))
    return learner, dreamer, state, episodes, figures | reward_figures(outcomes)


def _padded(
    value_alone: Update, learner: Learner, experience: Experience
) -> tuple[Learner, dict[str, jax.Array]]:
    """With a place for the figures that only learning of the policy has: both ways must look alike."""
    learner, figures = value_alone(learner, experience)
    return learner, figures | dict.fromkeys(POLICY_FIGURES, jnp.zeros(()))
