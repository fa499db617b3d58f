import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import ortho_group

from analysis.similarity.dimensionality import neural_dimensions, participation_ratio


def ratio_of(covariance: np.ndarray) -> float:
    return np.trace(covariance) ** 2 / (covariance**2).sum()


def planted(random, dimensions: int, channels: int, samples: int, memory: float = 0.0):
    """Signals of some dimensions in all channels, that remember some part of each moment before."""
    weights = random.normal(size=(dimensions, channels)) / np.sqrt(dimensions)
    noise = random.normal(size=(samples + 300, dimensions)) * np.sqrt(1 - memory**2)
    return lfilter([1], [1, -memory], noise, axis=0)[300:] @ weights, ratio_of(weights.T @ weights)


@pytest.mark.parametrize(("dimensions", "samples"), [(5, 20), (10, 40), (20, 40)])
def test_few_samples_of_twenty_channels_are_right_on_average(dimensions, samples):
    random = np.random.default_rng(0)
    draws = [planted(random, dimensions, 20, samples) for _ in range(300)]
    found = np.mean([participation_ratio(x) / truth for x, truth in draws])
    assert found == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("memory", "samples"), [(0.9, 400), (0.97, 2000)])
def test_samples_near_in_time_do_not_lower_it(memory, samples):
    random = np.random.default_rng(0)
    draws = [planted(random, 5, 20, samples, memory) for _ in range(100)]
    plain = np.mean([ratio_of(np.cov(x.T)) / truth for x, truth in draws])
    found = np.mean([participation_ratio(x, block=50) / truth for x, truth in draws])
    assert plain < 0.96 and found == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("channels", [5, 20, 60])
@pytest.mark.parametrize("dimensions", [3, 8])
def test_the_noise_of_neurons_is_no_dimension(dimensions, channels):
    random, found = np.random.default_rng(0), []
    for _ in range(20):
        signal, _ = planted(random, dimensions, channels, 1000, memory=0.8)
        rate = np.exp(1.5 + 0.5 * signal)
        found.append(
            (neural_dimensions(random.poisson(rate), 25, random), participation_ratio(np.sqrt(rate), 25))
        )
    ratios = np.array(found)
    assert ratios[:, 0].mean() / ratios[:, 1].mean() == pytest.approx(1, abs=0.04)


def test_neurons_that_only_scatter_have_no_dimensions():
    random = np.random.default_rng(0)
    assert all(np.isnan(neural_dimensions(random.poisson(2.0, (500, 20)), 10, random)) for _ in range(5))


@pytest.mark.parametrize(
    "spectrum", [np.ones(10), np.array([1.0, 1.0, 1.0] + [0.0] * 17), 0.7 ** np.arange(30), np.array([5.0])]
)
def test_known_spectra(spectrum):
    random = np.random.default_rng(0)
    samples = random.normal(size=(20_000, len(spectrum))) * np.sqrt(spectrum)
    samples = samples @ ortho_group.rvs(len(spectrum), random_state=0) if len(spectrum) > 1 else samples
    wanted = spectrum.sum() ** 2 / (spectrum**2).sum()
    assert participation_ratio(samples) == pytest.approx(wanted, rel=0.02)


def test_few_samples_do_not_lower_it():
    random = np.random.default_rng(0)
    draws = [random.normal(size=(40, 100)) for _ in range(30)]
    plain = [np.linalg.eigvalsh(np.cov(x)).clip(0) for x in draws]
    assert np.median([participation_ratio(x) for x in draws]) == pytest.approx(100, rel=0.15)
    assert max(e.sum() ** 2 / (e**2).sum() for e in plain) < 40


def test_wide_and_long_are_counted_alike(rng):
    samples = rng.normal(size=(50, 50)) * np.arange(1, 51)
    assert participation_ratio(samples[:, :49]) <= 49
    repeated = np.column_stack([samples, np.zeros((50, 10))])
    assert participation_ratio(repeated) == pytest.approx(participation_ratio(samples))


def test_nothing_that_varies_has_no_dimensions(rng):
    assert np.isnan(participation_ratio(np.ones((10, 3))))
    assert np.isnan(participation_ratio(rng.normal(size=(3, 3))))
