import dataclasses

import numpy as np
import pytest

from analysis.encoding import penalised
from analysis.encoding.banded import BandedRegression
from analysis.encoding.bands import Band
from analysis.encoding.crossvalidation import cross_validate, n_fits
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.inference import mean_p
from analysis.encoding.penalised import PoissonRegression
from analysis.encoding.poisson import PoissonEncoder
from analysis.encoding.scores import bits_per_spike, log_likelihood
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from analysis.neural.spikes import BinnedSpikes
from analysis.timeline import Timeline
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
    assert (mine.strengths[:, 0, :4] == 0.01).mean() > 0.7
    assert (mine.strengths[:, 0, 4:] == 1.0).mean() > 0.7
    assert mine.unconverged == 0 and mine.n_units == mine.n_components == 20
    assert mine.mean_corrected == pytest.approx(corrected.mean())
    # neurons that the layer drives outdo every shift, the others do not
    assert (mine.p_values[:4] == 1 / 4).all() and mine.p_values[4:].mean() > 1 / 4
    assert mine.sem_corrected == pytest.approx(corrected.std(ddof=1) / np.sqrt(8))
    # no better than the truth, and not far from it
    truth = bits_per_spike(session.counts[:, :4], driven, session.counts[:, :4].mean(0))
    assert (mine.bits_per_spike[:4] < truth + 0.02).all()
    assert (mine.bits_per_spike[:4] > 0.7 * truth).all()


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


@pytest.mark.parametrize("model", ["ridge", "banded-ridge"])
def test_nothing_is_learned_from_held_out_bins(write_recording, smooth, monkeypatch, model):
    """Held-out units 1e4 times as large do not change what is fitted without them."""
    fitted: list[list[np.ndarray]] = []
    solve, search = penalised.solve, BandedRegression._search

    def spy_solve(*given, **more):
        found = solve(*given, **more)
        fitted[-1].append(found[0])
        return found

    def spy_search(*given):
        found = search(*given)
        fitted[-1].append(found[1])
        return found

    monkeypatch.setattr(penalised, "solve", spy_solve)
    monkeypatch.setattr(BandedRegression, "_search", spy_search)
    units = smooth(FRAMES, 40, 5)
    session = spikes_of(np.full((FRAMES, 4), 0.5))
    settings = dataclasses.replace(QUICK, components=20, shifts=1, model=model)
    for factor in (1.0, 1e4):
        units[: FRAMES // 5] *= factor
        fitted.append([])
        with open_recording(write_recording({"walk": {"x": units}})) as recording:
            timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, BIN)
            cross_validate(timeline, session, "x", settings)
    plain, wild = fitted
    assert len(plain) == (
        10 if model == "ridge" else 5
    )  # ridge first goes most of the way in single precision
    # the first block is held out in the first fit and trained on in the others
    np.testing.assert_array_equal(plain[0], wild[0])
    assert np.abs(plain[-1] - wild[-1]).max() > 1e-3


def test_strengths_are_chosen_without_the_held_out_fold(timeline, driven):
    session = spikes_of(np.concatenate([driven, np.full_like(driven, 0.3)], axis=1))
    settings = dataclasses.replace(QUICK, strengths=(0.01, 0.1, 1.0))
    before = cross_validate(timeline, session, "mine", settings).strengths
    session.counts[: FRAMES // 5] = session.counts[: FRAMES // 5][::-1]  # the first fold
    after = cross_validate(timeline, session, "mine", settings).strengths
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[1:] != after[1:]).any()


def test_every_shift_chooses_its_own_strengths(timeline, driven):
    rows = np.arange(FRAMES)
    folds = Folds.of(FRAMES, 5, 600, 10)
    # the second shift is none: it must choose what the score chooses
    orders = [folds.rotated(np.random.default_rng(0), 200), rows]
    targets = Targets(spikes_of(driven).counts, rows, orders, BIN, history=False)
    features = Features([Band("mine", timeline.units("mine"))], rows, {"mine": rows[:, None]}, 32, folds)
    settings = dataclasses.replace(QUICK, strengths=(0.01, 0.1, 1.0))
    chosen = PoissonRegression(features, folds, targets, settings, lambda n: None).strengths[:, 0]
    score, shift, none = np.split(chosen, 3, axis=1)
    np.testing.assert_array_equal(none, score)
    assert shift.mean() > 3 * score.mean()


def test_ranks_are_among_all_shifts_of_all_neurons(timeline, driven):
    result = cross_validate(timeline, spikes_of(driven), "mine", QUICK)
    page = result.to_json()
    assert page["p"] == 1 / (1 + QUICK.shifts) and page["share_significant"] == 0
    assert [neuron["p"] for neuron in page["neurons"]] == [0.25] * 4
    gains = np.array([[2.0, 2.0], [1.0, 4.0], [3.0, -2.0], [0.0, 0.0]]) * np.log(2)
    ranked = dataclasses.replace(
        result,
        names=("a", "b"),
        spikes=np.array([2, 4]),
        shifted_spikes=np.array([[1, 1], [4, 2], [0, 2]]),
        gains=gains[0],
        statistic=gains,
    )
    np.testing.assert_array_equal(ranked.p_values, [0.5, 0.5])
    np.testing.assert_allclose(ranked.shifted_bits_per_spike, [[1, 4], [3 / 4, -1], [0, 0]])
    np.testing.assert_allclose(ranked.null_bits_per_spike, [4 / 5, 2 / 5])
    # means per spike of the neurons: 3/4, and 3/4, 1/2, 0 for the shifts
    assert mean_p([ranked.scaled_statistic]) == 0.5
    more = np.array([[0.1], [0.0], [0.0], [0.0]])
    assert mean_p([ranked.scaled_statistic + more, np.zeros((4, 3))]) == 0.25


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


def test_silent_neurons_are_left_out_and_listed(timeline, driven):
    session = spikes_of(np.concatenate([np.zeros((FRAMES, 1)), driven, np.zeros((FRAMES, 1))], axis=1))
    result = cross_validate(timeline, session, "mine", QUICK)
    assert result.names == ("n1", "n2", "n3", "n4")
    assert result.dropped == {"n0": "no spikes in the bins used", "n5": "no spikes in the bins used"}
    with pytest.raises(InputError, match="none of 6 neurons has spikes in two folds"):
        cross_validate(timeline, dataclasses.replace(session, counts=0 * session.counts), "mine", QUICK)


def test_a_neuron_of_one_spike_is_left_out(timeline, driven):
    one = np.zeros((FRAMES, 1))
    one[700] = 1
    session = spikes_of(driven)
    session = dataclasses.replace(
        session,
        counts=np.concatenate([one, session.counts], axis=1).astype(int),
        names=("one", *session.names),
    )
    result = cross_validate(timeline, session, "mine", QUICK)
    assert set(result.dropped) == {"one"} and result.dropped["one"].startswith("spikes in one fold only")
    alone = BinnedSpikes(one.astype(int), ("one",), BIN, np.ones(FRAMES, bool))
    with pytest.raises(InputError, match="none of 1 neurons has spikes in two folds of the 3000 bins"):
        cross_validate(timeline, alone, "mine", QUICK)


def test_bins_without_spike_data_are_not_used(timeline, driven):
    session = spikes_of(driven)
    session.covered[:500] = False
    session.counts[:500] = 1000
    result = cross_validate(timeline, session, "mine", dataclasses.replace(QUICK, shifts=1))
    assert result.bins == 2500
    assert result.spikes.tolist() == session.counts[500:].sum(0).tolist()


def test_too_short_a_recording_says_how_long_it_must_be(timeline, driven):
    session = spikes_of(driven)
    with pytest.raises(
        InputError, match=r"^300 s .* at least 60 s needs 6 times as long, 360 s.*--shift-seconds"
    ):
        cross_validate(timeline, session, "mine", dataclasses.replace(QUICK, shift_seconds=60.0))


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
        ("l1_ratio", 0.0),
        ("band_weights", 0),
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
    assert n_fits(EncodingSettings(folds=2, strengths=(0.1,), shifts=1)) == 2


def test_fewer_bins_than_features_are_refused(timeline, driven):
    wide = Band("wide", np.random.default_rng(0).normal(size=(FRAMES, 2500)).astype(np.float32))
    with pytest.raises(InputError, match="2500 features are regressed on in 2320 training bins"):
        cross_validate(timeline, spikes_of(driven), [wide], dataclasses.replace(QUICK, components=2500))
    with pytest.raises(InputError, match="one band at least"):
        cross_validate(timeline, spikes_of(driven), [], QUICK)


def test_a_constant_band_is_refused(timeline, driven):
    still = Band("speed", np.full((FRAMES, 1), 0.3, np.float32))
    with pytest.raises(InputError, match="all 1 columns of band 'speed' are constant; take another band"):
        cross_validate(timeline, spikes_of(driven), [still], QUICK)


def test_every_score_follows_from_one_prediction(timeline, driven):
    session = spikes_of(driven)
    result = cross_validate(timeline, session, "mine", dataclasses.replace(QUICK, shifts=1))
    spikes = session.counts.sum(0)
    mean = np.broadcast_to(session.counts.mean(0), session.counts.shape)
    by_mean = log_likelihood(session.counts, mean)
    np.testing.assert_allclose(
        result.bits_per_spike_eval, (result.log_likelihood - by_mean) / spikes / np.log(2), atol=1e-9
    )
    np.testing.assert_allclose(result.mcfadden_r2, 1 - result.log_likelihood / result.null_likelihood)
    # the training mean is at best as good as the mean of what is scored
    assert (result.null_likelihood <= by_mean).all()
    assert (result.bits_per_spike_eval < result.bits_per_spike).all()
    assert (result.pseudo_r2 > 0).all() and (result.pseudo_r2 < 1).all()


def test_history_finds_refractoriness(timeline):
    random = np.random.default_rng(3)
    counts = np.zeros((FRAMES, 3), int)
    for t in range(1, FRAMES):
        # a bin after a spike there is none
        counts[t] = (counts[t - 1] == 0) & (random.random(3) < 0.5)
    session = BinnedSpikes(counts, ("a", "b", "c"), BIN, np.ones(FRAMES, bool))
    history = Band("history", np.zeros((FRAMES, 0), np.float32), "history")
    found = cross_validate(timeline, session, [history], dataclasses.replace(QUICK, strengths=(1e-4,)))
    # the rate is 0 or 1/2 where the mean is 1/3
    best = (np.log(0.5 / (1 / 3)) - 3 * (0.5 * 2 / 3 - 1 / 3)) / np.log(2)
    np.testing.assert_allclose(found.bits_per_spike, best, atol=0.02)
    # a neuron's own past goes along with it when it is shifted
    np.testing.assert_allclose(found.null_bits_per_spike, found.bits_per_spike, atol=0.02)


def test_bands_have_lags_of_their_own(timeline, driven):
    late = np.roll(driven, 5, axis=0)
    late[:5] = 0.3
    bands = [Band("a", timeline.units("mine")), Band("b", timeline.units("other"))]
    settings = dataclasses.replace(QUICK, shifts=1, band_lags=("a=0.5",))
    assert settings.all_lags == (0.0, 0.5)
    result = cross_validate(timeline, spikes_of(late), bands, settings)
    assert result.n_components == 40
    assert result.corrected_bits_per_spike.min() > 0.05
    with pytest.raises(InputError, match="has 'a:0'; a band and its lags"):
        EncodingSettings(band_lags=("a:0",))
