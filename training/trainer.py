"""The training of one policy: updates, evaluations, and which policy is kept.

    trainer = Trainer(config, task)
    for _ in range(100):
        figures = trainer.iterate()
    trainer.policy()

`state()` and `set_state()` hold everything that the next iteration depends on.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.physics.host import Divergence
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Policy
from rodent.rollout import Episode, Player
from rodent.tasks.observation import observation_of
from rodent.tasks.task import Task
from training.backend import Backend, DeviceBackend, HostBackend
from training.config import TrainConfig
from training.dynamics import Dynamics
from training.evaluate import scores, trace_episodes
from training.hyperparameters import Hyperparameters
from training.learner import normalizer_of
from training.start import started
from training.update import Algorithm, TrainState, begin

_EVALUATED, _EVALUATED_FRAMES = 24, 500
_SAMPLE_NOISE = 0.14  # two standard errors of a difference between success rates of 0.94 in 24 clips


class SavedState(NamedTuple):
    """Everything the next iteration depends on, as arrays.

    Attributes:
        train: see `TrainState`.
        best: success rate, lifespan and negative error of the best policy so far.
        best_policy: parameters and normaliser of the policy that is kept.
    """

    train: TrainState
    best: np.ndarray
    best_policy: Any


class Trainer:
    """The training of one policy on one task.

    Attributes:
        config, task: what is learnt.
        train_state: see `TrainState`.
        backend: steps the environments.

    Args:
        config: the run's.
        task: of one environment; of imitation, with the training clips.
        episodes: what policies are evaluated on.
        threads: that step the physics on the host; 0 for one per core.
        backend: what steps the environments, of the algorithm and the task; by default what
            `config.device` says.
    """

    def __init__(
        self,
        config: TrainConfig,
        task: Task[Any],
        episodes: list[Episode],
        *,
        threads: int = 0,
        backend: Callable[[Algorithm, Task[Any]], Backend] | None = None,
    ):
        self.config, self.task = config, task
        agent = IntentionAgent(config.network, task.action_size)
        self.algorithm = Algorithm(config, agent, Dynamics(task.scene, config.model_based, task.timestep))
        self._hyper = Hyperparameters.of(config)
        if backend is not None:
            self.backend = backend(self.algorithm, task)
        elif config.device == "gpu":
            self.backend = DeviceBackend(self.algorithm, task)
        else:
            self.backend = HostBackend(self.algorithm, task, threads)
        self.train_state = self.backend.begin(*begin(self.algorithm, task, jax.random.PRNGKey(config.seed)))
        chosen = np.unique(np.linspace(0, len(episodes) - 1, min(_EVALUATED, len(episodes))).astype(int))
        self._episodes, self._evaluated = episodes, [episodes[i] for i in chosen]
        self._player = Player(task, agent, len(chosen), threads=threads)
        self._best = np.array([-1.0, 0.0, -np.inf])
        self._best_policy = self._usable()

    def start_from(self, policy: Policy) -> None:
        """Go on from a policy, before the first iteration; see `training.start`."""
        learner = started(self.train_state.learner, policy)
        self.train_state = self.backend.restored(
            self.backend.stored(dataclasses.replace(self.train_state, learner=learner))
        )
        self._best_policy = self._usable()

    def take_divergences(self) -> list[Divergence]:
        """Environments whose physics diverged since the last call."""
        return self.backend.take_divergences()

    @property
    def physics(self) -> PhysicsState:
        """Where the bodies are."""
        return self.train_state.engine.physics

    @property
    def steps(self) -> int:
        """Control steps learnt from so far."""
        return int(self.train_state.learner.steps)

    @property
    def phase(self) -> str:
        """What the next iteration does: PPO, fitting the dynamics model, or imagined rollouts."""
        state = self.train_state
        return self.algorithm.model_based.phase(state.learner, state.model_based)

    def iterate(self) -> dict[str, float]:
        """Collect one unroll and learn from it; returns the iteration's figures."""
        algorithm, warm = self.algorithm, self.algorithm.is_warm(self.train_state)
        self.train_state, figures = self.backend.update(self.train_state, self._hyper, self.task)
        meaningless = algorithm.meaningless(warm, self.train_state)
        return {name: float(value) for name, value in figures.items() if name not in meaningless}

    def evaluate(self) -> dict[str, float]:
        """Play (up to 24 of) the episodes; decides which policy is kept.

        It is the best so far. Of episodes of which only some are played, it is the latest that these
        cannot tell from the best: what they do not show, later policies do better.
        """
        candidate = self._usable()
        found = self._track(candidate)
        rank = [found["success_rate"], found["tracking/lifespan_frames"], -found[self._error]]
        best = self._best.tolist()
        sampled = len(self._evaluated) < len(self._episodes)
        if rank > best or (sampled and rank[0] >= best[0] - _SAMPLE_NOISE):
            self._best_policy = candidate
        self._best = np.array(max(rank, best))
        return found

    def evaluate_best(self) -> dict[str, float]:
        """The same for the policy that is kept, which is the one that is saved."""
        return self._track(self._best_policy)

    @property
    def _error(self) -> str:
        """The figure that decides between policies that last as long: the task's first metric."""
        return f"tracking/{next(iter(self.task.metrics.values())).label}_all_frames"

    def _track(self, policy: tuple[Any, Any]) -> dict[str, float]:
        traces = trace_episodes(self._player, *policy, self._evaluated, frames=_EVALUATED_FRAMES)
        found = scores(traces)
        mean = {f"tracking/{k}": v for k, v in found["mean"].items() if isinstance(v, int | float)}
        return {"success_rate": found["success_rate"], **mean}

    def policy(self, provenance: dict[str, Any]) -> Policy:
        """The policy that is kept, see `evaluate`."""
        params, normalizer = self._best_policy
        config = self.config
        parts = observation_of(self.task)
        return Policy(config.scene, config.task, config.network, params, normalizer, provenance, parts)

    def state(self) -> SavedState:
        """Everything the next iteration depends on."""
        return SavedState(self.backend.stored(self.train_state), self._best, self._best_policy)

    def set_state(self, state: SavedState) -> None:
        """Continue from a state."""
        self.train_state = self.backend.restored(state.train)
        self._best, self._best_policy = np.asarray(state.best), state.best_policy

    def _usable(self) -> tuple[Any, Any]:
        """A copy of averaged parameters and normaliser, which no update changes."""
        learner = self.train_state.learner
        return jax.tree.map(np.array, (learner.average, normalizer_of(learner.statistics)))
