import dataclasses
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.recording import RolloutMetadata, open_recording
from tests.recordings import block, writer


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "walk.h5"
    with writer(path) as recording:
        recording.rollout("Walk", RolloutMetadata.of_clip("Walk_35", behavior="Walk")).append(block(0, 20))
    return path


def delete(name):
    def change(file):
        del file[name]

    return change


def replace(name, values):
    def change(file):
        if name in file:
            del file[name]
        file[name] = values

    return change


def attribute(name, value):
    def change(file):
        file.attrs[name] = value

    return change


def without_attribute(place, name):
    def change(file):
        del file[place].attrs[name]

    return change


def described(name, **changes):
    """Change a JSON object among the attributes; None deletes a field of it."""

    def change(file):
        values = json.loads(file.attrs[name]) | changes
        file.attrs[name] = json.dumps({k: v for k, v in values.items() if v is not None})

    return change


def body(**changes):
    values = dataclasses.asdict(BodyConfig()) | changes
    return described("scene", body={k: v for k, v in values.items() if v != "delete"})


def metadata(text):
    def change(file):
        file["rollouts/Walk"].attrs["metadata"] = text

    return change


OLD = Path(__file__).with_name("golden") / "recording_v1.h5"
OWN = {"unit": "rad", "description": "of whiskers"}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            attribute("schema", "virtual-rodent/clips"),
            "is not a recording: its schema is 'virtual-rodent/clips'",
        ),
        (
            attribute("version", 3),
            "is version 3 of .*; this program reads versions 1, 2; .* newer one: update",
        ),
        (attribute("version", "two"), "is version two of virtual-rodent/recording"),
        (without_attribute("/", "schema"), "is not a recording: its schema is None, not"),
        (without_attribute("/", "fps"), "has no attribute fps"),
        (attribute("fps", 0.0), "has fps 0.0; expected a positive number"),
        (attribute("fps", "fast"), "has fps fast"),
        (attribute("fps", [50.0, 50.0]), r"has fps \[50. 50.\]"),
        (attribute("joint_names", ["a", "b"]), r"qpos has shape \(20, 74\); expected \(20, 9\)"),
        (attribute("actuator_names", ["a"]), r"actuator_force has shape \(20, 38\); expected \(20, 1\)"),
        (attribute("provenance", "{"), "provenance is not JSON"),
        (attribute("provenance", "[1]"), "provenance is a JSON list; expected an object"),
        (without_attribute("/", "scene"), "has no attribute scene"),
        (attribute("scene", "null"), "scene is NoneType; an object is expected"),
        (described("scene", arena={"name": "sea"}), "unknown arena 'sea'.* There are: floor"),
        (body(weight=1.0), r"unknown field 'scene\.body\.weight'"),
        (body(scale="delete"), r"scene\.body lacks scale"),
        (body(scale="big"), r"scene\.body\.scale is 'big'; float is expected"),
        (body(actuation="muscle"), "muscle"),
        (body(tail_contact=1), r"scene\.body\.tail_contact is 1; bool is expected"),
        (delete("rollouts"), "has no rollouts"),
        (replace("rollouts/extra", np.zeros(3)), "rollout 'extra' is a dataset; expected a group"),
        (attribute("content", "everything"), "unknown content 'everything'.* There are: outcomes, states"),
        (attribute("content", "outcomes"), "lacks the outcome frames|has actuator_force"),
        (attribute("channels", "[]"), "channels is a JSON list; expected an object"),
        (described("channels", whiskers={"unit": "rad"}), r"channels\.whiskers lacks description"),
        (
            described("channels", qpos=None),
            "rollout 'Walk': unknown dataset 'qpos'|unknown dataset 'qpos' in",
        ),
        (described("channels", whiskers={**OWN, "colour": 1}), r"unknown field 'channels\.whiskers\.colour'"),
        (
            replace("outcomes/reward/total", np.zeros(2)),
            r"outcome reward/total has shape \(2,\); expected \(1,\)",
        ),
        (replace("outcomes/fame", np.zeros(1)), "unknown outcome 'fame'"),
        (without_attribute("rollouts/Walk", "metadata"), "rollout 'Walk' has no attribute metadata"),
        (metadata("{"), "rollout 'Walk': attribute metadata is not JSON"),
        (metadata("[]"), "rollout 'Walk': attribute metadata is a JSON list; expected an object"),
        (
            metadata('{"clips": 1}'),
            r"unknown field 'metadata\.clips' in .*did you mean 'metadata\.clip|There are",
        ),
        (metadata('{"behavior": 1}'), r"metadata\.behavior is 1; expected a text"),
        (delete("rollouts/Walk/qvel"), "rollout 'Walk' lacks qvel"),
        (delete("rollouts/Walk/time"), "rollout 'Walk' lacks time"),
        (replace("rollouts/Walk/torque", np.zeros(20)), "unknown dataset 'torque'"),
        (replace("rollouts/Walk/reward", np.zeros(20)), "unknown dataset 'reward'"),
        (
            replace("rollouts/Walk/qpos", np.zeros((20, 73))),
            r"qpos has shape \(20, 73\); expected \(20, 74\)",
        ),
        (replace("rollouts/Walk/alive", np.zeros(19, bool)), r"alive has shape \(19,\); expected \(20,\)"),
        (replace("rollouts/Walk/reward/pose", np.zeros((20, 2))), r"reward/pose has shape \(20, 2\)"),
        (replace("rollouts/Walk/units/latent/mean", np.zeros((19, 60))), r"units/latent/mean .*\(20, 60\)"),
        (replace("rollouts/Walk/units/latent/mean", np.zeros(20)), r"units/latent/mean .*\(20, 'units'\)"),
        (replace("rollouts/Walk/time", 3.0), "rollout 'Walk'"),
        (replace("rollouts/Walk/qpos", "poses"), r"qpos has shape \(\)"),
    ],
)
def test_refused_by_name(path, damage, message):
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(InputError, match=message) as caught, open_recording(path):
        pass
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_impossible_body(path):
    with h5py.File(path, "r+") as file:
        body(scale=50.0)(file)
    with pytest.raises(InputError, match="scale is 50; it must be in"), open_recording(path):
        pass


def test_truncated_and_foreign_files(path, tmp_path):
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match=r"walk\.h5 is .*truncated"), open_recording(path):
        pass
    path.write_text("not HDF5")
    with pytest.raises(InputError, match=r"walk\.h5 is not an HDF5 file"), open_recording(path):
        pass
    with pytest.raises(InputError, match="no such file"), open_recording(tmp_path / "none.h5"):
        pass
    with pytest.raises(InputError, match="is a folder"), open_recording(tmp_path):
        pass


def test_damage_within_the_data(path):
    with h5py.File(path) as file:
        chunk = file["rollouts/Walk/qpos"].id.get_chunk_info(0)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset : chunk.byte_offset + chunk.size] = bytes(chunk.size)
    path.write_bytes(data)
    with open_recording(path) as recording:
        walk = recording.rollouts["Walk"]
        assert walk["time"].shape == (20,)
        with pytest.raises(InputError, match=r"walk\.h5 is .*damaged"):
            walk["qpos"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without_attribute("/", "body"), "has no attribute body"),
        (attribute("body", "null"), "scene.body is NoneType; an object is expected"),
        (attribute("body", '{"weight": 1.0, "scale": 0.9}'), r"unknown field 'scene\.body\.weight'"),
        (without_attribute("rollouts/Walk", "clip"), "rollout 'Walk' has no attribute clip"),
        (without_attribute("rollouts/Walk", "behavior"), "rollout 'Walk' has no attribute behavior"),
        (delete("rollouts/Walk/reference"), "rollout 'Walk' lacks reference"),
        (replace("rollouts/Walk/whiskers", np.zeros((4, 2))), "unknown dataset 'whiskers'"),
    ],
)
def test_damage_to_version_1_is_refused_by_name(tmp_path, damage, message):
    path = tmp_path / "old.h5"
    path.write_bytes(OLD.read_bytes())
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(InputError, match=message) as caught, open_recording(path):
        pass
    assert str(path) in str(caught.value)
