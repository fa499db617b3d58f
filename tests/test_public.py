"""What `import rodent` offers."""

import numpy as np
import pytest

import rodent
from rodent.errors import InputError
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy


def test_every_name_is_there_and_stays_what_it_is():
    before = {name: getattr(rodent, name) for name in rodent.__all__}
    assert all(callable(one) for name, one in before.items() if name != "parts")
    # a room of the same name would take its place once it is imported
    assert before == {name: getattr(rodent, name) for name in rodent.__all__}
    assert {*rodent.__all__} <= {*dir(rodent)}


def test_rollouts_in_memory(body):
    policy, clips = untrained_policy(body), stance_clips(body, frames=12)
    found = rodent.rollout(policy, clips, rodent.RecordConfig(seed=1))
    assert list(found) == [clip.name for clip in clips]
    one = found[clips[0].name]
    assert one["qpos"].shape == (12, 74) and one.n_frames == 12 and one.fps == 50
    np.testing.assert_array_equal(one.units("latent/mean"), one["units/latent/mean"])
    assert "latent/mean" in one.layers and one.outcomes["lifespan"] <= 12
    assert len(repr(one)) < 120 and "12 frames at 50 Hz" in repr(one)
    with pytest.raises(InputError, match="unknown layer 'latent/mode'"):
        one.units("latent/mode")
    with pytest.raises(InputError, match="unknown channel 'qpot'"):
        one["qpot"]
