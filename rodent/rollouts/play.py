"""Run rollouts of a policy, one control step of all environments at a time."""

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rodent.clips.clip import ClipSet
from rodent.intervention import Plan, Report
from rodent.loop import (
    NO_MANIPULATION,
    Actor,
    ClosedLoop,
    Decision,
    Exploration,
    Loop,
    Manipulation,
    host_engine,
    initial_states,
    iterate,
)
from rodent.physics.engine import PhysicsState
from rodent.physics.host import HostEngine
from rodent.policy.agent import Agent, Params
from rodent.policy.policy import Normalizer, Policy
from rodent.randomisation_config import RandomisationConfig
from rodent.record_config import OnFailure
from rodent.rollouts.episodes import policy_task
from rodent.tasks.observation import part_names
from rodent.tasks.task import Task


class RolloutStep(NamedTuple):
    """One control step of n environments with different episodes; arrays (n, ...).

    Attributes:
        index: index of the control step, the same for all.
        physics: state that the policy saw, after resets.
        task: the task's state.
        channels: the task's channels, such as the reference.
        observation: parts of the observation, not normalised; empty unless requested.
        metrics: of the state before resets.
        failed: whether the task failed in that state.
        is_first: whether the agent's memory was reset before this step.
        ctrl: the controls.
        units: activations by layer, empty unless requested.
        force: actuator forces in the step.
        terms: reward terms of the step.
        report: what interventions have done so far; None without interventions.
        ground: mean forces of the ground in the step, N, shape (n, parts, 3), see
            `rodent.scene.ground`; None unless requested.
    """

    index: int
    physics: PhysicsState
    task: Any
    channels: dict[str, np.ndarray]
    observation: dict[str, np.ndarray]
    metrics: dict[str, np.ndarray]
    failed: np.ndarray
    is_first: np.ndarray
    ctrl: np.ndarray
    units: dict[str, np.ndarray]
    force: np.ndarray
    terms: dict[str, np.ndarray]
    report: Report | None = None
    ground: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Show:
    """What rows hold beside what every row holds."""

    units: bool = False
    """Every layer's activations."""
    gates: bool = False
    """The gates of LSTM cells, among them."""
    observation: bool = False
    """The parts of what the policy was fed."""
    ground: bool = False
    """The forces of the ground on the paws."""


_NOTHING_MORE = Show()


class RolloutRunner:
    """Plays n episodes side by side, for any parameters of one kind of agent.

    Args:
        task: what is asked, as it is evaluated.
        agent: what acts.
        n: how many episodes at once.
        show: what rows hold beside what every row holds.
        sample: draw latents and actions, instead of playing their means.
        vary: how the world differs between episodes; None for one world.
        threads: that step the physics; 0 for one per core.
    """

    def __init__(
        self,
        task: Task[Any],
        agent: Agent,
        n: int,
        *,
        show: Show = _NOTHING_MORE,
        sample: bool = False,
        vary: RandomisationConfig | None = None,
        threads: int = 0,
    ):
        self._keep = _kept_with_observation if show.observation else _kept
        self.task, self.agent, self.n = task.for_evaluation(), agent, n
        self._loop = Loop(agent, Exploration(sample), units=show.units, gates=show.gates, vary=vary)
        self._threads, self._ground = threads, show.ground

    @classmethod
    def of(cls, policy: Policy, clips: ClipSet | None, n: int, **options: Any) -> "RolloutRunner":
        """A runner of a policy's task on clips; see `RolloutRunner` for the options.

        Raises:
            InputError: as `policy_task`.
        """
        return cls(policy_task(policy, clips), policy.agent, n, **options)

    def play(
        self,
        params: Params,
        normalizer: Normalizer,
        groups: np.ndarray,
        *,
        seed: int = 0,
        on_failure: OnFailure = "continue",
        frames: int | None = None,
        manipulation: Manipulation = NO_MANIPULATION,
        plan: Plan | None = None,
    ) -> Iterator[RolloutStep]:
        """Play groups of `Task.starts`, such as clips, from their first places; a row per control step.

        An episode that is over goes on where its task holds it: at a clip's last frame. One whose state is
        no longer finite is put back where the task stands, whatever `on_failure` says.

        Args:
            params, normalizer: of the policy.
            groups: which to play, shape (n,).
            seed: of the draws, where latents and actions are sampled.
            on_failure: leave an environment that lost its task where it is, or put it back.
            frames: stop after so many rows; None for the longest group's end.
            manipulation: what is done meanwhile.
            plan: interventions of the n environments when they begin; None for none.
        """
        begin = np.asarray(self.task.starts.first)[groups]
        longest = int(self.task.episode_steps(groups).max())
        count = longest if frames is None else min(frames, longest)
        restart = "terminated" if on_failure == "restart" else "diverged"
        loop = dataclasses.replace(self._loop, restart=restart)
        key = jax.random.PRNGKey(seed)
        state, physics = _initial_states(self.agent, self.task, jnp.asarray(begin), key, vary=self._loop.vary)
        state = dataclasses.replace(state, plan=None if plan is None else plan.begin())
        scales = None if state.world is None else jax.tree.map(np.asarray, state.world.scales)
        engine = self._engine if plan is None or not plan.body else self._new_engine(plan)
        carried = (state, engine.begin(jax.tree.map(np.asarray, physics), scales))
        closed = ClosedLoop(loop, self.task, Actor(params, normalizer, plan), engine)
        steps = iterate(closed, carried, self._keep, manipulation)
        for index, ((_, stepped), step) in zip(range(count), steps, strict=False):
            kept = jax.tree.map(np.asarray, step.kept)
            yield RolloutStep(
                index=index,
                **kept,
                force=step.physics.actuator_force,
                terms=jax.tree.map(np.asarray, step.outcome.terms),
                ground=stepped.ground,
            )

    @cached_property
    def _engine(self) -> HostEngine:
        """The engine of all plans that leave the body as it is."""
        return self._new_engine(None)

    def _new_engine(self, plan: Plan | None) -> HostEngine:
        return host_engine(self.task, self.n, self._threads, self._loop.vary, plan, ground=self._ground)


_initial_states = jax.jit(initial_states, static_argnums=0, static_argnames="vary")


def _kept(task: Task[Any], decision: Decision) -> dict[str, Any]:
    return {
        "physics": decision.physics,
        "task": decision.task,
        "channels": jax.vmap(task.channels)(decision.task),
        "observation": {},
        "metrics": decision.metrics,
        "failed": decision.failed,
        "is_first": decision.is_first,
        "ctrl": decision.ctrl,
        "units": decision.units,
        "report": decision.report,
    }


def _kept_with_observation(task: Task[Any], decision: Decision) -> dict[str, Any]:
    parts = part_names(jax.vmap(task.observation_parts)(decision.task, decision.physics))
    return _kept(task, decision) | {"observation": {name: part.values for name, part in parts.items()}}
