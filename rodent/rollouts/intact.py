"""Activity in rollouts without interventions, which interventions refer to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rodent.intervention import Sites, Statistics
from rodent.intervention.behaviour import behaviour
from rodent.intervention.sites import ACTION, OBSERVATION
from rodent.policy.policy import Policy
from rodent.recording.gates import is_gate
from rodent.rollouts.episodes import Episode
from rodent.rollouts.play import RolloutRunner, Show
from rodent.scene import Scene
from rodent.tasks.task import Task

MEAN_ACTIONS = ("low/decoder/action_mean", "decoder/action_mean")
"""Layers with the mean of the action, of the level that drives the body first."""
_AT_ONCE = 32  # episodes played in parallel


def joined(episodes: Mapping[str, Sequence[np.ndarray]]) -> dict[str, np.ndarray]:
    """All episodes one after the other, by name."""
    return {name: np.concatenate(one) if len(one) else np.zeros((0, 1)) for name, one in episodes.items()}


class Intact(NamedTuple):
    """Episodes without interventions.

    Attributes:
        activity: by site and episode, each (frames, units).
        behaviour: by variable and episode, each (frames,); see `rodent.intervention.behaviour`.
    """

    activity: Mapping[str, Sequence[np.ndarray]]
    behaviour: Mapping[str, Sequence[np.ndarray]]

    @property
    def statistics(self) -> Statistics:
        """Statistics of every site."""
        return Statistics.of(*(joined(part) for part in self))


def intact_rollouts(policy: Policy, task: Task[Any], episodes: Sequence[Episode]) -> Intact:
    """Activity of every site and behaviour in episodes, up to the first failure of each.

    Args:
        policy: the policy.
        task: of one environment.
        episodes: to play; means of latents and actions are taken.
    """
    names = [name for name in Sites.of(policy.agent, task).sizes if name != ACTION]
    show = Show(units=True, gates=any(map(is_gate, names)), observation=True)
    n = min(_AT_ONCE, len(episodes))
    runner = RolloutRunner(task, policy.agent, n, show=show)
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    poses: list[tuple[np.ndarray, np.ndarray]] = []
    for begin in range(0, len(episodes), n):
        group = episodes[begin : begin + n]
        places = np.array([one.group for one in (*group, *[group[-1]] * (n - len(group)))])
        frames = np.array([one.frames for one in group])
        good, rows = np.ones(len(group), bool), []
        lengths = np.zeros(len(group), int)
        for row in runner.play(policy.params, policy.normalizer, places):
            good &= ~row.failed[: len(group)] & (row.index < frames)
            if not good.any():
                break
            lengths += good
            observed = {OBSERVATION + part: x for part, x in row.observation.items()}
            rows.append({**row.units, **observed, "qpos": row.physics.qpos, "qvel": row.physics.qvel})
        if not rows:
            continue
        for name in names:
            values = np.stack([row[name] for row in rows])
            found[name] += [values[:length, i] for i, length in enumerate(lengths)]
        qpos, qvel = (np.stack([row[name] for row in rows]) for name in ("qpos", "qvel"))
        poses += [(qpos[:length, i], qvel[:length, i]) for i, length in enumerate(lengths)]
    return Intact(with_action(found), behaviour_of(poses, task.scene, task.timestep))


def behaviour_of(
    poses: Iterable[tuple[np.ndarray, np.ndarray]], scene: Scene, timestep: float
) -> dict[str, list[np.ndarray]]:
    """Variables of behaviour, by name and episode; episodes without frames are left out.

    Args:
        poses: qpos and qvel of every episode, (frames, nq) and (frames, nv).
        scene: with the body.
        timestep: of control, s.
    """
    episodes = [behaviour(scene, qpos, qvel, timestep) for qpos, qvel in poses if len(qpos)]
    return {name: [one[name] for one in episodes] for name in (episodes[0] if episodes else ())}


def with_action(activity: Mapping[str, Any]) -> dict[str, Any]:
    """Activity by site, with the action: the mean of the level that drives the body."""
    return {**activity, ACTION: next(activity[name] for name in MEAN_ACTIONS if name in activity)}
