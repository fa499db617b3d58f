"""Let a policy act, such as on clips from their first frames, and record what happens.

    runner = RolloutRunner.of(policy, clips, n=9)
    for row in runner.play(policy.params, policy.normalizer, np.arange(9)):
        print(row.index, row.metrics["root_position"])
    rollout(policy, clips)["Walk"]["qpos"]        # the same as arrays, by the name of the clip
    record(policy, clips, "walk.h5")              # the same, written to a recording

A row describes one control step: the state the policy saw, what it commanded, and the
reward and forces that came of it.
"""

from rodent.record_config import RecordConfig
from rodent.rollouts.episodes import Episode, clip_episodes, policy_episodes, task_episodes
from rodent.rollouts.play import RolloutRunner, RolloutStep, Show
from rodent.rollouts.record import record
from rodent.rollouts.trajectory import Trajectory, rollout

__all__ = [
    "Episode",
    "RecordConfig",
    "RolloutRunner",
    "RolloutStep",
    "Show",
    "Trajectory",
    "clip_episodes",
    "policy_episodes",
    "record",
    "rollout",
    "task_episodes",
]
