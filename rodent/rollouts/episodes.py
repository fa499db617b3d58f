"""The episodes that a policy plays when it is evaluated or recorded.

task, episodes = policy_episodes(policy, clips)         # every clip from its first frame to its last
task, episodes = policy_episodes(policy, None, 24)      # of a task that needs no clips
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from rodent.clips.clip import ClipSet
from rodent.clips.validate import require_body
from rodent.errors import InputError
from rodent.parts import TASKS
from rodent.policy.policy import Policy
from rodent.scene import make_scene
from rodent.tasks.observation import observation_of, require_same
from rodent.tasks.task import Task

EPISODES = 24
"""Episodes of a task without clips, unless another number is given."""


@dataclasses.dataclass(frozen=True)
class Episode:
    """One episode of a task.

    Attributes:
        name, behavior: of the clip, or of what else is asked.
        group: of `Task.starts`, whose first place the episode begins at.
        frames: control steps that it lasts.
        start: where it begins, as a recording states it.
    """

    name: str
    behavior: str
    group: int
    frames: int
    start: Mapping[str, Any] | None = None


def clip_episodes(clips: ClipSet) -> list[Episode]:
    """Every clip from its first frame to its last."""
    return [
        Episode(clip.name, clip.behavior, i, clip.n_frames, {"clip": clip.name, "frame": 0})
        for i, clip in enumerate(clips)
    ]


def task_episodes(task: Task[Any], count: int = EPISODES) -> list[Episode]:
    """Episodes of a task without clips, each as long as the task says; its starts are taken in turn."""
    groups = np.arange(count) % len(np.asarray(task.starts.first))
    frames = task.episode_steps(groups)
    return [
        Episode(f"episode_{i}", "", int(group), int(steps))
        for i, (group, steps) in enumerate(zip(groups, frames, strict=True))
    ]


def policy_episodes(
    policy: Policy, clips: ClipSet | None, count: int = EPISODES
) -> tuple[Task[Any], list[Episode]]:
    """The task of a policy, and the episodes that it plays.

    Args:
        policy: which states its task.
        clips: those to follow; None for a task that needs none.
        count: number of episodes of a task that needs no clips.

    Raises:
        InputError: as `policy_task`.
    """
    task = policy_task(policy, clips)
    return task, task_episodes(task, count) if clips is None else clip_episodes(clips)


def policy_task(policy: Policy, clips: ClipSet | None) -> Task[Any]:
    """The task of a policy in its scene.

    Args:
        policy: which states its task.
        clips: those to follow; None for a task that needs none.

    Raises:
        InputError: the task needs clips and there are none, or the reverse; the clips belong to another body;
            or what the task observes is not what the policy was trained with.
    """
    require_clips(policy, given=clips is not None)
    scene = make_scene(policy.scene)
    if clips is not None:
        require_body(clips, scene)
    task = policy.task.build(scene, clips)
    require_same(policy.observation, observation_of(task), repr(policy))
    return task


def require_clips(policy: Policy, *, given: bool) -> None:
    """Make sure that clips are given to a policy whose task follows clips, and to no other.

    Raises:
        InputError: they are not.
    """
    if given == policy.task.needs_clips:
        return
    task = TASKS.name_of(type(policy.task))
    if given:
        raise InputError(f"the policy's task, {task}, follows no clips; leave --clips out")
    raise InputError(f"the policy's task, {task}, follows clips; name them: --clips FILE is needed")
