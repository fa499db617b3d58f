import dataclasses

import numpy as np
import pytest

from analysis.neural.spikes import BinnedSpikes
from analysis.similarity.scores import compare_structures
from analysis.similarity.settings import SimilaritySettings
from analysis.similarity.structure import LabeledSession, describe, describe_groups
from analysis.timeline import Timeline
from rodent.errors import InputError
from rodent.recording import open_recording

QUICK = SimilaritySettings(permutations=500, bootstraps=100, splits=5)
WINDOW, FPS = 0.2, 5.0


@pytest.fixture
def session(bouts, write_recording):
    """A function that makes a session: layer `same` has the neurons' structure, `other` one of its own."""

    def make(seed: int, neurons: int = 60, gain: float = 0.6, names: str = "ABCDEFG"):
        labels = bouts(names, each=8, bins=20, seed=seed)
        shown = np.searchsorted(list(names), labels) % len(names)
        places = np.random.default_rng(1).normal(size=(2, len(names), 4))
        rng = np.random.default_rng(seed)
        signals = places[:, shown] + 0.5 * rng.normal(size=(2, len(labels), 4))
        rate = np.exp(1 + gain * signals[0] @ rng.normal(size=(4, neurons)) / 2)
        counts = rng.poisson(rate)
        wide = rng.normal(size=(2, 4, 50))
        uncertain = np.linspace(-2, 2, len(names))[shown][:, None] + 0.1 * rng.normal(size=(len(labels), 6))
        layers = {"same": signals[0] @ wide[0], "other": signals[1] @ wide[1], "latent/logvar": uncertain}
        path = write_recording({"day": {k: v.astype(np.float32) for k, v in layers.items()}}, fps=FPS)
        path = path.rename(path.with_name(f"session{seed}.h5"))
        spikes = BinnedSpikes(counts, tuple(map(str, range(neurons))), WINDOW, np.ones(len(labels), bool))
        return path, spikes, labels

    return make


def described(made, layers=("same", "other"), settings=QUICK):
    path, spikes, labels = made
    with open_recording(path) as recording:
        timeline = Timeline.of(list(recording.rollouts.values()), FPS, WINDOW)
        return describe(LabeledSession(path.name, timeline, spikes, labels), layers, settings)


@pytest.mark.parametrize("noise", ["shrunk", "none"])
def test_the_planted_structure_is_found_and_another_is_not(session, noise):
    settings = dataclasses.replace(QUICK, noise=noise)
    result = compare_structures([described(session(0), settings=settings)], settings)
    same, other = result.layers
    lower, upper = result.noise_ceiling
    assert lower - 0.1 < same.similarity <= upper + 0.02 and lower > 0.8
    assert same.p < 0.01 and same.low < same.similarity < same.high
    assert same.similarity - same.null > 0.1
    # of exchanged behaviors all distances are still positive: near its null is where chance is
    assert abs(other.similarity - other.null) < 0.15 and other.p > 0.05
    assert same.cka > 0.2 and same.cka > 3 * abs(other.cka) and abs(same.null_cka) < 0.1
    assert same.procrustes < other.procrustes
    assert 1 < same.dimensionality < 5
    assert result.conditions == tuple("ABCDEFG") and np.allclose(result.rdm, result.rdm.T)


def test_over_sessions_of_different_neurons(session):
    structures = [described(session(seed, names=names)) for seed, names in ((0, "ABCDEFG"), (1, "ABCDEF"))]
    result = compare_structures(structures, QUICK)
    assert result.conditions == tuple("ABCDEF")
    assert result.dropped == {"G": "session1.h5: not seen"}
    lower, upper = result.noise_ceiling
    assert 0.8 < lower <= upper <= 1
    assert result.layers[0].similarity > 0.8 > result.layers[1].similarity
    assert [s["neurons"] for s in result.sessions] == [60, 60]
    assert not any("one session" in note for note in result.notes)


def test_groups_are_compared_by_themselves(session):
    path, spikes, labels = session(0)
    rng = np.random.default_rng(5)
    deaf = np.arange(60) >= 40  # whose rates know nothing of behavior
    counts = np.where(deaf, rng.poisson(3.0, spikes.counts.shape), spikes.counts)
    counts[:, 59] = 0
    spikes = dataclasses.replace(spikes, counts=counts)
    groups = {"hears": ~deaf, "deaf": deaf, "one": np.arange(60) == 7, "silent": np.arange(60) >= 58}
    with open_recording(path) as recording:
        timeline = Timeline.of(list(recording.rollouts.values()), FPS, WINDOW)
        labeled = LabeledSession(path.name, timeline, spikes, labels)
        found = describe_groups(labeled, ("same", "other"), QUICK, groups)
        hearing = dataclasses.replace(labeled, spikes=spikes.subset(~deaf))
        alone = describe(hearing, ("same", "other"), QUICK)
    assert found["one"] == "1 of 1 neurons vary during these behaviors; a structure needs at least 2"
    assert found["silent"].startswith("1 of 2 neurons vary")
    hears, deaf = (compare_structures([found[name]], QUICK) for name in ("hears", "deaf"))
    assert hears.layers[0].p < 0.01 and hears.layers[0].cka > 0.2
    assert deaf.layers[0].p > 0.05 and abs(deaf.layers[0].cka) < 0.1 and np.isnan(deaf.dimensionality)
    # as if the others had not been recorded
    np.testing.assert_equal(hears.to_json(), compare_structures([alone], QUICK).to_json())


def test_variability_of_intention_and_neurons(session, bouts):
    path, spikes, labels = session(0, neurons=40, gain=0.0)
    # counts scatter the more, the more uncertain the intention
    rng = np.random.default_rng(0)
    fano = 1.2 + 0.4 * np.searchsorted(list("ABCDEFG"), labels)[:, None] * np.ones(40)
    counts = rng.negative_binomial(4 / (fano - 1), 1 / fano)
    varied = described((path, dataclasses.replace(spikes, counts=counts), labels))
    found = compare_structures([varied], QUICK).variability
    assert found["r"] > 0.8 and found["p"] < 0.02
    steady = described((path, dataclasses.replace(spikes, counts=rng.poisson(4.0, counts.shape)), labels))
    assert compare_structures([steady], QUICK).variability["p"] > 0.05


def test_without_the_latent_there_is_no_variability(session):
    structure = dataclasses.replace(described(session(0)), latent=None)
    result = compare_structures([structure], QUICK)
    assert result.variability is None
    assert any("neither latent/logvar nor" in note for note in result.notes)


def test_few_behaviors_are_told_of(session):
    result = compare_structures([described(session(0, names="ABC"))], QUICK)
    assert np.isnan(result.layers[0].low) and result.layers[0].p >= 1 / 6
    assert any("3 behaviors are too few" in note for note in result.notes)


def test_what_cannot_be_compared_is_refused(session):
    path, spikes, labels = session(0)
    with pytest.raises(InputError, match=r"session0\.h5: 1 of 60 neurons vary during"):
        described((path, dataclasses.replace(spikes, counts=spikes.counts * (np.arange(60) == 3)), labels))
    with pytest.raises(InputError, match=r"session0\.h5: 0 behaviors can be compared"):
        described((path, spikes, np.full(len(labels), "")))
    with pytest.raises(InputError, match=r"unknown layer 'sane'.*did you mean 'same'"):
        described((path, spikes, labels), layers=("sane",))
    one = described((path, spikes, labels))
    two = dataclasses.replace(one, conditions=tuple("CDXYZVW"))
    with pytest.raises(
        InputError, match=r"2 sessions have 2 behaviors in common; at least 3 .*A: session0.h5: not"
    ):
        compare_structures([one, two], QUICK)


def test_constant_and_broken_layers_are_named(session, write_recording):
    _, spikes, labels = session(0)
    for value, message in ((0.5, "'flat': all 3 channels are constant"), (np.nan, "unit 0 of layer 'flat'")):
        flat = np.full((len(labels), 3), value, np.float32)
        made = write_recording({"day": {"flat": flat}}, fps=FPS)
        with pytest.raises(InputError, match=message):
            described((made, spikes, labels), layers=("flat",))
