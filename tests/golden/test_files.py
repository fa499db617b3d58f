"""Files that earlier versions wrote open still, and hold what they held."""

from pathlib import Path

import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.policy.policy import load_policy, save_policy
from rodent.policy.sizes import NetworkConfig
from rodent.recording import RolloutMetadata, open_recording
from rodent.tasks.settings import ImitationConfig
from tests.recordings import block

HERE = Path(__file__).parent


def test_a_recording_of_version_1_opens():
    with open_recording(HERE / "recording_v1.h5") as recording:
        assert recording.fps == 50
        assert recording.body == BodyConfig(strength=1.5)
        assert list(recording.rollouts) == ["Walk", "A rest"]
        walk = recording.rollouts["Walk"]
        assert (walk.clip, walk.behavior, walk.n_frames) == ("Walk_35", "Walk", 4)
        for name, values in block(0, 4).items():
            np.testing.assert_allclose(walk[name], values, rtol=1e-6, err_msg=name)
        # what version 1 did not say is what it always was
        assert (recording.content, recording.outcomes, walk.outcomes) == ("units", {}, {})
        assert walk.metadata == RolloutMetadata.of_clip("Walk_35", behavior="Walk")
        assert walk.channels["contact"].unit == "N" and len(walk.channels["contact"].columns) == 4
        assert walk.channels.keys() == block(0, 4).keys()


def test_a_policy_of_version_2_opens_and_keeps_its_digest(tmp_path):
    policy = load_policy(HERE / "policy_v2")
    assert policy.digest() == "1355a0237006f974"
    assert (policy.body, policy.task) == (BodyConfig(), ImitationConfig())
    layers = {"latent": 3, "encoder": (4,), "decoder": (5, 4), "value": (2,)}
    assert policy.network_config == NetworkConfig(**layers, decoder_kind="lstm")
    assert policy.provenance == {"trained_on": ["walk"], "steps": 100, "seed": 7}
    save_policy(policy, tmp_path / "again")
    assert load_policy(tmp_path / "again").digest() == policy.digest()


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("rat-forage", "c10078e9a447ec30"),
        ("rat-go-to", "9709e1dd56a2b97c"),
        ("rat-joystick", "bb4883c5d1d3f0bf"),
        ("rat-lstm", "b9fc69173b1541ac"),
        ("rat-neutral", "82f25bb59bf5a6cc"),
        ("rat-position", "44ddf29feef6fe99"),
        ("rat-primitives", "6fc54823a1e913eb"),
        ("rat-torque", "16f90c6b804c283f"),
    ],
)
def test_a_built_in_policy_is_the_one_that_was_trained(name, digest):
    assert load_policy(name).digest() == digest
