import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from analysis.encoding.components import Components, Moments


@pytest.fixture(scope="module")
def units() -> np.ndarray:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(5000, 8)) * np.geomspace(3, 0.3, 8)
    mixed = latent @ rng.normal(size=(8, 40)) + 0.05 * rng.normal(size=(5000, 40))
    return (mixed * rng.uniform(0.01, 100, 40) + rng.uniform(-50, 50, 40)).astype(np.float32)


def test_components_are_those_of_scikit_learn_but_for_scale_and_sign(units):
    ours = Components(6).fit(units).transform(units)
    theirs = PCA(6).fit_transform(StandardScaler().fit_transform(units.astype(float)))
    theirs /= np.sqrt(theirs.var(0).mean())
    sign = np.sign((ours * theirs).sum(0))
    np.testing.assert_allclose(ours * sign, theirs, atol=2e-3)
    assert ours.var(0).mean() == pytest.approx(1, rel=1e-4)


def test_fewer_units_than_components_are_only_standardised(units):
    few = units[:, :5]
    features = Components(5).fit(few).transform(few)
    np.testing.assert_allclose(features, (few - few.mean(0)) / few.std(0), atol=1e-3)


def test_units_that_never_change_are_ignored(units):
    dead = np.concatenate(
        [np.full((5000, 3), 0.1, np.float32), units, np.zeros((5000, 2), np.float32)], axis=1
    )
    with_dead, without = Components(6).fit(dead), Components(6).fit(units)
    assert with_dead.live_.sum() == 40
    np.testing.assert_allclose(np.abs(with_dead.transform(dead)), np.abs(without.transform(units)), atol=1e-5)
    assert Components(6).fit(dead[:, :3]).transform(dead[:, :3]).shape == (5000, 0)


def test_components_that_are_only_rounding_are_left_out():
    rng = np.random.default_rng(1)
    twins = (rng.normal(size=(1000, 3)) @ rng.normal(size=(3, 20))).astype(np.float32)
    assert Components(10).fit(twins).transform(twins).shape == (1000, 3)


def test_parts_of_the_bins_tell_what_all_bins_do(units):
    parts = [units[:700], 100 + 3 * units[700:3000], units[3000:]]
    whole = np.concatenate(parts)
    pooled = Moments.pooled([Moments.of(part) for part in parts])
    np.testing.assert_allclose(pooled.mean, whole.mean(0, dtype=float), rtol=1e-12)
    centered = whole - whole.mean(0, dtype=float)
    np.testing.assert_allclose(pooled.products, centered.T @ centered, rtol=1e-9, atol=1e-6 * len(whole))
    together, apart = Components(6).fit(whole), Components(6).fit_moments(pooled)
    np.testing.assert_allclose(np.abs(together.transform(whole)), np.abs(apart.transform(whole)), atol=1e-5)
