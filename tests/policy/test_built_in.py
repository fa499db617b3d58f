"""The policies that are built in: they load, say what they are, and still track what they learnt."""

import pytest

from rodent.assets import asset_path
from rodent.clips import read_clips
from rodent.policy.policy import load_policy
from rodent.synthesis import rear_clips
from training.evaluate import evaluate

FOLDERS = sorted(asset_path("policies").iterdir())
MOST_BYTES = 10e6


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_built_in_policy_is_small_and_says_what_it_is(folder):
    policy = load_policy(folder.name)
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES
    card = (folder / "README.md").read_text()
    assert card.startswith(f"# {folder.name}\n")
    assert f"{policy.body.actuation} actuation" in card
    assert f"{policy.network_config.decoder_kind.upper()} decoder" in card
    assert "rodent train --clips" in card
    assert "](learning.svg)" in card


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_tracks_real_grooming_to_the_end(folder, data):
    groom = read_clips(data / "mocap" / "rat_clips_9.npz").subset(["FaceGroom_21"])
    assert evaluate(load_policy(folder), groom)["success_rate"] == 1


@pytest.mark.parametrize("name", ["rat-position", "rat-torque"])
def test_it_tracks_a_real_turn_to_the_end(name, data):
    """A clip that stays tracked where the reference is 0.06 degrees off at every joint, unlike rears."""
    turn = read_clips(data / "mocap" / "rat_clips_9.npz").subset(["Walk_half_circle_84"])
    assert evaluate(load_policy(name), turn)["success_rate"] == 1


@pytest.mark.parametrize(
    "name", [f.name for f in FOLDERS if "walk" in load_policy(f).provenance["trained_on"]]
)
def test_it_walks(name):
    assert evaluate(load_policy(name), read_clips("gaits").subset(["walk"]))["success_rate"] == 1


def test_it_balances_on_its_hind_legs_in_a_rear_it_never_saw(body):
    assert evaluate(load_policy("rat-position"), rear_clips(body, 1, seed=1000))["success_rate"] == 1
