import errno
import os
import signal
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError, WorkError
from rodent.recording import Channel, RolloutMetadata, RolloutWriter, open_recording
from rodent.recording.channels import OUTCOMES, ROOT_POSE, STANDARD
from tests.recordings import ACTUATORS, JOINTS, block, writer


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "walk.h5"
    with writer(path) as recording:
        recording.rollout("Walk", RolloutMetadata.of_clip("Walk_35", behavior="Walk")).append(block(0, 20))
        recording.rollout("A rest", RolloutMetadata.of_clip("Rest", behavior="Rest")).append(block(0, 7))
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
    with (
        pytest.raises(InputError, match=r"rollout name .* is invalid"),
        writer(tmp_path / "a.h5") as recording,
    ):
        recording.rollout(name)


def test_many_rollouts_of_one_clip_need_no_other_clips(tmp_path):
    path = tmp_path / "a.h5"
    with writer(path) as recording:
        for name in ("walk", "walk", "walk.2", "rest", "walk"):
            rollout = recording.rollout(name, RolloutMetadata.of_clip("Walk_35", seed=1))
            rollout.append(block(0, 2))
    with open_recording(path) as recording:
        assert list(recording.rollouts) == ["walk", "walk.2", "walk.2.2", "rest", "walk.3"]
        assert [rollout.index for rollout in recording.rollouts.values()] == [0, 1, 2, 3, 4]
        assert {rollout.clip for rollout in recording.rollouts.values()} == {"Walk_35"}


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
    refused = pytest.raises(InputError, match=r"ctrl has shape \(3, 38\); expected \(4, 38\)")
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


WHISKERS = {"whiskers/angle": Channel("rad", "whisker angles", columns=("C1", "C2"))}
EYES = {"eye": Channel("1", "what the left eye sees", dtype="u1")}


def test_channels_of_ones_own_are_kept_with_their_units(tmp_path):
    path = tmp_path / "own.h5"
    angle, eye = np.arange(8.0).reshape(4, 2), np.arange(4 * 3 * 5).reshape(4, 3, 5)
    with writer(path, channels=WHISKERS | EYES) as recording:
        recording.rollout("a").append(block(0, 4, **{"whiskers/angle": angle, "eye": eye}))
    with open_recording(path) as recording:
        rollout = recording.rollouts["a"]
        np.testing.assert_array_equal(rollout["whiskers/angle"], angle)
        np.testing.assert_array_equal(rollout["eye"], eye)
        assert rollout["eye"].dtype == np.uint8
        assert rollout.channels["whiskers/angle"] == WHISKERS["whiskers/angle"]
        assert rollout.channels["eye"] == EYES["eye"]
        assert {name: rollout.channels[name].unit for name in ("qvel", "contact", "reward/pose")} == {
            "qvel": "m/s, rad/s",
            "contact": "N",
            "reward/pose": "1",
        }
        assert rollout.channels["qpos"].columns[:8] == (*ROOT_POSE, "joint_0")
        assert len(rollout.channels["qvel"].columns) == 73
        assert recording.channels["ctrl"].columns == tuple(ACTUATORS)


def test_a_file_describes_what_it_holds_and_nothing_else(tmp_path):
    path = tmp_path / "plain.h5"
    with writer(path, channels=WHISKERS) as recording:
        recording.rollout("a").append(block(0, 4))
    with open_recording(path) as recording:
        assert list(recording.channels) == list(STANDARD)
        assert recording.outcome_channels == recording.outcomes == {}


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ({"qpos": Channel("m", "poses")}, "channel name 'qpos' collides with 'qpos'"),
        ({"units/eye": Channel("1", "an eye")}, "'units/eye' collides with 'units'"),
        ({"eye": EYES["eye"], "eye/left": EYES["eye"]}, "'eye/left' collides with 'eye'"),
        ({"left eye": EYES["eye"]}, "channel name 'left eye' is invalid"),
        ({"/eye": EYES["eye"]}, "channel name '/eye' is invalid"),
        ({"eye": Channel("", "an eye")}, "'eye' lacks a unit"),
        ({"eye": Channel("1", "an eye", dtype="O")}, "'eye' has dtype 'O'; expected a bool or a number"),
        ({"eye": Channel("1", "an eye", dtype="x9")}, "'eye' has dtype 'x9'"),
    ],
)
def test_impossible_channels(tmp_path, channels, message):
    with pytest.raises(InputError, match=message):
        writer(tmp_path / "a.h5", channels=channels)


def test_a_channel_of_another_width_is_not_written(tmp_path):
    refused = pytest.raises(InputError, match=r"whiskers/angle has shape \(4, 3\); expected \(4, 2\)")
    with refused, writer(tmp_path / "a.h5", channels=WHISKERS) as recording:
        recording.rollout("a").append(block(0, 4, **{"whiskers/angle": np.zeros((4, 3))}))


def test_sizes_come_from_the_names_in_the_file(tmp_path):
    """A body of two joints and one motor, without touch sensors, that imitates nothing."""
    path = tmp_path / "small.h5"
    small = {"joint_names": ["hip", "knee"], "actuator_names": ["motor"], "contact_names": []}
    rows = {"qpos": np.ones((5, 9)), "qvel": np.ones((5, 8)), "ctrl": np.ones((5, 1))}
    rows |= {"actuator_force": np.ones((5, 1)), "time": np.arange(5.0), "alive": np.ones(5, bool)}
    with writer(path, **small) as recording:
        recording.rollout("a").append(rows)
    with open_recording(path) as recording:
        assert (recording.joint_names, recording.contact_names) == (("hip", "knee"), ())
        rollout = recording.rollouts["a"]
        assert rollout.channels["qpos"].columns[7:] == ("hip", "knee")
        assert not rollout.has("reference") and not rollout.has("contact")
        with pytest.raises(
            InputError,
            match=r"rollout 'a' of .*small\.h5 has no reference: its task has no motion to imitate",
        ):
            rollout["reference"]
        with pytest.raises(InputError, match="has no contact: its body has no sensors"):
            rollout["contact"]
    with pytest.raises(InputError, match="unknown dataset 'contact'"), writer(path, **small) as recording:
        recording.rollout("a").append(rows | {"contact": np.ones((5, 4))})


METADATA = RolloutMetadata(
    task="velocity", start={"position": [0, 1]}, command=[0.3, 0], seed=7, intervention={"cut": "latent"}
)


@pytest.mark.parametrize(
    "metadata",
    [
        RolloutMetadata(),
        METADATA,
        RolloutMetadata.of_clip("Walk_35", 12, behavior="Walk", seed=0),
        RolloutMetadata(task={"name": "imitation", "horizon": 5}, start=3),
    ],
)
def test_metadata_of_rollouts(tmp_path, metadata):
    path = tmp_path / "a.h5"
    with writer(path) as recording:
        recording.rollout("a", metadata).append(block(0, 2))
    with open_recording(path) as recording:
        rollout = recording.rollouts["a"]
        assert rollout.metadata == metadata
        assert rollout.clip == ("Walk_35" if isinstance(metadata.start, dict) and metadata.behavior else "")
        assert rollout.behavior == metadata.behavior


def test_metadata_that_json_does_not_know_are_refused(tmp_path):
    with pytest.raises(TypeError), writer(tmp_path / "a.h5") as recording:
        recording.rollout("a", RolloutMetadata(command=np.zeros(3)))
    assert not list(tmp_path.iterdir())


SPEED = {"speed": Channel("m/s", "mean speed", (), "f8")}


def outcomes(**more):
    return {"frames": 20, "lifespan": 12, "failures": 1, "terminated": True, "truncated": False, **more}


def write_outcomes(path, rollouts):
    with writer(path, content="outcomes", outcome_channels=SPEED) as recording:
        for figures in rollouts:
            recording.rollout("walk").outcomes |= figures


def test_outcomes_need_no_frames(tmp_path):
    path = tmp_path / "many.h5"
    write_outcomes(path, [outcomes(lifespan=i, speed=0.1 * i) for i in range(3)])
    with open_recording(path) as recording:
        assert recording.content == "outcomes"
        np.testing.assert_array_equal(recording.outcomes["lifespan"], [0, 1, 2])
        assert recording.outcomes["terminated"].dtype == bool
        assert recording.outcome_channels["speed"] == SPEED["speed"]
        assert recording.outcome_channels["lifespan"] == OUTCOMES["lifespan"]
        rollout = recording.rollouts["walk.3"]
        assert rollout.outcomes == pytest.approx(outcomes(lifespan=2, speed=0.2))
        assert (rollout.n_frames, rollout.layers, rollout.reward_terms) == (20, (), ())
        told = r"has no alive: it was recorded with --record outcomes; record it with --record states"
        with pytest.raises(InputError, match=told):
            rollout["alive"]


@pytest.mark.parametrize(
    ("content", "rows", "message"),
    [
        ("outcomes", {"qpos": np.zeros((2, 74))}, "qpos does not belong in a recording of outcomes"),
        ("states", {"units/latent/mean": np.zeros((2, 3))}, "units/latent/mean does not belong in .* states"),
    ],
)
def test_what_the_content_excludes_is_not_written(tmp_path, content, rows, message):
    with pytest.raises(ValueError, match=message), writer(tmp_path / "a.h5", content=content) as recording:
        recording.rollout("a").append(rows)


@pytest.mark.parametrize(
    ("figures", "error", "message"),
    [
        ([{"lifespan": 3}], InputError, "lacks the outcome frames"),
        ([outcomes(fame=1)], InputError, "unknown outcome 'fame'"),
        ([outcomes(), outcomes(speed=1)], ValueError, "rollout 'walk' has no speed, which other"),
        ([], InputError, "has no rollouts"),
    ],
)
def test_outcomes_that_could_not_be_read_are_not_written(tmp_path, figures, error, message):
    path = tmp_path / "a.h5"
    with pytest.raises(error, match=message):
        write_outcomes(path, figures)
    assert not list(tmp_path.iterdir())


def test_a_recording_of_states_says_what_would_have_recorded_units(tmp_path):
    path = tmp_path / "states.h5"
    rows = {name: rows for name, rows in block(0, 4).items() if not name.startswith("units/")}
    with writer(path, content="states") as recording:
        recording.rollout("a").append(rows)
    with open_recording(path) as recording:
        np.testing.assert_array_equal(recording.rollouts["a"]["qpos"], rows["qpos"])
        told = (
            r"has no layer 'latent/mean': it was recorded with --record states; record it with --record units"
        )
        with pytest.raises(InputError, match=told):
            recording.rollouts["a"].units("latent/mean")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("control/reference", "no control layers, such as 'control/reference'; record it with --controls"),
        ("latent/mean.forget_gate", "no gates, such as .*; record it with --gates"),
        ("latent/mean.forget", "unknown layer 'latent/mean.forget'"),
    ],
)
def test_layers_that_an_option_would_have_recorded(path, layer, message):
    with open_recording(path) as recording, pytest.raises(InputError, match=message):
        recording.rollouts["Walk"].units(layer)


def test_a_closed_recording_says_so(path):
    with open_recording(path) as recording:
        walk = recording.rollouts["Walk"]
    with pytest.raises(InputError, match=r"the recording .*walk\.h5 is closed; read inside"):
        walk["qpos"]
    with pytest.raises(InputError, match=r"is closed"):
        walk.units("latent/mean")
    assert (walk.layers[0], walk.clip, walk.n_frames) == ("encoder/layer_0", "Walk_35", 20)
