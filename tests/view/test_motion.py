"""What there is to see in recordings and clips."""

import h5py
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.view import open_source
from rodent.view.motion import COLUMNS, stride
from tests.view.sources import LAYERS


def test_a_recording_shows_rat_reference_and_loss(recording, clips, body):
    with open_source(recording) as source:
        assert source.scene == body.config
        assert list(source.motions) == ["run_0", "run_1"]
        motion = source.motions["run_1"]()
    assert (motion.name, motion.fps, motion.n_frames) == ("run_1", 50, 20)
    moment = motion.at(13)
    np.testing.assert_allclose(moment.reference, clips[1].qpos[13], atol=1e-5)
    np.testing.assert_allclose(moment.qpos[1] - moment.reference[1], 0.05, atol=1e-5)
    assert [motion.at(frame).alive for frame in (11, 12)] == [True, False]
    assert not np.isfinite(motion.at(15).qpos).any()


def test_a_recording_shows_its_units(recording):
    with open_source(recording) as source:
        motion = source.motions["run_0"]()
        assert motion.layers == tuple(LAYERS)
        np.testing.assert_allclose(motion.activity("latent/mean"), np.outer(np.arange(20), np.arange(5)))
        with pytest.raises(InputError, match=r"unknown layer 'latent/men'.*did you mean 'latent/mean'"):
            motion.activity("latent/men")


def test_a_recording_without_a_reference(recording, tmp_path):
    path = tmp_path / "free.h5"
    path.write_bytes(recording.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["rollouts/run_1/reference"]
    with open_source(path) as source:
        assert source.motions["run_0"]().at(3).reference is not None
        moment = source.motions["run_1"]().at(13)
    assert moment.reference is None and not moment.alive


def test_clips_have_no_reference_and_no_units(clip_file, clips):
    with open_source(clip_file) as source:
        motion = source.motions["sway_1"]()
    moment = motion.at(7)
    np.testing.assert_allclose(moment.qpos, clips[1].qpos[7], atol=1e-6)
    assert (moment.reference, moment.alive, motion.layers) == (None, True, ())


@pytest.mark.parametrize("n_frames", [1, 399, 400, 401, 12345])
def test_activity_is_looked_up_at_so_many_frames_at_most(n_frames):
    assert COLUMNS / 2 < len(range(0, n_frames, stride(n_frames))) <= COLUMNS or n_frames < COLUMNS


def test_a_choice_of_motions(recording):
    with open_source(recording) as source:
        assert list(source.subset(("run_1",)).motions) == ["run_1"]
        assert source.subset(()) is source
        with pytest.raises(InputError, match="unknown clip 'run_9'; did you mean"):
            source.subset(("run_9",))


def test_what_is_neither(tmp_path, recording):
    with pytest.raises(InputError, match="no such file"), open_source(tmp_path / "none.h5"):
        pass
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(recording.read_bytes()[:-3000])
    with pytest.raises(InputError, match=r"damaged\.h5"), open_source(damaged):
        pass
    text = tmp_path / "text.h5"
    text.write_text("not a motion")
    with pytest.raises(InputError, match=r"text\.h5"), open_source(text):
        pass
