"""Let a policy act, such as on clips from their first frames, and record what happens.

    runner = RolloutRunner.of(policy, clips, n=9)
    for row in runner.play(policy.params, policy.normalizer, np.arange(9)):
        print(row.index, row.metrics["root_position"])
    record(policy, clips, "walk.h5")      # the same, written to a recording

A row describes one control step: the state the policy saw, what it commanded, and the
reward and forces that came of it.
"""

from rodent.record_config import RecordConfig
from rodent.rollout.episodes import Episode, clip_episodes, policy_episodes, task_episodes
from rodent.rollout.play import RolloutRunner, RolloutStep, Show
from rodent.rollout.record import record

__all__ = [
    "Episode",
    "RecordConfig",
    "RolloutRunner",
    "RolloutStep",
    "Show",
    "clip_episodes",
    "policy_episodes",
    "record",
    "task_episodes",
]
