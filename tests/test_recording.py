import errno
import os
import signal
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from rodent.body import BodyConfig
from rodent.errors import InputError, WorkError
from rodent.recording import RolloutWriter, open_recording
from tests.recordings import ACTUATORS, JOINTS, block, writer


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "walk.h5"
    with writer(path) as recording:
        recording.rollout("Walk", clip="Walk_35", behavior="Walk").append(block(0, 20))
        recording.rollout("A rest", clip="Rest", behavior="Rest").append(block(0, 7))
    return path


def test_what_is_written_is_read(path):
    with open_recording(path) as recording:
        assert recording.fps == 50
        assert recording.body == BodyConfig(strength=1.5)
        assert recording.provenance == {"seed": 3, "policy": "abc"}
        assert recording.joint_names == tuple(JOINTS)
        assert recording.actuator_names == tuple(ACTUATORS)
        assert recording.contact_names == ("palm_L", "palm_R", "sole_L", "sole_R")
        assert list(recording.rollouts) == ["Walk", "A rest"]  # in the order of making
        walk = recording.rollouts["Walk"]
        assert (walk.name, walk.clip, walk.behavior, walk.n_frames) == ("Walk", "Walk_35", "Walk", 20)
        assert walk.layers == ("encoder/layer_0", "encoder/layer_0.pre", "latent/mean")
        assert walk.reward_terms == ("pose", "total")
        for name, values in block(0, 20).items():
            np.testing.assert_allclose(walk[name], values, rtol=1e-6, err_msg=name)
        np.testing.assert_array_equal(walk["qpos"], block(0, 20)["qpos"])  # to the last bit
        assert walk["alive"].dtype == bool
        assert walk["ctrl"].dtype == np.float32
        assert walk.units("encoder/layer_0").dtype == np.float32
        np.testing.assert_array_equal(walk.units("latent/mean", slice(5, 9))[:, 0], np.arange(5, 9))


@pytest.mark.parametrize("rows", [[1] * 600, [256, 344], [255, 1, 1, 343], [599, 1], [600]])
def test_blocks_of_any_size_and_rollouts_in_turn(tmp_path, rows):
    path = tmp_path / "turns.h5"
    with writer(path) as recording:
        rollouts = [recording.rollout(name) for name in ("a", "b")]
        start = 0
        for frames in rows:
            for i, rollout in enumerate(rollouts):
                rollout.append(block(start + 1000 * i, frames))
            start += frames
    with open_recording(path) as recording:
        for i, rollout in enumerate(recording.rollouts.values()):
            expected = block(1000 * i, 600)
            np.testing.assert_array_equal(rollout["qpos"], expected["qpos"])
            np.testing.assert_array_equal(rollout.units("encoder/layer_0"), expected["units/encoder/layer_0"])


def test_datasets_may_come_apart(tmp_path):
    path = tmp_path / "apart.h5"
    rows = block(0, 10)
    with writer(path) as recording:
        rollout = recording.rollout("a")
        for name, values in rows.items():
            rollout.append({name: values})
    with open_recording(path) as recording:
        np.testing.assert_array_equal(recording.rollouts["a"]["qvel"], rows["qvel"])


def test_a_block_may_be_used_again(tmp_path):
    path = tmp_path / "again.h5"
    rows = block(0, 3)
    with writer(path) as recording:
        rollout = recording.rollout("a")
        rollout.append(rows)
        rows["qpos"][:] = np.nan
    with open_recording(path) as recording:
        np.testing.assert_array_equal(recording.rollouts["a"]["qpos"], block(0, 3)["qpos"])


def test_writing_and_reading_take_bounded_memory(tmp_path):
    path = tmp_path / "long.h5"
    rows = block(0, 50, **{"units/decoder/layer_0": np.zeros((50, 256))})
    frames = 12_000
    size = frames // 50 * sum(v.nbytes for v in rows.values())
    tracemalloc.start()
    with writer(path) as recording:
        rollout = recording.rollout("a")
        for _ in range(frames // 50):
            rollout.append(rows)
    with open_recording(path) as recording:
        rollout = recording.rollouts["a"]
        assert rollout.n_frames == frames
        rollout.units("decoder/layer_0", slice(5000, 5100))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 40e6
    assert peak < 8e6


def test_many_open_rollouts_take_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("rodent.recording.writer._BUFFER", 200_000)
    path = tmp_path / "many.h5"
    with writer(path) as recording:
        rollouts = [recording.rollout(str(i)) for i in range(20)]
        for start in (0, 10, 20):
            for rollout in rollouts:
                rollout.append(block(start, 10))
                assert sum(r.buffered for r in rollouts) <= 200_000
    with open_recording(path) as recording:
        np.testing.assert_array_equal(recording.rollouts["19"]["qpos"], block(0, 30)["qpos"])


def test_large_provenance(tmp_path):
    path = tmp_path / "large.h5"
    provenance = {"config": "x" * 200_000}
    with writer(path, provenance=provenance) as recording:
        recording.rollout("a").append(block(0, 2))
    with open_recording(path) as recording:
        assert recording.provenance == provenance


def test_an_error_leaves_the_old_file(path):
    before = path.read_bytes()
    # the first chunks are on the disk when the unknown name comes up
    with pytest.raises(InputError, match="nonsense"), writer(path) as recording:
        recording.rollout("a").append(block(0, 600, nonsense=np.zeros(600)))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_killed_writer_leaves_no_recording(tmp_path):
    script = (
        "import tests.recordings as t, time\n"
        "with t.writer('killed.h5') as recording:\n"
        "    recording.rollout('a').append(t.block(0, 600))\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "writing\n"
        child.send_signal(signal.SIGKILL)
    assert not (tmp_path / "killed.h5").exists()
    # a hidden remnant tells what it is by its name
    assert all(p.name.startswith(".killed.") and ".part" in p.name for p in tmp_path.iterdir())


def test_full_disk(tmp_path, monkeypatch):
    def write(self, name, count):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RolloutWriter, "_write", write)
    full = pytest.raises(WorkError, match=r"disk full while writing .*full\.h5")
    with full, writer(tmp_path / "full.h5") as recording:
        recording.rollout("a").append(block(0, 300))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", ".", "a/b"])
def test_impossible_names(tmp_path, name):
    with pytest.raises(InputError, match="cannot name a rollout"), writer(tmp_path / "a.h5") as recording:
        recording.rollout(name)


def test_twice_the_same_name(tmp_path):
    with writer(tmp_path / "a.h5") as recording:
        recording.rollout("a").append(block(0, 2))
        with pytest.raises(InputError, match="already a rollout 'a'"):
            recording.rollout("a")


def test_unknown_dataset_is_not_written(tmp_path):
    refused = pytest.raises(InputError, match="unknown dataset 'qpo' in a recording; did you mean 'qpos'")
    with refused, writer(tmp_path / "a.h5") as recording:
        recording.rollout("a").append({"qpo": np.zeros((2, 74))})
    assert not list(tmp_path.iterdir())


def test_a_shape_that_changes_is_not_written(tmp_path):
    with writer(tmp_path / "a.h5") as recording:
        rollout = recording.rollout("a")
        rollout.append(block(0, 2))
        with pytest.raises(ValueError, match=r"units/latent/mean: \(256, 61\) is not .* rows of \(60,\)"):
            rollout.append({"units/latent/mean": np.zeros((256, 61))})
        with pytest.raises(ValueError, match=r"time: \(\) is not"):
            rollout.append({"time": np.array(3.0)})


def test_what_could_not_be_read_is_not_written(tmp_path):
    refused = pytest.raises(InputError, match=r"ctrl has shape \(3, 38\); \(4, 38\) is wanted")
    with refused, writer(tmp_path / "a.h5") as recording:
        recording.rollout("a").append(block(0, 4, ctrl=np.zeros((3, 38))))
    with pytest.raises(InputError, match="no rollouts"), writer(tmp_path / "a.h5"):
        pass
    assert not list(tmp_path.iterdir())


def test_unknown_names_are_told_with_the_known(path):
    with open_recording(path) as recording:
        walk = recording.rollouts["Walk"]
        with pytest.raises(InputError, match=r"unknown layer 'latent/men' .*did you mean 'latent/mean'"):
            walk.units("latent/men")
        with pytest.raises(InputError, match=r"unknown dataset 'torque' in rollout 'Walk' of .*walk\.h5"):
            walk["torque"]


def test_no_frames(tmp_path):
    with pytest.raises(InputError, match="rollout 'a' lacks"), writer(tmp_path / "a.h5") as recording:
        recording.rollout("a").append(block(0, 0))
