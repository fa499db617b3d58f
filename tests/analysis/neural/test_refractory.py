"""Foreign spikes are found by those too close, whatever modulates the rate."""

import numpy as np
import pytest

from analysis.neural.refractory import contamination

SECONDS, REFRACTORY = 4000.0, 0.0015


def constant(times: np.ndarray) -> np.ndarray:
    return np.full(len(times), 15.0)


def bursts(times: np.ndarray) -> np.ndarray:
    """Ten times the rate in one second of ten."""
    return np.where(times % 10 < 1, 60.0, 6.0)


def spikes(rng, rate, share=1.0, dead=0.0) -> np.ndarray:
    """Spikes of a neuron with a share of a rate, which after each is dead for some time."""
    times = np.sort(rng.uniform(0, SECONDS, rng.poisson(60 * SECONDS)))
    times = times[rng.random(len(times)) < share * rate(times) / 60]
    kept = [times[0]]
    for time in times[1:]:
        if time - kept[-1] >= dead:
            kept.append(time)
    return np.array(kept)


@pytest.mark.parametrize("rate", [constant, bursts])
def test_a_refractory_neuron_is_clean(rng, rate):
    found = contamination(spikes(rng, rate, dead=0.002), REFRACTORY)
    assert found.share == 0 == found.least


@pytest.mark.parametrize("rate", [constant, bursts])
def test_planted_foreign_spikes_are_found(rng, rate):
    own, foreign = spikes(rng, rate, 0.8, dead=0.002), spikes(rng, rate, 0.2)
    found = contamination(rng.permutation(np.concatenate([own, foreign])), REFRACTORY)
    assert found.share == pytest.approx(0.2, abs=0.03)
    assert 0.12 < found.least < found.share


@pytest.mark.parametrize("rate", [constant, bursts])
def test_poisson_spikes_know_of_no_refractory_time(rng, rate):
    found = contamination(spikes(rng, rate), REFRACTORY)
    assert found.share > 0.75 and found.least > 0.5


def test_a_fast_regular_neuron_is_judged_beside_its_rhythm(rng):
    own = np.cumsum(rng.gamma(9, 1 / (9 * 60), 60 * 1000))
    foreign = rng.uniform(0, own[-1], len(own) // 4)
    assert contamination(own, REFRACTORY).share == 0
    assert contamination(np.concatenate([own, foreign]), REFRACTORY).share == pytest.approx(0.2, abs=0.03)


def test_a_single_close_pair_proves_nothing(rng):
    times = np.append(np.arange(0.0, 500.0), 77.001)
    found = contamination(times, REFRACTORY)
    assert found.share == 1 and found.least < 0.2


def test_too_few_spikes_tell_nothing():
    for times, refractory in (
        ([], REFRACTORY),
        ([1.0], REFRACTORY),
        (np.arange(100.0), REFRACTORY),
        ([1, 2], 0),
    ):
        found = contamination(np.asarray(times, float), refractory)
        assert np.isnan([found.share, found.least]).all()
