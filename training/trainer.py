"""The training of one policy: updates, evaluations, and selection of the policy.

    trainer = Trainer(config, task)
    for _ in range(100):
        metrics = trainer.iterate()
    trainer.policy()

`state()` and `set_state()` get and set the full state of the training.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.physics.host import Divergence
from rodent.policy.policy import Policy
from rodent.rollouts import Episode, RolloutRunner
from rodent.tasks.observation import observation_of
from rodent.tasks.task import Task
from training.backend import Backend, DeviceBackend, HostBackend
from training.config import TrainConfig
from training.distillation import Teacher
from training.dynamics import Dynamics
from training.evaluate import attainment, deciding_metric, scores, task_figures, trace_episodes
from training.hyperparameters import Hyperparameters
from training.learner import Learner, normalizer_of
from training.motion import Motion
from training.primitives import on_primitives
from training.robust import AS_IT_IS
from training.start import warm_started
from training.update import Algorithm, TrainState, begin

_EVALUATED, _EVALUATED_FRAMES = 24, 500  # episodes, and frames of a clip
_SURPASSED = 2.0  # times its bar that a figure counts at most between policies that reach all bars
_SAMPLE_NOISE = 0.14  # two standard errors of a difference between success rates of 0.94 in 24 clips


class SavedState(NamedTuple):
    """The full state of a training, as arrays.

    Attributes:
        train: see `TrainState`.
        best: what decides between policies, of the best so far: attainment or success rate, lifespan and
            negative error.
        best_policy: parameters and normaliser of the selected policy.
    """

    train: TrainState
    best: np.ndarray
    best_policy: Any


class Trainer:
    """The training of one policy on one task.

    Attributes:
        config, task: of the training.
        train_state: see `TrainState`.
        backend: steps the environments.

    Args:
        config: of the run.
        task: of one environment; for imitation, with the training clips.
        episodes: for evaluations.
        judged: task of these episodes if they are not of `task`. They are then played in copies that begin
            slightly differently, so that which policy is kept is not a matter of luck.
        motion: renews the reference of the task; None if it stays.
        teacher: that the policy learns from at first; None for none.
        threads: number of threads that step the physics on the host; 0 for one per core.
        backend: makes the backend from algorithm and task; by default that of `config.device`.
    """

    def __init__(
        self,
        config: TrainConfig,
        task: Task[Any],
        episodes: list[Episode],
        *,
        judged: Task[Any] | None = None,
        motion: Motion | None = None,
        teacher: Teacher | None = None,
        threads: int = 0,
        backend: Callable[[Algorithm, Task[Any]], Backend] | None = None,
    ):
        self.config, self._task, self._motion = config, task, motion
        played_in = judged or task
        task = self.task
        agent = config.network.agent(task.action_size)
        dynamics = Dynamics(task.scene, config.model_based, task.timestep)
        self.algorithm = Algorithm(config, agent, dynamics, teacher)
        self._hyper = Hyperparameters.of(config)
        if backend is not None:
            self.backend = backend(self.algorithm, task)
        elif config.device == "gpu":
            self.backend = DeviceBackend(self.algorithm, task)
        else:
            self.backend = HostBackend(self.algorithm, task, threads)
        self.train_state = self.backend.begin(*begin(self.algorithm, task, jax.random.PRNGKey(config.seed)))
        chosen = np.unique(np.linspace(0, len(episodes) - 1, min(_EVALUATED, len(episodes))).astype(int))
        copies = 1 if judged is None else max(1, _EVALUATED // len(chosen))
        self._evaluated = [episodes[i] for i in chosen for _ in range(copies)]
        self._sampled = judged is not None or len(chosen) < len(episodes)
        starts = None if judged is None else AS_IT_IS
        self._runner = RolloutRunner(played_in, agent, len(self._evaluated), vary=starts, threads=threads)
        self._best = np.array([-1.0, 0.0, -np.inf])
        self._best_policy = self._averaged()

    def start_from(self, policy: Policy) -> None:
        """Warm start from a policy, before the first iteration; see `training.start`."""
        self._begin_with(warm_started(self.train_state.learner, policy))

    def act_through(self, policy: Policy) -> None:
        """Take a policy's primitives, before the first iteration; see `training.primitives`."""
        self._begin_with(on_primitives(self.train_state.learner, policy, self.config.network))

    def _begin_with(self, learner: Learner) -> None:
        self.train_state = self.backend.restored(
            self.backend.stored(dataclasses.replace(self.train_state, learner=learner))
        )
        self._best_policy = self._averaged()
        self._begin_motion()

    def take_divergences(self) -> list[Divergence]:
        """Environments whose physics diverged since the last call."""
        return self.backend.take_divergences()

    @property
    def task(self) -> Task[Any]:
        """The task of one environment, with the pieces of motion of now."""
        return self._task if self._motion is None else self._motion.task

    @property
    def physics(self) -> PhysicsState:
        """Physics states of the environments."""
        return self.train_state.engine.physics

    @property
    def steps(self) -> int:
        """Control steps so far."""
        return int(self.train_state.learner.steps)

    @property
    def phase(self) -> str:
        """Name of the phase of the next iteration, such as PPO or imagined rollouts."""
        return self.algorithm.phase(self.train_state)

    def iterate(self) -> dict[str, float]:
        """Collect one unroll and learn from it; returns the metrics of the iteration."""
        phase = self.phase
        self.train_state, metrics = self.backend.update(self.train_state, self._hyper, self.task)
        inapplicable = self.algorithm.inapplicable(phase, self.train_state)
        # before a checkpoint can be written, so that it holds which episodes ended
        if self._motion is not None:
            self.train_state = self._motion.renew(self.train_state, self.steps)
        return {name: float(value) for name, value in metrics.items() if name not in inapplicable}

    def evaluate(self) -> dict[str, float]:
        """Evaluate the current policy on at most 24 episodes, and update the selected policy.

        The best policy so far is selected: of a task with figures, the one that has come closest to their
        bars, see `attainment`, and of those that reach them, the one that surpasses them most; of any other,
        the one that most often does not fail. If only some of the episodes are played, or others than those
        trained on, it is the latest policy that is not significantly worse than the best, because later
        policies are better on other episodes.
        """
        candidate = self._averaged()
        found = self._track(candidate)
        if "attained" in found:
            rank = [found["attained"], found["surpassed"], found["tracking/lifespan_frames"]]
        else:
            rank = [found["success_rate"], found["tracking/lifespan_frames"], -found[self._error]]
        best = self._best.tolist()
        if rank > best or (self._sampled and rank[0] >= best[0] - _SAMPLE_NOISE):
            self._best_policy = candidate
        self._best = np.array(max(rank, best))
        return found

    def evaluate_best(self) -> dict[str, float]:
        """Evaluate the selected policy, which is the one that is saved."""
        return self._track(self._best_policy)

    @property
    def _error(self) -> str:
        """The metric that decides between policies of equal lifespan."""
        return f"tracking/{deciding_metric(self.task.metrics)}"

    def _track(self, policy: tuple[Any, Any]) -> dict[str, float]:
        # a fall late in an episode counts as well as an early one, so episodes of a task are played whole
        frames = _EVALUATED_FRAMES if self.config.task.needs_clips else None
        traces = trace_episodes(self._runner, *policy, self._evaluated, frames=frames)
        found = scores(traces)
        mean = {f"tracking/{k}": v for k, v in found["mean"].items() if isinstance(v, int | float)}
        figures = task_figures(self.task, traces)
        shares = {"attained": attainment(figures), "surpassed": attainment(figures, _SURPASSED)}
        own = {f"task/{row['figure']}": row["value"] for row in figures}
        share = {name: value for name, value in shares.items() if value is not None}
        return {"success_rate": found["success_rate"], **share, **mean, **own}

    def policy(self, provenance: dict[str, Any]) -> Policy:
        """The selected policy, see `evaluate`."""
        return self._as_policy(self._best_policy, provenance)

    def latest_policy(self, provenance: dict[str, Any]) -> Policy:
        """The policy as it is now, whether or not it is the selected one."""
        return self._as_policy(self._averaged(), provenance)

    def _as_policy(self, trained: tuple[Any, Any], provenance: dict[str, Any]) -> Policy:
        params, normalizer = trained
        config = self.config
        parts = observation_of(self.task)
        return Policy(config.scene, config.task, config.network, params, normalizer, provenance, parts)

    def state(self) -> SavedState:
        """The full state of the training."""
        return SavedState(self.backend.stored(self.train_state), self._best, self._best_policy)

    def set_state(self, state: SavedState) -> None:
        """Continue from a state."""
        self.train_state = self.backend.restored(state.train)
        self._best, self._best_policy = np.asarray(state.best), state.best_policy
        self._begin_motion()

    def _begin_motion(self) -> None:
        if self._motion is not None:
            self._motion.begin(self.steps)

    def _averaged(self) -> tuple[Any, Any]:
        """A copy of the averaged parameters and the normaliser."""
        learner = self.train_state.learner
        return jax.tree.map(np.array, (learner.average, normalizer_of(learner.statistics)))
