import dataclasses

import numpy as np
import pytest

from analysis.twin.likelihood import linear_of, mean_of, nats_of, require_signals
from rodent.errors import InputError
from tests.analysis.twin.conftest import behavior


@pytest.mark.parametrize("likelihood", ["poisson", "gaussian", "elu"])
def test_the_mean_of_a_signal_is_the_likeliest_prediction(likelihood, rng):
    signals = rng.gamma(0.5, 2.0, 4000)
    best = linear_of(signals.mean(), likelihood)
    assert mean_of(best, likelihood) == pytest.approx(signals.mean())
    costs = [nats_of(np.full(4000, best + away), signals, likelihood).mean() for away in (-0.1, 0.0, 0.1)]
    assert costs[1] < min(costs[0], costs[2])


@pytest.mark.parametrize("likelihood", ["poisson", "gaussian", "elu"])
def test_every_likelihood_is_convex_and_the_same_in_jax(likelihood):
    import jax.numpy as jnp

    linear = np.linspace(-4, 4, 801)
    for signal in (0.0, 0.4, 3.0):
        cost = nats_of(linear, np.float64(signal), likelihood)
        assert (np.diff(cost, 2) > -1e-9).all()
        found = nats_of(jnp.asarray(linear), jnp.asarray(signal), likelihood)
        np.testing.assert_allclose(found, cost, rtol=1e-4, atol=1e-5)


def _session(counts: np.ndarray):
    session = behavior(0)
    names = tuple(f"neuron_{i}" for i in range(counts.shape[1]))
    return dataclasses.replace(session, counts=counts, neurons=names)


@pytest.mark.parametrize(
    ("likelihood", "value", "message"),
    [
        (
            "poisson",
            -0.3,
            r"1 of 3 neurons have values that are no counts.*neuron_1; for calcium take .*gaus",
        ),
        ("poisson", 0.5, r"values that are no counts"),
        ("elu", -0.3, r"1 of 3 neurons have negative values in the bins used, such as neuron_1; .* gaussian"),
    ],
)
def test_signals_of_another_kind_are_refused(likelihood, value, message, rng):
    counts = rng.poisson(2.0, (1400, 3)).astype(float)
    counts[40, 1] = value
    with pytest.raises(InputError, match=message):
        require_signals(_session(counts), np.arange(1400), likelihood, "in the bins used")
    require_signals(_session(counts), np.arange(1400), "gaussian", "in the bins used")


@pytest.mark.parametrize("likelihood", ["gaussian", "elu"])
def test_a_constant_signal_is_refused(likelihood, rng):
    counts = rng.gamma(1.0, 1.0, (1400, 3))
    counts[:, 2] = 0.1
    with pytest.raises(InputError, match=r"1 of 3 neurons have a constant signal.*neuron_2"):
        require_signals(_session(counts), np.arange(1400), likelihood, "in the bins used")


def test_a_signal_with_gaps_is_refused(rng):
    counts = rng.standard_normal((1400, 3))
    counts[7, 0] = np.nan
    with pytest.raises(InputError, match=r"signal of a neuron is not finite in bin 7; fill the gap"):
        _session(counts)
