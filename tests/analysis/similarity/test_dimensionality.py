import numpy as np
import pytest
from scipy.stats import ortho_group

from analysis.similarity.dimensionality import participation_ratio


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


def test_nothing_that_varies_has_no_dimensions():
    assert np.isnan(participation_ratio(np.ones((10, 3))))
