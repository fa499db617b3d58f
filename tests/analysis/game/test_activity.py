"""The game of activity, on neurons whose spikes are known."""

import numpy as np
import pytest

from analysis.game.activity import activity_match, draw_spikes
from analysis.game.config import GameConfig
from analysis.game.settings import ActivitySettings, GameSettings
from analysis.session import SessionArguments, open_session
from rodent.errors import InputError

CONFIG = GameConfig(
    layer="decoder",
    settings=GameSettings(bootstraps=100, permutations=2, seed=1),
    activity=ActivitySettings(activity_seconds=5.0),
)
N, FRAMES = 10, 2400


@pytest.fixture
def play(write_recording, smooth, tmp_path):
    units = smooth(FRAMES, 4 * N, seed=0)
    recording = write_recording({"day": {"decoder": units}})

    def match(counts):
        np.savez(tmp_path / "spikes.npz", counts=counts, bin_seconds=0.1)
        with open_session(SessionArguments(recording, tmp_path / "spikes.npz")) as session:
            return activity_match(CONFIG, session)

    return units, match


def test_spikes_drawn_by_the_rules_are_not_told_apart(play, rng):
    units, match = play
    like = np.full((FRAMES, N), 0.8) * np.linspace(0.5, 2, N)
    found = match(draw_spikes(units[:, -N:], like, np.ones(FRAMES, bool), 0.6, rng))
    assert found.headline.low <= 0.5 <= found.headline.high
    assert set(found.controls) == {
        "model against itself, other units",
        "rat against itself, other neurons",
    }
    assert any("no ceiling" in note for note in found.notes)


def test_neurons_that_fire_together_are_told_apart(play, rng):
    _, match = play
    together = np.exp(0.9 * rng.standard_normal((FRAMES, 1)))
    found = match(rng.poisson(0.6 * together * np.linspace(0.5, 2, N)))
    assert found.headline.balanced_accuracy > 0.9
    assert found.alone["correlations"].balanced_accuracy > 0.9
    assert found.alone["rates"].balanced_accuracy < 0.9


def test_drawn_spikes_have_the_rates_of_the_neurons(rng):
    units, like = rng.standard_normal((20_000, 3)), rng.poisson([0.1, 0.5, 2.0], (20_000, 3))
    drawn = draw_spikes(units, like, np.ones(20_000, bool), 0.6, rng)
    np.testing.assert_allclose(drawn.mean(0), like.mean(0), rtol=0.1)
    assert np.corrcoef(units[:, 2], drawn[:, 2])[0, 1] > 0.5


def test_few_neurons_are_refused(play, rng):
    _, match = play
    with pytest.raises(InputError, match=r"3 neurons and 40 units .* at least 4 of both"):
        match(rng.poisson(0.5, (FRAMES, 3)))
