"""Regressions of one's own: scored like the built-in ones, and refused where they cannot be."""

import dataclasses

import numpy as np
import pytest

from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.crossvalidation import cross_validate, n_fits
from analysis.encoding.encoder import Encoder, regression_class
from analysis.encoding.penalised import PoissonRegression
from analysis.encoding.poisson import PoissonEncoder
from analysis.encoding.settings import EncodingSettings
from analysis.neural.spikes import BinnedSpikes
from analysis.parts import REGRESSIONS
from analysis.timeline import Timeline
from rodent.errors import InputError, WorkError
from rodent.recording import open_recording
from tests.plugins import install

FRAMES, BIN = 3000, 0.1
SETTINGS = EncodingSettings(strengths=(0.001, 0.1, 100.0), shifts=1, components=8)
ONE = dataclasses.replace(SETTINGS, strengths=(0.1,))


class Constant(Encoder):
    """Every neuron fires at its mean rate."""

    def fit(self, features, counts):
        self.mean_ = counts.mean(0)
        return self

    def predict(self, features):
        return np.broadcast_to(self.mean_, (len(features), len(self.mean_)))


class Wild(Constant):
    def predict(self, features):
        return super().predict(features) - 1e3


@pytest.fixture
def added(monkeypatch):
    """Registers regressions for the test alone."""
    monkeypatch.setattr(REGRESSIONS, "_registered", {})
    return lambda name, kind: REGRESSIONS.register(name)(kind)


@pytest.fixture
def session(write_recording, smooth):
    """A band that drives neurons, and the neurons' counts."""
    units = smooth(FRAMES, 8, 0)
    rate = np.exp(0.25 * units @ np.random.default_rng(1).normal(size=(8, 4)))
    counts = np.random.default_rng(2).poisson(rate)
    spikes = BinnedSpikes(counts, tuple("abcd"), BIN, np.ones(FRAMES, bool))
    signal = Band("signal", units.astype(np.float32))
    with open_recording(write_recording({"walk": {"x": units}})) as recording:
        yield Timeline.of(list(recording.rollouts.values()), recording.fps, BIN), spikes, signal


def scored(session, settings):
    timeline, spikes, signal = session
    done = []
    found = cross_validate(timeline, spikes, [signal], settings, done.append)
    assert sum(done) == pytest.approx(n_fits(settings)), "progress adds up"
    return found


def test_the_projects_encoder_scores_what_its_regression_scores(session, added):
    """The same regression, once fitted fold by fold and once by what is shared between folds."""
    added("plain", PoissonEncoder)
    ours = scored(session, SETTINGS)
    plain = scored(session, dataclasses.replace(SETTINGS, model="plain"))
    np.testing.assert_array_equal(plain.strengths, ours.strengths)
    np.testing.assert_allclose(plain.bits_per_spike, ours.bits_per_spike, atol=1e-4)
    np.testing.assert_allclose(plain.null_bits_per_spike, ours.null_bits_per_spike, atol=1e-4)
    assert ours.bits_per_spike.min() > 0.05


def test_constant_rates_score_nothing(session, added):
    added("constant", Constant)
    found = scored(session, dataclasses.replace(SETTINGS, model="constant"))
    np.testing.assert_allclose(found.bits_per_spike, 0, atol=1e-9)
    assert np.isnan(found.strengths).all(), "it has no strength to choose"


def test_an_encoder_scores_itself():
    counts = np.array([[0, 1], [2, 1]])
    np.testing.assert_allclose(Constant().fit(np.zeros((2, 1)), counts).score(np.zeros((2, 1)), counts), 0)


def test_predictions_that_are_no_rates_are_refused(session, added):
    added("wild", Wild)
    with pytest.raises(WorkError, match=r"regression 'wild' \(registered here\) predicts .* not negative"):
        scored(session, dataclasses.replace(ONE, model="wild"))


def test_the_own_past_is_refused(session, added):
    added("constant", Constant)
    timeline, spikes, signal = session
    history = Band(HISTORY, np.zeros((FRAMES, 1), np.float32))
    with pytest.raises(InputError, match="constant has one set of features for all neurons"):
        cross_validate(timeline, spikes, [signal, history], dataclasses.replace(ONE, model="constant"))


def test_a_class_that_is_no_regression_is_refused(added):
    added("name", str)
    with pytest.raises(InputError, match=r"regression 'name' \(registered here\) has no method fit"):
        regression_class("name")


def test_packages_add_regressions_and_a_broken_one_is_named(tmp_path, monkeypatch):
    group, code = (
        "virtual_rodent.regressions",
        "from analysis.encoding.poisson import PoissonEncoder as Plain",
    )
    install(tmp_path / "a", monkeypatch, "rat-fits", group, {"plain": "Plain"}, code)
    install(tmp_path / "b", monkeypatch, "bad-fits", group, {"bad": "Bad"}, "import nothing_of_the_kind")
    assert regression_class("plain").encoder is PoissonEncoder
    assert regression_class("ridge") is PoissonRegression
    with pytest.raises(InputError, match=r"regression 'bad' of package bad-fits 0.1 cannot be imported"):
        regression_class("bad")
    with pytest.raises(InputError) as error:
        EncodingSettings(model="plian")
    message = str(error.value)
    assert message.startswith("unknown regression 'plian' in --model; did you mean 'plain'?")
    assert "ridge (built in)" in message and "plain (package rat-fits 0.1)" in message
