"""The episodes of an evaluation or a recording.

task, episodes = policy_episodes(policy, clips)         # every clip from its first frame to its last
task, episodes = policy_episodes(policy, None, 24)      # of a task without clips
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.clips.validate import check_clip_set, require_body
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.parts import TASKS
from rodent.policy.policy import Policy
from rodent.record_config import RecordConfig
from rodent.scene import make_scene
from rodent.tasks.observation import observation_of, require_same
from rodent.tasks.task import Task

EPISODES = 24
"""Default number of episodes of a task without clips."""

Clips = ClipSet | Sequence[Clip] | None
"""Clips to track; None for a task without clips. Those of a list are taken to be of the policy's body."""


@dataclasses.dataclass(frozen=True)
class Episode:
    """One episode of a task.

    Attributes:
        name, behavior: of the clip, or of the episode.
        group: group of `Task.starts`, with whose first start the episode begins.
        frames: number of control steps.
        start: start of the episode as in the metadata of a recording.
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
    """Episodes of a task without clips, with the lengths of the task; groups of starts are used in turn."""
    groups = np.arange(count) % len(np.asarray(task.starts.first))
    frames = task.episode_steps(groups)
    return [
        Episode(f"episode_{i}", "", int(group), int(steps))
        for i, (group, steps) in enumerate(zip(groups, frames, strict=True))
    ]


def clip_set_for(policy: Policy, clips: Clips) -> ClipSet | None:
    """The clips as a set; a list becomes one of the policy's body, with velocities.

    Raises:
        InputError: the list is empty, or one of its clips cannot be of this body.
    """
    if clips is None or isinstance(clips, ClipSet):
        return clips
    body = make_scene(policy.scene)
    found = ClipSet(tuple(clips), body.scale, body.joint_names, body.proportions)
    check_clip_set(found, "the list of clips", body)
    moving = (
        clip if clip.qvel is not None else dataclasses.replace(clip, qvel=velocities(clip.qpos, clip.fps))
        for clip in found
    )
    return dataclasses.replace(found, clips=tuple(moving))


def policy_episodes(policy: Policy, clips: Clips, count: int = EPISODES) -> tuple[Task[Any], list[Episode]]:
    """The task of a policy, and its episodes.

    Args:
        policy: the policy, with its task.
        clips: clips to track, a set or a list; None for a task without clips.
        count: number of episodes of a task without clips.

    Raises:
        InputError: as `policy_task`.
    """
    clips = clip_set_for(policy, clips)
    task = policy_task(policy, clips)
    return task, task_episodes(task, count) if clips is None else clip_episodes(clips)


def policy_task(policy: Policy, clips: Clips) -> Task[Any]:
    """The task of a policy in its scene.

    Args:
        policy: the policy, with its task.
        clips: clips to track, a set or a list; None for a task without clips.

    Raises:
        InputError: the task needs clips and there are none, or the reverse; the clips are for another body;
            or the observation of the task differs from that of the policy's training.
    """
    require_clips(policy, given=clips is not None)
    clips, scene = clip_set_for(policy, clips), make_scene(policy.scene)
    if clips is not None:
        require_body(clips, scene)
    task = policy.task.build(scene, clips)
    require_same(policy.observation, observation_of(task), repr(policy))
    return task


def require_clips(policy: Policy, *, given: bool) -> None:
    """Require clips if the task of a policy needs them, and refuse them otherwise.

    Raises:
        InputError: clips are missing or not needed.
    """
    if given == policy.task.needs_clips:
        return
    task = TASKS.name_of(type(policy.task))
    if given:
        raise InputError(f"the policy's task, {task}, does not use clips; omit --clips")
    raise InputError(f"the policy's task, {task}, needs clips; give them: --clips FILE")


def require_counts(config: RecordConfig, *, of_clips: bool) -> None:
    """Refuse repeats of a task without clips, and a number of episodes of one with clips.

    Raises:
        InputError: one of them is given; the message names the option to use.
    """
    if not of_clips and config.repeats > 1:
        raise InputError(
            f"repeats is {config.repeats}, but a task without clips has no clips to repeat; give the "
            f"number of episodes: --episodes {config.repeats}"
        )
    if of_clips and config.episodes > 1:
        raise InputError(
            f"episodes is {config.episodes}, but every clip is played from its first frame to its last; play "
            f"clips several times with --repeats {config.episodes}"
        )
