"""Twins of calcium: signals that follow planted neurons with noise."""

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from analysis.encoding.ceiling import noise_ceiling
from analysis.twin.adaptation import adapt
from analysis.twin.comparison import compare, fit_with_controls, score_readouts
from analysis.twin.files import load_readouts, load_twin, save_readouts, save_twin
from analysis.twin.preference import share_better
from analysis.twin.rates import RateModel
from analysis.twin.results import curves_section, scores_to_json
from analysis.twin.scores import correlation
from analysis.twin.session import TwinSession
from analysis.twin.twin import Twin
from analysis.twin.unseen import UnseenSplit
from rodent.errors import InputError
from tests.analysis.twin.conftest import SMALL
from tests.analysis.twin.test_twin import FEW

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "twin_mice.py"
CEILINGS = {24: 0.36, 27: 0.00, 29: 0.63}
"""Median CC_max of 16 repeats of some mice, the second of which is noise."""
GAUSSIAN = dataclasses.replace(SMALL, likelihood="gaussian", slow_state=False)


@pytest.fixture(scope="module")
def calcium(planted) -> list[TwinSession]:
    """The planted animals with calcium: rates with noise, in other units for every neuron, some negative."""
    random, found = np.random.default_rng(0), []
    for one in planted:
        rates = one.rates / one.rates.std(0)
        signals = rates - 2 + 0.7 * random.standard_normal(rates.shape)
        found.append(one.session.with_counts(signals * 10.0 ** np.arange(-2, 4)))
    return found


@pytest.fixture(scope="module")
def of_calcium(calcium) -> Twin:
    """A twin of the first two animals."""
    return Twin(GAUSSIAN).fit(calcium[:2])


def test_calcium_of_a_new_animal_is_predicted_in_its_units(of_calcium, calcium):
    readouts = adapt(of_calcium, calcium[2], FEW, minutes=0.6)
    assert readouts.coefficients.shape == (6 + 1, 6)  # no slow state
    rows = of_calcium.windows(calcium[2]).rows[readouts.fitted_rows :]
    predicted = readouts.predict(of_calcium, calcium[2])[readouts.fitted_rows :]
    signals = calcium[2].counts[rows]
    assert np.median(correlation(signals, predicted)) > 0.3
    np.testing.assert_allclose(predicted.mean(0) / signals.std(0), signals.mean(0) / signals.std(0), atol=0.5)


def test_units_of_the_signal_do_not_matter(of_calcium, calcium):
    larger = calcium[2].with_counts(calcium[2].counts * 1000)
    first, second = (adapt(of_calcium, one, FEW) for one in (calcium[2], larger))
    np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=1e-4, atol=1e-6)


def test_deconvolved_calcium_is_predicted_positively(calcium):
    positive = [one.with_counts(np.maximum(one.counts, 0.0)) for one in calcium]
    twin = Twin(dataclasses.replace(GAUSSIAN, likelihood="elu", steps=40)).fit(positive[:2])
    readouts = adapt(twin, positive[2], FEW)
    predicted = readouts.predict(twin, positive[2])
    assert (predicted > 0).all()
    r = correlation(positive[2].counts[twin.windows(positive[2]).rows], predicted)
    assert np.median(r) > 0.3


def test_every_table_of_calcium_has_r2_and_the_controls(calcium):
    twins = fit_with_controls(calcium[:2], dataclasses.replace(GAUSSIAN, core="linear", steps=2))
    points = compare(twins, calcium[2:], (0.6,), FEW, test_minutes=0.4)
    assert [one.model for one in points] == ["GLM", "linear core", "random core", "shuffled core"]
    assert all(np.isnan(one.bits.median) and one.score == one.r2 for one in points)
    assert points[0].r2.median > 0  # neurons follow behavior, and the linear regression finds some of it
    assert scores_to_json(points)["curves"][0]["likelihood"] == "gaussian"
    assert curves_section(points).parts[1].columns[2] == "R²"
    with pytest.raises(InputError, match=r"twins have several likelihoods.*gaussian, of spikes poisson"):
        compare({**twins, "of spikes": Twin(SMALL)}, calcium[2:], (0.6,), FEW, test_minutes=0.4)


def test_twins_of_calcium_and_their_readouts_come_back(of_calcium, calcium, twin, sessions, tmp_path):
    save_twin(of_calcium, tmp_path / "twin", {})
    found = load_twin(tmp_path / "twin")
    assert found.settings.likelihood == "gaussian" and found.digest == of_calcium.digest
    readouts = adapt(of_calcium, calcium[2], FEW, 0.6)
    save_readouts(readouts, tmp_path / "r.safetensors")
    back = load_readouts(tmp_path / "r.safetensors")
    assert np.array_equal(back.predict(found, calcium[2]), readouts.predict(of_calcium, calcium[2]))
    assert score_readouts(found, back, calcium[2:])[0].r2.median > 0
    with pytest.raises(InputError, match=r"have likelihood gaussian, and the twin has poisson; adapt"):
        back.predict(twin, sessions[2])


def test_the_likelihood_is_part_of_the_digest_of_other_than_spikes(of_calcium):
    before = of_calcium.digest
    of_calcium.settings = dataclasses.replace(of_calcium.settings, likelihood="elu")
    changed = of_calcium.digest
    of_calcium.settings = GAUSSIAN
    assert changed != before == of_calcium.digest


def test_a_twin_of_another_likelihood_is_refused(twin, of_calcium, calcium):
    with pytest.raises(InputError, match=r"6 of 6 neurons have values that are no counts.*--likelihood"):
        adapt(twin, calcium[2], FEW)
    readouts = adapt(of_calcium, calcium[2], FEW)
    with pytest.raises(InputError, match=r"movement to rates needs rates of spikes.*likelihood gaussian"):
        RateModel.of(of_calcium, readouts)
    with pytest.raises(InputError, match=r"held out needs rates of spikes"):
        UnseenSplit.of(of_calcium, calcium[2], 0.5, 0.5)


def test_the_better_prediction_of_calcium_has_the_smaller_errors(rng):
    signals = rng.standard_normal((100, 4))
    near, far = signals + 0.1, signals - 0.3
    assert share_better(signals, near, far, 10, seed=0, likelihood="gaussian").share == 1
    assert share_better(signals, far, near, 10, seed=0, likelihood="gaussian").share == 0


@pytest.fixture(scope="module")
def script():
    """What `benchmarks/twin_mice.py` defines."""
    spec = importlib.util.spec_from_file_location("twin_mice", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mice(data, script) -> dict[int, TwinSession]:
    """Some real mice by number."""
    folder = data / script.FOLDER
    return {one: script.mouse(next(folder.glob(f"*mrcuts{one}*_data.mat"))) for one in CEILINGS}


@pytest.fixture(scope="module")
def of_mouse(mice, script) -> Twin:
    """A tiny twin of one mouse."""
    tiny = dataclasses.replace(script.SETTINGS, steps=2, least_animals=1, channels=4, hidden=8)
    return Twin(tiny).fit([mice[29]])


def test_ceilings_of_real_mice_are_known(mice, script):
    for number, expected in CEILINGS.items():
        one = mice[number]
        rows = np.arange(one.n_bins)
        trials = script.repeated_trials(one, rows)
        assert one.animal == f"mouse{number}" and trials.shape == (16, 8 * 49)
        signals = one.counts[trials]
        found = noise_ceiling(signals, signals.mean(0))
        assert np.median(np.nan_to_num(found.cc_max)) == pytest.approx(expected, abs=0.005)


def test_a_mouse_of_noise_has_no_normalised_scores(mice, of_mouse, script):
    for number, known in {27: False, 29: True}.items():
        glm, core = script.compared({"mlp core": of_mouse}, mice[number], (24,))
        assert (glm["model"], core["model"]) == ("GLM", "mlp core")
        assert (core["cc_norm"] is not None) == (core["feve"] is not None) == known
        low, high = core["better than GLM, 95 %"]
        assert 0 <= low <= core["better than GLM"] <= high <= 1 and -1 <= core["cc_abs"] <= 1


def test_no_row_of_a_real_mouse_reaches_into_another_trial(mice, of_mouse):
    mouse, twin = mice[29], of_mouse
    rows = twin.windows(mouse).rows
    assert len(rows) == 128 * (49 - 2 * 4)
    assert (mouse.piece[rows - 4] == mouse.piece[rows + 4]).all()
    before = twin.features(mouse, 4)
    # another trial in place of the first one changes its own rows alone
    streams = [dataclasses.replace(one, values=one.values.copy()) for one in mouse.streams]
    for one in streams:
        one.values[:49] = one.values[49:98]
    after = twin.features(dataclasses.replace(mouse, streams=tuple(streams)), 4)
    assert np.array_equal(before[41:], after[41:]) and not np.array_equal(before[:41], after[:41])
