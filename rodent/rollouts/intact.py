"""Activity in rollouts without interventions, which interventions refer to."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rodent.intervention import Sites
from rodent.intervention.sites import ACTION, OBSERVATION
from rodent.policy.policy import Policy
from rodent.recording.gates import is_gate
from rodent.rollouts.episodes import Episode
from rodent.rollouts.play import RolloutRunner, Show
from rodent.tasks.task import Task

MEAN_ACTIONS = ("low/decoder/action_mean", "decoder/action_mean")
"""Layers with the mean of the action, of the level that drives the body first."""
_AT_ONCE = 32  # episodes played in parallel


def intact_activity(
    policy: Policy, task: Task[Any], episodes: Sequence[Episode]
) -> dict[str, list[np.ndarray]]:
    """Activity of every site in episodes, up to the first failure of each.

    Args:
        policy: the policy.
        task: of one environment.
        episodes: to play; means of latents and actions are taken.

    Returns:
        by site and episode, each (frames, units).
    """
    names = [name for name in Sites.of(policy.agent, task).sizes if name != ACTION]
    show = Show(units=True, gates=any(map(is_gate, names)), observation=True)
    n = min(_AT_ONCE, len(episodes))
    runner = RolloutRunner(task, policy.agent, n, show=show)
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
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
            rows.append({**row.units, **{OBSERVATION + part: x for part, x in row.observation.items()}})
        for name in names:
            values = np.stack([row[name] for row in rows]) if rows else np.zeros((0, len(group), 1))
            found[name] += [values[:length, i] for i, length in enumerate(lengths)]
    return with_action(found)


def with_action(activity: Mapping[str, Any]) -> dict[str, Any]:
    """Activity by site, with the action: the mean of the level that drives the body."""
    return {**activity, ACTION: next(activity[name] for name in MEAN_ACTIONS if name in activity)}
