"""Interventions on a policy over motor primitives: each level has sites of its own, and acts on the other."""

import dataclasses

import numpy as np
import pytest

from rodent.policy.policy import load_policy
from rodent.record_config import RecordConfig
from rodent.recording import open_recording
from rodent.rollouts import record
from rodent.tasks.goal_settings import JoystickConfig

STEPS = 10
HIGH = "silence decoder/layer_1[0:96] to zero"
LOW = "silence low/decoder/layer_1[0:96] to zero"


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """Activity of one episode by layer: intact, and under a lesion of either level; and values changed."""
    task = JoystickConfig(seconds=STEPS * 0.02, every=STEPS * 0.02, settle=0.02)
    policy = dataclasses.replace(load_policy("rat-joystick"), task=task)
    folder, found = tmp_path_factory.mktemp("levels"), {}
    for name, given in (("intact", []), ("high", [HIGH]), ("low", [LOW])):
        path = folder / f"{name}.h5"
        summary = record(policy, None, path, RecordConfig(episodes=1), interventions=given)
        with open_recording(path) as recording:
            (rollout,) = recording.rollouts.values()
            activity = {layer: rollout.units(layer) for layer in rollout.layers}
        found[name] = activity, summary.get("changed_values")
    return found


def test_each_level_has_sites_of_its_own(units):
    for name, layer in (("high", "decoder/layer_1"), ("low", "low/decoder/layer_1")):
        activity, changed = units[name]
        assert changed == [STEPS * 96]
        np.testing.assert_array_equal(activity[layer][:, :96], 0)
        assert (activity[layer][:, 96:] != 0).any()


def test_a_lesion_of_the_high_level_changes_what_the_low_level_does(units):
    intact, high = units["intact"][0], units["high"][0]
    first = slice(0, 1)
    # what the prior makes of the senses is the same before the body has moved
    np.testing.assert_allclose(high["low/prior/mean"][first], intact["low/prior/mean"][first], atol=1e-5)
    for layer in ("decoder/action_mean", "low/decoder/layer_0", "low/decoder/action_mean"):
        assert np.abs(high[layer][first] - intact[layer][first]).max() > 1e-3, layer


def test_a_lesion_of_the_low_level_leaves_the_high_level_until_the_body_moves(units):
    intact, low = units["intact"][0], units["low"][0]
    for layer in ("decoder/action_mean", "low/decoder/layer_0"):
        np.testing.assert_allclose(low[layer][:1], intact[layer][:1], atol=1e-4)
    moved = low["low/decoder/action_mean"][:1] - intact["low/decoder/action_mean"][:1]
    assert np.abs(moved).max() > 1e-3
    assert np.abs(low["decoder/action_mean"][-1] - intact["decoder/action_mean"][-1]).max() > 1e-3
