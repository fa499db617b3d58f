import numpy as np
import pytest

import rodent
from analysis.encoding.bands import BANDS
from analysis.twin.performing import Performer
from rodent.clips import Clip, ClipSet
from rodent.errors import InputError
from rodent.record_config import RecordConfig
from tests.policies import untrained_policy

STREAMS = ("joints", "forces", "decoder/layer_0")


@pytest.fixture(scope="module")
def policy(body):
    return untrained_policy(body)


def test_a_body_does_what_it_does_in_a_recording(body, policy, clips):
    performer = Performer(policy, STREAMS, bin_seconds=0.04, frames=20, fps=50.0, batch=2)
    references = np.stack([clip.qpos for clip in clips])[:2]
    # of two calls the second is tested: nothing is kept from the first
    performer(references[:1, ::-1])
    found = performer(references)
    named = tuple(Clip(f"one_{i}", qpos, 50.0) for i, qpos in enumerate(references))
    played = rodent.rollout(policy, ClipSet(named, body.scale, body.joint_names), RecordConfig())
    for i, one in enumerate(played.values()):
        assert found.poses[i] == pytest.approx(one["qpos"], abs=1e-5)
        streams = [BANDS["joints"](one, lambda: body), one["actuator_force"], one.units("decoder/layer_0")]
        means = np.concatenate(streams, axis=1).reshape(10, 2, -1).mean(1)
        assert found.columns[i] == pytest.approx(means, abs=1e-4)
        assert found.alive[i] == one["alive"].all()


def test_streams_that_no_policy_has_are_refused(policy):
    with pytest.raises(InputError, match="unknown stream 'decoder/layer_9'"):
        Performer(policy, ("decoder/layer_9",), 0.04, 20, 50.0, 2)
