import numpy as np
import pytest

from analysis.similarity.design import Design
from analysis.similarity.settings import SimilaritySettings
from analysis.similarity.variability import correlated, latent_spread, matched_fano
from tests.analysis.similarity.sessions import timeline_of


def negative_binomial(mean, fano, rng):
    return rng.negative_binomial(mean / (fano - 1), 1 / fano)


def test_fano_factors_are_found_whatever_the_means(bouts):
    labels = bouts(bins=60)
    design = Design.of(labels, timeline_of(len(labels)), np.ones(len(labels), bool), SimilaritySettings())
    random = np.random.default_rng(0)
    wanted = np.array([1.2, 1.5, 2.0, 2.5, 3.0, 1.8])
    # behaviors of a low Fano factor have the higher means
    mean = random.gamma(3.0, size=(1, 90)) * (3.5 - wanted[:, None])
    counts = negative_binomial(mean[design.condition], wanted[design.condition][:, None], random)
    assert matched_fano(counts, design) == pytest.approx(wanted, rel=0.1)


def test_slow_drift_is_no_variability(design):
    random = np.random.default_rng(0)
    rate = 3 + 2 * design.partition[:, None] * np.ones(40)
    assert matched_fano(random.poisson(rate), design) == pytest.approx(np.ones(6), abs=0.15)


def test_means_without_anything_in_common_cannot_be_matched(design, rng):
    counts = rng.poisson(np.array([0.1, 1, 10, 100, 1000, 1e4])[design.condition][:, None] * np.ones(20))
    assert np.isnan(matched_fano(counts, design)).all()


def test_spread_of_the_intention(design, rng):
    wanted = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    logvar = 2 * np.log(wanted)[design.condition][:, None] * np.ones(8)
    assert latent_spread("latent/logvar", logvar, design) == pytest.approx(wanted)
    sample = 7 + wanted[design.condition][:, None] * rng.normal(size=(design.n_windows, 60))
    assert latent_spread("latent/sample", sample, design) == pytest.approx(wanted, rel=0.1)


def test_a_correlation_is_found_and_chance_is_not(rng):
    x = np.arange(8.0)
    r, p = correlated(x, 2 * x + rng.normal(size=8), 1000, rng)
    assert r > 0.9 and p < 0.01
    ps = [correlated(rng.normal(size=6), rng.normal(size=6), 720, rng)[1] for _ in range(200)]
    assert 0.01 < np.mean(np.array(ps) <= 0.05) < 0.1
    assert np.isnan(correlated(np.ones(5), x[:5], 10, rng)).all()
