import numpy as np

from analysis.encoding.poisson import PoissonEncoder
from analysis.twin.convex import ConvexFit, choosing


def test_every_fourth_block_chooses():
    found = choosing(100, 5)
    assert found.sum() == 25 and found[15:20].all() and not found[:15].any()
    assert choosing(9, 100).sum() == 2


def test_noise_is_shrunk_and_signals_are_not(rng):
    features = rng.standard_normal((600, 30)).astype(np.float32)
    weights = np.zeros((30, 12))
    weights[:3, :6] = 0.5
    counts = rng.poisson(np.exp(features @ weights))
    fitted = ConvexFit((100.0, 1.0, 0.01)).fit(features, counts, choosing(600, 20))
    assert np.median(fitted.strength_[:6]) < np.median(fitted.strength_[6:])
    other = rng.standard_normal((600, 30)).astype(np.float32)
    assert (fitted.score(other, rng.poisson(np.exp(other @ weights)))[:6] > 0.1).all()


def test_the_fit_is_that_of_the_encoding_model(rng):
    features = rng.standard_normal((400, 4)).astype(np.float32) + 3
    counts = rng.poisson(np.exp(0.3 * (features[:, :2] - 3)))
    fitted = ConvexFit((0.1,)).fit(features, counts, choosing(400, 20))
    encoder = PoissonEncoder(0.1).fit(features, counts)
    assert np.allclose(fitted.predict(features), encoder.predict(features), rtol=5e-3)
