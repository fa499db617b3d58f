import dataclasses

import mujoco
import numpy as np
import pytest

from analysis.encoding.bands import BANDS, Band, read_bands
from analysis.encoding.bases import (
    HISTORY_FUNCTIONS,
    HISTORY_SECONDS,
    PLACES,
    Splines,
    history_basis,
    history_features,
)
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.timeline import Timeline
from rodent.errors import InputError
from rodent.recording import Header, RecordingWriter, open_recording
from rodent.rotation import from_rotvec
from rodent.scene import make_scene
from rodent.scene_config import SceneConfig

NU = 38
TRACKED_BODIES = make_scene().roles.tracked

FRAMES = 30


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """A recording of a rat that turns about the vertical and moves, and what it held."""
    rng = np.random.default_rng(0)
    qpos = np.zeros((FRAMES, 74))
    qpos[:, :3] = rng.normal(size=(FRAMES, 3))
    heading = np.linspace(-3, 3, FRAMES)
    qpos[:, 3:7] = from_rotvec(np.stack([0 * heading, 0 * heading, heading], axis=1))
    qpos[:, 7:] = 0.1 * rng.normal(size=(FRAMES, 67))
    block = {
        "qpos": qpos,
        "qvel": rng.normal(size=(FRAMES, 73)),
        "ctrl": np.zeros((FRAMES, NU)),
        "actuator_force": rng.normal(size=(FRAMES, NU)),
        "reference": qpos,
        "contact": rng.random((FRAMES, 4)),
        "time": np.arange(FRAMES) / 50,
        "alive": np.arange(FRAMES) < FRAMES - 2,
        "units/latent/mean": rng.normal(size=(FRAMES, 3)),
    }
    qpos[-1] = np.nan  # after the failure
    path = tmp_path_factory.mktemp("moving") / "recording.h5"
    names = {"joint_names": [f"j{i}" for i in range(67)], "actuator_names": [f"a{i}" for i in range(NU)]}
    names["contact_names"] = ["palm_L", "palm_R", "sole_L", "sole_R"]
    with RecordingWriter(path, Header(fps=50.0, scene=SceneConfig(), **names)) as writer:
        writer.rollout("walk").append(block)
    with open_recording(path) as recording:
        timeline = Timeline.of(list(recording.rollouts.values()), 50.0, 0.02)
        yield recording, timeline, block, heading


def test_bands_are_what_they_say(moving):
    recording, timeline, block, heading = moving
    alive = slice(0, FRAMES - 2)
    bands = {band.name: band.values[alive] for band in read_bands(BANDS, timeline, recording)}
    widths = {name: values.shape[1] for name, values in bands.items()}
    assert widths == {
        "joints": 67,
        "velocities": 73,
        "keypoints": 3 * (len(TRACKED_BODIES) - 1),
        "forces": 38,
        "contacts": 4,
        "position": 2,
        "heading": 3,
        "speed": 1,
    }
    qvel = block["qvel"][alive]
    np.testing.assert_allclose(bands["joints"], block["qpos"][alive, 7:], atol=1e-6)
    np.testing.assert_allclose(bands["speed"][:, 0], np.hypot(qvel[:, 0], qvel[:, 1]), rtol=1e-5)
    np.testing.assert_allclose(bands["heading"][:, 0], np.sin(heading[alive]), atol=1e-6)
    # about the vertical the rat and the world turn alike
    np.testing.assert_allclose(bands["heading"][:, 2], qvel[:, 5], rtol=1e-5)
    ahead = np.cos(heading[alive]) * qvel[:, 0] + np.sin(heading[alive]) * qvel[:, 1]
    np.testing.assert_allclose(bands["velocities"][:, 0], ahead, atol=1e-5)


def test_keypoints_are_those_of_mujoco_and_do_not_know_where_the_rat_is(moving):
    recording, timeline, block, _ = moving
    (band,) = read_bands(["keypoints"], timeline, recording)
    body = make_scene(recording.body)
    data = mujoco.MjData(body.model)
    data.qpos[:] = block["qpos"][7]
    mujoco.mj_kinematics(body.model, data)
    torso, *others = body.tracked_ids
    frame = data.xmat[torso].reshape(3, 3)
    wanted = [(data.xpos[one] - data.xpos[torso]) @ frame for one in others]
    np.testing.assert_allclose(band.values[7].reshape(-1, 3), wanted, atol=1e-6)


def test_layers_and_history_are_bands_too(moving):
    recording, timeline, block, _ = moving
    layer, history = read_bands(("latent/mean", "history"), timeline, recording)
    assert str(layer) == "layer 'latent/mean'" and history.values.shape == (FRAMES, 0)
    np.testing.assert_allclose(layer.values[:28], block["units/latent/mean"][:28], rtol=1e-6)
    with pytest.raises(InputError, match=r"unknown band 'joint'.*did you mean 'joints'.*latent/mean"):
        read_bands(["joint"], timeline, recording)


def test_what_is_not_finite_is_named(moving):
    recording, timeline, *_ = moving
    all_alive = dataclasses.replace(timeline, alive=np.ones(FRAMES, bool))
    message = r"column 0 of band 'joints' is not finite in rollout 'walk' \(bin 29 of all\)"
    with pytest.raises(InputError, match=message):
        read_bands(["joints"], all_alive, recording)


def test_splines_cover_the_places_seen_and_add_up_to_one():
    places = np.random.default_rng(0).uniform(-2, 3, size=(500, 2)).astype(np.float32)
    splines = Splines().fit(places[:400])
    features = splines.transform(places)
    assert features.shape == (500, PLACES**2) and (features >= 0).all()
    np.testing.assert_allclose(features.sum(1), 1, rtol=1e-5)
    # a place beyond those seen is the nearest one seen
    far = splines.transform(np.array([[99.0, 0.0]]))
    np.testing.assert_allclose(far, splines.transform(np.array([[places[:400, 0].max(), 0.0]])), atol=1e-6)
    on_a_line = np.column_stack([places[:, 0], np.ones(500)])
    assert Splines().fit(on_a_line).transform(on_a_line).shape == (500, PLACES)


def test_features_are_fitted_on_training_rows_alone():
    rng = np.random.default_rng(0)
    values = rng.uniform(size=(200, 2)).astype(np.float32)
    folds = Folds(n_folds=4, n_blocks=4, length=50, gap=0)
    rows, sources = np.arange(200), {"position": np.arange(200)[:, None]}
    for place in (True, False):
        bands = [Band("position", values, place=place)]
        found = Features(bands, rows, sources, 8, folds).fitted((3,))[0]
        wild = np.where(rows[:, None] < 150, values, 100 * values)
        bands = [Band("position", wild, place=place)]
        again = Features(bands, rows, sources, 8, folds).fitted((3,))[0]
        np.testing.assert_array_equal(found[:150], again[:150])


def test_history_is_of_the_past_and_of_the_neuron_itself():
    counts = np.zeros((60, 2), int)
    counts[10, 0] = 3
    own = history_features(counts, bin_seconds=0.02)
    basis = history_basis(0.02)
    window = round(HISTORY_SECONDS / 0.02)
    assert basis.shape == (window, HISTORY_FUNCTIONS) and own.shape == (HISTORY_FUNCTIONS, 60, 2)
    np.testing.assert_allclose(own[:, 11 : 11 + window, 0].T, 3 * basis, rtol=1e-6)
    assert not own[:, :11].any() and not own[:, 11 + window :].any() and not own[:, :, 1].any()


def test_history_functions_peak_one_after_another_and_widen():
    basis = history_basis(0.001)
    peaks = basis.argmax(0)
    assert peaks[0] == 0 and (np.diff(peaks) > 0).all()
    assert (np.diff((basis > 0.5).sum(0)) > 0).all()
    np.testing.assert_allclose(basis.max(0), 1, atol=0.05)
    assert basis[-1, -1] < 0.01
    np.testing.assert_array_equal(history_basis(0.1), np.eye(2))
