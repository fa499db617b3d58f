import warnings

import jax
import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from analysis.encoding.poisson import PoissonEncoder
from analysis.encoding.scores import bits_per_spike, log_likelihood


@pytest.fixture(scope="module")
def problem() -> tuple[np.ndarray, np.ndarray]:
    """Features of very different sizes, neurons of very different rates."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3000, 5)) * [3, 1, 1, 0.3, 0.1] + [0, 2, 0, 0, -1]
    weights = rng.normal(size=(5, 4)) * 0.3 / np.array([3, 1, 1, 0.3, 0.1])[:, None]
    return features, rng.poisson(np.exp((features - features.mean(0)) @ weights + [-5, -3, -1, 1]))


@pytest.mark.parametrize("strength", [0.001, 0.3])
def test_fit_agrees_with_scikit_learn(problem, strength):
    features, counts = problem
    encoder = PoissonEncoder(strength).fit(features, counts)
    assert encoder.converged_.all()
    for neuron in range(counts.shape[1]):
        # there the penalty is not relative to the mean count
        other = PoissonRegressor(
            alpha=strength * counts[:, neuron].mean(), solver="newton-cholesky", tol=1e-12
        )
        other.fit(features, counts[:, neuron])
        np.testing.assert_allclose(encoder.coef_[:, neuron], other.coef_, atol=1e-6)
        np.testing.assert_allclose(encoder.intercept_[neuron], other.intercept_, atol=1e-6)
        np.testing.assert_allclose(encoder.predict(features)[:, neuron], other.predict(features), rtol=1e-6)


def test_fit_agrees_with_the_fit_of_nemos(problem):
    features, counts = problem
    strength = np.array([0.01, 0.1, 1.0, 0.5])
    encoder = PoissonEncoder(strength).fit(features, counts)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "JAXopt is no longer maintained", DeprecationWarning)
        nemos = pytest.importorskip("nemos")
    with jax.enable_x64(True):
        model = nemos.glm.PopulationGLM(
            regularizer="Ridge",
            regularizer_strength=np.tile(strength, (5, 1)),
            solver_name="LBFGS",
            solver_kwargs={"tol": 1e-9, "rtol": 1e-9},
        ).fit(features, counts / counts.mean(0))
        np.testing.assert_allclose(encoder.coef_, model.coef_, atol=1e-6)


def test_fit_agrees_with_statsmodels(problem):
    import statsmodels.api as sm

    features, counts = problem
    encoder = PoissonEncoder(1e-12).fit(features, counts)
    design = sm.add_constant(features)
    for neuron in range(counts.shape[1]):
        other = sm.GLM(counts[:, neuron], design, family=sm.families.Poisson()).fit(tol=1e-13)
        np.testing.assert_allclose(encoder.intercept_[neuron], other.params[0], atol=1e-6)
        np.testing.assert_allclose(encoder.coef_[:, neuron], other.params[1:], atol=1e-6)
        ours = log_likelihood(counts[:, [neuron]], encoder.predict(features)[:, [neuron]])
        np.testing.assert_allclose(ours, other.llf, rtol=1e-6)


def test_single_precision_is_enough(problem):
    features, counts = problem
    standard = (features - features.mean(0)) / features.std(0)
    double = PoissonEncoder(0.01).fit(standard, counts)
    single = PoissonEncoder(0.01).fit(standard.astype(np.float32), counts)
    np.testing.assert_allclose(single.score(standard, counts), double.score(standard, counts), atol=1e-6)


def test_neurons_do_not_change_one_another(problem):
    features, counts = problem
    whole = PoissonEncoder(0.1).fit(features, counts)
    alone = PoissonEncoder(0.1).fit(features, counts[:, [2]])
    np.testing.assert_allclose(alone.coef_[:, 0], whole.coef_[:, 2], atol=1e-6)


def test_a_silent_neuron_is_a_constant_near_zero(problem):
    features, counts = problem
    silent = np.concatenate([counts, np.zeros((len(counts), 1), int)], axis=1)
    encoder = PoissonEncoder(0.1).fit(features, silent)
    assert np.abs(encoder.coef_[:, -1]).max() < 1e-6
    np.testing.assert_allclose(encoder.predict(features)[:, -1], 0.5 / len(counts), rtol=1e-4)
    assert np.abs(encoder.coef_[:, 0]).max() > 0.1


def test_predictions_do_not_go_beyond_what_was_seen(problem):
    features, counts = problem
    encoder = PoissonEncoder(0.01).fit(features, counts)
    far = np.full((1, 5), 1e6)
    np.testing.assert_allclose(encoder.predict(far), encoder.predict(features.max(0)[None]))


def test_score_is_in_bits_against_the_training_mean(problem):
    features, counts = problem
    encoder = PoissonEncoder(0.01).fit(features[:2000], counts[:2000])
    test = slice(2000, None)
    wanted = bits_per_spike(counts[test], encoder.predict(features[test]), counts[:2000].mean(0))
    np.testing.assert_allclose(encoder.score(features[test], counts[test]), wanted)
    assert wanted[2:].min() > 0.1


def test_no_features_leave_the_mean(problem):
    _, counts = problem
    encoder = PoissonEncoder(0.1).fit(np.zeros((len(counts), 0)), counts)
    np.testing.assert_allclose(encoder.score(np.zeros((len(counts), 0)), counts), 0, atol=1e-12)
