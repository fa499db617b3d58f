"""The game on made-up motion whose difference is known."""

import dataclasses

import numpy as np
import pytest

from analysis.game.play import alone, importance, play
from analysis.game.recurrent import recurrent_probability
from analysis.game.settings import GameSettings
from rodent.errors import InputError

SETTINGS = GameSettings(bootstraps=200, permutations=3)


@pytest.fixture(scope="module")
def tremor(shaken):
    return play(*shaken, 50.0, SETTINGS)


def test_two_draws_of_one_process_are_not_told_apart(same):
    score = play(*same, 50.0, SETTINGS).headline
    assert abs(score.balanced_accuracy - 0.5) < 0.15  # 54 windows a side; benchmarks/game.py has more
    assert score.low <= 0.5 <= score.high
    assert score.d_low <= 0 <= score.d_high


def test_a_tremor_is_found_and_named(tremor):
    assert tremor.headline.balanced_accuracy > 0.9 and tremor.headline.low > 0.8
    assert tremor.headline.d_prime > 2
    assert next(iter(importance(tremor, SETTINGS))) == "spectrum/9-12 Hz"
    scores = alone(tremor, SETTINGS)
    assert scores["spectrum/9-12 Hz"].balanced_accuracy > 0.95
    assert scores["trunk/height"].balanced_accuracy < 0.7


def test_no_clip_is_in_training_and_test_data(tremor):
    for group in np.unique(tremor.windows.group):
        assert len(np.unique(tremor.fold[tremor.windows.group == group])) == 1
    assert tremor.fold.max() == 4


def test_a_mark_of_each_clip_and_side_does_not_help(same):
    # learnt by heart in training, and of no use for other clips
    found = []
    for seed in range(2):
        sides, random = [], np.random.default_rng(seed)
        for side in same:
            names, index = np.unique(side.group, return_inverse=True)
            marks = 10 * random.standard_normal((len(names), side.features.shape[1]))
            sides.append(dataclasses.replace(side, features=side.features + marks[index]))
        found.append(play(*sides, 50.0, SETTINGS).headline.balanced_accuracy)
    # of 48 clips and sides, a standard error of 0.1
    assert np.mean(found) < 0.75


def test_the_recurrent_network_reads_the_order(rng):
    n, frames = 80, 30
    is_model = np.arange(n) % 2 == 0
    ramp = np.linspace(-1, 1, frames)
    # the same values, in the other order
    signals = np.where(is_model[:, None], ramp, -ramp)[..., None] + 0.1 * rng.standard_normal((n, frames, 2))
    weights = np.where(np.arange(n) < 60, 1 / 30, 0.0)
    found = recurrent_probability(signals, is_model, weights, 50.0, seed=0)
    assert ((found > 0.5) == is_model)[60:].mean() > 0.9
    np.testing.assert_array_equal(found, recurrent_probability(signals, is_model, weights, 50.0, seed=0))


def test_too_few_windows_are_refused(same):
    model, rat = same
    with pytest.raises(InputError, match=r"the rat has 6 windows; .* at least 10"):
        play(model, rat.subset(np.arange(6)), 50.0, SETTINGS)


def test_one_clip_is_refused(same):
    model, rat = same
    with pytest.raises(InputError, match=r"the rat has 1 clip or session .* at least 2"):
        play(model, rat.subset(rat.group == "clip_0"), 50.0, GameSettings(least_windows=4))


def test_other_behaviors_are_refused(same):
    model, rat = same
    walks = dataclasses.replace(rat, behavior=np.full(len(rat), "Walk"))
    with pytest.raises(InputError, match="the model shows Still and the rat Walk: no behavior is shared"):
        play(model, walks, 50.0, SETTINGS)
