"""Policy folders: whole round trips, and every kind of damage refused in one clear line."""

import dataclasses
import json
import shutil

import jax
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.configs import to_json
from rodent.errors import InputError
from rodent.policy.policy import load_policy, save_policy
from rodent.rollouts import RolloutRunner
from rodent.scene_config import SceneConfig
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy


@pytest.fixture(scope="module")
def policy(body):
    return untrained_policy(body)


@pytest.fixture
def folder(policy, tmp_path):
    save_policy(policy, tmp_path / "policy")
    return tmp_path / "policy"


def test_a_policy_comes_back_as_it_was(policy, folder):
    back = load_policy(folder)
    assert (back.body, back.task, back.network_config) == (policy.body, policy.task, policy.network_config)
    assert back.digest() == policy.digest()
    for a, b in zip(jax.tree.leaves(policy.params), jax.tree.leaves(back.params), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_folder_is_self_contained_and_says_what_it_is(folder):
    assert sorted(p.name for p in folder.iterdir()) == ["params.safetensors", "policy.json"]
    card = json.loads((folder / "policy.json").read_text())
    assert card["scene"]["body"] == {"name": "rat", **to_json(BodyConfig())}
    assert (card["scene"]["arena"], card["task"]["name"], card["network"]["name"]) == (
        {"name": "floor"},
        "imitation",
        "intention",
    )
    assert {"mujoco", "jax", "virtual-rodent"} <= card["versions"].keys()


def test_the_card_states_the_parts_of_the_observation(policy, folder, body):
    card = json.loads((folder / "policy.json").read_text())
    first = {"name": "joint_angles", "size": body.model.nq - 7, "unit": "rad"}
    assert card["observation"]["proprioception"][0] == first
    assert load_policy(folder).observation == policy.observation
    del card["observation"]  # as in policies that were saved before it was stated
    (folder / "policy.json").write_text(json.dumps(card))
    assert load_policy(folder).observation == {}


@pytest.mark.parametrize(
    ("place", "name", "message"),
    [
        (
            "senses",
            ["touch", "whiskers"],
            r"policy\.json: unknown sense 'whiskers' in task senses.*touch \(built",
        ),
        (
            "reward",
            {"speed": {"weight": 1.0, "scale": 1.0}},
            r"policy\.json: unknown reward term 'speed' in the reward.*energy \(built in",
        ),
    ],
)
def test_a_part_that_is_not_installed_is_named(folder, place, name, message):
    card = json.loads((folder / "policy.json").read_text())
    card["task"][place] = name
    (folder / "policy.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match=message):
        load_policy(folder)


def test_a_policy_is_not_played_with_another_observation(policy, body):
    parts = policy.observation["proprioception"]
    before = {**policy.observation, "proprioception": (parts[0]._replace(size=3), *parts[1:])}
    with pytest.raises(InputError, match="part 'joint_angles' had size 3 and has size 67 here"):
        RolloutRunner.of(dataclasses.replace(policy, observation=before), stance_clips(body, frames=10), 1)


def test_a_run_folder_serves_too(folder):
    assert load_policy(folder.parent).digest() == load_policy(folder).digest()


def test_saving_again_replaces_it_whole(policy, folder, body):
    other = untrained_policy(body, seed=1)
    save_policy(other, folder)
    assert load_policy(folder).digest() == other.digest() != policy.digest()
    assert [p.name for p in folder.parent.iterdir()] == ["policy"]


def _edited(folder, **changes):
    path = folder / "policy.json"
    card = json.loads(path.read_text())
    for key, value in changes.items():
        if value is None:
            del card[key]
        else:
            card[key] = value
    path.write_text(json.dumps(card))


def _edit_part(folder, part, **changes):
    card = json.loads((folder / "policy.json").read_text())
    values = {**card[part], **changes}
    _edited(folder, **{part: {k: v for k, v in values.items() if v is not None}})


def _edit_body(folder, body):
    _edit_part(folder, "scene", body=body)


def test_a_setting_that_is_newer_than_the_file_has_its_default(folder):
    card = json.loads((folder / "policy.json").read_text())
    del card["task"]["horizon"], card["network"]["name"]
    (folder / "policy.json").write_text(json.dumps(card))
    assert load_policy(folder).task.horizon == 5


DAMAGE = {
    "not JSON": (lambda f: (f / "policy.json").write_text("{"), "policy.json is not JSON"),
    "not UTF-8": (lambda f: (f / "policy.json").write_bytes(b"\xff\xfe"), "policy.json is not JSON"),
    "another schema": (lambda f: _edited(f, schema="onnx"), "is not a policy"),
    "a list": (lambda f: (f / "policy.json").write_text("[]"), "is not a policy"),
    "a newer version": (lambda f: _edited(f, version=7), "version 7.*reads versions 2, 3.*update"),
    "a version that was never read": (lambda f: _edited(f, version=1), r"version 1.*reads versions 2, 3$"),
    "no scene": (lambda f: _edited(f, scene=None), "lacks scene"),
    "body of another kind": (lambda f: _edit_body(f, [1]), "body is list; an object is expected"),
    "unknown field": (
        lambda f: _edit_body(f, {"wings": 2}),
        r"unknown field 'policy.scene.body.wings'.*body.scale",
    ),
    "a task that is not installed": (
        lambda f: _edit_part(f, "task", name="fly"),
        r"unknown task 'fly' in .*policy.json, policy.task. There are: imitation \(built in\)",
    ),
    "wrong type": (lambda f: _edit_body(f, {"scale": "big"}), "body.scale is 'big'; float is expected"),
    "impossible body": (lambda f: _edit_body(f, {"scale": -1.0}), "scale is -1"),
    "unknown decoder": (lambda f: _edit_part(f, "network", decoder_kind="gru"), "unknown value"),
    "no parameters": (lambda f: (f / "params.safetensors").unlink(), "no such file.*params.safetensors"),
    "truncated": (lambda f: _truncate(f / "params.safetensors"), "truncated or damaged"),
    "not safetensors": (lambda f: (f / "params.safetensors").write_text("hello"), "truncated or damaged"),
    "altered": (lambda f: _flip(f / "params.safetensors"), "was changed|not finite"),
    "observation": (
        lambda f: _edited(f, observation={"proprioception": [{"name": "touch"}]}),
        r"observation is damaged .*expected lists of objects with name, size and unit",
    ),
    "shapes": (lambda f: _edited(f, shapes={}), "does not match policy.json"),
}


def _truncate(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _flip(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 0xFF
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_refused_in_one_line(folder, damage):
    act, message = DAMAGE[damage]
    act(folder)
    with pytest.raises(InputError, match=message) as error:
        load_policy(folder)
    assert "\n" not in str(error.value)


def test_no_policy_there(tmp_path, folder):
    with pytest.raises(InputError, match="no such policy or run folder"):
        load_policy(tmp_path / "nowhere")
    with pytest.raises(
        InputError,
        match="folder: nobody; built in are: rat-forage, rat-go-to, rat-joystick, rat-lstm, rat-neutral, "
        "rat-position, rat-primitives, rat-torque",
    ):
        load_policy("nobody")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no policy.json"):
        load_policy(tmp_path / "empty")
    shutil.rmtree(folder)
    folder.write_text("a file")
    with pytest.raises(InputError, match=r"holds no policy.json"):
        load_policy(folder)


def test_a_policy_for_another_body_is_refused_by_its_clips(policy, body):
    from dataclasses import replace

    from rodent.synthesis.stance import stance_clips
    from training.evaluate import evaluate

    large = replace(policy, scene=SceneConfig(body=BodyConfig(scale=1.0)))
    with pytest.raises(InputError, match=r"scale 0.9.*scale 1"):
        evaluate(large, stance_clips(body))
