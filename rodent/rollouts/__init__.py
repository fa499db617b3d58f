"""Rollouts of a policy, such as on clips from their first frames, and their recording.

    runner = RolloutRunner.of(policy, clips, n=9)
    for row in runner.play(policy.params, policy.normalizer, np.arange(9)):
        print(row.index, row.metrics["root_position"])
    rollout(policy, clips)["Walk"]["qpos"]        # the same as arrays, by the name of the clip
    record(policy, clips, "walk.h5")              # the same, written to a recording

A `RolloutStep` has the data of one control step: the state that the policy saw, its controls, and the
resulting rewards and forces.
"""

from rodent.record_config import RecordConfig
from rodent.rollouts.episodes import Episode, clip_episodes, policy_episodes, task_episodes
from rodent.rollouts.play import RolloutRunner, RolloutStep, Show
from rodent.rollouts.record import record
from rodent.rollouts.trajectory import Rollouts, Trajectory, rollout

__all__ = [
    "Episode",
    "RecordConfig",
    "RolloutRunner",
    "RolloutStep",
    "Rollouts",
    "Show",
    "Trajectory",
    "clip_episodes",
    "policy_episodes",
    "record",
    "rollout",
    "task_episodes",
]
