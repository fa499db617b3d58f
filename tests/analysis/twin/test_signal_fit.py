import numpy as np
import pytest

from analysis.twin.convex import choosing
from analysis.twin.likelihood import nats_of
from analysis.twin.signal_fit import SignalFit, fit_elu, fit_gaussian


def test_the_gaussian_fit_is_ridge_regression(rng):
    from sklearn.linear_model import Ridge

    features, signals = rng.standard_normal((300, 5)) + 2, rng.standard_normal((300, 2)) - 1
    found = fit_gaussian(features, signals, np.array([3.0, 30.0]))
    for k, penalty in enumerate((3.0, 30.0)):
        expected = Ridge(alpha=penalty).fit(features, signals[:, k])
        np.testing.assert_allclose(found[:, k], [*expected.coef_, expected.intercept_])


def test_the_elu_fit_is_the_optimum(rng):
    from scipy.optimize import minimize

    features = rng.standard_normal((400, 4))
    mean = np.exp(np.minimum(features[:, :2], 0)) + np.maximum(features[:, :2], 0)
    signals = rng.gamma(2.0, mean / 2)
    found = fit_elu(features, signals, np.full(2, 5.0))
    for k in range(2):

        def cost(coef, k=k):
            linear = features @ coef[:-1] + coef[-1]
            return nats_of(linear, signals[:, k], "elu").sum() + 2.5 * (coef[:-1] ** 2).sum()

        expected = minimize(cost, np.zeros(5), tol=1e-10)
        assert cost(found[:, k]) <= expected.fun + 1e-3
        np.testing.assert_allclose(found[:, k], expected.x, atol=5e-3)


@pytest.mark.parametrize("likelihood", ["gaussian", "elu"])
def test_noise_is_shrunk_and_signals_are_not(likelihood, rng):
    features, weights = rng.standard_normal((600, 30)).astype(np.float32), np.zeros((30, 12))
    weights[:3, :6] = 0.5

    def drawn(of):
        if likelihood == "gaussian":
            return 7 + 40 * (of @ weights + rng.standard_normal((600, 12)))
        return 40 * rng.gamma(2.0, np.exp(of @ weights) / 2)

    fitted = SignalFit(likelihood, (10.0, 1.0, 0.01)).fit(features, drawn(features), choosing(600, 20))
    assert np.median(fitted.strength_[:6]) < np.median(fitted.strength_[6:])
    other = rng.standard_normal((600, 30)).astype(np.float32)
    found, signals = fitted.predict(other), drawn(other)
    assert np.allclose((found - signals).mean(0) / signals.std(0), 0, atol=0.15)
    r = [np.corrcoef(found[:, k], signals[:, k])[0, 1] for k in range(6)]
    assert min(r) > 0.45
    assert likelihood == "gaussian" or (found > 0).all()


def test_predictions_stay_in_the_range_of_training(rng):
    features = rng.standard_normal((200, 2)).astype(np.float32)
    fitted = SignalFit("gaussian", (0.01,)).fit(features, features[:, :1] * 3.0, choosing(200, 10))
    found = fitted.predict(np.array([[100.0, 0.0]], np.float32))
    assert found[0, 0] == pytest.approx(3 * features[:, 0].max(), rel=0.1)
