import dataclasses
import json

import numpy as np
import pytest

from analysis.encoding.crossvalidation import EncodingResult, cross_validate, n_fits
from analysis.encoding.poisson import PoissonEncoder, bits_per_spike
from analysis.encoding.settings import EncodingSettings
from analysis.neural.session import BinnedSpikes
from analysis.timeline import Timeline
from rodent.cli import main
from rodent.errors import InputError
from rodent.recording import open_recording

FRAMES, BIN = 3000, 0.1
QUICK = EncodingSettings(strengths=(0.01,), shifts=3)


@pytest.fixture
def timeline(write_recording, smooth):
    """Two layers that know nothing of one another, `mine` and `other`, over 300 s."""
    mix = np.random.default_rng(7).normal(size=(2, 6, 20))
    layers = {"mine": smooth(FRAMES, 6, 0) @ mix[0], "other": smooth(FRAMES, 6, 1) @ mix[1]}
    with open_recording(write_recording({"walk": layers})) as recording:
        yield Timeline.of(list(recording.rollouts.values()), recording.fps, BIN)


@pytest.fixture
def driven(timeline) -> np.ndarray:
    """Expected counts of four neurons that listen to layer `mine`, shape (bins, 4)."""
    weights = np.random.default_rng(8).normal(size=(20, 4)) * 0.15 / np.sqrt(20)
    return np.exp(timeline.units("mine") @ weights * np.sqrt(6) - 1)


def spikes_of(rate: np.ndarray, seed: int = 0) -> BinnedSpikes:
    counts = np.random.default_rng(seed).poisson(rate)
    names = tuple(f"n{i}" for i in range(counts.shape[1]))
    return BinnedSpikes(counts, names, BIN, np.ones(len(counts), bool))


def test_neurons_are_found_in_the_layer_that_drives_them(timeline, driven):
    session = spikes_of(np.concatenate([driven, np.full_like(driven, 0.3)], axis=1))
    settings = dataclasses.replace(QUICK, strengths=(0.01, 1.0))
    fits = []
    mine = cross_validate(timeline, session, "mine", settings, fits.append)
    assert sum(fits) == n_fits(settings) == 10 * 2 + 5
    other = cross_validate(timeline, session, "other", QUICK)
    corrected = mine.corrected_bits_per_spike
    assert corrected[:4].min() > 0.05
    assert np.abs(corrected[4:]).max() < 0.02
    assert np.abs(other.corrected_bits_per_spike).max() < 0.03
    # where there is nothing to find the stronger penalty is chosen
    assert (mine.strengths[:, :4] == 0.01).mean() > 0.7
    assert (mine.strengths[:, 4:] == 1.0).mean() > 0.7
    assert mine.unconverged == 0 and mine.n_units == mine.n_components == 20
    assert mine.mean_corrected == pytest.approx(corrected.mean())
    assert mine.sem_corrected == pytest.approx(corrected.std(ddof=1) / np.sqrt(8))
    # no better than the truth, and not far from it
    truth = bits_per_spike(session.counts[:, :4], driven, session.counts[:, :4].mean(0))
    assert (mine.bits_per_spike[:4] < truth + 0.02).all()
    assert (mine.bits_per_spike[:4] > 0.7 * truth).all()


def test_what_drift_alone_predicts_is_taken_off(write_recording, smooth):
    frames = 6000
    drift = np.linspace(-1.5, 1.5, frames)[:, None]
    units = smooth(frames, 20, 3) + drift * np.random.default_rng(4).normal(size=20)
    session = spikes_of(np.exp(0.8 * drift - 1) * np.ones(4))
    with open_recording(write_recording({"walk": {"x": units}})) as recording:
        timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, BIN)
        result = cross_validate(timeline, session, "x", QUICK)
    assert result.bits_per_spike.min() > 0.15
    assert np.abs(result.corrected_bits_per_spike).max() < 0.1 * result.bits_per_spike.min()


def test_scores_are_those_of_a_plain_loop(timeline, driven):
    session = spikes_of(driven)
    result = cross_validate(timeline, session, "mine", QUICK)
    units, length, gap = timeline.units("mine").astype(float), FRAMES // 5, 10
    gain = np.zeros(4)
    for fold in range(5):
        test = np.arange(fold * length, (fold + 1) * length)
        train = np.concatenate(
            [np.arange(b * length + gap, (b + 1) * length - gap) for b in range(5) if b != fold]
        )
        z = (units - units[train].mean(0)) / units[train].std(0)
        encoder = PoissonEncoder(0.01).fit(z[train], session.counts[train])
        bits = bits_per_spike(session.counts[test], encoder.predict(z[test]), session.counts[train].mean(0))
        gain += bits * session.counts[test].sum(0)
    np.testing.assert_allclose(result.bits_per_spike, gain / session.counts.sum(0), atol=1e-4)


def test_nothing_is_learned_from_held_out_bins(write_recording, smooth, monkeypatch):
    """Held-out units 1e4 times as large change neither features nor fit of the training bins."""
    seen: list[list[np.ndarray]] = []
    fit = PoissonEncoder.fit

    def spy(self, features, counts):
        seen[-1].append(features)
        return fit(self, features, counts)

    monkeypatch.setattr(PoissonEncoder, "fit", spy)
    units = smooth(FRAMES, 40, 5)
    session = spikes_of(np.full((FRAMES, 4), 0.5))
    settings = dataclasses.replace(QUICK, components=20)
    for factor in (1.0, 1e4):
        units[: FRAMES // 5] *= factor
        seen.append([])
        with open_recording(write_recording({"walk": {"x": units}})) as recording:
            timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, BIN)
            cross_validate(timeline, session, "x", settings)
    plain, wild = seen
    assert len(plain) == 5
    # the first block is held out in the first fit and trained on in the others
    np.testing.assert_array_equal(plain[0], wild[0])
    assert np.abs(plain[1]).max() < 10
    assert np.abs(plain[1] - wild[1]).max() > 1


def test_strengths_are_chosen_without_the_held_out_fold(timeline, driven):
    session = spikes_of(np.concatenate([driven, np.full_like(driven, 0.3)], axis=1))
    settings = dataclasses.replace(QUICK, strengths=(0.01, 0.1, 1.0))
    before = cross_validate(timeline, session, "mine", settings).strengths
    session.counts[: FRAMES // 5] = session.counts[: FRAMES // 5][::-1]  # the first fold
    after = cross_validate(timeline, session, "mine", settings).strengths
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[1:] != after[1:]).any()


def test_lags_find_what_came_before(timeline, driven):
    late = np.roll(driven, 5, axis=0)  # the neurons follow the units by 0.5 s
    late[:5] = 0.3
    session = spikes_of(late)
    settings = dataclasses.replace(QUICK, shifts=1)
    before = cross_validate(timeline, session, "mine", dataclasses.replace(settings, lags=(0.5,)))
    after = cross_validate(timeline, session, "mine", dataclasses.replace(settings, lags=(-0.5,)))
    assert before.corrected_bits_per_spike.min() > 0.05
    assert after.corrected_bits_per_spike.max() < 0.05


def test_same_seed_same_scores(timeline, driven):
    session = spikes_of(driven)
    first, again = (cross_validate(timeline, session, "mine", QUICK) for _ in range(2))
    other = cross_validate(timeline, session, "mine", dataclasses.replace(QUICK, seed=1))
    np.testing.assert_array_equal(first.shifted_bits_per_spike, again.shifted_bits_per_spike)
    # neurons are fitted side by side, so the shifts of others tell in the last digits
    np.testing.assert_allclose(first.bits_per_spike, other.bits_per_spike, atol=1e-5)
    assert (first.shifted_bits_per_spike != other.shifted_bits_per_spike).any()


def test_slow_and_silent_neurons_are_left_out_and_listed(timeline, driven):
    session = spikes_of(np.concatenate([np.full((FRAMES, 1), 0.002), driven, np.zeros((FRAMES, 1))], axis=1))
    result = cross_validate(timeline, session, "mine", QUICK)
    assert result.names == ("n1", "n2", "n3", "n4")
    assert set(result.dropped) == {"n0", "n5"}
    assert result.dropped["n0"].endswith("Hz is below 0.1 Hz")
    assert result.dropped["n5"] == "no spikes in the bins used"
    with pytest.raises(InputError, match="none of 6 neurons fires at 100 Hz"):
        cross_validate(timeline, session, "mine", dataclasses.replace(QUICK, min_rate=100))


def test_bins_without_spike_data_are_not_used(timeline, driven):
    session = spikes_of(driven)
    session.covered[:500] = False
    session.counts[:500] = 1000
    result = cross_validate(timeline, session, "mine", dataclasses.replace(QUICK, shifts=1))
    assert result.bins == 2500
    assert result.spikes.tolist() == session.counts[500:].sum(0).tolist()


def test_too_short_a_recording_says_how_long_it_must_be(timeline, driven):
    session = spikes_of(driven)
    with pytest.raises(InputError, match=r"^300 s .* 8 folds .* 20 s either way need 320 s.*--shift-seconds"):
        cross_validate(timeline, session, "mine", dataclasses.replace(QUICK, folds=8))


def test_a_constant_layer_is_refused(write_recording):
    with open_recording(write_recording({"walk": {"x": np.ones((FRAMES, 3))}})) as recording:
        timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, BIN)
        with pytest.raises(InputError, match="all 3 units of layer 'x' are constant"):
            cross_validate(timeline, spikes_of(np.full((FRAMES, 2), 0.3)), "x", QUICK)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("components", 0),
        ("folds", 1),
        ("shifts", 0),
        ("seed", -1),
        ("block_seconds", 0.0),
        ("shift_seconds", np.nan),
        ("gap_seconds", -1.0),
        ("min_rate", np.inf),
        ("strengths", ()),
        ("strengths", (0.1, 0.0)),
        ("lags", ()),
        ("lags", (0.1, 0.1)),
        ("lags", (np.nan,)),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(InputError, match=f"setting {field} is .*; it must be"):
        EncodingSettings(**{field: value})


def test_two_folds_cannot_choose_a_strength():
    with pytest.raises(InputError, match="2 folds leave nothing to choose between 5 strengths"):
        EncodingSettings(folds=2)
    assert n_fits(EncodingSettings(folds=2, strengths=(0.1,))) == 2


@pytest.fixture
def files(write_recording, smooth, tmp_path):
    """A recording of two rollouts and the spikes of a session in which they came in turn."""
    units = smooth(FRAMES, 20, 0)
    rate = np.exp(0.15 * units[:, :5].sum(1, keepdims=True) - 1) * np.ones(3)
    counts = np.random.default_rng(0).poisson(rate)
    counts[:, 1] = 0
    np.savez(tmp_path / "spikes.npz", counts=counts, fps=10.0, names=["MC-1", "MC-2", "DLS-1"])
    layers = {"decoder/layer_0": units, "latent/mean": smooth(FRAMES, 20, 1)}
    halves = {"walk": slice(0, 1700), "rear": slice(1700, FRAMES)}
    recording = write_recording(
        {name: {k: v[part] for k, v in layers.items()} for name, part in halves.items()}
    )
    return str(recording), str(tmp_path / "spikes.npz")


FAST = ("--strengths", "0.01", "--shifts", "2")


def test_command_prints_one_json_object(files, capsys):
    layers = ("--layer", "decoder/layer_0", "--layer", "latent/mean")
    assert main(["encode", *files, *layers, *FAST, "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert [layer["layer"] for layer in found["layers"]] == ["decoder/layer_0", "latent/mean"]
    first = found["layers"][0]
    assert (first["units"], first["components"], first["bins"]) == (20, 20, FRAMES)
    assert [neuron["name"] for neuron in first["neurons"]] == ["MC-1", "DLS-1"]
    neuron = first["neurons"][0]
    assert neuron["bits_per_spike"] - neuron["null_bits_per_spike"] == pytest.approx(
        neuron["corrected_bits_per_spike"]
    )
    assert neuron["strengths"] == [0.01] * 5
    assert neuron["corrected_bits_per_spike"] > 0.05
    assert found["layers"][1]["mean_corrected_bits_per_spike"] < 0.02
    assert found["dropped"] == [{"name": "MC-2", "reason": "no spikes in the bins used"}]
    assert found["rollouts"] == ["walk", "rear"]
    assert found["settings"]["shifts"] == 2 and found["settings"]["lags"] == [0.0]
    assert found["bin_seconds"] == 0.1 and found["versions"]["nemos"]
    assert "in this order: walk, rear" in err and "MC-2 is left out" in err


def test_command_prints_a_table_with_the_best_neuron_first(files, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["encode", *files, "--layer", "decoder/layer_0", *FAST]) == 0
    out, _ = capsys.readouterr()
    assert "decoder/layer_0: 20 units, 20 components" in out
    rows = [line.split() for line in out.splitlines() if line.strip().startswith(("MC", "DLS"))]
    assert {row[0] for row in rows} == {"MC-1", "DLS-1"}
    assert float(rows[0][-1]) >= float(rows[1][-1])


def test_command_takes_chosen_rollouts(files, capsys):
    shorter = ("--shift-seconds", "10", "--offset", "0", "--rollout", "walk")
    assert main(["encode", *files, "--layer", "latent/mean", *FAST, *shorter, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["bins"] == 1700
    later = ("--rollout", "rear", "--offset", "170", "--shift-seconds", "10", "--json")
    assert main(["encode", *files, "--layer", "decoder/layer_0", *FAST, *later]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["mean_corrected_bits_per_spike"] > 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no --layer is given"),
        (("--layer", "decoder/layr_0"), "did you mean 'decoder/layer_0'"),
        (("--layer", "latent/mean", "--rollout", "rare"), "unknown rollout 'rare'"),
        (("--layer", "latent/mean", "--rollout", "walk", "--rollout", "walk"), "'walk' is given twice"),
        (("--layer", "latent/mean", "--bin-seconds", "0.15"), "not a whole number of frames"),
        (("--layer", "latent/mean", "--offset", "9999"), "do not overlap"),
        (("--layer", "latent/mean", "--lags", "0.05"), "no multiple of a bin"),
        (("--layer", "latent/mean", "--shift-seconds", "40"), "need 400 s"),
    ],
)
def test_wrong_options_exit_with_2(files, arguments, message, capsys):
    assert main(["encode", *files, *arguments, "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out and message in err


def test_command_refuses_what_is_no_recording(files, capsys):
    assert main(["encode", files[1], files[1], "--layer", "x"]) == 2
    assert "not an HDF5 file" in capsys.readouterr().err


def test_a_single_neuron_has_no_standard_error():
    one = np.zeros((1, 1))
    result = EncodingResult("x", 1, 1, ("a",), one[0], one[0], one, one, {}, 1, 0)
    assert np.isnan(result.sem_corrected)
