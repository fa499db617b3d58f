"""A recording as NWB: every array is the recording's own, on one clock, with epochs and provenance."""

import json
import sys
import warnings

import numpy as np
import pytest

from rodent.cli import main
from rodent.kinematics.forward import torso_positions
from rodent.recording import RolloutMetadata, open_recording
from rodent.scene import make_scene
from tests.recordings import block, writer

FRAMES = 30


@pytest.fixture
def recording(tmp_path):
    """Two rollouts of different length, the second under an intervention."""
    path = tmp_path / "r.h5"
    with writer(path) as file:
        for name, frames in (("a", FRAMES), ("b", FRAMES // 2)):
            intervention = {"kind": "silence"} if name == "b" else None
            metadata = RolloutMetadata.of_clip(f"Walk_{name}", behavior="Walk", intervention=intervention)
            rows = block(0, frames)
            rows["qpos"][:, 3:7] = (1, 0, 0, 0)
            file.rollout(name, metadata).append(rows)
    return path


def test_arrays_epochs_and_provenance_are_in_the_file(recording, tmp_path):
    pynwb = pytest.importorskip("pynwb", reason="the extra neuro is not installed")
    out = tmp_path / "r.nwb"
    assert main(["export", str(recording), "--format", "nwb", "--out", str(out)]) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        io = pynwb.NWBHDF5IO(str(out), "r", load_namespaces=True)
    with io, open_recording(recording) as opened:
        file, rollouts = io.read(), opened.rollouts.values()
        for module, name, channel in (
            ("network", "encoder.layer_0.pre", "units/encoder/layer_0.pre"),
            ("task", "reward.pose", "reward/pose"),
            ("actuation", "contact", "contact"),
        ):
            series = file.processing[module][name]
            expected = np.concatenate([one[channel] for one in rollouts])
            np.testing.assert_array_equal(series.data[:], expected)
            assert (series.rate, series.unit) == (50.0, opened.rollouts["a"].channels[channel].unit)
        poses = np.concatenate([one["qpos"] for one in rollouts])
        behavior = file.processing["behavior"]
        np.testing.assert_array_equal(behavior["joint_angles"].data[:], poses[:, 7:])
        assert "joint_66" in behavior["joint_angles"].comments
        torso = behavior["bodies"]["torso"]
        np.testing.assert_allclose(
            torso.data[:], torso_positions(poses, make_scene(opened.scene)), rtol=1e-6, atol=1e-6
        )
        epochs = file.epochs.to_dataframe()
        assert epochs["clip"].tolist() == ["Walk_a", "Walk_b"]
        np.testing.assert_allclose(epochs["stop_time"], [FRAMES / 50, 1.5 * FRAMES / 50])
        notes = json.loads(file.notes)
        assert notes["provenance"] == {"seed": 3, "policy": "abc"}
        assert notes["scene"]["body"]["strength"] == 1.5
        assert notes["rollouts"]["b"]["intervention"] == {"kind": "silence"}


def test_what_cannot_be_written_is_said(recording, tmp_path, capsys, monkeypatch):
    words = ["export", str(recording), "--format", "nwb", "--out", str(tmp_path / "r.nwb")]
    assert main([*words, "--note", "a"]) == 2
    assert "--note is for --format folder" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pynwb", None)
    assert main(words) == 2
    assert "pip install 'virtual-rodent[neuro]'" in capsys.readouterr().err
    assert not (tmp_path / "r.nwb").exists()
