import math
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from analysis.encoding import poisson as module
from analysis.encoding.poisson import PoissonEncoder, bits_per_spike, load_nemos
from rodent.errors import InputError


@pytest.fixture(scope="module")
def problem() -> tuple[np.ndarray, np.ndarray]:
    """Features of very different sizes, neurons of very different rates."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3000, 5)) * [3, 1, 1, 0.3, 0.1] + [0, 2, 0, 0, -1]
    weights = rng.normal(size=(5, 4)) * 0.3 / np.array([3, 1, 1, 0.3, 0.1])[:, None]
    return features, rng.poisson(np.exp((features - features.mean(0)) @ weights + [-5, -3, -1, 1]))


def test_bits_per_spike_are_those_of_the_poisson_formula():
    counts = np.array([[0, 1], [3, 0], [1, 0]])
    predicted = np.array([[0.5, 0.9], [2.0, 0.2], [1.1, 0.1]])
    baseline = np.array([1.2, 0.4])

    def log_likelihood(k: int, rate: float) -> float:
        return k * math.log(rate) - rate - math.log(math.factorial(k))

    for neuron in range(2):
        gain = sum(
            log_likelihood(int(k), rate) - log_likelihood(int(k), baseline[neuron])
            for k, rate in zip(counts[:, neuron], predicted[:, neuron], strict=True)
        )
        wanted = gain / math.log(2) / counts[:, neuron].sum()
        assert bits_per_spike(counts, predicted, baseline)[neuron] == pytest.approx(wanted, rel=1e-12)


def test_bits_per_spike_of_no_spikes_is_nan():
    assert np.isnan(bits_per_spike(np.zeros((3, 1), int), np.ones((3, 1)), np.ones(1))).all()


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
        np.testing.assert_allclose(encoder.coef_[:, neuron], other.coef_, atol=1e-4)
        np.testing.assert_allclose(encoder.intercept_[neuron], other.intercept_, atol=1e-4)
        np.testing.assert_allclose(encoder.predict(features)[:, neuron], other.predict(features), rtol=1e-4)


def test_fit_agrees_with_the_fit_of_nemos(problem):
    features, counts = problem
    strength = np.array([0.01, 0.1, 1.0, 0.5])
    encoder = PoissonEncoder(strength).fit(features, counts)
    with jax.enable_x64(True):
        model = (
            load_nemos()
            .glm.PopulationGLM(
                regularizer="Ridge",
                regularizer_strength=np.tile(strength, (5, 1)),
                solver_name="LBFGS",
                solver_kwargs={"tol": 1e-9, "rtol": 1e-9},
            )
            .fit(features, counts / counts.mean(0))
        )
        np.testing.assert_allclose(encoder.coef_, model.coef_, atol=1e-4)


def test_neurons_fitted_in_groups_are_as_those_fitted_at_once(problem, monkeypatch):
    features, counts = problem
    whole = PoissonEncoder(0.1).fit(features, counts)
    monkeypatch.setattr(module, "_CELLS", 3 * len(counts))  # groups of three: the second overlaps the first
    groups = PoissonEncoder(0.1).fit(features, counts)
    np.testing.assert_allclose(groups.coef_, whole.coef_, atol=1e-5)
    np.testing.assert_allclose(groups.intercept_, whole.intercept_, atol=1e-5)


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


def test_other_jax_code_keeps_single_precision(problem):
    PoissonEncoder(0.1).fit(*problem)
    assert not jax.config.jax_enable_x64
    assert jnp.ones(3).dtype == jnp.float32


def test_missing_nemos_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "nemos", None)
    with pytest.raises(InputError, match=r"pip install 'virtual-rodent\[neuro\]'"):
        load_nemos()
