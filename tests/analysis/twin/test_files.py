import dataclasses
import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from analysis.twin.adaptation import adapt
from analysis.twin.files import load_controls, load_readouts, load_twin, save_readouts, save_twin
from analysis.twin.twin import Twin
from rodent.errors import InputError
from tests.analysis.twin.conftest import SMALL
from tests.analysis.twin.test_twin import FEW


@pytest.fixture
def folder(twin, tmp_path):
    save_twin(twin, tmp_path / "twin", {"source": "simulated", "licence": "none"}, {"random core": twin})
    return tmp_path / "twin"


def test_a_twin_and_its_controls_come_back(twin, folder, sessions):
    found = load_twin(folder)
    assert found.digest == twin.digest and found.sessions_ == twin.sessions_
    assert np.array_equal(found.features(sessions[2], 4), twin.features(sessions[2], 4))
    assert list(load_controls(folder, found)) == ["mlp core", "random core"]
    card = (folder / "card.md").read_text()
    assert "simulated" in card and "12 neurons of 2 sessions" in card


def test_readouts_come_back_and_belong_to_one_core(twin, sessions, tmp_path):
    readouts = adapt(twin, sessions[2], FEW)
    save_readouts(readouts, tmp_path / "r.safetensors")
    found = load_readouts(tmp_path / "r.safetensors")
    assert np.array_equal(found.predict(twin, sessions[2]), readouts.predict(twin, sessions[2]))
    other = Twin(dataclasses.replace(SMALL, core="streams", steps=1)).fit(sessions[:2])
    with pytest.raises(InputError, match=rf"belong to core {twin.digest}, and this is core {other.digest}"):
        found.predict(other, sessions[2])
    save_readouts(dataclasses.replace(readouts, neurons=len(readouts.neurons)), tmp_path / "r.safetensors")
    with pytest.raises(InputError, match=r"neurons is \d+; a list of names is expected"):
        load_readouts(tmp_path / "r.safetensors")


def test_readouts_of_before_places_are_read(twin, sessions, tmp_path):
    readouts, path = adapt(twin, sessions[2], FEW), tmp_path / "r.safetensors"
    save_readouts(readouts, path)
    with safe_open(path, framework="numpy") as file:
        head = json.loads(file.metadata()["head"])
    assert head.pop("place") is None
    save_file(load_file(path), path, metadata={"head": json.dumps(head)})
    found = load_readouts(path)
    assert found.place is None
    assert np.array_equal(found.predict(twin, sessions[2]), readouts.predict(twin, sessions[2]))


def test_readouts_of_training_sessions_are_no_adapted_ones(folder):
    with pytest.raises(InputError, match=r"lacks animal.*rodent twin adapt"):
        load_readouts(folder / "readouts" / "session_0.safetensors")


def test_changed_and_damaged_files_are_refused(folder, tmp_path):
    with pytest.raises(InputError, match=r"is no twin"):
        load_twin(tmp_path)
    card = json.loads((folder / "twin.json").read_text())
    (folder / "twin.json").write_text(json.dumps(card | {"bin_seconds": 0.02}))
    with pytest.raises(InputError, match=r"was changed"):
        load_twin(folder)
    (folder / "twin.json").write_text(json.dumps(card))
    whole = (folder / "core.safetensors").read_bytes()
    (folder / "core.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"truncated or damaged"):
        load_twin(folder)
