"""Clocks that do not go together are found out."""

import dataclasses
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.neural.clock import Clock
from analysis.neural.drift import check_clock, resample, sliding_correlation, windowed_lags
from analysis.neural.session import Behavior, NeuralSession
from analysis.neural.spikes import SpikeTimes
from analysis.neural.timeseries import series
from analysis.session import SessionArguments, open_session
from rodent.errors import InputError

pytest.importorskip("pynapple")

FPS, SECONDS = 50.0, 600
TRUE = Clock(offset=12.5, rate=1.0002)


@pytest.fixture(scope="module")
def poses() -> np.ndarray:
    """What a rat did from 20 s before the recording to 20 s after it, shape (frames, 74); few joints move."""
    from scipy.ndimage import gaussian_filter1d

    noise = np.random.default_rng(0).normal(size=(round((SECONDS + 40) * FPS), 74))
    noise[:, 12:] = 0
    return gaussian_filter1d(noise, 0.2 * FPS, axis=0)


def reference_of(poses: np.ndarray) -> np.ndarray:
    return poses[round(20 * FPS) : -round(20 * FPS)]


def session_of(poses: np.ndarray, name: str, clock: Clock = TRUE, seed: int = 1) -> NeuralSession:
    """A session that measured the poses at another rate, with noise, on the spikes' clock."""
    seconds = np.arange(len(poses)) / FPS - 20
    times = np.arange(clock.on_spikes(-19.0), clock.on_spikes(SECONDS + 19.0), 1 / 60)
    noise = np.random.default_rng(seed).normal(scale=0.05, size=(len(times), poses.shape[1]))
    values = np.stack([np.interp(clock.on_recording(times), seconds, column) for column in poses.T], axis=1)
    if name == "position":
        # the tracker's axes are not the world's
        turn = np.array([[0.0, 1.0], [1.0, 0.0]])
        values, noise = values[:, :2] @ turn + 3.0, noise[:, :2] / 10
    spikes = SpikeTimes(Path("x.nwb"), np.arange(0.0, 700.0), np.zeros(700, int), ("a",))
    made = series(times, values + noise, None, name)
    return NeuralSession(Path("x.nwb"), "test", spikes, behavior=Behavior({name: lambda: made}))


@pytest.mark.parametrize("name", ["qpos", "position"])
def test_a_right_clock_is_confirmed(poses, name):
    (note,) = check_clock(session_of(poses, name), reference_of(poses), FPS, TRUE, 0.02)
    assert f"clocks tested by {name} in 10 of 10 stretches" in note


@pytest.mark.parametrize("name", ["qpos", "position"])
def test_a_wrong_offset_is_named(poses, name):
    wrong = dataclasses.replace(TRUE, offset=12.5 - 0.7)
    with pytest.raises(InputError, match=r"offset is wrong by 0\.7 s.* --offset 12\.5\d\d$") as error:
        check_clock(session_of(poses, name), reference_of(poses), FPS, wrong, 0.05)
    assert float(str(error.value).split()[-1]) == pytest.approx(12.5, abs=0.01)


@pytest.mark.parametrize("name", ["qpos", "position"])
def test_clocks_that_drift_are_named_with_rate_and_offset(poses, name):
    wrong = Clock(offset=12.4)
    with pytest.raises(InputError, match=r"drift apart by (19|20|21)\d ppm, 0\.1\d* s") as error:
        check_clock(session_of(poses, name), reference_of(poses), FPS, wrong, 0.05)
    words = str(error.value).split()
    assert float(words[words.index("--rate") + 1]) == pytest.approx(1.0002, abs=1e-5)
    assert float(words[words.index("--offset") + 1]) == pytest.approx(12.5, abs=0.01)


def test_an_offset_that_is_far_off_is_found(poses):
    part = reference_of(poses)[round(300 * FPS) : round(600 * FPS)]
    with pytest.raises(InputError, match=r"fits that of the recording at an offset of 312\.\d+ s") as error:
        check_clock(session_of(poses, "qpos"), part, FPS, Clock(rate=1.0002), 0.02)
    assert float(str(error.value).split()[-1]) == pytest.approx(312.56, abs=0.02)


def test_another_session_cannot_be_tested(poses):
    (note,) = check_clock(session_of(poses[::-1], "qpos"), reference_of(poses), FPS, TRUE, 0.02)
    assert "could not be tested" in note and "0 of 10 stretches" in note


def test_without_behavior_nothing_is_said(poses):
    session = dataclasses.replace(session_of(poses, "qpos"), behavior={})
    assert check_clock(session, reference_of(poses), FPS, TRUE, 0.02) == ()


def test_stretches_that_were_not_measured_are_left_out(poses):
    session = session_of(poses, "qpos")
    whole = session.behavior["qpos"]
    values = np.array(whole.values)
    values[(whole.t > 100) & (whole.t < 300)] = np.nan
    made = series(np.asarray(whole.t), values, None, "qpos")
    session = dataclasses.replace(session, behavior=Behavior({"qpos": lambda: made}))
    (note,) = check_clock(session, reference_of(poses), FPS, TRUE, 0.02)
    assert "in 6 of 10 stretches" in note or "in 7 of 10 stretches" in note


def test_sliding_correlation_is_numpys(rng):
    short, long = rng.normal(size=(50, 1)), rng.normal(size=(80, 1))
    expected = [np.corrcoef(short[:, 0], long[i : i + 50, 0])[0, 1] for i in range(31)]
    np.testing.assert_allclose(sliding_correlation(short, long), expected, atol=1e-10)
    assert not sliding_correlation(np.ones((50, 1)), long).any()
    assert sliding_correlation(short, np.ones((80, 1))).tolist() == [0.0] * 31


def test_lags_are_found_between_frames(poses):
    fps, shift = FPS, 0.137
    frames = np.arange(len(poses))
    late = np.stack([np.interp(frames - shift * fps, frames, column) for column in poses.T], axis=1)
    lags = windowed_lags(reference_of(poses), late, np.ones(len(late), bool), fps)
    np.testing.assert_allclose(lags.lag, shift, atol=0.002)
    assert abs(lags.drift) < 1e-6 and lags.start == pytest.approx(shift, abs=0.002)


def test_resample_knows_gaps():
    times = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.2])
    values = np.array([[0.0], [1.0], [2.0], [10.0], [np.nan], [12.0]])
    found, seen = resample(times, values, np.array([-1.0, 0.05, 0.6, 1.1, 1.2, 2.0]))
    np.testing.assert_allclose(found[1:5, 0], [0.5, 6.0, 11.0, 12.0])
    assert seen.tolist() == [False, True, False, True, True, False]
    assert not resample(times[:1], values[:1], times)[1].any()


def test_without_a_reference_the_clock_is_not_tested_and_a_note_says_so(poses, write_recording, monkeypatch):
    path = write_recording({"walk": {"latent/mean": np.zeros((3000, 2))}})
    with h5py.File(path, "r+") as file:
        del file["rollouts/walk/reference"]
    monkeypatch.setattr("analysis.neural.read.read_session", lambda *_: session_of(poses, "qpos"))
    arguments = SessionArguments(path, Path("x.nwb"), offset=30.0, bin_seconds=0.1)
    with open_session(arguments) as session:
        (note,) = [note for note in session.notes if "clocks" in note]
    assert "not tested" in note and "walk" in note
