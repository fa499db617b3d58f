"""Copies of clips in changed worlds: what is counted, on a policy of a small body."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.policy.policy import Policy
from rodent.randomisation_config import RandomisationConfig
from rodent.rollouts import policy_episodes
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy
from training.pages.tables import ROBUST, robust_rows
from training.robust import CHANGES, Change, changes_for, changes_named, n_steps, play_copies, robustness

PUSHED = RandomisationConfig(push_speed=(3.0, 3.0), push_interval=0.2)
TABLE = (CHANGES[0], Change("pushed hard", PUSHED), Change("physics step 5 ms", RandomisationConfig(), 0.005))
FRAMES = 30


@pytest.fixture(scope="module")
def policy(body) -> Policy:
    return untrained_policy(body)


@pytest.fixture(scope="module")
def clips(body):
    return stance_clips(body, frames=FRAMES)


def test_every_change_is_a_row_and_every_clip_is_counted(policy, clips):
    steps = []
    found = robustness(policy, clips, copies=2, changes=TABLE, advance=steps.append)
    assert sum(steps) == n_steps(policy, clips, 2, TABLE)
    assert [row["change"] for row in found["robust"]] == ["none", "pushed hard", "physics step 5 ms"]
    calm, pushed, fine = (row["mean_frames"] for row in found["robust"])
    # servos hold a stance by themselves, unless it is pushed over
    assert calm > pushed and fine > pushed and 0 < pushed < FRAMES
    assert found["copies"] == 2 and found["copies_by_clip"].keys() == {clip.name for clip in clips}
    by_clip = np.mean([one["mean_frames"] for one in found["copies_by_clip"].values()])
    assert by_clip == pytest.approx(calm)
    assert 0 <= found["share_of_controls_at_limits"] < 0.5
    assert [len(row) for row in robust_rows(found)] == [len(ROBUST)] * 3


def test_copies_differ_and_come_again_the_same(policy, clips):
    def played(copies):
        task, episodes = policy_episodes(policy, clips)
        return play_copies(policy, task, episodes[:1], copies, PUSHED)

    one, again = played(8), played(8)
    np.testing.assert_array_equal(one.lifespan, again.lifespan)
    assert len(set(one.lifespan.tolist())) > 2
    assert one.success_rate == np.mean(one.lifespan == FRAMES)


def test_changes_are_chosen_by_name():
    assert changes_named(()) == CHANGES
    chosen = changes_named(("mass x 1.25", "friction x 0.5"))
    assert [one.name for one in chosen] == ["none", "friction x 0.5", "mass x 1.25"]
    with pytest.raises(InputError, match=r"unknown change 'wind'.*friction x 2"):
        changes_named(("wind",))


def test_changes_and_copies_that_cannot_be(policy, clips):
    assert changes_for(policy) == CHANGES
    with pytest.raises(InputError, match="copies is 0"):
        robustness(policy, clips, copies=0)
